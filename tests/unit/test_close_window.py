"""Closing keeps the slots of a window, waits for late hosts, and archives what is older."""

import shutil
from pathlib import Path

import pytest

from banners.collect.close.files import EventFolder
from banners.collect.close.run import close_slots, forget_host
from banners.collect.segments.names import log_folder
from banners.core.events import Kind
from banners.core.slots import slot_name
from banners.errors import CollectError
from reference.closing import (
    Converted,
    Seen,
)
from support.closings import (
    CLEAN,
    CLICK,
    EVENTS,
    LATER,
    NAME,
    expected_files,
    keep,
    totals_in,
)
from support.event_logs import (
    HOST,
    SLOT,
    Clock,
    closing_of,
    files_in,
    open_log,
    record,
    view_of,
)


def test_what_leaves_the_window_goes_to_the_archive_and_stays_as_it_is(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    closing = closing_of(tmp_path, window=2)
    close_slots(closing, Clock(SLOT + 7).now)
    assert f"4/clicks_4-{NAME}.csv" in files_in(tmp_path)
    closed = close_slots(closing, Clock(SLOT + 8).now)
    assert closed.archived == [SLOT]
    made = files_in(tmp_path)
    assert {name for name in made if NAME in name} == {
        f"archive/4/{kind}_4-{NAME}.csv" for kind in Kind
    }
    keep(tmp_path, [Converted(SLOT, 6, CLICK, "1", 0)], SLOT + 8)
    again = close_slots(closing, Clock(SLOT + 8, 200).now)
    assert (again.late, again.archived) == (1, [])
    (recounted,) = again.recounted
    assert recounted.archived
    assert recounted.slot == SLOT
    assert totals_in(tmp_path)[0].totals.net.revenue_micros == 1_675_000
    assert close_slots(closing, Clock(SLOT + 8, 300).now).late == 0
    assert SLOT not in [each.slot for each in again.slots]
    assert {name: made[name] for name in made if NAME in name} == {
        name: content for name, content in files_in(tmp_path).items() if NAME in name
    }
    with pytest.raises(CollectError) as raised:
        close_slots(closing, Clock(SLOT + 8).now, [SLOT])
    assert str(raised.value) == (
        f"Slot {NAME} has left the window and is archived, so it is not closed again. Its event "
        f"files are in {tmp_path}/archive."
    )


def test_late_events_are_counted_for_each_archived_slot_and_only_once(tmp_path: Path) -> None:
    closing = closing_of(tmp_path, window=1)
    now = Clock(SLOT + 20).now
    slots = [SLOT, SLOT + 1]
    for slot in slots:
        keep(tmp_path, [Seen(view_of(slot, slot=slot), CLEAN)], slot)
    assert [each.archived for each in close_slots(closing, now).slots][:2] == [True, True]
    for slot in slots:
        keep(tmp_path, [Seen(view_of(slot + 5, slot=slot), CLEAN)] * 2, SLOT + 20)
    again = close_slots(closing, now)
    assert again.late == 4
    assert [each.slot for each in again.recounted] == slots
    third = close_slots(closing, now)
    assert (third.late, third.recounted) == (0, [])


def test_late_events_in_a_segment_that_was_already_read_are_counted(
    tmp_path: Path,
) -> None:
    closing = closing_of(tmp_path, window=1)
    log = open_log(tmp_path, Clock(SLOT + 20))
    record(log, EVENTS[0])
    assert log.flush()
    close_slots(closing, Clock(SLOT + 20).now)
    record(log, Seen(view_of(5), CLEAN))
    assert log.flush()
    again = close_slots(closing, Clock(SLOT + 20).now)
    assert log.close()
    assert (again.late, [each.slot for each in again.recounted]) == (1, [SLOT])


def test_what_comes_too_late_for_the_window_is_closed_into_the_archive(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    closing = closing_of(tmp_path, window=2)
    closed = close_slots(closing, Clock(SLOT + 100).now)
    assert SLOT in [each.slot for each in closed.slots]
    made = files_in(tmp_path)
    assert {name for name in made if NAME in name} == {
        f"archive/4/{kind}_4-{NAME}.csv" for kind in Kind
    }
    assert {name.partition("/")[0] for name in made} == {"1", "2", "3", "4", "archive"}
    assert len(made) == 3 * (8 - 1 + 1)


STANDSTILL = 4 * 24 * 60
"""Two months, far more than the window and a day."""


def test_a_clock_that_is_far_ahead_archives_and_removes_nothing(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    closing = closing_of(tmp_path)
    close_slots(closing, LATER)
    before = everything_in(tmp_path)
    for slots in ((), [SLOT]):
        with pytest.raises(CollectError, match=f"1,441 hours after {NAME}, .* Set it right") as hit:
            close_slots(closing, Clock(SLOT + STANDSTILL + 4).now, slots)
        assert slot_name(SLOT + STANDSTILL + 4) in str(hit.value)
    assert everything_in(tmp_path) == before
    assert close_slots(closing, LATER).problems == []


def everything_in(events: Path) -> dict[Path, bytes]:
    return {
        path: path.read_bytes()
        for path in events.rglob("*")
        if path.is_file() and path.name != "closing.lock"
    }


def test_the_clock_may_be_ahead_by_the_window_and_a_day(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    closing = closing_of(tmp_path, window=2)
    close_slots(closing, Clock(SLOT).now)
    with pytest.raises(CollectError, match="the clock may be wrong"):
        close_slots(closing, Clock(SLOT + 8 + 96).now)
    assert close_slots(closing, Clock(SLOT + 8 + 95).now).archived == [SLOT]


@pytest.mark.parametrize("recorded", [True, False])
def test_after_a_long_standstill_closing_goes_on_once_a_server_runs(
    tmp_path: Path, recorded: bool
) -> None:
    keep(tmp_path, EVENTS)
    closing = closing_of(tmp_path, window=1)  # the fewer slots to close, the faster
    close_slots(closing, LATER)
    with pytest.raises(CollectError, match="start banners serve"):
        close_slots(closing, Clock(SLOT + STANDSTILL).now)
    clock = Clock(SLOT + STANDSTILL - 1)
    log = open_log(tmp_path, clock)
    if recorded:
        record(log, Seen(view_of(1, slot=SLOT + STANDSTILL - 1), CLEAN))
    clock.set(SLOT + STANDSTILL)
    assert log.flush()
    assert log.close()
    assert close_slots(closing, clock.now).archived == [SLOT]


def test_a_slot_that_was_archived_too_early_stays_as_it_is(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    close_slots(closing_of(tmp_path, window=1), LATER)
    # As a clock would do that is ahead by less than is refused.
    closed = close_slots(
        closing_of(tmp_path, window=1, keep_events_seconds=900), Clock(SLOT + 90).now
    )
    assert SLOT in closed.forgettable
    EventFolder(tmp_path).forget(closed.forgettable)
    keep(tmp_path, [Seen(view_of(1, slot=SLOT - 1), CLEAN)], SLOT - 1)
    made = files_in(tmp_path)
    again = close_slots(closing_of(tmp_path), LATER)
    assert [each.slot for each in again.slots] == [SLOT - 1]
    assert {name: text for name, text in files_in(tmp_path).items() if name in made} == made
    assert f"4/impressions_4-{NAME}.csv" not in files_in(tmp_path)


def test_a_slot_stays_archived_when_its_files_are_taken_out_of_the_archive(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    closing = closing_of(tmp_path, window=1)
    close_slots(closing, Clock(SLOT + 8).now)
    shutil.rmtree(tmp_path / "archive")
    keep(tmp_path, [Converted(SLOT, 6, CLICK, "1", 0)], SLOT + 8)
    closing = closing_of(tmp_path, window=1, keep_events_seconds=900)
    again = close_slots(closing, Clock(SLOT + 8, 200).now)
    assert (again.late, again.removed) == (1, 1)
    assert SLOT not in [each.slot for each in again.slots]
    assert [name for name in files_in(tmp_path) if NAME in name] == []


def test_a_slot_that_leaves_the_window_with_something_new_is_closed_again_and_archived(
    tmp_path: Path,
) -> None:
    closing = closing_of(tmp_path, window=2)
    keep(tmp_path, EVENTS)
    close_slots(closing, LATER)
    late = [*EVENTS, Converted(SLOT, 6, CLICK, "1", 0)]
    keep(tmp_path, late[-1:], SLOT + 1)
    again = close_slots(closing, Clock(SLOT + 8).now)
    found = EventFolder(tmp_path).closed(SLOT)
    assert found in again.slots
    assert found.archived
    archived = {name.removeprefix("archive/"): text for name, text in files_in(tmp_path).items()}
    assert archived.items() >= expected_files(late, [SLOT]).items()
    assert again.archived == []


def test_a_slot_that_has_not_begun_cannot_be_closed(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="has not begun"):
        close_slots(closing_of(tmp_path), LATER, [SLOT + 5])


def test_ended_slots_are_closed_once_even_without_records(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    closing, now = closing_of(tmp_path), Clock(SLOT + 3).now
    ended = [SLOT, SLOT + 1, SLOT + 2]
    assert [each.slot for each in close_slots(closing, now).slots] == ended
    assert close_slots(closing, now).slots == []


def test_only_the_given_slots_are_closed(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    now = Clock(SLOT + 3).now
    closed = close_slots(closing_of(tmp_path), now, among=lambda slot: slot == SLOT + 1)
    assert [each.slot for each in closed.slots] == [SLOT + 1]


@pytest.mark.parametrize("slot", [SLOT, SLOT + 1], ids=["ended", "begun"])
def test_a_slot_without_records_can_be_closed_by_its_name(tmp_path: Path, slot: int) -> None:
    keep(tmp_path, [Seen(view_of(1, slot=SLOT - 1), CLEAN)], SLOT - 1)
    assert [each.slot for each in close_slots(closing_of(tmp_path), LATER, [slot]).slots] == [slot]


@pytest.mark.parametrize("keep_events_seconds", [402 * 900, 402 * 900 + 899])
def test_segments_of_archived_slots_are_removed_when_they_are_old(
    tmp_path: Path, keep_events_seconds: int
) -> None:
    keep(tmp_path, EVENTS)
    close_slots(closing_of(tmp_path), Clock(SLOT + 2).now)
    keep(tmp_path, [Converted(SLOT, 6, CLICK, "1", 0)], SLOT + 1)
    keep(tmp_path, [Seen(view_of(80, slot=SLOT + 400), CLEAN)], SLOT + 400)
    closing = closing_of(tmp_path, window=2, keep_events_seconds=keep_events_seconds)
    assert close_slots(closing, Clock(SLOT + 402).now).removed == 0
    first = close_slots(closing, Clock(SLOT + 403).now)
    # The other segment still has a record of the slot.
    assert (first.removed, first.forgettable) == (1, [])
    second = close_slots(closing, Clock(SLOT + 404).now)
    # The database may still lack their totals.
    assert (second.removed, second.forgettable) == (1, [SLOT, SLOT + 1])
    left = sorted(path.name[:14] for path in (log_folder(tmp_path) / HOST).glob("*.segment"))
    assert left == [slot_name(SLOT + 400)[:14]]
    folder = EventFolder(tmp_path)
    folder.forget([SLOT])
    assert folder.closed(SLOT) is None
    assert not folder.totals(SLOT).exists()
    made = files_in(tmp_path)
    assert f"archive/4/clicks_4-{NAME}.csv" in made
    # What comes even then does not touch the archive.
    keep(tmp_path, [Converted(SLOT, 9, CLICK, "1", 0)], SLOT + 404)
    assert close_slots(closing, Clock(SLOT + 404).now).late == 1
    assert (
        files_in(tmp_path)[f"archive/4/conversions_4-{NAME}.csv"]
        == made[f"archive/4/conversions_4-{NAME}.csv"]
    )


def test_a_host_that_is_late_is_named_and_its_slot_closed_again(tmp_path: Path) -> None:
    keep(tmp_path, [Seen(view_of(1, slot=SLOT - 1), CLEAN)], SLOT - 1, "b")
    keep(tmp_path, EVENTS[:1])
    b = log_folder(tmp_path) / "b"
    (b / f"{slot_name(SLOT - 1)}.marker").touch()
    closed = close_slots(closing_of(tmp_path), LATER)
    assert {each.slot: each.missing for each in closed.slots} == {SLOT - 1: (), SLOT: ("b",)}
    keep(tmp_path, EVENTS[1:], SLOT, "b")
    (b / f"{NAME}.marker").touch()
    closed = close_slots(closing_of(tmp_path), LATER)
    assert {each.slot: each.missing for each in closed.slots} == {SLOT: ()}
    assert files_in(tmp_path)[f"4/clicks_4-{NAME}.csv"].count("\n") == 2


def test_a_host_that_is_forgotten_is_not_missed_and_its_events_count(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS, host="b")
    keep(tmp_path, [Seen(view_of(1), CLEAN)])
    assert close_slots(closing_of(tmp_path), LATER).slots[0].missing == ("b",)
    forget_host(tmp_path, "b")
    (closed,) = close_slots(closing_of(tmp_path), LATER).slots
    assert closed.missing == ()
    assert closed.count(Kind.IMPRESSIONS, "kept") == 4


@pytest.mark.parametrize("host", ["c", "../main", ".closed"])
def test_an_unknown_host_cannot_be_forgotten(tmp_path: Path, host: str) -> None:
    log = log_folder(tmp_path)
    with pytest.raises(CollectError) as raised:
        forget_host(tmp_path, host)
    assert str(raised.value) == f"{log} has no host of this name: {host}. There is none yet."
    keep(tmp_path, EVENTS)
    keep(tmp_path, EVENTS, host="b")
    with pytest.raises(CollectError) as raised:
        forget_host(tmp_path, host)
    assert str(raised.value) == f"{log} has no host of this name: {host}. Known hosts: b, main."


def test_the_slot_of_a_segment_that_has_vanished_keeps_its_files(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS, host="b")
    close_slots(closing_of(tmp_path), LATER)
    made = files_in(tmp_path)
    (log_folder(tmp_path) / "b").rename(tmp_path / "away")
    keep(tmp_path, [Seen(view_of(1), CLEAN), Seen(view_of(2, slot=SLOT - 1), CLEAN)])
    closed = close_slots(closing_of(tmp_path), LATER)
    assert [each.slot for each in closed.slots] == [SLOT - 1]
    (segment,) = (tmp_path / "away").glob("*.segment")
    (problem,) = closed.problems
    assert problem == (
        f"Slot {NAME} is not closed again: segment b/{segment.stem}, with which it was closed "
        f"before, is not in {log_folder(tmp_path)}. Bring it back, if nobody has moved it away on "
        "purpose; until then, the event files of the slot stay as they are."
    )
    assert {name: content for name, content in files_in(tmp_path).items() if NAME in name} == made
    (tmp_path / "away").rename(log_folder(tmp_path) / "b")
    assert [each.slot for each in close_slots(closing_of(tmp_path), LATER).slots] == [SLOT]
