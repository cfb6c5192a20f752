"""What charts, the list of campaigns and settlement read: totals over time, from the database.

Closing writes them (docs/closing.md). Slots are numbers (:mod:`banners.core.slots`), and a range of
them is half open, as a :class:`range` is.
"""

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from banners.core.figures import Figures
from banners.core.slots import SLOT_SECONDS
from banners.core.totals import TOGETHER, CampaignTotals, RecentFigures, SlotState, Totals
from banners.policies.comparison import Comparison

DAY_SLOTS = 86_400 // SLOT_SECONDS
"""Number of slots in 24 hours."""

HOUR_SLOTS = 3_600 // SLOT_SECONDS
"""Number of slots in an hour."""


class RecentOrder(enum.StrEnum):
    """What campaigns may be sorted by, of the last 24 hours."""

    IMPRESSIONS = "impressions"
    CLICK_RATE = "click_rate"
    REVENUE = "revenue"


@dataclass(frozen=True, slots=True)
class Recent:
    """The figures of campaigns in the last 24 hours.

    Args:
        until: the slot before which these 24 hours end; None if no slot has been closed. It does
            not move while slots are not closed, so that the figures may be older than they should.
        together: the figures of all campaigns together.
        campaigns: the figures by campaign; those without events in the last 48 hours are not in it.
    """

    until: int | None
    together: RecentFigures
    campaigns: Mapping[int, RecentFigures]


@dataclass(frozen=True, slots=True)
class SeenSlot:
    """A closed slot, as the database knows it.

    Args:
        state: its account and the hosts that were missing.
        closed_at: when it was closed last, in UTC, ISO 8601.
        totals: the totals of all campaigns together.
    """

    state: SlotState
    closed_at: str
    totals: Totals


class TotalsReader(Protocol):
    """Reads totals over time, from the database: no other tier has them.

    Each method raises StoreUnavailable if the database cannot be reached. Before any slot has been
    closed, all are empty.
    """

    def closed(self, slots: range) -> Sequence[SeenSlot]:
        """Return the slots of a range that were closed, in order.

        They are known as long as events are kept (``BANNERS_KEEP_EVENTS``).
        """
        ...

    def last_closed(self) -> SeenSlot | None:
        """Return the newest slot that was closed; None if none was."""
        ...

    def series(self, campaign_id: int | None, slots: range) -> Mapping[int, Totals]:
        """Return totals by slot, in order, of the slots of a range that were closed.

        A slot that is not in it was not closed; one without events has zeros.

        Args:
            campaign_id: a campaign; None for all campaigns together.
            slots: the range, such as the last 24 hours, or 7 days.
        """
        ...

    def banner_series(self, campaign_id: int, slots: range) -> Mapping[int, Mapping[int, Figures]]:
        """Return what counts of each banner of a campaign, by banner and slot.

        Only slots in which the banner has events are in it; see :meth:`series` for which were
        closed.
        """
        ...

    def between(
        self, first: date, last: date, campaign_id: int | None = None
    ) -> Sequence[CampaignTotals]:
        """Return totals by campaign and group, sorted by both, without banners.

        They are kept forever.

        Args:
            first: the first day, in the time zone that was configured when its slots were closed.
            last: the last day, which is included.
            campaign_id: a campaign; None for each campaign that has any.
        """
        ...

    def recent(self, campaign_ids: Collection[int]) -> Recent:
        """Return the figures of some campaigns in the last 24 hours."""
        ...

    def in_recent_order(self, order: RecentOrder) -> Sequence[int]:
        """Return the ids of all campaigns with events in the last 48 hours, sorted.

        The largest value of the last 24 hours comes first, a campaign without a click rate last,
        and equal ones are sorted by their ids.
        """
        ...

    def comparisons(self, campaign_ids: Collection[int]) -> Mapping[int, Sequence[Comparison]]:
        """Return what the policies of campaigns earn compared with the rule, as far as is known.

        The guard comes before a trial. A campaign for which only the rule has picked is left out.

        Args:
            campaign_ids: the campaigns; ``TOGETHER`` for all of them together.
        """
        ...

    def close(self) -> None:
        """Close the database; nothing can be read after that."""
        ...


def comparisons_of_all(totals: TotalsReader | None) -> Sequence[Comparison]:
    """Return what the policies of all campaigns together earn; nothing where nothing is recorded.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    return totals.comparisons([TOGETHER]).get(TOGETHER, ()) if totals else ()
