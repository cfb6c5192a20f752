"""Totals of closed slots in memory: a TotalsReader for tests of what is made of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from banners.core.events import Kind
from banners.core.figures import Figures
from banners.core.slots import SLOT_SECONDS
from banners.core.totals import (
    NOTHING,
    RECENT_HOURS,
    CampaignTotals,
    RecentFigures,
    SlotState,
    Totals,
)
from banners.policies.comparison import Comparison
from banners.reports.totals import DAY_SLOTS, HOUR_SLOTS, Recent, RecentOrder, SeenSlot
from support.totals import day_of


@dataclass
class HeldTotals:
    """Holds the totals of slots; days are those of UTC.

    Args:
        slots: the totals of each closed slot.
        account: the account of each slot.
        compared: what policies earn compared with the rule, by campaign.
    """

    slots: dict[int, Sequence[CampaignTotals]] = field(default_factory=dict)
    account: Mapping[Kind, Mapping[str, int]] = field(default_factory=dict)
    compared: Mapping[int, Sequence[Comparison]] = field(default_factory=dict)

    def closed(self, slots: range) -> Sequence[SeenSlot]:
        return [self._seen(each) for each in sorted(self.slots) if each in slots]

    def last_closed(self) -> SeenSlot | None:
        return self._seen(max(self.slots)) if self.slots else None

    def _seen(self, slot: int) -> SeenSlot:
        state = SlotState(slot=slot, digest="d", account=self.account)
        closed_at = datetime.fromtimestamp((slot + 1) * SLOT_SECONDS, UTC).isoformat()
        return SeenSlot(state, closed_at, _total(self.slots[slot]))

    def series(self, campaign_id: int | None, slots: range) -> Mapping[int, Totals]:
        return {
            slot: _total(
                each for each in self.slots[slot] if campaign_id in {None, each.campaign_id}
            )
            for slot in sorted(self.slots)
            if slot in slots
        }

    def banner_series(self, campaign_id: int, slots: range) -> Mapping[int, Mapping[int, Figures]]:
        found: dict[int, dict[int, Figures]] = defaultdict(dict)
        for slot in sorted(self.slots):
            for each in self.slots[slot]:
                if slot in slots and each.campaign_id == campaign_id:
                    for banner_id, figures in each.banners.items():
                        before = found[banner_id].get(slot, NOTHING)
                        found[banner_id][slot] = Figures.sum_of([before, figures])
        return found

    def between(
        self, first: date, last: date, campaign_id: int | None = None
    ) -> Sequence[CampaignTotals]:
        found: dict[tuple[int, str], list[CampaignTotals]] = defaultdict(list)
        for slot, campaigns in self.slots.items():
            for each in campaigns:
                if first <= day_of(slot) <= last and campaign_id in {None, each.campaign_id}:
                    found[each.campaign_id, each.group].append(each)
        return [
            CampaignTotals(parts[0].campaign_id, parts[0].group, _total(parts))
            for _, parts in sorted(found.items())
        ]

    def recent(self, campaign_ids: Collection[int]) -> Recent:
        until = max(self.slots) + 1 if self.slots else None
        campaigns = {each: self._recent(each) for each in campaign_ids}
        known = {each: figures for each, figures in campaigns.items() if figures.last != NOTHING}
        return Recent(until, self._recent(None), known)

    def _recent(self, campaign_id: int | None) -> RecentFigures:
        until = max(self.slots) + 1 if self.slots else 0
        series = self.series(campaign_id, range(until - 2 * DAY_SLOTS, until))

        def total(slots: range) -> Figures:
            return Figures.sum_of(series[each].net for each in slots if each in series)

        begins = until - DAY_SLOTS
        return RecentFigures(
            total(range(begins, until)),
            total(range(begins - DAY_SLOTS, begins)),
            tuple(
                total(range(begins + hour * HOUR_SLOTS, begins + (hour + 1) * HOUR_SLOTS))
                for hour in range(RECENT_HOURS)
            ),
        )

    def in_recent_order(self, order: RecentOrder) -> Sequence[int]:
        ids = {each.campaign_id for campaigns in self.slots.values() for each in campaigns}
        figures = {each: self._recent(each).last for each in ids}

        def key(campaign_id: int) -> tuple[object, int]:
            value = getattr(figures[campaign_id], order.value)
            return (1 if value is None else -value, campaign_id)

        return sorted(ids, key=key)

    def comparisons(self, campaign_ids: Collection[int]) -> Mapping[int, Sequence[Comparison]]:
        return {each: self.compared[each] for each in campaign_ids if each in self.compared}

    def close(self) -> None:
        """It holds nothing open."""


def _total(campaigns: Iterable[CampaignTotals]) -> Totals:
    return Totals.sum_of(each.totals for each in campaigns)
