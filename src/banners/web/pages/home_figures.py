"""The figures that the operators' home shows of campaigns: of the last day, or of the quarter."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal

from banners.core.arms import ComparisonKind
from banners.core.model import Quarter
from banners.core.policy import PolicyName
from banners.core.slots import SLOT_SECONDS
from banners.core.totals import NOTHING, RECENT_HOURS, RecentFigures
from banners.errors import StoreError
from banners.policies.comparison import Comparison
from banners.reports.reader import CampaignsWanted, ListedCampaign, ReportReader
from banners.reports.totals import Recent, RecentOrder, TotalsReader
from banners.serve.reader import LineupReader
from banners.web.pages.time_charts import sparkline
from banners.web.pages.time_section import Changed, changed_figures

_KINDS = {
    PolicyName.LEARNING: ComparisonKind.GUARD,
    PolicyName.TRIAL: ComparisonKind.TRIAL,
}
_NONE = RecentFigures(NOTHING, NOTHING, (NOTHING,) * RECENT_HOURS)


@dataclass(frozen=True, slots=True)
class Sparkled:
    """A figure of the last day.

    Args:
        order: what the list is sorted by, to sort it by this figure.
        changed: the figure, with its change against the day before.
        spark: the line through its hours, as SVG takes it; empty if all are zero.
    """

    order: RecentOrder
    changed: Changed
    spark: str


@dataclass(frozen=True, slots=True)
class LastDay:
    """The figures of campaigns in the last 24 hours.

    Args:
        until: when these hours end.
        together: the figures of all campaigns together.
        recent: those of each campaign.
        comparisons: what the policies of campaigns earn compared with the rule.
    """

    until: datetime
    together: Sequence[Sparkled]
    recent: Recent
    comparisons: Mapping[int, Sequence[Comparison]]

    def of(self, campaign_id: int) -> Sequence[Sparkled]:
        """Return the figures of a campaign."""
        return sparkled(self.recent.campaigns.get(campaign_id, _NONE))

    def gain(self, campaign_id: int, policy: PolicyName) -> str:
        """Return the lift of a policy, such as ``guard: +2.0 % to +20.0 %``; empty if unknown."""
        kind = _KINDS.get(policy)
        found = (each for each in self.comparisons.get(campaign_id, ()) if each.kind is kind)
        return next((f"{each.kind}: {each.gain}" for each in found if each.gain), "")


@dataclass(frozen=True, slots=True)
class _Ranking:
    """The ids of campaigns in an order, and the sums of all campaigns when it was read."""

    until: int | None
    together: RecentFigures
    ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class HomeFigures:
    """Reads the figures of campaigns.

    Args:
        reader: the tier that says which generation is live.
        reports: where figures of the quarter are read from.
        totals: where figures of the last day are read from; None where nothing is recorded.
        zone: the time zone that times are written in.
    """

    reader: LineupReader
    reports: ReportReader
    totals: TotalsReader | None
    zone: tzinfo
    _rankings: dict[RecentOrder, "_Ranking"] = field(default_factory=dict, init=False, repr=False)

    def last_day(self, ids: Collection[int]) -> LastDay | None:
        """Return the figures of campaigns in the last 24 hours.

        None if no slot has been closed, or if they cannot be read.
        """
        if self.totals is None:
            return None
        try:
            recent, compared = self.totals.recent(ids), self.totals.comparisons(ids)
        except StoreError:
            return None
        if recent.until is None:
            return None
        until = datetime.fromtimestamp(recent.until * SLOT_SECONDS, self.zone)
        return LastDay(until, sparkled(recent.together), recent, compared)

    def ranked(self, order: str) -> Sequence[int] | None:
        """Return the ids of campaigns in the order of a figure of the last day, largest first.

        None if it is another order.
        """
        if order not in set(RecentOrder):
            return None
        if self.totals is None:
            return ()
        try:
            return self._ranking(self.totals, RecentOrder(order))
        except StoreError:
            return ()

    def _ranking(self, totals: TotalsReader, order: RecentOrder) -> Sequence[int]:
        """Return all ids in an order, which is read again only after figures have changed."""
        now = totals.recent(())
        known = self._rankings.get(order)
        if known is None or (known.until, known.together) != (now.until, now.together):
            known = _Ranking(now.until, now.together, totals.in_recent_order(order))
            self._rankings[order] = known
        return known.ids

    def of_quarter(self, ids: Collection[int], quarter: Quarter) -> Mapping[int, ListedCampaign]:
        """Return what campaigns earned in a quarter; nothing while that cannot be read."""
        try:
            generation = self.reader.active().get(quarter)
            if generation is None or not ids:
                return {}
            wanted = CampaignsWanted(most=len(ids), among=frozenset(ids))
            listed = self.reports.campaigns(generation, quarter, wanted)
        except StoreError:
            return {}
        return {each.campaign_id: each for each in listed.campaigns}


def sparkled(figures: RecentFigures) -> Sequence[Sparkled]:
    """Return the figures that the list shows of a campaign, or of all together."""
    revenue, impressions, rate, _ = changed_figures(figures.last, figures.before)
    values: dict[RecentOrder, tuple[Changed, Sequence[Decimal | int | None]]] = {
        RecentOrder.IMPRESSIONS: (impressions, [each.impressions for each in figures.hours]),
        RecentOrder.CLICK_RATE: (rate, [each.click_rate for each in figures.hours]),
        RecentOrder.REVENUE: (revenue, [each.revenue_micros for each in figures.hours]),
    }
    return [
        Sparkled(order, changed, sparkline(hours)) for order, (changed, hours) in values.items()
    ]
