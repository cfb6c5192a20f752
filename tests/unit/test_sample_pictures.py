"""The pictures of banners."""

from pathlib import Path

import pytest
from PIL import Image

from banners.errors import SampleError
from banners.sample import pictures
from banners.sample.pictures import write_pictures


def test_there_is_a_picture_for_each_banner(tmp_path: Path) -> None:
    write_pictures(tmp_path, range(100, 110))
    expected = {f"image_{banner_id}.png" for banner_id in range(100, 110)}
    assert {path.name for path in tmp_path.iterdir()} == expected


@pytest.mark.parametrize("banner_id", [*range(100, 109), 7, 1_000_099, 10**18 - 1])
def test_a_picture_is_a_png_of_300_by_250(tmp_path: Path, banner_id: int) -> None:
    write_pictures(tmp_path, [banner_id])
    with Image.open(tmp_path / f"image_{banner_id}.png") as picture:
        picture.load()
        assert (picture.format, picture.size) == ("PNG", (300, 250))


def test_pictures_are_small(tmp_path: Path) -> None:
    write_pictures(tmp_path, range(100, 501, 7))
    assert max(path.stat().st_size for path in tmp_path.iterdir()) < 10_000


def test_no_two_banners_look_the_same(tmp_path: Path) -> None:
    write_pictures(tmp_path, range(100, 200))
    contents = {path.read_bytes() for path in tmp_path.iterdir()}
    assert len(contents) == 100


def test_neighbouring_banners_differ_in_colour(tmp_path: Path) -> None:
    write_pictures(tmp_path, [414, 415])
    reduced = []
    for banner_id in (414, 415):
        with Image.open(tmp_path / f"image_{banner_id}.png") as picture:
            reduced.append(picture.convert("RGB").resize((1, 1)).tobytes())
    one, other = reduced
    assert max(abs(a - b) for a, b in zip(one, other, strict=True)) > 30


@pytest.mark.parametrize("banner_id", range(100, 109))
def test_the_number_is_white_on_a_darker_ground(tmp_path: Path, banner_id: int) -> None:
    write_pictures(tmp_path, [banner_id])
    with Image.open(tmp_path / f"image_{banner_id}.png") as picture:
        ground = picture.convert("L").crop((0, 150, 300, 250)).histogram()
    white, between = sum(ground[250:]), sum(ground[180:250])
    assert white > 1_000 > between


def test_the_same_banner_looks_the_same_every_time(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        write_pictures(tmp_path / folder, [414])
    one, other = ((tmp_path / folder / "image_414.png").read_bytes() for folder in ("one", "other"))
    assert one == other


@pytest.mark.parametrize("name", ["image_414.png", "image_414.jpg", "image_414.svg"])
def test_a_picture_that_is_there_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"somebody's own")
    write_pictures(tmp_path, [414])
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [
        (name, b"somebody's own")
    ]


def test_a_picture_that_was_broken_off_is_made_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        patch.setattr(Path, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            write_pictures(tmp_path, [414])
    write_pictures(tmp_path, [414])
    assert [path.name for path in tmp_path.iterdir()] == ["image_414.png"]


def test_what_is_beyond_the_most_is_left_out_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_PICTURES", 3)
    assert (write_pictures(tmp_path, range(100, 110)), len(list(tmp_path.iterdir()))) == (7, 3)


def test_progress_is_told_for_every_picture(tmp_path: Path) -> None:
    told: list[None] = []
    (tmp_path / "image_101.png").write_bytes(b"")
    write_pictures(tmp_path, [100, 101, 102], on_picture=lambda: told.append(None))
    assert len(told) == 3


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SampleError, match="could not be written"):
        write_pictures(tmp_path / "file" / "images", [414])
