"""Which banners have a picture to show."""

import logging
from pathlib import Path

import pytest

from banners.errors import SettingsError
from banners.images import MEDIA_TYPES, find_image, pictured_banners
from banners.web.pictures import LOOK_SECONDS, Pictures
from tiny_pictures import PICTURES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of 5 and 6, and what looks like pictures of 7 to 9."""
    (tmp_path / "image_5.png").write_bytes(PICTURES[".png"])
    (tmp_path / "image_6.webp").write_bytes(PICTURES[".webp"])
    (tmp_path / "image_7.png").touch()
    # A file that opens but cannot be read, even by a user who may do everything.
    (tmp_path / "image_8.png").symlink_to("/proc/self/mem")
    (tmp_path / "image_9.png").mkdir()
    (tmp_path / "image_10.txt").write_text("no picture")
    return tmp_path


def test_a_picture_that_can_be_read_is_found_and_counted(folder: Path) -> None:
    assert find_image(folder, 5) == folder / "image_5.png"
    assert find_image(folder, 6) == folder / "image_6.webp"
    assert pictured_banners(folder) == {5, 6}


@pytest.mark.parametrize("ending", MEDIA_TYPES)
def test_a_picture_of_every_kind_is_found(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"image_5{ending}"
    path.write_bytes(PICTURES[ending])
    assert find_image(tmp_path, 5) == path


@pytest.mark.parametrize("named", MEDIA_TYPES)
@pytest.mark.parametrize("content", [b"no picture", b"<html><svg>", *PICTURES.values()])
def test_what_is_named_for_a_picture_of_another_kind_is_none(
    tmp_path: Path, named: str, content: bytes
) -> None:
    (tmp_path / f"image_5{named}").write_bytes(content)
    assert (find_image(tmp_path, 5) is not None) == (content == PICTURES[named])


@pytest.mark.parametrize("banner_id", [7, 8, 9, 10])
def test_what_cannot_be_read_is_no_picture(folder: Path, banner_id: int) -> None:
    assert find_image(folder, banner_id) is None


def test_an_unreadable_picture_gives_way_to_one_of_another_kind(folder: Path) -> None:
    (folder / "image_7.jpg").write_bytes(PICTURES[".jpg"])
    assert find_image(folder, 7) == folder / "image_7.jpg"
    assert pictured_banners(folder) == {5, 6, 7}


@pytest.mark.parametrize(("banner_id", "reason"), [(7, "it is empty"), (8, "Input/output error")])
def test_a_picture_that_cannot_be_read_is_logged_with_the_reason(
    folder: Path, caplog: pytest.LogCaptureFixture, banner_id: int, reason: str
) -> None:
    find_image(folder, banner_id)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert f"image_{banner_id}.png cannot be read: {reason}." in record.getMessage()


def test_a_folder_that_is_not_there_has_no_pictures(tmp_path: Path) -> None:
    assert pictured_banners(tmp_path / "nowhere") == frozenset()


def test_a_folder_that_cannot_be_read_is_said_to_be_one_and_gives_way_to_placeholders() -> None:
    folder = Path("n" * 300)
    assert find_image(folder, 5) is None
    with pytest.raises(SettingsError, match=r"BANNERS_IMAGES names .*: File name too long"):
        pictured_banners(folder)


def test_a_server_starts_without_a_folder_of_pictures_that_can_be_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Pictures(Path("n" * 300)).preload()
    assert "There are no pictures: BANNERS_IMAGES names" in caplog.text


@pytest.mark.parametrize("ending", PICTURES)
def test_a_picture_is_of_its_kind_whatever_list_of_types_a_machine_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr("starlette.responses.guess_type", lambda _: (None, None))
    (tmp_path / f"image_7{ending}").write_bytes(PICTURES[ending])
    picture = Pictures(tmp_path).load(7)
    assert picture
    told = dict(picture.reply[1])[b"content-type"].decode()
    assert told.partition(";")[0] == MEDIA_TYPES[ending]


def test_a_picture_of_a_kind_that_comes_first_takes_the_place_of_the_one_held(
    tmp_path: Path,
) -> None:
    time = 0.0
    pictures = Pictures(tmp_path, clock=lambda: time)
    for ending in (".jpg", ".png"):
        (tmp_path / f"image_7{ending}").write_bytes(PICTURES[ending])
        if held := pictures.held("/static/images/image_7.png"):
            assert held.path.suffix == ".jpg"
        time += 2 * LOOK_SECONDS
        assert pictures.held("/static/images/image_7.png") is None
        loaded = pictures.load(7)
        assert loaded
        assert loaded.path.suffix == ending
