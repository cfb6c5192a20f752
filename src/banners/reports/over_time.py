"""Figures over time: of each hour of the last 24, or of each of the last 7 days."""

import enum
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from decimal import Decimal

from banners.core.figures import MICROS, Figures, as_decimal
from banners.core.slots import SLOT_SECONDS, slot_at
from banners.core.totals import NOTHING, Totals
from banners.policies.comparison import Comparison
from banners.reports.totals import DAY_SLOTS, HOUR_SLOTS, TotalsReader


class Over(enum.StrEnum):
    """The time that figures are shown over."""

    DAY = "24h"
    """24 hours; each point is an hour."""

    WEEK = "7d"
    """7 days; each point is a day."""

    @property
    def slots(self) -> int:
        """Number of slots in this time."""
        return DAY_SLOTS if self is Over.DAY else 7 * DAY_SLOTS

    @property
    def words(self) -> str:
        """This time in words."""
        return "24 hours" if self is Over.DAY else "7 days"

    @property
    def step(self) -> str:
        """What a point stands for."""
        return "hour" if self is Over.DAY else "day"


@dataclass(frozen=True, slots=True)
class Point:
    """The totals of an hour or a day.

    Args:
        slots: its slots.
        totals: what the events of those slots add up to that have been closed; None if none has.
        is_complete: whether all of its slots have ended and have been closed.
    """

    slots: range
    totals: Totals | None
    is_complete: bool

    @property
    def begins(self) -> int:
        """Its first second since 1970 in UTC."""
        return self.slots.start * SLOT_SECONDS

    @property
    def ends(self) -> int:
        """The first second after it, since 1970 in UTC."""
        return self.slots.stop * SLOT_SECONDS

    @property
    def figures(self) -> Figures:
        """What counts; zeros if nothing has been closed."""
        return self.totals.net if self.totals else NOTHING


@dataclass(frozen=True, slots=True)
class OverTime:
    """Figures over time, of a campaign or of all campaigns together.

    Args:
        over: how long.
        until: the slot before which ``last`` ends: all slots before it have ended and been closed,
            as far as they ever were.
        points: the figures of each hour or day, oldest first; the last one is the current one,
            which has not ended.
        last: the totals of that time before ``until``.
        before: the totals of the same length of time before that.
    """

    over: Over
    until: int
    points: Sequence[Point]
    last: Totals
    before: Totals

    @property
    def compared(self) -> range:
        """The slots of ``before`` and ``last``."""
        return range(self.until - 2 * self.over.slots, self.until)


@dataclass(frozen=True, slots=True)
class BannerOverTime:
    """What counts of a banner over time.

    Args:
        banner_id: the banner.
        last: its figures of the time that ends before :attr:`OverTime.until`.
        before: its figures of the same length of time before that.
        points: its figures of each point of the chart.
    """

    banner_id: int
    last: Figures
    before: Figures
    points: Sequence[Figures]


@dataclass(frozen=True, slots=True)
class TimeReading:
    """Reads figures over time.

    Args:
        totals: where they are read from.
        zone: the time zone of hours and days.
    """

    totals: TotalsReader
    zone: tzinfo

    def over_time(self, campaign_id: int | None, over: Over, second: int) -> OverTime | None:
        """Read the figures of a campaign over time.

        Args:
            campaign_id: the campaign; None for all campaigns together.
            over: how long.
            second: the current second since 1970 in UTC; the points end with the current hour or
                day.

        Returns:
            None if no slot has been closed yet.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        newest = self.totals.last_closed()
        if newest is None:
            return None
        until = min(newest.state.slot + 1, slot_at(second))
        # At the very end of an hour the current one is still that hour.
        spans = points_until(over, second - 1, self.zone)
        first = min(until - 2 * over.slots, spans[0].start)
        series = self.totals.series(campaign_id, range(first, max(until, spans[-1].stop)))

        def total(slots: range) -> Totals:
            return Totals.sum_of(series[each] for each in slots if each in series)

        def point(slots: range) -> Point:
            closed = [each for each in slots if each in series]
            is_complete = len(closed) == len(slots) and slots.stop <= until
            totals = Totals.sum_of(series[each] for each in closed) if closed else None
            return Point(slots, totals, is_complete)

        middle = until - over.slots
        return OverTime(
            over=over,
            until=until,
            points=[point(each) for each in spans],
            last=total(range(middle, until)),
            before=total(range(middle - over.slots, middle)),
        )

    def comparisons(self, campaign_id: int) -> Sequence[Comparison]:
        """Return what the policy of a campaign earns compared with the rule, if that is known.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        return self.totals.comparisons([campaign_id]).get(campaign_id, ())

    def banners(self, campaign_id: int, found: OverTime) -> Sequence[BannerOverTime]:
        """Read the figures of a campaign's banners over the same time, most impressions first.

        Banners without events in this time are left out.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        middle = found.until - found.over.slots
        first = min(found.compared.start, found.points[0].slots.start)
        slots = range(first, max(found.until, found.points[-1].slots.stop))

        def banner(banner_id: int, series: Mapping[int, Figures]) -> BannerOverTime:
            def total(wanted: range) -> Figures:
                return Figures.sum_of(each for slot, each in series.items() if slot in wanted)

            return BannerOverTime(
                banner_id=banner_id,
                last=total(range(middle, found.until)),
                before=total(range(found.compared.start, middle)),
                points=[total(each.slots) for each in found.points],
            )

        read = self.totals.banner_series(campaign_id, slots)
        made = [banner(banner_id, series) for banner_id, series in read.items()]
        shown = [each for each in made if each.last != NOTHING or any(map(_is_any, each.points))]
        return sorted(shown, key=lambda each: (-each.last.impressions, each.banner_id))


def time_reading(totals: TotalsReader | None, zone: tzinfo) -> TimeReading | None:
    """Return what reads figures over time; None without totals.

    Args:
        totals: where they are read from; None where nothing is recorded.
        zone: the time zone of hours and days.
    """
    return TimeReading(totals, zone) if totals else None


def points_until(over: Over, second: int, zone: tzinfo) -> Sequence[range]:
    """Return the slots of each hour or day up to the current one, oldest first.

    Args:
        over: how long; there are 24 hours or 7 days, the current one included.
        second: the current second since 1970 in UTC.
        zone: the time zone in which hours and days begin. A day in which the clocks are changed
            has 92 or 100 slots.
    """
    now = datetime.fromtimestamp(second, zone)
    if over is Over.DAY:
        begins = slot_at(now.replace(minute=0, second=0, microsecond=0).timestamp())
        return [
            range(begins - ago * HOUR_SLOTS, begins - (ago - 1) * HOUR_SLOTS)
            for ago in reversed(range(24))
        ]
    days = [now.date() - timedelta(ago) for ago in reversed(range(-1, 7))]
    edges = [slot_at(datetime.combine(each, time(), zone).timestamp()) for each in days]
    return [range(*pair) for pair in itertools.pairwise(edges)]


def change(now: Decimal | int | None, before: Decimal | int | None) -> Decimal | None:
    """Return the relative change of a figure, to six places; None if that is unknown.

    Args:
        now: the figure; None if there is none, such as a click rate without impressions.
        before: the figure before.
    """
    if now is None or not before:
        return None
    more = (Decimal(now) - Decimal(before)) / Decimal(before)
    return as_decimal(round(more * MICROS))


def _is_any(figures: Figures) -> bool:
    return figures != NOTHING
