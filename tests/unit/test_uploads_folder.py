"""The folder of uploaded images never holds a part of an image under its name."""

import errno
import os
import stat
from pathlib import Path

import pytest

from banners.core.images import Size
from banners.errors import UploadsUnavailable
from banners.images.folder import FolderImages
from banners.images.store import UploadedImage
from support.image_files import file_of

IMAGE = UploadedImage(Size(40, 30), file_of("PNG"))


def files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


def test_each_image_is_a_file_that_is_named_for_its_content_and_that_others_may_read(
    tmp_path: Path,
) -> None:
    FolderImages(tmp_path).write(IMAGE)
    [path] = files(tmp_path)
    assert path == tmp_path / IMAGE.digest[:2] / IMAGE.digest
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_full_disk_is_told_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(UploadsUnavailable, match="cannot be written: No space left on device"):
        FolderImages(tmp_path).write(IMAGE)
    assert files(tmp_path) == []


def test_what_a_killed_process_left_is_deleted_and_what_is_being_written_is_not(
    tmp_path: Path,
) -> None:
    left = tmp_path / IMAGE.digest[:2]
    left.mkdir()
    old, new = left / ".unfinished-old", left / ".unfinished-new"
    for each in (old, new):
        each.touch()
    os.utime(old, (0, 0))
    FolderImages(tmp_path).write(IMAGE)
    assert sorted(files(tmp_path)) == [new, left / IMAGE.digest]


def test_a_damaged_image_is_written_anew(tmp_path: Path) -> None:
    store = FolderImages(tmp_path)
    store.write(IMAGE)
    files(tmp_path)[0].write_bytes(b"")
    store.write(IMAGE)
    assert store.read(IMAGE.digest) == IMAGE.content


@pytest.mark.parametrize("text", ["", "../../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_what_is_no_digest_names_no_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="is not a digest"):
        FolderImages(tmp_path).read(text)
