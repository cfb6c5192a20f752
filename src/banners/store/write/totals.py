"""Writes the totals of closed slots: each slot in one transaction, which replaces what was there.

A slot changes again when late records arrive. Only the rows that differ are written, and what
differs is added to the sums of its day; so these stay right after the rows of slots are deleted.
"""

import contextlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from operator import attrgetter

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.core.figures import FIGURE_NAMES, MICROS, Figures
from banners.core.totals import (
    TOGETHER,
    TOTAL_NAMES,
    CampaignTotals,
    RecentFigures,
    SlotState,
)
from banners.policies.comparison import Comparison
from banners.store.connect import dialect_of, translated, wait_for_server
from banners.store.dialects.dialect import TOTALS, insert_statement
from banners.store.packed_figures import pack
from banners.store.schema import (
    CLOSED_SLOTS,
    COMPARISONS,
    DAY_TOTALS,
    DROPPED,
    RECENT_TOTALS,
    SLOT_TOTALS,
)
from banners.store.steps import make_totals, refuse_newer
from banners.store.write.locked import told_if_locked
from banners.store.write.quarter import insert

_Key = tuple[int, str]
_Row = tuple[object, ...]

_values: Callable[[Figures], tuple[int, ...]] = attrgetter(*FIGURE_NAMES)


class TotalsWriter:
    """Writes totals; :func:`turn_to_write_totals` makes one.

    Args:
        connection: the connection that holds the lock of totals, outside a transaction.
        now: returns the time in UTC.
    """

    def __init__(self, connection: Connection, now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._now = now

    def digests(self) -> dict[int, str]:
        """Return the slots whose totals were written, with the digests of these.

        The digest of a slot that was dropped is DROPPED.
        """
        with self._connection.begin():
            rows = self._connection.execute(sa.select(CLOSED_SLOTS.c.slot, CLOSED_SLOTS.c.digest))
            return {row.slot: row.digest for row in rows}

    def write(self, state: SlotState, day: date, campaigns: Iterable[CampaignTotals]) -> None:
        """Write the totals of a slot, in place of those that are there.

        Nothing is written for a slot that was dropped: it counts in the sums of its day already.

        Args:
            state: the slot.
            day: the day of the configured time zone in which the slot counts. If the slot has
                been written before, with another day, it counts in the new one from now on.
            campaigns: its totals by campaign and group; each pair once.
        """
        # Each is let go after that: in a large slot there are a million figures of banners.
        rows = {
            (each.campaign_id, str(each.group)): _slot_row(state.slot, each) for each in campaigns
        }
        connection = self._connection
        with connection.begin():
            of_slot = CLOSED_SLOTS.c.slot == state.slot
            before = connection.execute(
                sa.select(CLOSED_SLOTS.c.digest, CLOSED_SLOTS.c.day).where(of_slot)
            ).one_or_none()
            if before and before.digest == DROPPED:
                return
            day_before = before.day if before else None
            old = {
                (row[1], row[2]): tuple(row)
                for row in connection.execute(
                    sa.select(SLOT_TOTALS).where(SLOT_TOTALS.c.slot == state.slot)
                )
            }
            _replace(
                connection, SLOT_TOTALS, [rows[key] for key in rows if rows[key] != old.get(key)]
            )
            _delete(connection, state.slot, old.keys() - rows.keys())
            now_in = day.isoformat()
            if day_before in {None, now_in}:
                _add(connection, now_in, _differences(old, rows))
            else:
                _add(connection, str(day_before), _differences(old, {}))
                _add(connection, now_in, _differences({}, rows))
            _replace(connection, CLOSED_SLOTS, [self._closed_row(state, now_in, rows.values())])

    def recent_until(self) -> int | None:
        """Return the slot before which the recent figures end; None if there are none."""
        with self._connection.begin():
            until: int | None = self._connection.scalar(
                sa.select(sa.func.max(RECENT_TOTALS.c.until))
            )
            return until

    def replace_recent(
        self, until: int, together: RecentFigures, campaigns: Mapping[int, RecentFigures]
    ) -> None:
        """Replace the recent figures of all campaigns.

        Args:
            until: the slot before which the last 24 hours end.
            together: the figures of all campaigns together.
            campaigns: the figures of each campaign with events in the last 48 hours.
        """
        rows = [
            _recent_row(campaign_id, until, figures)
            for campaign_id, figures in ((TOGETHER, together), *sorted(campaigns.items()))
        ]
        with self._connection.begin():
            self._connection.execute(sa.delete(RECENT_TOTALS))
            insert(self._connection, RECENT_TOTALS, rows)

    def replace_comparisons(self, campaigns: Mapping[int, Iterable[Comparison]]) -> None:
        """Replace what policies earn compared with the rule.

        Args:
            campaigns: the comparisons of each campaign, and of TOGETHER.
        """
        rows = [
            _comparison_row(campaign_id, each)
            for campaign_id, comparisons in sorted(campaigns.items())
            for each in comparisons
        ]
        with self._connection.begin():
            self._connection.execute(sa.delete(COMPARISONS))
            insert(self._connection, COMPARISONS, rows)

    def drop_before(self, slot: int, kept: Collection[int]) -> int:
        """Delete the rows of old slots, whose sums by day stay; return the number of slots.

        One row of each slot stays, which says that it is in these sums: a folder of events that is
        restored from a back-up, or from which a slot was not removed, must not add it once more.

        Args:
            slot: the first slot that is not old.
            kept: old slots that may change again, and are kept therefore.
        """
        with self._connection.begin():
            old = self._connection.scalars(
                sa.select(CLOSED_SLOTS.c.slot).where(
                    CLOSED_SLOTS.c.slot < slot, CLOSED_SLOTS.c.digest != DROPPED
                )
            ).all()
        dropped = [each for each in old if each not in kept]
        for each in dropped:
            # A transaction for each slot, so that none is large.
            with self._connection.begin():
                self._connection.execute(sa.delete(SLOT_TOTALS).where(SLOT_TOTALS.c.slot == each))
                self._connection.execute(
                    sa.update(CLOSED_SLOTS)
                    .where(CLOSED_SLOTS.c.slot == each)
                    .values(digest=DROPPED, missing="[]", account="{}")
                )
        return len(dropped)

    def _closed_row(self, state: SlotState, day: str, rows: Iterable[_Row]) -> _Row:
        together = [sum(column) for column in zip(*(row[_COLUMNS] for row in rows), strict=True)]
        return (
            state.slot,
            state.digest,
            day,
            self._now().isoformat(),
            json.dumps(state.missing),
            json.dumps(state.account, sort_keys=True),
            *(together or [0] * len(TOTAL_NAMES)),
        )


@contextlib.contextmanager
def turn_to_write_totals(
    database: Engine, *, now: Callable[[], datetime], wait_seconds: float
) -> Iterator[TotalsWriter]:
    """Hold the lock of totals, and provide what writes them.

    This is not the publish lock, so that nobody waits here for a crunch that publishes. The tables
    are made if they do not exist.

    Args:
        database: an open database.
        now: returns the time in UTC.
        wait_seconds: seconds to wait for a server that is still starting, and then for another
            process that writes totals.

    Raises:
        TotalsBusy: another process holds the lock, or the database has been locked for too long.
        StoreUnavailable: the database cannot be reached.
        StoreError: a newer Banners has made the tables, or the database failed.
    """
    alone = dialect_of(database).alone
    with translated(database), told_if_locked(database, TOTALS, "not all totals are written"):
        wait_for_server(database, seconds=wait_seconds)
        with alone(database, seconds=wait_seconds, lock=TOTALS) as connection:
            with connection.begin():
                refuse_newer(connection)
                make_totals(connection)
            yield TotalsWriter(connection, now)


def _slot_row(slot: int, campaign: CampaignTotals) -> _Row:
    banner_ids = sorted(campaign.banners)
    figures = [_values(campaign.banners[banner_id]) for banner_id in banner_ids]
    columns = [banner_ids, *(zip(*figures, strict=True) if figures else [()] * len(FIGURE_NAMES))]
    key = (slot, campaign.campaign_id, str(campaign.group))
    return (*key, *campaign.totals.values(), pack(columns))


def _recent_row(campaign_id: int, until: int, figures: RecentFigures) -> _Row:
    rate = figures.last.click_rate
    return (
        campaign_id,
        until,
        *_values(figures.last),
        *_values(figures.before),
        -1 if rate is None else int(rate * MICROS),
        pack(list(zip(*map(_values, figures.hours), strict=True))),
    )


def _comparison_row(campaign_id: int, comparison: Comparison) -> _Row:
    bounds = (comparison.interval.lower, comparison.interval.upper)
    return (
        campaign_id,
        str(comparison.kind),
        comparison.slots,
        comparison.last_slot,
        comparison.pages,
        comparison.alternative_pages,
        comparison.revenue_micros,
        comparison.alternative_revenue_micros,
        comparison.conversions,
        *(round(each * MICROS) if comparison.interval.says_anything else None for each in bounds),
    )


_COLUMNS = slice(3, 3 + len(TOTAL_NAMES))
"""Where the totals are in a row of ``slot_totals`` and of ``day_totals``."""


def _differences(
    old: Mapping[_Key, tuple[object, ...]], new: Mapping[_Key, tuple[object, ...]]
) -> dict[_Key, tuple[int, ...]]:
    """Return by how much the totals of each campaign and group have grown, if they differ."""
    zeros = (0,) * len(TOTAL_NAMES)
    found = {}
    for key in old.keys() | new.keys():
        before = old[key][_COLUMNS] if key in old else zeros
        after = new[key][_COLUMNS] if key in new else zeros
        if before != after:
            found[key] = tuple(b - a for a, b in zip(before, after, strict=True))  # type: ignore[operator]
    return found


def _add(connection: Connection, day: str, differences: Mapping[_Key, tuple[int, ...]]) -> None:
    """Add differences to the sums of a day."""
    if not differences:
        return
    rows = connection.execute(sa.select(DAY_TOTALS).where(DAY_TOTALS.c.day == day))
    sums = {(row[1], row[2]): tuple(row)[_COLUMNS] for row in rows}
    zeros = (0,) * len(TOTAL_NAMES)
    _replace(
        connection,
        DAY_TOTALS,
        [
            (day, *key, *(map(sum, zip(sums.get(key, zeros), more, strict=True))))
            for key, more in differences.items()
        ],
    )


def _replace(connection: Connection, table: sa.Table, rows: Collection[_Row]) -> None:
    """Insert rows in place of those that have the same key."""
    if rows:
        # Both SQLite and MySQL know REPLACE INTO.
        words = insert_statement(connection, table).replace("INSERT", "REPLACE", 1)
        connection.exec_driver_sql(words, list(rows))


def _delete(connection: Connection, slot: int, keys: Collection[_Key]) -> None:
    """Delete the rows of campaigns and groups that a slot has no more."""
    for campaign_id, group in keys:
        connection.execute(
            sa.delete(SLOT_TOTALS).where(
                SLOT_TOTALS.c.slot == slot,
                SLOT_TOTALS.c.campaign_id == campaign_id,
                SLOT_TOTALS.c.group_name == group,
            )
        )
