"""Copies on a disk that fails: the error is reported, and the tier behind is asked instead."""

import errno
import os
from pathlib import Path

import pytest

from banners.errors import StoreUnavailable
from support.copied import FIRST, OLD, Source, copies, files, held, worker


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shared"


def test_a_copy_on_a_failing_disk_is_replaced_by_the_tier_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    memory = worker(folder, Source())
    with monkeypatch.context() as failing:
        failing.setattr("os.pread", fail)
        with pytest.raises(StoreUnavailable, match=r"cannot be read: Input/output error\. Ask"):
            held(memory).inventory[0]
    memory.load()
    assert held(memory).copy is None
    assert list(held(memory).inventory) == [1, 2, 2**40]


def test_an_inventory_that_outlives_its_copy_reports_its_error(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = copies(folder).copy_of(OLD, FIRST, Source())
    assert copy
    inventory = copy.inventory
    del copy
    for file in files(folder):
        os.truncate(file, 0)
    with pytest.raises(StoreUnavailable, match="the file is cut off"):
        inventory[0]
    # Nobody uses the copy any more.
    assert caplog.text == ""


def test_a_disk_that_returns_other_bytes_than_were_written_holds_no_copy(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rename = os.rename

    def spoil(old: str, new: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        rename(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        os.truncate(folder / new, 100)

    monkeypatch.setattr("os.rename", spoil)
    assert copies(folder).copy_of(OLD, FIRST, Source()) is None
    assert "what has just been written to it cannot be read. Each holds its own" in caplog.text
