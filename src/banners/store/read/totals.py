"""Reads totals over time from the database: a TotalsReader."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.arms import ComparisonKind
from banners.core.events import Kind
from banners.core.figures import FIGURE_NAMES, MICROS, Figures
from banners.core.totals import (
    TOGETHER,
    TOTAL_NAMES,
    CampaignTotals,
    RecentFigures,
    SlotState,
    Totals,
    sum_of_recent,
)
from banners.core.views import Group
from banners.policies.comparison import Comparison
from banners.policies.guard import SILENT, Interval
from banners.reports.totals import Recent, RecentOrder, SeenSlot
from banners.store.packed_figures import unpack
from banners.store.read.queries import Breaker, Queries
from banners.store.schema import (
    CLOSED_SLOTS,
    COMPARISONS,
    DAY_TOTALS,
    DROPPED,
    RECENT_TOTALS,
    SLOT_TOTALS,
)

_ORDERS: Mapping[RecentOrder, sa.ColumnElement[Any]] = {
    RecentOrder.IMPRESSIONS: RECENT_TOTALS.c.impressions,
    RecentOrder.CLICK_RATE: RECENT_TOTALS.c.click_rate,
    RecentOrder.REVENUE: RECENT_TOTALS.c.revenue_micros,
}

_HELD = CLOSED_SLOTS.c.digest != DROPPED


class DatabaseTotals:
    """A TotalsReader over the database, which it closes with itself.

    Args:
        database: an open database, which may have no tables yet.
        breaker: fails queries immediately while the database does not answer.
    """

    def __init__(self, database: Engine, breaker: Breaker | None = None) -> None:
        self._queries = Queries(database, breaker, CLOSED_SLOTS)
        # In a database of an older Banners, this table is made when a slot is closed.
        self._comparisons = Queries(database, breaker, COMPARISONS)

    def close(self) -> None:
        """Close the database; later calls raise ``StoreClosed``."""
        self._comparisons.close()
        self._queries.close()

    def _rows(self, select: sa.Select[*tuple[Any, ...]]) -> Sequence[Any]:
        return self._queries.rows(select)

    def closed(self, slots: range) -> list[SeenSlot]:
        """Return the slots of a range that were closed: see ``TotalsReader``."""
        rows = self._rows(
            sa.select(CLOSED_SLOTS).where(_within(slots)).order_by(CLOSED_SLOTS.c.slot)
        )
        return [_seen(row) for row in rows]

    def last_closed(self) -> SeenSlot | None:
        """Return the newest slot that was closed; None if none was."""
        rows = self._rows(
            sa.select(CLOSED_SLOTS).where(_HELD).order_by(CLOSED_SLOTS.c.slot.desc()).limit(1)
        )
        return _seen(rows[0]) if rows else None

    def series(self, campaign_id: int | None, slots: range) -> dict[int, Totals]:
        """Return totals by slot: see ``TotalsReader``."""
        columns = [CLOSED_SLOTS.c[name] for name in TOTAL_NAMES] if campaign_id is None else []
        rows = self._rows(
            sa.select(CLOSED_SLOTS.c.slot, *columns)
            .where(_within(slots))
            .order_by(CLOSED_SLOTS.c.slot)
        )
        if campaign_id is None:
            return {row[0]: Totals.of(row[1:]) for row in rows}
        found = {row[0]: Totals() for row in rows}
        sums = [sa.func.sum(SLOT_TOTALS.c[name]) for name in TOTAL_NAMES]
        for slot, *values in self._rows(
            sa.select(SLOT_TOTALS.c.slot, *sums)
            .where(_of_campaign(campaign_id, found))
            .group_by(SLOT_TOTALS.c.slot)
        ):
            found[slot] = Totals.of(list(map(int, values)))
        return found

    def banner_series(self, campaign_id: int, slots: range) -> dict[int, dict[int, Figures]]:
        """Return what counts of each banner of a campaign: see ``TotalsReader``."""
        closed = self._rows(sa.select(CLOSED_SLOTS.c.slot).where(_within(slots)))
        rows = self._rows(
            sa.select(SLOT_TOTALS.c.slot, SLOT_TOTALS.c.banners)
            .where(_of_campaign(campaign_id, [row[0] for row in closed]))
            .order_by(SLOT_TOTALS.c.slot)
        )
        found: dict[int, dict[int, Figures]] = defaultdict(dict)
        for slot, record in rows:
            for banner_id, *values in zip(*unpack(record, 1 + len(FIGURE_NAMES)), strict=True):
                figures = [Figures(*values)]
                if slot in found[banner_id]:
                    figures.append(found[banner_id][slot])
                found[banner_id][slot] = Figures.sum_of(figures)
        return dict(found)

    def between(
        self, first: date, last: date, campaign_id: int | None = None
    ) -> list[CampaignTotals]:
        """Return totals by campaign and group: see ``TotalsReader``."""
        key = (DAY_TOTALS.c.campaign_id, DAY_TOTALS.c.group_name)
        sums = [sa.func.sum(DAY_TOTALS.c[name]) for name in TOTAL_NAMES]
        wanted: list[sa.ColumnElement[bool]] = [
            DAY_TOTALS.c.day.between(first.isoformat(), last.isoformat())
        ]
        if campaign_id is not None:
            wanted.append(DAY_TOTALS.c.campaign_id == campaign_id)
        rows = self._rows(sa.select(*key, *sums).where(*wanted).group_by(*key).order_by(*key))
        # Nothing is left of a campaign if its slots were closed again without it.
        return [
            CampaignTotals(row[0], Group(row[1]), Totals.of(list(map(int, row[2:]))))
            for row in rows
            if any(row[2:])
        ]

    def recent(self, campaign_ids: Collection[int]) -> Recent:
        """Return the figures of some campaigns in the last 24 hours: see ``TotalsReader``."""
        rows = self._rows(
            sa.select(RECENT_TOTALS).where(
                RECENT_TOTALS.c.campaign_id.in_([TOGETHER, *sorted(campaign_ids)])
            )
        )
        found = {row.campaign_id: _recent(row) for row in rows}
        together = found.pop(TOGETHER, sum_of_recent(()))
        return Recent(rows[0].until if rows else None, together, found)

    def in_recent_order(self, order: RecentOrder) -> list[int]:
        """Return the ids of all campaigns with recent events, sorted: see ``TotalsReader``."""
        rows = self._rows(
            sa.select(RECENT_TOTALS.c.campaign_id)
            .where(RECENT_TOTALS.c.campaign_id != TOGETHER)
            .order_by(_ORDERS[order].desc(), RECENT_TOTALS.c.campaign_id)
        )
        return [row[0] for row in rows]

    def comparisons(self, campaign_ids: Collection[int]) -> dict[int, list[Comparison]]:
        """Return what policies earn compared with the rule: see ``TotalsReader``."""
        found: dict[int, list[Comparison]] = defaultdict(list)
        for row in self._comparisons.rows(
            sa.select(COMPARISONS)
            .where(COMPARISONS.c.campaign_id.in_(sorted(campaign_ids)))
            .order_by(COMPARISONS.c.campaign_id, COMPARISONS.c.kind)
        ):
            found[row.campaign_id].append(_comparison(row))
        return dict(found)


def _within(slots: range) -> sa.ColumnElement[bool]:
    return sa.and_(CLOSED_SLOTS.c.slot >= slots.start, CLOSED_SLOTS.c.slot < slots.stop, _HELD)


def _of_campaign(campaign_id: int, slots: Collection[int]) -> sa.ColumnElement[bool]:
    """Return the condition that a row is of a campaign and one of some slots."""
    # For a range of slots, the rows of all campaigns would be read.
    return sa.and_(SLOT_TOTALS.c.slot.in_(slots), SLOT_TOTALS.c.campaign_id == campaign_id)


def _seen(row: Any) -> SeenSlot:
    account = {Kind(kind): counts for kind, counts in json.loads(row.account).items()}
    return SeenSlot(
        SlotState(
            slot=row.slot,
            digest=row.digest,
            missing=tuple(json.loads(row.missing)),
            account=account,
        ),
        row.closed_at,
        Totals.of([getattr(row, name) for name in TOTAL_NAMES]),
    )


def _recent(row: Any) -> RecentFigures:
    hours = zip(*unpack(row.hours, len(FIGURE_NAMES)), strict=True)
    return RecentFigures(
        last=Figures(*(getattr(row, name) for name in FIGURE_NAMES)),
        before=Figures(*(getattr(row, f"before_{name}") for name in FIGURE_NAMES)),
        hours=tuple(Figures(*values) for values in hours),
    )


def _comparison(row: Any) -> Comparison:
    bounds = (row.lower_micros, row.upper_micros)
    return Comparison(
        kind=ComparisonKind(row.kind),
        interval=SILENT if None in bounds else Interval(*(each / MICROS for each in bounds)),
        slots=row.slots,
        last_slot=row.last_slot,
        pages=row.pages,
        alternative_pages=row.alternative_pages,
        revenue_micros=row.revenue_micros,
        alternative_revenue_micros=row.alternative_revenue_micros,
        conversions=row.conversions,
    )
