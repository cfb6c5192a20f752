"""Workers that need a copy of the same quarter at the same time."""

import fcntl
from pathlib import Path
from types import SimpleNamespace

import pytest

from banners.serve.packed import encode_candidates
from banners.serve.shared_copies import SharedCopy
from support.copied import FIRST, NEW, Source, candidates, copies, files, worker
from support.tiers import Asked


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shared"


def assert_complete(copy: SharedCopy | None) -> None:
    assert copy
    assert dict(copy.records) == {
        each: encode_candidates(candidates(each, NEW)) for each in copy.records.campaigns
    }
    assert len(copy.records) == 4
    assert list(copy.inventory) == [1, 2, 2**40]


@pytest.mark.parametrize("part", ["records", "inventory"])
def test_a_worker_takes_the_part_that_another_made_while_it_waited(
    folder: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    worker(folder, Source())
    (taken,) = {"records", "inventory"} - {part}

    def sleep(_seconds: float) -> None:
        fcntl.flock(lock, fcntl.LOCK_UN)
        copies(folder).copy_of(NEW, FIRST, Source(NEW))
        # The worker that waits has this part open, and makes it no second time.
        next(each for each in files(folder) if taken in each.name).unlink()

    clock = SimpleNamespace(monotonic=lambda: 1_000.0, sleep=sleep)
    monkeypatch.setattr("banners.serve.shared_copies.time", clock)
    source = Asked(Source(NEW))
    with next(folder.glob(f"*-1-{part}.lock")).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert_complete(copies(folder, wait_seconds=60).copy_of(NEW, FIRST, source))
    assert [each for each in source.asked if each in {"records", "inventory"}] == [taken]


def test_a_part_that_another_finished_just_before_a_worker_locks_it_is_not_made_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock

    def finish_and_lock(file: int, operation: int) -> None:
        if operation & fcntl.LOCK_EX:
            with monkeypatch.context() as other:
                other.setattr("fcntl.flock", lock)
                copies(folder).copy_of(NEW, FIRST, Source(NEW))
        lock(file, operation)

    monkeypatch.setattr("fcntl.flock", finish_and_lock)
    source = Asked(Source(NEW))
    assert_complete(copies(folder).copy_of(NEW, FIRST, source))
    assert source.asked == []


def test_a_copy_that_another_worker_is_removing_is_made_again(folder: Path) -> None:
    copies(folder).copy_of(NEW, FIRST, Source(NEW))
    records = next(each for each in files(folder) if "records" in each.name)
    source = Asked(Source(NEW))
    with records.open() as being_removed:
        fcntl.flock(being_removed, fcntl.LOCK_EX)
        assert_complete(copies(folder).copy_of(NEW, FIRST, source))
    assert source.asked == ["records"]
