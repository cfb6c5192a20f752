"""What closing has found out reaches the database."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import Engine

from banners.collect.close.files import EventFolder
from banners.collect.close.run import Closed, close_slots
from banners.core.events import Kind
from banners.core.figures import Figures
from banners.core.slots import SLOT_SECONDS, slot_name
from banners.core.views import Traffic
from banners.job.totals import write_totals
from banners.reports.totals import DAY_SLOTS
from banners.store.connect import open_database
from banners.store.dialects.dialect import TOTALS
from banners.store.read.totals import DatabaseTotals
from reference.closing import Clicked, Event, Seen
from support.closings import EVENTS, VIEW, keep, totals_in
from support.event_logs import SLOT, Clock, closing_of, view_of
from support.totals import day_of, totals_turn
from support.written_totals import LATE, NOW, RANGE, held, run

CLEAN = Traffic.CLEAN


def test_what_was_closed_is_in_the_database(
    tmp_path: Path, database: Engine, totals: DatabaseTotals
) -> None:
    keep(tmp_path, [*EVENTS, Seen(VIEW, Traffic.CRAWLER)])
    closed = run(closing_of(tmp_path), database)
    assert (closed.problems, closed.written) == ([], [SLOT])
    held(totals, tmp_path)
    (seen,) = totals.closed(RANGE)
    assert seen.state.account == {
        Kind.IMPRESSIONS: {"kept": 2, "duplicate": 2},
        Kind.CLICKS: {"kept": 1},
        Kind.CONVERSIONS: {"kept": 1},
    }


def test_hosts_that_are_missing_are_known(
    tmp_path: Path, database: Engine, totals: DatabaseTotals
) -> None:
    keep(tmp_path, [Seen(view_of(1, slot=SLOT - 1), CLEAN)], SLOT - 1, "web-2")
    keep(tmp_path, EVENTS)
    run(closing_of(tmp_path), database)
    seen = totals.last_closed()
    assert seen is not None
    assert seen.state.missing == ("web-2",)


def test_what_has_not_changed_is_not_written_again(tmp_path: Path, database: Engine) -> None:
    keep(tmp_path, EVENTS)
    run(closing_of(tmp_path), database)
    assert run(closing_of(tmp_path), database).written == []
    again = close_slots(closing_of(tmp_path), Clock(NOW).now, [SLOT])
    assert [each.slot for each in again.slots] == [SLOT]
    assert run(closing_of(tmp_path), database).written == []


def test_late_records_replace_the_totals_of_their_slot(
    tmp_path: Path, database: Engine, totals: DatabaseTotals
) -> None:
    keep(tmp_path, EVENTS)
    run(closing_of(tmp_path), database)
    keep(tmp_path, [LATE], SLOT + 1)
    assert run(closing_of(tmp_path), database, SLOT + 2).written == [SLOT, SLOT + 1]
    held(totals, tmp_path)
    assert totals.series(54, RANGE)[SLOT].net.conversions == 2


def test_what_comes_after_a_slot_was_archived_is_in_its_totals(
    tmp_path: Path, database: Engine, totals: DatabaseTotals
) -> None:
    closing = closing_of(tmp_path, window=1)
    keep(tmp_path, EVENTS)
    run(closing, database)
    run(closing, database, SLOT + 8)
    keep(tmp_path, [LATE], SLOT + 8)
    closed = run(closing, database, SLOT + 9)
    assert [each.slot for each in closed.recounted] == [SLOT]
    assert SLOT in closed.written
    held(totals, tmp_path)


def test_slots_are_closed_without_the_database_and_written_by_the_next_run(
    tmp_path: Path, database: Engine, totals: DatabaseTotals
) -> None:
    keep(tmp_path, EVENTS)
    away = open_database("mysql+pymysql://u:p@127.0.0.1:1/banners", create=True)
    closed = run(closing_of(tmp_path), away)
    assert [each.slot for each in closed.slots] == [SLOT]
    (problem,) = closed.problems
    assert problem.startswith("Not all totals of closed slots are in the database: The database ")
    assert problem.endswith("next run of banners close writes them; event files are not affected.")
    closed = run(closing_of(tmp_path), database)
    assert (closed.slots, closed.problems, closed.written) == ([], [], [SLOT])
    held(totals, tmp_path)


def test_the_days_are_those_of_the_configured_zone(
    tmp_path: Path, database: Engine, totals: DatabaseTotals
) -> None:
    keep(tmp_path, EVENTS)
    run(closing_of(tmp_path, zone=ZoneInfo("Pacific/Kiritimati")), database)
    # 14:45 in UTC is 04:45 on the next day there.
    assert totals.between(day_of(SLOT), day_of(SLOT)) == []
    assert totals.between(day_of(SLOT + DAY_SLOTS), day_of(SLOT + DAY_SLOTS))


def damage_account(folder: EventFolder) -> None:
    (folder.events / "closed" / f"{slot_name(SLOT - 1)}.json").write_text("{}")


def remove_totals(folder: EventFolder) -> None:
    folder.totals(SLOT - 1).unlink()


def damage_totals(folder: EventFolder) -> None:
    folder.totals(SLOT - 1).write_bytes(b"PAR1 nothing PAR1")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (damage_account, "is not the account of a slot"),
        (remove_totals, "is missing, so the database lacks the totals of this slot"),
        (damage_totals, "is damaged. Remove it and"),
    ],
)
def test_a_damaged_file_is_named_and_other_slots_are_written(
    tmp_path: Path,
    database: Engine,
    totals: DatabaseTotals,
    spoil: Callable[[EventFolder], None],
    sentence: str,
) -> None:
    keep(tmp_path, [Seen(view_of(1, slot=SLOT - 1), CLEAN)], SLOT - 1)
    keep(tmp_path, EVENTS)
    closing = closing_of(tmp_path)
    close_slots(closing, Clock(NOW).now)
    spoil(EventFolder(tmp_path))
    closed = Closed()
    write_totals(
        closing, lambda: database, lambda: datetime.fromtimestamp(Clock(NOW).now, UTC), closed
    )
    assert closed.written == [SLOT]
    assert any(sentence in each for each in closed.problems)
    held(totals, tmp_path)


def test_old_slots_are_forgotten_when_the_database_has_them(
    tmp_path: Path, database: Engine, totals: DatabaseTotals
) -> None:
    closing = closing_of(tmp_path, window=1, keep_events_seconds=SLOT_SECONDS * 20)
    keep(tmp_path, EVENTS)
    away = open_database("mysql+pymysql://u:p@127.0.0.1:1/banners", create=True)
    for slot in (NOW, SLOT + 40, SLOT + 41):
        run(closing, away, slot)
    folder = EventFolder(tmp_path)
    assert folder.totals(SLOT).exists()
    (settled,) = totals_in(tmp_path)
    closed = run(closing, database, SLOT + 41)
    assert SLOT in closed.written
    assert SLOT in closed.forgettable
    assert folder.closed(SLOT) is None
    assert not folder.totals(SLOT).exists()
    # The rows of the slot go with it; the sums of its day stay.
    assert SLOT not in totals.series(54, RANGE)
    (found,) = totals.between(day_of(SLOT), day_of(SLOT))
    assert found.totals == settled.totals
    run(closing, database, SLOT + 42)
    assert totals.between(day_of(SLOT), day_of(SLOT)) == [found]


def test_records_for_a_day_that_is_settled_are_counted_and_not_added(
    tmp_path: Path, database: Engine, totals: DatabaseTotals
) -> None:
    closing = closing_of(tmp_path, window=1, keep_events_seconds=SLOT_SECONDS * 20)
    keep(tmp_path, EVENTS)
    for now in (NOW, SLOT + 40, SLOT + 40):
        assert run(closing, database, now).uncounted == 0
    shutil.rmtree(tmp_path / "archive")
    settled = totals.between(day_of(SLOT), day_of(SLOT))
    assert settled
    keep(tmp_path, EVENTS, SLOT, "web-2")
    assert run(closing, database, SLOT + 40).uncounted == len(EVENTS)
    assert totals.between(day_of(SLOT), day_of(SLOT)) == settled
    assert run(closing, database, SLOT + 40).uncounted == 0


def test_recent_figures_are_those_of_48_hours(
    tmp_path: Path, database: Engine, totals: DatabaseTotals
) -> None:
    until = SLOT + 1
    events: list[Event] = []
    expected = {"last": 0, "before": 0}
    hours = [0] * 24
    for back in (1, 2, 4, 5, 96, 97, 192, 193):
        view = view_of(back, slot=until - back)
        events += [Seen(view, CLEAN), Clicked(view, 2, CLEAN)]
        if back <= 96:
            hours[(96 - back) // 4] += 1
        if back <= 192:
            expected["last" if back <= 96 else "before"] += 1
    for slot in sorted({event.view.slot for event in events if isinstance(event, Seen)}):
        keep(tmp_path, [each for each in events if each.view.slot == slot], slot)  # type: ignore[union-attr]
    run(closing_of(tmp_path), database, until)
    found = totals.recent([54])
    figures = found.campaigns[54]
    assert found.until == until
    assert found.together == figures
    assert figures.last == Figures(2 * expected["last"], expected["last"], 0, 0)
    assert figures.before == Figures(2 * expected["before"], expected["before"], 0, 0)
    assert figures.hours == tuple(Figures(2 * each, each, 0, 0) for each in hours)


def test_recent_figures_move_on_although_nothing_happens(
    tmp_path: Path, database: Engine, totals: DatabaseTotals
) -> None:
    keep(tmp_path, EVENTS)
    closing = closing_of(tmp_path)
    run(closing, database)
    run(closing, database, SLOT + 2 + DAY_SLOTS)
    found = totals.recent([54])
    assert found.until == SLOT + 2 + DAY_SLOTS
    assert found.campaigns[54].last.impressions == 0
    assert found.campaigns[54].before.impressions == 2
    run(closing, database, SLOT + 2 + 2 * DAY_SLOTS)
    assert totals.recent([54]).campaigns == {}


def test_another_process_that_writes_totals_is_waited_for_and_named(
    tmp_path: Path, database: Engine, another: Engine
) -> None:
    keep(tmp_path, EVENTS)
    with totals_turn(another):
        closed = run(closing_of(tmp_path), database)
    (problem,) = closed.problems
    assert TOTALS.retry in problem
    assert run(closing_of(tmp_path), database).problems == []
