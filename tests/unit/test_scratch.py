"""Temporary folders: removed at the end, by the next run after a kill, and never while in use."""

import fcntl
import multiprocessing
import os
import signal
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from banners.crunch import scratch
from banners.crunch.scratch import PREFIX, locked_folder, scratch_folder, sweep


def hold_a_folder(parent: Path, told: Connection) -> None:
    with locked_folder(parent) as folder:
        (folder / "clicks.csv").write_text("content")
        told.send(folder)
        signal.pause()


def killed_in(parent: Path) -> Path:
    """Kill a process while it holds a temporary folder, and return the folder."""
    here, there = multiprocessing.Pipe()
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=hold_a_folder, args=(parent, there))
    process.start()
    folder = here.recv()
    with locked_folder(parent):
        assert (folder / "clicks.csv").exists()
    process.kill()
    process.join()
    assert isinstance(folder, Path)
    return folder


def test_a_folder_is_removed_with_its_content_when_the_block_ends(tmp_path: Path) -> None:
    with scratch_folder(inside=tmp_path) as folder:
        (folder / "within").mkdir()
        (folder / "within" / "clicks.csv").touch()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_run(tmp_path: Path) -> None:
    left = killed_in(tmp_path)
    assert left.exists()
    with scratch_folder(inside=tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]


def test_the_folder_of_a_process_that_is_alive_stays(tmp_path: Path) -> None:
    with scratch_folder(inside=tmp_path) as one, scratch_folder(inside=tmp_path) as other:
        sweep(tmp_path)
        assert set(tmp_path.iterdir()) == {one, other}


def test_what_others_left_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").touch()
    (tmp_path / "banners-workers-1").mkdir()
    (tmp_path / f"{PREFIX}file").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "elsewhere")
    before = sorted(tmp_path.rglob("*"))
    sweep(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_is_not_there_has_nothing_to_remove(tmp_path: Path) -> None:
    sweep(tmp_path / "nowhere")


def test_another_process_may_remove_a_new_folder_before_it_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []

    def taken_away(**given: str) -> str:
        made = tempfile.mkdtemp(**given)
        taken.append(made)
        if len(taken) == 1:
            Path(made).rmdir()
        return made

    monkeypatch.setattr(scratch, "mkdtemp", taken_away)
    with locked_folder(tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]
    assert len(taken) == 2


def test_another_process_may_remove_a_new_folder_while_it_is_being_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed: list[Path] = []
    lock = fcntl.flock

    def locked_too_late(descriptor: int, operation: int) -> None:
        if not removed:
            removed.append(next(tmp_path.iterdir()))
            removed[0].rmdir()
        lock(descriptor, operation)

    monkeypatch.setattr("fcntl.flock", locked_too_late)
    with locked_folder(tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]
        assert removed != [folder]


def test_another_process_may_be_removing_a_new_folder_before_it_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks: list[int] = []

    def locked_away(**given: str) -> str:
        made = tempfile.mkdtemp(**given)
        if not locks:
            locks.append(os.open(made, os.O_RDONLY))
            fcntl.flock(locks[0], fcntl.LOCK_EX)
        return made

    monkeypatch.setattr(scratch, "mkdtemp", locked_away)
    with locked_folder(tmp_path) as folder:
        assert len(list(tmp_path.iterdir())) == 2
        assert (folder / "..").exists()
    os.close(locks[0])


def test_where_nothing_can_be_locked_nothing_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(_descriptor: int, _operation: int) -> None:
        raise OSError

    monkeypatch.setattr("fcntl.flock", unsupported)
    with locked_folder(tmp_path) as one, locked_folder(tmp_path) as other:
        assert set(tmp_path.iterdir()) == {one, other}
    assert list(tmp_path.iterdir()) == []
