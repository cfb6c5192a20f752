"""Totals between two dates, to settle accounts by: for each campaign and group, and as CSV."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from banners.core.figures import as_decimal
from banners.core.spreadsheet import Cell, write_csv
from banners.core.totals import CampaignTotals, Totals
from banners.core.views import Group

CSV_HEADER = (
    *("first_day", "last_day", "campaign_id", "campaign_name", "group"),
    *("impressions", "clicks", "conversions", "revenue", "refunds", "refunded"),
    *("recorded_impressions", "recorded_clicks", "recorded_conversions", "recorded_revenue"),
    *("crawler_impressions", "crawler_clicks", "crawler_conversions", "crawler_revenue"),
    *("flood_impressions", "flood_clicks", "flood_conversions", "flood_revenue"),
)

GROUP_WORDS: Mapping[Group, str] = {
    Group.RULE: "rule",
    Group.POLICY: "policy",
    Group.PROBE: "probe",
    Group.TRIAL_RULE: "trial: rule",
    Group.TRIAL_POLICY: "trial: policy",
}
"""What a page calls the groups."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """Totals between two dates.

    Args:
        first: the first day.
        last: the last day, which is included.
        campaigns: the totals by campaign and group, sorted by both.
        names: the names of those campaigns that are in the catalogue, by id.
    """

    first: date
    last: date
    campaigns: Sequence[CampaignTotals]
    names: Mapping[int, str]

    @property
    def together(self) -> Totals:
        """The totals of all these campaigns together."""
        return Totals.sum_of(each.totals for each in self.campaigns)


def settlement_csv(found: Settlement) -> str:
    """Return totals between two dates as CSV: every figure exact."""

    def lines() -> Iterator[Sequence[Cell]]:
        for each in found.campaigns:
            totals = each.totals
            net, gross, crawler, flood = totals.net, totals.gross, totals.crawler, totals.flood
            yield (
                *(found.first.isoformat(), found.last.isoformat(), each.campaign_id),
                *(found.names.get(each.campaign_id), each.group.value),
                *(net.impressions, net.clicks, net.conversions, net.revenue),
                *(totals.refunds, as_decimal(totals.refund_micros)),
                *(gross.impressions, gross.clicks, gross.conversions, gross.revenue),
                *(crawler.impressions, crawler.clicks, crawler.conversions, crawler.revenue),
                *(flood.impressions, flood.clicks, flood.conversions, flood.revenue),
            )

    return write_csv(CSV_HEADER, lines())


def settlement_name(found: Settlement) -> str:
    """Return the name of the file that the totals are downloaded as."""
    return f"totals-{found.first.isoformat()}-{found.last.isoformat()}.csv"
