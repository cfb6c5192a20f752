"""What closing has found out reaches the database, whatever happens in between."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.collect.close.files import EventFolder
from banners.collect.close.run import Closed, Closing, close_slots
from banners.core.events import Kind
from banners.core.figures import Figures
from banners.core.slots import SLOT_SECONDS, slot_name
from banners.core.totals import CampaignTotals, Totals
from banners.core.views import Traffic
from banners.job.totals import write_totals
from banners.reports.totals import DAY_SLOTS
from banners.store.connect import open_database
from banners.store.dialects.dialect import TOTALS
from banners.store.read.totals import DatabaseTotals
from banners.store.schema import CLOSED_SLOTS, DAY_TOTALS, SLOT_TOTALS
from reference.closing import Clicked, Converted, Event, Seen
from support.closings import CLICK, EVENTS, VIEW, keep, totals_in
from support.event_logs import SLOT, Clock, closing_of, view_of
from support.totals import day_of, totals_turn

CLEAN = Traffic.CLEAN
LATE = Converted(SLOT, 6, CLICK, "1", 54)
NOW = SLOT + 1
RANGE = range(SLOT - 3 * DAY_SLOTS, SLOT + 10)


class PowerCut(Exception):
    pass


@pytest.fixture
def totals(other: Engine) -> Iterator[DatabaseTotals]:
    opened = DatabaseTotals(other)
    yield opened
    opened.close()


def run(closing: Closing, database: Engine, slot: int = NOW) -> Closed:
    """Close what has something new, and write totals, as ``banners close`` does."""
    now = Clock(slot).now
    closed = close_slots(closing, now)
    write_totals(closing, lambda: database, lambda: datetime.fromtimestamp(now, UTC), closed)
    return closed


def held(totals: DatabaseTotals, events: Path, slot: int = SLOT) -> None:
    """Check that the database holds the totals of a slot as they were closed last."""
    expected = totals_in(events, slot)
    assert expected
    for campaign_id in {each.campaign_id for each in expected}:
        of_campaign = [each for each in expected if each.campaign_id == campaign_id]
        series = totals.series(campaign_id, range(slot, slot + 1))
        assert series == {slot: Totals.sum_of(each.totals for each in of_campaign)}
        settled = totals.between(day_of(slot), day_of(slot), campaign_id)
        assert [(each.group, each.totals) for each in settled] == [
            (each.group, each.totals) for each in of_campaign
        ]
        banners = totals.banner_series(campaign_id, range(slot, slot + 1))
        assert {banner_id: figures[slot] for banner_id, figures in banners.items()} == {
            banner_id: figures
            for each in of_campaign
            for banner_id, figures in each.banners.items()
        }


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
    closing = closing_of(tmp_path, window=1, keep_seconds=SLOT_SECONDS * 20)
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


def aged(events: Path, database: Engine) -> tuple[Closing, list[CampaignTotals]]:
    """Write slots of which four are old by the closing that is returned, with their totals."""
    for slot in range(SLOT, SLOT + 4):
        keep(events, [Seen(view_of(slot - SLOT, slot=slot), CLEAN)], slot)
    kept_long = closing_of(events, window=1)
    run(kept_long, database, SLOT + 10)
    expected = [each for slot in range(SLOT, SLOT + 4) for each in totals_in(events, slot)]
    return replace(kept_long, keep_seconds=6 * SLOT_SECONDS), expected


def is_once_in_its_day(totals: DatabaseTotals, expected: list[CampaignTotals]) -> bool:
    (found,) = totals.between(day_of(SLOT), day_of(SLOT))
    return found.totals == Totals.sum_of(each.totals for each in expected)


def test_a_run_killed_while_it_forgets_adds_nothing_to_a_day_twice(
    tmp_path: Path, database: Engine, another: Engine, totals: DatabaseTotals
) -> None:
    closing, expected = aged(tmp_path, database)
    for statement in range(100):
        stop = cut_before(another, statement)
        try:
            run(closing, another, SLOT + 10)
        except PowerCut:
            assert is_once_in_its_day(totals, expected)
        else:
            break
        finally:
            stop()
    assert run(closing, database, SLOT + 10).written == []
    assert is_once_in_its_day(totals, expected)
    # The slots of the window, which begins with SLOT + 7.
    assert list(totals.series(None, range(SLOT, SLOT + 9))) == [SLOT + 7, SLOT + 8]


@pytest.mark.parametrize("forgotten", range(9))
def test_a_run_killed_between_two_files_adds_nothing_to_a_day_twice(
    tmp_path: Path,
    database: Engine,
    totals: DatabaseTotals,
    monkeypatch: pytest.MonkeyPatch,
    forgotten: int,
) -> None:
    closing, expected = aged(tmp_path, database)
    closed = close_slots(closing, Clock(SLOT + 10).now)
    assert len(closed.forgettable) == 4
    at = datetime.fromtimestamp(Clock(SLOT + 10).now, UTC)
    left = [forgotten]
    unlink = Path.unlink

    def cut(path: Path, missing_ok: bool = False) -> None:
        if path.parent == tmp_path / "closed":
            left[0] -= 1
            if left[0] < 0:
                raise PowerCut
        unlink(path, missing_ok)

    with monkeypatch.context() as patched, suppress(PowerCut):
        patched.setattr(Path, "unlink", cut)
        write_totals(closing, lambda: database, lambda: at, closed)
    for _ in range(2):
        assert run(closing, database, SLOT + 10).written == []
        assert is_once_in_its_day(totals, expected)


def test_while_a_problem_lasts_nothing_is_dropped_or_added_twice(
    tmp_path: Path, database: Engine, totals: DatabaseTotals
) -> None:
    closing, expected = aged(tmp_path, database)
    away = open_database("mysql+pymysql://u:p@127.0.0.1:1/banners", create=True)
    run(closing, away, SLOT + 11)
    folder = EventFolder(tmp_path)
    moved = folder.totals(SLOT + 10).rename(tmp_path / "moved")
    for _ in range(3):
        (problem,) = run(closing, database, SLOT + 11).problems
        assert "is missing" in problem
        assert is_once_in_its_day(totals, expected)
        assert SLOT in totals.series(None, RANGE)
    moved.rename(folder.totals(SLOT + 10))
    assert run(closing, database, SLOT + 11).problems == []
    assert SLOT not in totals.series(None, RANGE)
    assert is_once_in_its_day(totals, expected)


def test_a_folder_that_is_restored_from_a_back_up_adds_nothing_to_a_day_twice(
    tmp_path: Path, database: Engine, totals: DatabaseTotals
) -> None:
    events = tmp_path / "live"
    events.mkdir()
    closing, expected = aged(events, database)
    shutil.copytree(events, tmp_path / "back-up")
    run(closing, database, SLOT + 10)
    assert EventFolder(events).closed(SLOT) is None
    shutil.copytree(tmp_path / "back-up", events, dirs_exist_ok=True)
    for _ in range(2):
        closed = run(closing, database, SLOT + 10)
        assert (closed.problems, closed.written) == ([], [])
        assert is_once_in_its_day(totals, expected)
    assert EventFolder(events).closed(SLOT) is None


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


def cut_before(database: Engine, statement: int) -> Callable[[], None]:
    """Fail before a statement, counted from 0, as if the process had been killed there."""
    left = [statement]

    def cut(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCut

    sa.event.listen(database, "before_cursor_execute", cut)
    return lambda: sa.event.remove(database, "before_cursor_execute", cut)


def test_a_writer_killed_before_any_statement_leaves_each_slot_complete(
    tmp_path: Path, database: Engine, another: Engine, totals: DatabaseTotals
) -> None:
    """The rows of a slot, its digest and the sums of its day change together."""
    closing = closing_of(tmp_path)
    keep(tmp_path, EVENTS)
    run(closing, database)
    old, new = totals_in(tmp_path), old_and_new(tmp_path, closing)
    states = set()
    for statement in range(100):
        stop = cut_before(another, statement)
        try:
            run(closing, another, SLOT + 2)
        except PowerCut:
            states.add(consistent(database, old, new))
        else:
            break
        finally:
            stop()
    assert states == {"old", "new"}
    held(totals, tmp_path)
    assert run(closing, database, SLOT + 2).written == []


def old_and_new(events: Path, closing: Closing) -> list[CampaignTotals]:
    """Close the slot again with more events, and return its new totals."""
    keep(events, [LATE, Seen(view_of(9, banners=[500]), CLEAN)], SLOT + 1)
    close_slots(closing, Clock(SLOT + 2).now)
    return totals_in(events)


def consistent(database: Engine, old: list[CampaignTotals], new: list[CampaignTotals]) -> str:
    """Check that all tables hold the same totals, and return which."""
    expected = {"old": old, "new": new}
    with database.connect() as connection:
        found = [
            connection.execute(
                sa.select(
                    sa.func.sum(table.c.net_impressions),
                    sa.func.sum(table.c.net_conversions),
                    sa.func.sum(table.c.net_revenue_micros),
                )
            ).one()
            for table in (SLOT_TOTALS, DAY_TOTALS, CLOSED_SLOTS)
        ]
    figures = {tuple(map(int, each)) for each in found}
    assert len(figures) == 1
    for name, each in expected.items():
        net = Totals.sum_of(one.totals for one in each).net
        if (net.impressions, net.conversions, net.revenue_micros) in figures:
            return name
    raise AssertionError(figures)


def test_another_process_that_writes_totals_is_waited_for_and_named(
    tmp_path: Path, database: Engine, another: Engine
) -> None:
    keep(tmp_path, EVENTS)
    with totals_turn(another):
        closed = run(closing_of(tmp_path), database)
    (problem,) = closed.problems
    assert TOTALS.retry in problem
    assert run(closing_of(tmp_path), database).problems == []
