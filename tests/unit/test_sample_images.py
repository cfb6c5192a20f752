"""The images of banners."""

from pathlib import Path

import pytest
from PIL import Image

from banners.errors import SampleError
from banners.sample import images
from banners.sample.images import write_images


def test_there_is_an_image_for_each_banner(tmp_path: Path) -> None:
    write_images(tmp_path, range(100, 110))
    expected = {f"image_{banner_id}.png" for banner_id in range(100, 110)}
    assert {path.name for path in tmp_path.iterdir()} == expected


@pytest.mark.parametrize("banner_id", [*range(100, 109), 7, 1_000_099, 10**18 - 1])
def test_an_image_is_a_png_of_300_by_250(tmp_path: Path, banner_id: int) -> None:
    write_images(tmp_path, [banner_id])
    with Image.open(tmp_path / f"image_{banner_id}.png") as image:
        image.load()
        assert (image.format, image.size) == ("PNG", (300, 250))


def test_images_are_small(tmp_path: Path) -> None:
    write_images(tmp_path, range(100, 501, 7))
    assert max(path.stat().st_size for path in tmp_path.iterdir()) < 10_000


def test_no_two_banners_look_the_same(tmp_path: Path) -> None:
    write_images(tmp_path, range(100, 200))
    contents = {path.read_bytes() for path in tmp_path.iterdir()}
    assert len(contents) == 100


def test_neighbouring_banners_differ_in_colour(tmp_path: Path) -> None:
    write_images(tmp_path, [414, 415])
    reduced = []
    for banner_id in (414, 415):
        with Image.open(tmp_path / f"image_{banner_id}.png") as image:
            reduced.append(image.convert("RGB").resize((1, 1)).tobytes())
    one, other = reduced
    assert max(abs(a - b) for a, b in zip(one, other, strict=True)) > 30


@pytest.mark.parametrize("banner_id", range(100, 109))
def test_the_number_is_white_on_a_darker_ground(tmp_path: Path, banner_id: int) -> None:
    write_images(tmp_path, [banner_id])
    with Image.open(tmp_path / f"image_{banner_id}.png") as image:
        ground = image.convert("L").crop((0, 150, 300, 250)).histogram()
    white, between = sum(ground[250:]), sum(ground[180:250])
    assert white > 1_000 > between


def test_the_same_banner_looks_the_same_every_time(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        write_images(tmp_path / folder, [414])
    one, other = ((tmp_path / folder / "image_414.png").read_bytes() for folder in ("one", "other"))
    assert one == other


@pytest.mark.parametrize("name", ["image_414.png", "image_414.jpg", "image_414.svg"])
def test_an_image_that_is_there_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"somebody's own")
    write_images(tmp_path, [414])
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [
        (name, b"somebody's own")
    ]


def test_an_image_that_was_broken_off_is_made_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        patch.setattr(Path, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            write_images(tmp_path, [414])
    write_images(tmp_path, [414])
    assert [path.name for path in tmp_path.iterdir()] == ["image_414.png"]


def test_banners_beyond_the_maximum_are_left_out_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MOST_IMAGES", 3)
    assert (write_images(tmp_path, range(100, 110)), len(list(tmp_path.iterdir()))) == (7, 3)


def test_progress_is_reported_for_every_image(tmp_path: Path) -> None:
    told: list[None] = []
    (tmp_path / "image_101.png").write_bytes(b"")
    write_images(tmp_path, [100, 101, 102], on_image=lambda: told.append(None))
    assert len(told) == 3


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SampleError, match="could not be written"):
        write_images(tmp_path / "file" / "images", [414])
