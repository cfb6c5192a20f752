"""Totals: what the events of closed slots add up to, with and without what was left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from banners.core.events import Kind
from banners.core.figures import FIGURE_NAMES, Figures
from banners.core.views import Group, Traffic

NOTHING = Figures(0, 0, 0, 0)
"""The figures of a time without events."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What events add up to. Refunds are in neither of the two figures.

    Args:
        gross: everything that was recorded, each event once: also what was left out as crawler or
            flood, and conversions that do not count.
        net: what counts, which is what the crunch of the slot's event files accepts.
        refunds: conversions with a negative revenue whose click counts.
        refund_micros: the amount of these refunds in millionths, not negative.
        crawler: the part of the gross figures that was left out since it came from crawlers.
        flood: the part of the gross figures that was left out since it came from floods.
    """

    gross: Figures = NOTHING
    net: Figures = NOTHING
    refunds: int = 0
    refund_micros: int = 0
    crawler: Figures = NOTHING
    flood: Figures = NOTHING

    @classmethod
    def of(cls, values: Sequence[int]) -> Self:
        """Return totals from their values in the order of :data:`TOTAL_NAMES`."""
        gross, net, crawler, flood = (
            Figures(*values[first : first + len(FIGURE_NAMES)]) for first in (0, 4, 10, 14)
        )
        refunds, refund_micros = values[8:10]
        return cls(gross, net, refunds, refund_micros, crawler, flood)

    @property
    def otherwise(self) -> Figures:
        """The conversions that were left out for reasons other than crawlers and floods."""
        known = Figures.sum_of([self.net, self.crawler, self.flood])
        return Figures(*(getattr(self.gross, name) - getattr(known, name) for name in FIGURE_NAMES))

    @classmethod
    def sum_of(cls, parts: Iterable[Self]) -> Self:
        """Return the sums of totals, exactly; without any, zeros."""
        rows = [each.values() for each in parts]
        return cls.of([sum(column) for column in zip(*rows, strict=True)]) if rows else cls()

    def values(self) -> tuple[int, ...]:
        """Return the values in the order of :data:`TOTAL_NAMES`."""
        gross, net, crawler, flood = (
            [getattr(each, name) for name in FIGURE_NAMES]
            for each in (self.gross, self.net, self.crawler, self.flood)
        )
        return (*gross, *net, self.refunds, self.refund_micros, *crawler, *flood)


REASON_NAMES = tuple(
    f"{traffic.value}_{name}"
    for traffic in (Traffic.CRAWLER, Traffic.FLOOD)
    for name in FIGURE_NAMES
)
"""The names of the values that say why events were left out. Totals of an earlier release do not
have them."""

TOTAL_NAMES = (
    *FIGURE_NAMES,
    *(f"net_{name}" for name in FIGURE_NAMES),
    "refunds",
    "refund_micros",
    *REASON_NAMES,
)
"""The names of the values of totals, and of their columns in files and tables."""


@dataclass(frozen=True, slots=True)
class CampaignTotals:
    """The totals of a campaign and group.

    Args:
        campaign_id: the campaign in whose report they count.
        group: why the views showed what they showed.
        totals: what its events add up to.
        banners: what counts of each of its banners; their sums are ``totals.net``.
    """

    campaign_id: int
    group: Group
    totals: Totals
    banners: Mapping[int, Figures] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """What is known of a slot since it was closed last, without its totals by campaign.

    Args:
        slot: the slot.
        digest: SHA-256 of its totals, and of the two below.
        missing: hosts that had not sealed the slot yet.
        account: for each kind what became of everything that was recorded, by outcome
            (docs/closing.md).
    """

    slot: int
    digest: str
    missing: tuple[str, ...] = ()
    account: Mapping[Kind, Mapping[str, int]] = field(default_factory=dict)


TOGETHER = 0
"""The id under which all campaigns together are kept beside each of them; no campaign has it."""

RECENT_HOURS = 24
"""Number of hours that recent figures are about, and as many before for comparison."""


@dataclass(frozen=True, slots=True)
class RecentFigures:
    """What counts of a campaign, or of all together, in the last 24 hours.

    Args:
        last: the figures of these 24 hours.
        before: the figures of the 24 hours before.
        hours: the figures of each of the last 24 hours, oldest first.
    """

    last: Figures
    before: Figures
    hours: tuple[Figures, ...]


def sum_of_recent(parts: Iterable[RecentFigures]) -> RecentFigures:
    """Return the sums of recent figures, exactly; without any, zeros."""
    seen = list(parts)
    hours = zip(*(each.hours for each in seen), strict=True) if seen else [()] * RECENT_HOURS
    return RecentFigures(
        last=Figures.sum_of(each.last for each in seen),
        before=Figures.sum_of(each.before for each in seen),
        hours=tuple(map(Figures.sum_of, hours)),
    )
