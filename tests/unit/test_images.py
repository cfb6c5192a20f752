"""Which banners have an image to show."""

import logging
import os
import tracemalloc
from pathlib import Path

import pytest

from banners.core.images import (
    MEDIA_TYPES,
    MOST_BYTES,
    USUAL_SIZE,
    banners_with_image,
    find_image,
    media_type_of,
)
from banners.errors import SettingsError
from banners.web.hot.images import LOOK_SECONDS, HeldImages
from banners.web.hot.replies import headers_of
from banners.web.hot.sizes import Sizes
from support.tiny_images import IMAGES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images of 5 and 6, and what looks like images of 7 to 9."""
    (tmp_path / "image_5.png").write_bytes(IMAGES[".png"])
    (tmp_path / "image_6.webp").write_bytes(IMAGES[".webp"])
    (tmp_path / "image_7.png").touch()
    # A file that opens but cannot be read, even by a user who may do everything.
    (tmp_path / "image_8.png").symlink_to("/proc/self/mem")
    (tmp_path / "image_9.png").mkdir()
    (tmp_path / "image_10.txt").write_text("no image")
    return tmp_path


def test_an_image_that_can_be_read_is_found_and_counted(folder: Path) -> None:
    assert find_image(folder, 5) == folder / "image_5.png"
    assert find_image(folder, 6) == folder / "image_6.webp"
    assert banners_with_image(folder) == {5, 6}


@pytest.mark.parametrize("ending", MEDIA_TYPES)
def test_an_image_of_every_kind_is_found(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"image_5{ending}"
    path.write_bytes(IMAGES[ending])
    assert find_image(tmp_path, 5) == path


@pytest.mark.parametrize("ending", IMAGES)
def test_the_type_of_an_image_is_seen_in_its_first_bytes(ending: str) -> None:
    assert media_type_of(IMAGES[ending]) == MEDIA_TYPES[ending]


@pytest.mark.parametrize("content", [b"", b"no image", b"<html><svg>", b" " * 5_000 + b"<svg>"])
def test_other_bytes_are_of_no_type(content: bytes) -> None:
    assert media_type_of(content) is None


@pytest.mark.parametrize("named", MEDIA_TYPES)
@pytest.mark.parametrize("content", [b"no image", b"<html><svg>", *IMAGES.values()])
def test_an_image_whose_name_has_the_ending_of_another_kind_is_ignored(
    tmp_path: Path, named: str, content: bytes
) -> None:
    (tmp_path / f"image_5{named}").write_bytes(content)
    assert (find_image(tmp_path, 5) is not None) == (content == IMAGES[named])


@pytest.mark.parametrize("banner_id", [7, 8, 9, 10])
def test_an_unreadable_file_is_no_image(folder: Path, banner_id: int) -> None:
    assert find_image(folder, banner_id) is None


def test_an_unreadable_image_gives_way_to_one_of_another_kind(folder: Path) -> None:
    (folder / "image_7.jpg").write_bytes(IMAGES[".jpg"])
    assert find_image(folder, 7) == folder / "image_7.jpg"
    assert banners_with_image(folder) == {5, 6, 7}


@pytest.mark.parametrize(
    ("banner_id", "reason"),
    [
        (7, "it is empty"),
        (8, "Input/output error"),
        (11, "it does not begin as image/png does"),
    ],
)
def test_an_image_that_cannot_be_read_is_logged_with_the_reason(
    folder: Path, caplog: pytest.LogCaptureFixture, banner_id: int, reason: str
) -> None:
    (folder / "image_11.png").write_bytes(IMAGES[".jpg"])
    find_image(folder, banner_id)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert f"image_{banner_id}.png is not shown: {reason}." in record.getMessage()


def test_a_folder_that_is_not_there_has_no_images(tmp_path: Path) -> None:
    assert banners_with_image(tmp_path / "nowhere") == frozenset()


def test_an_unreadable_folder_is_reported_and_banners_get_placeholders() -> None:
    folder = Path("n" * 300)
    assert find_image(folder, 5) is None
    with pytest.raises(SettingsError, match=r"BANNERS_IMAGES names “nnn.*: File name too long"):
        banners_with_image(folder)


def test_a_server_starts_without_a_folder_of_images_that_can_be_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    HeldImages(Path("n" * 300)).preload()
    assert "There are no images: BANNERS_IMAGES names" in caplog.text


@pytest.mark.parametrize("ending", IMAGES)
def test_an_image_is_of_its_kind_whatever_list_of_types_a_machine_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr("starlette.responses.guess_type", lambda _: (None, None))
    (tmp_path / f"image_7{ending}").write_bytes(IMAGES[ending])
    image = HeldImages(tmp_path).load(7)
    assert image
    told = dict(headers_of(image.reply))[b"content-type"].decode()
    assert told.partition(";")[0] == MEDIA_TYPES[ending]


def test_an_image_of_a_preferred_kind_replaces_the_one_held(
    tmp_path: Path,
) -> None:
    time = 0.0
    images = HeldImages(tmp_path, clock=lambda: time)
    for ending in (".jpg", ".png"):
        (tmp_path / f"image_7{ending}").write_bytes(IMAGES[ending])
        if held := images.held("/static/images/image_7.png"):
            assert held.path == tmp_path / "image_7.jpg"
        time += 2 * LOOK_SECONDS
        assert images.held("/static/images/image_7.png") is None
        loaded = images.load(7)
        assert loaded
        assert loaded.path == tmp_path / f"image_7{ending}"


@pytest.mark.parametrize("ending", [".jpeg", ".JPG", ".PNG"])
def test_an_image_with_an_ending_that_programs_write_is_found(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"image_7{ending}").write_bytes(IMAGES[ending])
    assert banners_with_image(tmp_path) == {7}
    assert find_image(tmp_path, 7) == tmp_path / f"image_7{ending}"


def test_files_that_look_like_images_with_a_wrong_name_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = [
        "IMAGE_1.png",
        "image-2.png",
        "image_03.png",
        "image_4.avif",
        "7.Jpg",
        "image_5.png.txt",
    ]
    for name in [*names, "notes.txt", "image_9.png"]:
        (tmp_path / name).write_bytes(IMAGES[".png"])
    assert banners_with_image(tmp_path) == {9}
    [record] = caplog.records
    told = record.getMessage()
    assert told.startswith("Images not shown, since they are named otherwise: ")
    assert all(name in told for name in names)
    assert "notes" not in told


def test_of_many_wrong_names_only_some_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1, 31):
        (tmp_path / f"picture{number}.png").touch()
    banners_with_image(tmp_path)
    assert "and 20 more. Name an image image_<banner id>.png" in caplog.text


def test_up_to_ten_wrong_names_are_all_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"picture{number}.png" for number in range(10)]
    for name in names:
        (tmp_path / name).touch()
    banners_with_image(tmp_path)
    [record] = caplog.records
    told = ", ".join(f"“{name}”" for name in names)
    assert record.getMessage() == (
        f"Images not shown, since they are named otherwise: {told}. Name an image "
        "image_<banner id>.png (or jpg, webp, gif, svg)."
    )


def test_an_image_may_be_as_large_as_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "image_7.png"
    path.write_bytes(IMAGES[".png"])
    os.truncate(path, MOST_BYTES)
    assert find_image(tmp_path, 7) == path
    os.truncate(path, MOST_BYTES + 1)
    assert find_image(tmp_path, 7) is None


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    """An image of 1.5 GB, most of which takes no room on the disk."""
    path = tmp_path / "image_7.png"
    path.write_bytes(IMAGES[".png"])
    os.truncate(path, 1_500_000_000)
    return path


def test_an_image_that_is_too_large_is_refused_once_and_never_read(
    huge: Path, caplog: pytest.LogCaptureFixture
) -> None:
    images = HeldImages(huge.parent)
    images.preload()
    tracemalloc.start()
    for _ in range(5):
        assert images.load(7) is None
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000
    assert caplog.text.count("image_7.png is not shown: it has 1,431 MiB, and 16 are the most") == 1
    assert banners_with_image(huge.parent) == frozenset()


def test_an_image_that_finds_no_room_is_not_read_and_its_size_is_known(tmp_path: Path) -> None:
    (tmp_path / "image_7.png").write_bytes(IMAGES[".png"])
    sizes = Sizes()
    images = HeldImages(tmp_path, sizes=sizes, most_bytes=10)
    images.preload()
    assert sizes.of(7) == (1, 1)
    loaded = images.load(7)
    assert loaded
    assert loaded.reply[2] == b""
    assert images.held("/static/images/image_7.png") is None


def test_an_image_in_memory_is_read_again_only_if_its_file_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "image_7.png"
    path.write_bytes(IMAGES[".png"])
    images = HeldImages(tmp_path)
    first = images.load(7)
    assert first
    # A range or a condition asks for it again.
    assert images.load(7) is first
    path.write_bytes(IMAGES[".png"] + b"more")
    second = images.load(7)
    assert second
    assert second.reply[2] == IMAGES[".png"] + b"more"


def test_the_size_of_an_image_follows_its_file(tmp_path: Path) -> None:
    sizes = Sizes()
    images = HeldImages(tmp_path, sizes=sizes)
    assert sizes.of(7) == USUAL_SIZE
    path = tmp_path / "image_7.svg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="728" height="90"/>')
    images.load(7)
    assert (sizes.of(7), sizes.version) == ((728, 90), 1)
    images.load(7)
    assert sizes.version == 1
    path.unlink()
    images.load(7)
    assert (sizes.of(7), sizes.version) == (USUAL_SIZE, 2)
