"""Closes slots and writes their totals, as ``banners close`` does, and looks at what is there."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.collect.close.run import Closed, Closing, close_slots
from banners.core.totals import Totals
from banners.job.totals import write_totals
from banners.reports.totals import DAY_SLOTS
from banners.store.read.totals import DatabaseTotals
from reference.closing import Converted
from support.closings import CLICK, totals_in
from support.event_logs import SLOT, Clock
from support.totals import day_of

LATE = Converted(SLOT, 6, CLICK, "1", 54)
NOW = SLOT + 1
RANGE = range(SLOT - 3 * DAY_SLOTS, SLOT + 10)


class PowerCut(Exception):
    pass


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


def cut_before(database: Engine, statement: int) -> Callable[[], None]:
    """Fail before a statement, counted from 0, as if the process had been killed there."""
    left = [statement]

    def cut(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCut

    sa.event.listen(database, "before_cursor_execute", cut)
    return lambda: sa.event.remove(database, "before_cursor_execute", cut)
