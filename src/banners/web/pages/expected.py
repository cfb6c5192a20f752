"""How often a policy shows each banner, and what the banner is expected to earn, for the report.

The geometry is in percentages of a chart's width, as in :mod:`banners.web.pages.charts`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from banners.reports.figures import Row, shown_most
from banners.reports.outlook import Outlook, Outlooks

MOST_EXPLAINED = 20
"""Maximum number of banners that are explained; the table lists all."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A banner, with the explanation of how often it is shown.

    Args:
        row: the banner.
        sentence: why it is shown as often as it is.
        value: what it is expected to earn per thousand impressions, with its interval, as text.
        low: where the interval begins, as a percentage for SVG; empty if nothing is expected.
        width: how wide it is, as a percentage.
        middle: where the expected revenue is, as a percentage.
    """

    row: Row
    sentence: str
    value: str
    low: str = ""
    width: str = ""
    middle: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a report shows of a policy.

    Args:
        lineups: the number of prepared lineups.
        banners: the banners, those that are shown most first.
        more: how many others there are.
    """

    lineups: int
    banners: Sequence[Explained]
    more: int


def expected_banners(outlooks: Outlooks | None, rows: Sequence[Row]) -> Expected | None:
    """Return what a report shows of a policy; None where the rule picks.

    Args:
        outlooks: what the policy does with the candidates; None where the rule picks.
        rows: the candidates.
    """
    if outlooks is None or outlooks.prepared.fallback:
        return None
    known = shown_most(rows)
    drawn = known[:MOST_EXPLAINED]
    most = max((outlook.interval[1] for _, outlook in drawn if outlook.interval), default=0.0)
    return Expected(
        lineups=len(outlooks.prepared.lineups),
        banners=[_explained(row, outlook, outlooks, most) for row, outlook in drawn],
        more=len(known) - len(drawn),
    )


def _explained(row: Row, outlook: Outlook, outlooks: Outlooks, most: float) -> Explained:
    sentence = outlooks.explain(row.banner_id)
    if outlook.interval is None or outlook.expected_per_thousand is None:
        return Explained(row, sentence, "")
    (low, high), middle = outlook.interval, outlook.expected_per_thousand
    return Explained(
        row,
        sentence,
        value=f"{middle:,.2f} ({low:,.2f} to {high:,.2f})",
        low=_percentage(low, most),
        width=_percentage(high - low, most),
        middle=_percentage(middle, most),
    )


def _percentage(part: float, most: float) -> str:
    return f"{100 * part / most:.2f}%" if most else "0%"
