"""What pages show of figures over time: the four figures with their change, charts and a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Query

from banners.core.figures import Figures, as_decimal
from banners.core.slots import SLOT_SECONDS
from banners.core.totals import NOTHING, Totals
from banners.reports.figures import Money, changed_by, percent
from banners.reports.over_time import BannerOverTime, Over, OverTime, change
from banners.web.http.parameters import example
from banners.web.pages.time_charts import point_words, sparkline, time_charts

MOST_BANNERS = 50
"""Maximum number of banners that a page shows over time."""

OverAsked = Annotated[
    Over,
    Query(
        description="The time that charts are over: `24h` or `7d`.",
        openapi_examples=example("7d"),
    ),
]


@dataclass(frozen=True, slots=True)
class Changed:
    """A figure, and its change against the time before.

    Args:
        name: what it is.
        value: its value as text.
        exactly: its value unrounded, as text; empty if ``value`` is.
        change: by how much it has changed, as text; empty if that is not known.
    """

    name: str
    value: str
    exactly: str
    change: str


def changed_figures(last: Figures, before: Figures) -> list[Changed]:
    """Return the four figures of a report with their change.

    Args:
        last: the figures.
        before: those of the same length of time before.
    """
    money = Money(2)
    per_thousand = last.revenue_per_thousand

    def compared(
        name: str, written: str, attribute: str, exactly: Decimal | None = None
    ) -> Changed:
        by = changed_by(change(getattr(last, attribute), getattr(before, attribute)))
        return Changed(name, written, "" if exactly is None else f"{exactly:,.6f}", by)

    return [
        compared("Revenue", money(last.revenue), "revenue", last.revenue),
        compared("Impressions", f"{last.impressions:,}", "impressions"),
        compared("Click rate", percent(last.click_rate), "click_rate"),
        compared(
            *("Revenue per thousand", money(per_thousand), "revenue_per_thousand"), per_thousand
        ),
    ]


def time_section(found: OverTime, zone: tzinfo) -> dict[str, Any]:
    """Return what ``_time.html`` shows of figures over time.

    Args:
        found: the figures over time.
        zone: the time zone that times are written in.
    """
    return {
        "over": found.over,
        "until": datetime.fromtimestamp(found.until * SLOT_SECONDS, zone),
        "sums": changed_figures(found.last.net, found.before.net),
        "charts": time_charts(found, zone),
        "rows": [
            {
                "when": point_words(point, found.over, zone),
                "figures": point.figures,
                "note": _note(point.is_complete, point.totals),
            }
            for point in reversed(found.points)
        ],
        "money": Money(2),
        "percent": percent,
    }


def _note(is_complete: bool, totals: Totals | None) -> str:  # of a point
    if is_complete:
        return ""
    return "so far" if totals else "not closed yet"


def accounted(totals: Totals) -> list[dict[str, Any]]:
    """Return the lines that lead from what was recorded to what counts.

    Args:
        totals: of the time that is accounted for.
    """
    lines = [
        {"name": "Recorded", "figures": totals.gross},
        {"name": "Left out: crawlers", "figures": totals.crawler},
        {"name": "Left out: floods", "figures": totals.flood},
        {"name": "Left out: other reasons", "figures": totals.otherwise},
    ]
    return [
        *(each for each in lines if each["figures"] != NOTHING),
        {"name": "Counts", "figures": totals.net},
    ]


def banner_rows(
    banners: Sequence[BannerOverTime], names: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Return what ``_time.html`` shows of banners over time.

    Args:
        banners: the figures of each, most impressions first.
        names: their names, by id.
    """
    return [
        {
            "banner_id": each.banner_id,
            "name": names.get(each.banner_id),
            "figures": each.last,
            "sums": changed_figures(each.last, each.before),
            "spark": sparkline([point.impressions for point in each.points]),
            "steps": len(each.points) - 1,
        }
        for each in banners[:MOST_BANNERS]
    ]


def refunded(totals: Totals) -> str:
    """Return a sentence on refunds; empty if there were none."""
    if not totals.refunds:
        return ""
    amount = Money(2)(as_decimal(totals.refund_micros))
    noun = "refund" if totals.refunds == 1 else "refunds"
    return f"{totals.refunds:,} {noun} of {amount} in total are not subtracted from the revenue."
