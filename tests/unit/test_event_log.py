"""What a worker records is in the event log, whatever the disk, the clock and the process do."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from banners.collect.segments.log import EventLog
from banners.collect.segments.names import log_folder
from banners.collect.segments.read import content_of_segment
from banners.errors import CollectError
from support.event_logs import HOST, SLOT, Clock, contents, names, open_log, view_of
from support.recorded import CLEAN, add, failing, files_of_at_most, view_ids


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> Iterator[EventLog]:
    made = open_log(tmp_path, clock)
    yield made
    made.close()


def test_nothing_is_written_before_the_flush_and_everything_after_it(
    log: EventLog, tmp_path: Path
) -> None:
    add(log, 1)
    assert not log_folder(tmp_path).exists()
    assert log.flush()
    assert view_ids(tmp_path) == [1]


def test_a_flush_writes_once(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    add(log, *range(100))
    assert log.click(view_of(1), 1, CLEAN)
    assert log.conversion(SLOT, 5, 17, "0.5", 0)
    written: list[int] = []
    write = os.write

    def counted(descriptor: int, block: bytes) -> int:
        written.append(len(block))
        return write(descriptor, block)

    monkeypatch.setattr(os, "write", counted)
    assert log.flush()
    assert log.flush()
    assert len(written) == 1
    assert log.counts.written == 102


def test_a_worker_has_one_segment_for_each_slot_of_arrival(
    log: EventLog, tmp_path: Path, clock: Clock
) -> None:
    for slot in (SLOT, SLOT, SLOT + 1):
        clock.set(slot)
        add(log, slot)
        assert log.flush()
        assert log.sync()
    assert names(tmp_path) == [
        "20261126T1445Z-1.segment",
        "20261126T1445Z.marker",
        "20261126T1500Z-2.open",
    ]
    assert view_ids(tmp_path) == [SLOT, SLOT, SLOT + 1]


def test_the_last_record_of_a_sealed_segment_says_what_it_holds(
    log: EventLog, tmp_path: Path
) -> None:
    assert log.impressions(view_of(1, slot=SLOT - 3), CLEAN)
    add(log, 2, 3)
    assert log.close()
    (path,) = log_folder(tmp_path).rglob("*.segment")
    assert content_of_segment(path).slots == {SLOT - 3: 1, SLOT: 2}
    assert contents(path)[-1] == b"e,%d:1;%d:2" % (SLOT - 3, SLOT)


def test_a_slot_without_events_gets_a_marker_when_it_has_ended(
    log: EventLog, tmp_path: Path, clock: Clock
) -> None:
    assert log.sync()
    assert names(tmp_path) == []
    clock.set(SLOT + 2)
    assert log.flush()
    assert log.sync()
    assert names(tmp_path) == ["20261126T1445Z.marker", "20261126T1500Z.marker"]


def test_slots_during_which_no_worker_ran_are_marked_by_the_next_one(
    tmp_path: Path, clock: Clock
) -> None:
    for slot in (SLOT, SLOT + 1, SLOT + 4):
        clock.set(slot)
        with_nothing = open_log(tmp_path, clock)
        assert with_nothing.sync()
        assert with_nothing.close()
        clock.set(slot + 1, 0)
        last = open_log(tmp_path, clock)
        last.sync()
    assert names(tmp_path) == []
    folder = log_folder(tmp_path) / HOST
    (folder / "20261126T1500Z.marker").touch()
    (folder / "nonsense.marker").touch()
    clock.set(SLOT + 4)
    assert open_log(tmp_path, clock).sync()
    assert names(tmp_path) == [
        "20261126T1500Z.marker",
        "20261126T1515Z.marker",
        "20261126T1530Z.marker",
        "nonsense.marker",
    ]


def test_a_slot_is_marked_only_when_every_worker_has_sealed_its_segment(
    log: EventLog, tmp_path: Path, clock: Clock
) -> None:
    other = open_log(tmp_path, clock)
    add(log, 1)
    add(other, 2)
    assert log.flush()
    assert other.flush()
    assert log.sync()
    clock.set(SLOT + 1)
    assert other.flush()
    # The first sync seals its own segment; that of the other worker is still open.
    assert other.sync()
    assert other.sync()
    assert "20261126T1445Z.marker" not in names(tmp_path)
    assert log.flush()
    assert log.sync()
    assert "20261126T1445Z.marker" in names(tmp_path)
    assert other.close()


def test_a_clock_that_is_set_back_loses_nothing(
    log: EventLog, tmp_path: Path, clock: Clock
) -> None:
    for number, slot in enumerate((SLOT, SLOT - 5, SLOT)):
        clock.set(slot)
        add(log, number)
        assert log.flush()
        assert log.sync()
    assert sorted(view_ids(tmp_path)) == [0, 1, 2]
    assert log.close()
    assert [name for name in names(tmp_path) if not name.endswith("marker")] == [
        "20261126T1330Z-2.segment",
        "20261126T1445Z-1.segment",
        "20261126T1445Z-3.segment",
    ]


def test_a_full_disk_refuses_events_and_recovers_by_itself(log: EventLog, tmp_path: Path) -> None:
    add(log, 1)
    assert log.flush()
    (path,) = log_folder(tmp_path).rglob("*.open")
    with files_of_at_most(path.stat().st_size + 10):
        add(log, 2, 3)
        assert not log.flush()
        assert log.reason == "File too large"
    assert (log.counts.refused, log.counts.failed_writes) == (2, 1)
    add(log, 4)
    assert log.flush()
    assert log.reason == ""
    assert view_ids(tmp_path) == [1, 4]
    assert log.close()
    assert (len(list(path.parent.glob("*.segment"))), log.counts.written) == (1, 2)


def test_where_no_folder_can_be_made_events_are_refused_until_it_can(
    tmp_path: Path, clock: Clock
) -> None:
    events = tmp_path / "events"
    events.touch()
    log = open_log(events, clock)
    add(log, 1)
    assert not log.flush()
    assert log.sync()
    events.unlink()
    add(log, 2)
    assert log.flush()
    assert view_ids(events) == [2]
    assert log.close()


def test_a_segment_that_cannot_be_cut_back_is_left(
    log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(log, 1)
    assert log.flush()
    (path,) = log_folder(tmp_path).rglob("*.open")
    with monkeypatch.context() as patched, files_of_at_most(path.stat().st_size + 10):
        patched.setattr(os, "ftruncate", failing)
        add(log, 2)
        assert not log.flush()
    add(log, 3)
    assert log.flush()
    assert view_ids(tmp_path) == [1, 3]
    # What is broken is not said to be safe.
    assert not log.sync()
    assert log.sync()


def test_a_failed_sync_is_not_tried_again_on_the_same_file(
    log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(log, 1)
    assert log.flush()
    assert log.unsynced_since == Clock().now
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", failing)
        assert not log.sync()
    assert log.unsynced_since == Clock().now
    synced: list[int] = []
    sync = os.fdatasync

    def noted(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        sync(descriptor)

    (broken,) = log_folder(tmp_path).rglob("*.open")
    inode = broken.stat().st_ino
    monkeypatch.setattr(os, "fdatasync", noted)
    add(log, 2)
    assert log.flush()
    # The failure was told, and what came after it is safe.
    assert log.sync()
    assert synced
    assert inode not in synced
    assert view_ids(tmp_path) == [1, 2]
    assert log.counts.failed_syncs == 1
    assert names(tmp_path) == ["20261126T1445Z-1.segment", "20261126T1445Z-2.open"]


def test_what_is_written_while_a_sync_fails_is_not_said_to_be_safe(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(log, 1)
    assert log.flush()

    def fail_late(_: int) -> None:
        add(log, 2)
        assert log.flush()
        failing()

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail_late)
        assert not log.sync()
    assert not log.sync()
    add(log, 3)
    assert log.flush()
    assert log.sync()


def test_what_was_synced_is_not_synced_again(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(log, 1)
    assert log.flush()
    assert log.sync()
    assert log.unsynced_since is None
    monkeypatch.setattr(os, "fdatasync", failing)
    assert log.sync()


def test_a_segment_that_cannot_be_renamed_is_sealed_by_the_next_worker(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(tmp_path, clock)
    add(log, 1)
    assert log.flush()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", failing)
        assert not log.close()
    assert names(tmp_path) == ["20261126T1445Z-1.open"]
    assert open_log(tmp_path, clock).sync()
    assert names(tmp_path) == ["20261126T1445Z-1.segment"]
    assert view_ids(tmp_path) == [1]


def test_the_buffer_is_bounded(tmp_path: Path, clock: Clock) -> None:
    log = open_log(tmp_path, clock, most_buffered=150)
    kept = [log.impressions(view_of(number), CLEAN) for number in range(5)]
    assert kept == [True, True, False, False, False]
    assert log.counts.refused == 3
    assert "more events" in log.reason
    assert log.flush()
    assert log.impressions(view_of(9), CLEAN)
    assert log.close()
    assert view_ids(tmp_path) == [0, 1, 9]


def test_open_files_are_bounded_while_the_disk_hangs(
    log: EventLog, tmp_path: Path, clock: Clock
) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(20):
        clock.set(SLOT + number)
        add(log, number)
        assert log.flush()
    assert len(list(Path("/proc/self/fd").iterdir())) - before <= 5
    assert view_ids(tmp_path) == list(range(20))


def test_a_broken_segment_that_cannot_be_left_takes_nothing_more(
    log: EventLog, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        clock.set(SLOT + number)
        add(log, number)
        assert log.flush()
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", failing)
        patched.setattr(os, "ftruncate", failing)
        add(log, 5)
        assert not log.flush()
    add(log, 6)
    assert not log.flush()
    assert "no new segment" in log.reason
    # What is broken is not said to be safe.
    assert not log.sync()
    assert log.sync()
    add(log, 7)
    assert log.flush()
    assert view_ids(tmp_path) == [*range(5), 7]


def test_a_closed_log_records_nothing(tmp_path: Path, clock: Clock) -> None:
    log = open_log(tmp_path, clock)
    add(log, 1)
    assert log.close()
    assert log.close()
    with pytest.raises(CollectError, match="was closed"):
        log.impressions(view_of(2), CLEAN)
    with pytest.raises(CollectError, match="was closed"):
        log.flush()
    assert view_ids(tmp_path) == [1]
