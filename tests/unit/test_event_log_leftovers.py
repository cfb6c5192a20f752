"""What a worker that has died left of the event log is completed by the next one."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from banners.collect.segments import leftovers
from banners.collect.segments.leftovers import seal_leftovers
from banners.collect.segments.log import EventLog
from banners.collect.segments.names import log_folder
from banners.collect.segments.read import content_of_segment
from banners.collect.segments.record import framed
from support.event_logs import HOST, SLOT, Clock, names, open_log
from support.recorded import add, failing, view_ids


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> Iterator[EventLog]:
    made = open_log(tmp_path, clock)
    yield made
    made.close()


WORKER = """
import os, sys
from pathlib import Path
from banners.core.views import Traffic
from support.event_logs import Clock, open_log, view_of
log = open_log(Path(sys.argv[1]), Clock())
number = 0
while True:
    number += 1
    log.impressions(view_of(number), Traffic.CLEAN)
    log.flush()
    os.write(1, b"%d\\n" % number)
"""


def killed_worker(events: Path, answers: int) -> int:
    """Run a worker, kill it after some answers, and return the last event that it answered."""
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(events)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as worker:
        assert worker.stdout
        lines = [worker.stdout.readline() for _ in range(answers)]
        worker.send_signal(signal.SIGKILL)
        lines += worker.stdout.read().split()
        return max(int(line) for line in lines if line.strip())


@pytest.mark.parametrize("answers", [1, 50, 300])
def test_what_was_answered_survives_a_kill(tmp_path: Path, answers: int) -> None:
    answered = killed_worker(tmp_path, answers)
    seal_leftovers(log_folder(tmp_path) / HOST)
    found = view_ids(tmp_path)
    assert found[:answered] == list(range(1, answered + 1))
    assert len(found) - answered in {0, 1}
    assert names(tmp_path) == ["20261126T1445Z-1.segment"]


def test_the_segment_of_a_living_worker_is_left_alone(log: EventLog, tmp_path: Path) -> None:
    add(log, 1)
    assert log.flush()
    assert seal_leftovers(log_folder(tmp_path) / HOST) == 0
    assert names(tmp_path) == ["20261126T1445Z-1.open"]


@pytest.fixture
def left(tmp_path: Path, clock: Clock) -> Path:
    """A segment of a dead worker, with two records."""
    killed = open_log(tmp_path, clock)
    add(killed, 1, 2)
    assert killed.flush()
    (path,) = log_folder(tmp_path).rglob("*.open")
    content = path.read_bytes()
    assert killed.close()
    path.with_suffix(".segment").unlink()
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("cut", "kept"), [(0, 2), (1, 1), (40, 1)])
def test_the_torn_end_of_a_dead_worker_is_cut_off_and_counted(
    left: Path, tmp_path: Path, clock: Clock, cut: int, kept: int
) -> None:
    content = left.read_bytes()
    left.write_bytes(content[: len(content) - cut])
    log = open_log(tmp_path, clock)
    assert log.sync()
    assert view_ids(tmp_path) == [1, 2][:kept]
    assert log.counts.torn == (0 if kept == 2 else len(content) // 2 - cut)
    sealed = content_of_segment(left.with_suffix(".segment"))
    assert sealed.has_end
    assert sealed.slots == {SLOT: kept}


def test_a_segment_with_its_last_record_is_only_renamed(left: Path, tmp_path: Path) -> None:
    seal_leftovers(left.parent)
    content = left.with_suffix(".segment").read_bytes()
    left.with_suffix(".segment").rename(left)
    seal_leftovers(left.parent)
    assert left.with_suffix(".segment").read_bytes() == content
    assert view_ids(tmp_path) == [1, 2]


def test_a_full_disk_does_not_keep_what_a_dead_worker_left_open(
    left: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "pwrite", failing)
    assert seal_leftovers(left.parent) == 0
    assert not content_of_segment(left.with_suffix(".segment")).has_end
    assert view_ids(tmp_path) == [1, 2]


def test_a_record_of_another_form_is_kept_and_keeps_no_worker_from_syncing(
    left: Path, tmp_path: Path, clock: Clock
) -> None:
    with left.open("ab") as file:
        file.write(framed(b"i,next,clean"))
    content = left.read_bytes()
    log = open_log(tmp_path, clock)
    add(log, 3)
    assert log.flush()
    assert log.sync()
    assert left.read_bytes() == content
    assert log.counts.torn == 0


def test_a_file_that_was_never_named_is_removed(tmp_path: Path) -> None:
    new = tmp_path / "20261126T1445Z-a1-1.new"
    new.touch()
    seal_leftovers(tmp_path)
    assert not new.exists()


def test_what_another_seals_at_the_same_moment_is_no_error(
    left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = left.with_name("20261126T1445Z-b2-1.open")
    monkeypatch.setattr(leftovers, "_files", lambda *_: [gone])
    assert seal_leftovers(left.parent) == 0


def test_a_new_file_that_is_taken_for_one_left_by_a_dead_worker_is_made_again(
    log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename
    removed: list[Path] = []

    def removed_before(path: Path, target: Path) -> Path:
        if not removed:
            removed.append(path)
            path.unlink()
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", removed_before)
    add(log, 1)
    assert log.flush()
    assert removed
    assert view_ids(tmp_path) == [1]


def test_a_new_file_that_another_has_locked_is_made_again(
    log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[OSError | None] = [BlockingIOError(), None]

    def flock(_descriptor: int, _operation: int) -> None:
        if error := answers.pop(0):
            raise error

    monkeypatch.setattr(fcntl, "flock", flock)
    add(log, 1)
    assert log.flush()
    assert answers == []
    assert view_ids(tmp_path) == [1]


def test_a_file_system_without_locks_is_written_to(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", failing)
    log = open_log(tmp_path, clock)
    add(log, 1)
    assert log.flush()
    assert seal_leftovers(log_folder(tmp_path) / HOST) == 0
    assert names(tmp_path) == ["20261126T1445Z-1.open"]
    assert log.close()


def test_a_new_file_that_cannot_be_named_is_closed(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(Path, "rename", failing)
    add(log, 1)
    assert not log.flush()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
