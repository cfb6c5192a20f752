"""Whatever interrupts the writing of totals, each slot counts completely and once."""

import shutil
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.collect.close.files import EventFolder
from banners.collect.close.run import Closing, close_slots
from banners.core.slots import SLOT_SECONDS
from banners.core.totals import CampaignTotals, Totals
from banners.core.views import Traffic
from banners.job.totals import write_totals
from banners.store.connect import open_database
from banners.store.read.totals import DatabaseTotals
from banners.store.schema import CLOSED_SLOTS, DAY_TOTALS, SLOT_TOTALS
from reference.closing import Seen
from support.closings import EVENTS, keep, totals_in
from support.event_logs import SLOT, Clock, closing_of, view_of
from support.totals import day_of
from support.written_totals import LATE, RANGE, PowerCut, cut_before, held, run

CLEAN = Traffic.CLEAN


def aged(events: Path, database: Engine) -> tuple[Closing, list[CampaignTotals]]:
    """Write slots of which four are old by the closing that is returned, with their totals."""
    for slot in range(SLOT, SLOT + 4):
        keep(events, [Seen(view_of(slot - SLOT, slot=slot), CLEAN)], slot)
    kept_long = closing_of(events, window=1)
    run(kept_long, database, SLOT + 10)
    expected = [each for slot in range(SLOT, SLOT + 4) for each in totals_in(events, slot)]
    return replace(kept_long, keep_events_seconds=6 * SLOT_SECONDS), expected


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


# The database does not notice which file was the last one, so one moment is enough for MariaDB.
@pytest.mark.parametrize(
    ("url", "forgotten"),
    [*(("sqlite", number) for number in range(9)), ("mariadb", 5)],
    indirect=["url"],
)
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
