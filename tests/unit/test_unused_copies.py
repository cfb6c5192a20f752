"""Copies that nobody uses any more, folders that cannot be used, and workers that hang."""

import fcntl
import gc
import os
import pwd
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from banners.core.model import Quarter
from banners.serve.packed import encode_candidates
from banners.serve.unused_copies import remove_unused
from support.copied import FIRST, NEW, OLD, Source, candidates, copies, files, worker
from support.tiers import Asked


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shared"


def test_the_log_says_whose_a_refused_folder_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder.mkdir(mode=0o700)
    owner, nobody = pwd.getpwuid(os.geteuid()).pw_name, 2**31 - 2
    monkeypatch.setattr("os.geteuid", lambda: nobody)
    assert copies(folder).copy_of(OLD, FIRST, Source()) is None
    assert f"it belongs to user {owner}, and this is user {nobody}." in caplog.text
    monkeypatch.undo()
    folder.chmod(0o770)
    assert copies(folder).copy_of(OLD, FIRST, Source()) is None
    assert "others than its owner may write to it (mode 770; expected: no right" in caplog.text


def test_a_worker_that_hangs_is_waited_for_only_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    clock = SimpleNamespace(monotonic=lambda: now, sleep=sleep)
    monkeypatch.setattr("banners.serve.shared_copies.time", clock)
    worker(folder, Source())
    lock = next(folder.glob("*-1-records.lock"))
    other = lock.with_name(lock.name.replace("-1-", "-2-"))
    shared = copies(folder, wait_seconds=60)
    with lock.open() as first, other.open("w") as second:
        for each in (first, second):
            fcntl.flock(each, fcntl.LOCK_EX)
        assert shared.copy_of(NEW, FIRST, Source(NEW)) is None
        assert now == pytest.approx(1_060, abs=1)
        assert shared.copy_of(NEW, Quarter.SECOND, Source(NEW)) is None
        assert now == pytest.approx(1_060, abs=1)
        now = 1_200.0
        assert shared.copy_of(NEW, FIRST, Source(NEW)) is None
        assert now == pytest.approx(1_260, abs=1)
    assert shared.copy_of(NEW, FIRST, Source(NEW))


def opened_days_ago(folder: Path, days: int) -> set[str]:
    """Let all copies be last opened some days ago, and return their names."""
    then = time.time() - days * 24 * 3_600
    for each in files(folder):
        os.utime(each, (then, then))
    return {each.name for each in files(folder)}


def test_copies_that_nobody_has_opened_for_a_week_are_removed_at_a_start(folder: Path) -> None:
    gone = copies(folder, "gone").copy_of(OLD, FIRST, Source())
    used = copies(folder, "used").copy_of(OLD, FIRST, Source())
    assert gone
    assert used
    del gone
    gc.collect()
    before = opened_days_ago(folder, 6)
    (folder / "of-somebody-else").touch()
    os.utime(folder / "of-somebody-else", (0, 0))
    copies(folder, "new").copy_of(OLD, FIRST, Source())
    assert before < {each.name for each in files(folder)}
    opened_days_ago(folder, 8)
    os.utime(folder / "of-somebody-else", (0, 0))
    started = copies(folder, "new").copy_of(OLD, FIRST, Source())
    assert started
    left = {each.name for each in files(folder)}
    assert len(left) == 5
    assert "of-somebody-else" in left
    assert [used.records[3], started.records[3]] == [encode_candidates(candidates(3, OLD))] * 2
    # The copy that was in use is found by a worker that starts now.
    source = Asked(Source())
    assert copies(folder, "used").copy_of(OLD, FIRST, source)
    assert source.asked == []


def test_a_copy_that_is_replaced_just_before_its_removal_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies(folder).copy_of(OLD, FIRST, Source())
    names = opened_days_ago(folder, 8)
    lock = fcntl.flock

    def replace_and_lock(file: int, operation: int) -> None:
        opened, new = Path(f"/proc/self/fd/{file}").readlink(), folder / "made meanwhile"
        new.write_bytes(b"new")
        new.rename(opened)
        lock(file, operation)

    opened_folder = os.open(folder, os.O_RDONLY)
    with monkeypatch.context() as overtaken:
        overtaken.setattr("fcntl.flock", replace_and_lock)
        remove_unused(opened_folder)
    os.close(opened_folder)
    assert {each.name: each.read_bytes() for each in files(folder)} == dict.fromkeys(names, b"new")
