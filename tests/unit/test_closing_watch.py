"""Whoever watches closing sees which slots wait, what was left out, and what came late."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from banners.collect.close import files
from banners.collect.close.account import ClosedSlot
from banners.collect.close.files import EventFolder
from banners.collect.close.run import close_slots
from banners.collect.close.state import DUE_SECONDS, ClosingWatch, state_of_written
from banners.collect.segments import names
from banners.collect.segments.names import marker_of, segment_stem
from banners.core.closing import ClosingState
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.slots import SLOT_SECONDS, slot_name, slot_named
from banners.core.totals import SlotState
from banners.core.views import Traffic
from reference.closing import Converted, Seen
from support.closings import CLICK, EVENTS, LATER, VIEW, keep
from support.event_logs import SLOT, Clock, closing_of

WINDOW = 72


def look(events: Path, slot: int, second: float = DUE_SECONDS) -> ClosingState:
    found = ClosingWatch(events, WINDOW).look(Clock(slot, second).now)
    assert found is not None
    return found


def close_by_hand(events: Path, slot: int) -> None:
    """Keep the account of a slot without events."""
    (events / "closed").mkdir(exist_ok=True)
    EventFolder(events).keep_account(ClosedSlot(slot=slot, quarters=(Quarter.FOURTH,)))


def test_a_folder_in_which_no_slot_was_ever_closed_tells_nothing(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    assert ClosingWatch(tmp_path, WINDOW).look(LATER) is None
    assert ClosingWatch(tmp_path / "missing", WINDOW).look(LATER) is None


def test_a_slot_waits_from_when_it_should_have_been_closed(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    close_slots(closing_of(tmp_path), LATER)
    assert look(tmp_path, SLOT + 1) == ClosingState(
        newest=SLOT,
        account={
            Kind.IMPRESSIONS: {"kept": 2},
            Kind.CLICKS: {"kept": 1},
            Kind.CONVERSIONS: {"kept": 1},
        },
    )
    assert look(tmp_path, SLOT + 3, DUE_SECONDS - 1).waiting == (SLOT + 1,)
    assert look(tmp_path, SLOT + 3).waiting == (SLOT + 1, SLOT + 2)
    close_slots(closing_of(tmp_path), Clock(SLOT + 3).now)
    closed = look(tmp_path, SLOT + 3)
    assert (closed.waiting, closed.newest) == ((), SLOT + 2)


def test_a_slot_waits_if_something_arrived_before_the_first_one_that_was_closed(
    tmp_path: Path,
) -> None:
    keep(tmp_path, EVENTS, SLOT - 2)
    (tmp_path / "log" / "silent").mkdir()
    close_by_hand(tmp_path, SLOT)
    assert look(tmp_path, SLOT + 1).waiting == (SLOT - 2, SLOT - 1)


@pytest.mark.parametrize("name", ["", "notes.txt", "20269999T9999Z.marker"])
def test_a_host_that_has_recorded_nothing_does_not_make_earlier_slots_wait(
    tmp_path: Path, name: str
) -> None:
    close_by_hand(tmp_path, SLOT)
    folder = tmp_path / "log" / "new-host"
    folder.mkdir(parents=True)
    if name:
        (folder / name).touch()
    assert look(tmp_path, SLOT + 2).waiting == (SLOT + 1,)


def test_a_slot_that_has_not_ended_is_not_the_newest_one(tmp_path: Path) -> None:
    close_by_hand(tmp_path, SLOT)
    assert look(tmp_path, SLOT).newest is None
    assert look(tmp_path, SLOT + 1).newest == SLOT


def test_slots_that_have_left_the_window_do_not_wait(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    close_slots(closing_of(tmp_path), LATER)
    later = SLOT + 4 * WINDOW + 100
    assert len(look(tmp_path, later).waiting) == 4 * WINDOW - 1


def test_what_came_after_its_slot_is_late(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    keep(tmp_path, [Seen(VIEW, Traffic.CLEAN), Converted(SLOT, 6, CLICK, "1", 54)], SLOT + 2)
    close_slots(closing_of(tmp_path), Clock(SLOT + 3).now)
    assert look(tmp_path, SLOT + 3).late == 2


def test_what_was_left_out_is_added_up_over_the_last_day(tmp_path: Path) -> None:
    for slot in (SLOT, SLOT + 1):
        view = VIEW._replace(slot=slot)
        keep(tmp_path, [Seen(view, Traffic.CRAWLER), Seen(view, Traffic.CLEAN)], slot)
    close_slots(closing_of(tmp_path), Clock(SLOT + 2).now)
    assert look(tmp_path, SLOT + 2).account[Kind.IMPRESSIONS] == {"kept": 4, "duplicate": 4}
    day = 86_400 // SLOT_SECONDS
    assert look(tmp_path, SLOT + 1 + day).account[Kind.IMPRESSIONS] == {"kept": 2, "duplicate": 2}
    assert look(tmp_path, SLOT + 2 + day).account == {kind: {} for kind in Kind}


def test_a_host_that_closes_nothing_learns_as_much_from_the_database(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS, SLOT, "web-2")
    keep(tmp_path, EVENTS, SLOT + 1)
    close_slots(closing_of(tmp_path), Clock(SLOT + 2).now)
    folder = EventFolder(tmp_path)
    states = [each.state() for slot in folder.closed_slots() if (each := folder.closed(slot))]

    def written(slots: range) -> list[SlotState]:
        return [each for each in states if each.slot in slots]

    day = 86_400 // SLOT_SECONDS
    for slot in (SLOT + 2, SLOT + 3, SLOT + 9, SLOT + 1 + day, SLOT + 4 * WINDOW - 2):
        found = state_of_written(written, WINDOW, Clock(slot, DUE_SECONDS).now)
        assert found == replace(look(tmp_path, slot), late=None)
    assert state_of_written(written, WINDOW, Clock(SLOT + 4 * WINDOW + 2).now) is None


def test_of_what_is_in_the_database_slots_count_once_they_have_begun() -> None:
    closed = SlotState(slot=SLOT, digest="")

    def written(slots: range) -> list[SlotState]:
        return [closed] if SLOT in slots else []

    assert state_of_written(written, WINDOW, Clock(SLOT - 1).now) is None
    open_slot = state_of_written(written, WINDOW, Clock(SLOT).now)
    assert open_slot is not None
    assert open_slot.newest is None


def test_a_host_whose_records_are_missing_is_named(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS, SLOT, "web-2")
    keep(tmp_path, EVENTS, SLOT + 1)
    close_slots(closing_of(tmp_path), Clock(SLOT + 2).now)
    assert look(tmp_path, SLOT + 2).missing == ("web-2",)


@pytest.mark.parametrize("text", ["", "{}", "no"])
def test_a_damaged_account_hides_no_other(tmp_path: Path, text: str) -> None:
    keep(tmp_path, EVENTS)
    close_slots(closing_of(tmp_path), LATER)
    (tmp_path / "closed" / f"{slot_name(SLOT - 1)}.json").write_text(text)
    assert look(tmp_path, SLOT + 1).account[Kind.CLICKS] == {"kept": 1}


def test_an_account_is_read_again_only_if_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, EVENTS)
    close_slots(closing_of(tmp_path), LATER)
    watch, read = ClosingWatch(tmp_path, WINDOW), []
    true_one = ClosedSlot.from_json

    def counted(text: str) -> ClosedSlot:
        read.append(text)
        return true_one(text)

    monkeypatch.setattr(ClosedSlot, "from_json", counted)
    assert watch.look(LATER) == watch.look(LATER)
    assert len(read) == 1
    monkeypatch.undo()
    keep(tmp_path, [Converted(SLOT, 6, CLICK, "1", 54)])
    close_slots(closing_of(tmp_path), LATER)
    changed = watch.look(LATER)
    assert changed is not None
    assert changed.account[Kind.CONVERSIONS] == {"kept": 2}


def test_of_many_segments_one_name_is_parsed_and_only_if_something_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, EVENTS)
    close_slots(closing_of(tmp_path), LATER)
    (host,) = (tmp_path / "log").iterdir()
    for number in range(500):
        (host / f"{segment_stem(SLOT - 9 + number, 'w', number)}.segment").touch()
        marker_of(host, SLOT - 9 + number).touch()
    (host / "20200199T0000Z.marker").touch()  # of no slot
    for folder in (host, tmp_path / "closed"):
        os.utime(folder, (1_000_000_000, 1_000_000_000))
    watch, parsed = ClosingWatch(tmp_path, WINDOW), []

    def counted(name: str) -> int:
        parsed.append(name)
        return slot_named(name)

    for module in (names, files):
        monkeypatch.setattr(module, "slot_named", counted)
    first = watch.look(LATER)
    assert first is not None
    # Of the log the one of no slot and the oldest, and the only account.
    assert sorted(parsed) == ["20200199T0000Z", slot_name(SLOT - 9), slot_name(SLOT)]
    parsed.clear()
    assert watch.look(LATER) == first
    assert parsed == []
    marker_of(host, SLOT - 10).touch()
    watch.look(LATER)
    assert parsed == ["20200199T0000Z", slot_name(SLOT - 10)]


@pytest.mark.parametrize(("age", "newest"), [(2_000_000_000, SLOT + 1), (2_000_000_001, SLOT)])
def test_a_folder_that_changed_in_the_last_two_seconds_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: int, newest: int
) -> None:
    # The second change has the same time as the first one, as far as the file system tells.
    changed = 1_000_000_000_000_000_000
    monkeypatch.setattr("banners.collect.close.state.time.time_ns", lambda: changed + age)
    watch = ClosingWatch(tmp_path, WINDOW)
    for slot in (SLOT, SLOT + 1):
        close_by_hand(tmp_path, slot)
        os.utime(tmp_path / "closed", ns=(changed, changed))
        found = watch.look(Clock(SLOT + 2).now)
    assert found is not None
    assert found.newest == newest
