"""From accepted events to lineups: docs/rule.md, statement by statement.

Each function quotes the statements that it implements, often at greater length than the document.

The lineup follows the table with the four cases, not "the one rule" below it, so that tests also
check that both are equal.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from reference.files import Click, Conversion, Impression


@dataclass(frozen=True)
class Performance:
    """The figures of one banner in one campaign; revenue has six places."""

    banner_id: int
    impressions: int
    clicks: int
    conversions: int
    revenue: Decimal


@dataclass(frozen=True)
class Lineup:
    """The banners that the rule picks for one campaign, and those that the fill may draw from."""

    rule: str
    converting: int
    slots: int
    banners: tuple[Performance, ...]
    others: tuple[int, ...]


def measure(
    impressions: Iterable[Impression], clicks: Iterable[Click], conversions: Iterable[Conversion]
) -> dict[tuple[int, int], Performance]:
    """Compute the performance of every candidate, by campaign and banner.

    "impressions (rows), clicks (distinct click ids), conversions (distinct conversion ids whose
    click is accepted in the same quarter), revenue (exact decimal sum, six places)".
    "candidates: every banner with an accepted impression, click or attributed conversion".
    """
    shown = Counter((event.campaign_id, event.banner_id) for event in impressions)
    place_of = {event.click_id: (event.campaign_id, event.banner_id) for event in clicks}
    clicked = Counter(place_of.values())
    converted = Counter(place_of[event.click_id] for event in conversions)
    # Exact: a revenue has 18 digits at most, and a Decimal keeps 28 in a sum.
    revenue: defaultdict[tuple[int, int], Decimal] = defaultdict(lambda: Decimal("0.000000"))
    for event in conversions:
        revenue[place_of[event.click_id]] += event.revenue
    return {
        place: Performance(place[1], shown[place], clicked[place], converted[place], revenue[place])
        for place in {*shown, *clicked}
    }


def by_revenue(candidates: Iterable[Performance]) -> list[Performance]:
    """Rank "by revenue (most first), clicks (most first), banner id (smallest first)"."""
    return sorted(candidates, key=lambda banner: (-banner.revenue, *by_clicks_key(banner)))


def by_clicks(candidates: Iterable[Performance]) -> list[Performance]:
    """Rank by clicks (most first), banner id (smallest first)."""
    return sorted(candidates, key=by_clicks_key)


def by_clicks_key(banner: Performance) -> tuple[int, int]:
    return (-banner.clicks, banner.banner_id)


def line_up(candidates: list[Performance]) -> Lineup:
    """Apply the table of docs/rule.md to the candidates of one campaign."""
    # It says: "converting: revenue above 0. X: the number of converting candidates."
    converting = by_revenue(banner for banner in candidates if banner.revenue > 0)
    x = len(converting)
    # It says: "[...] of those with at least one click"
    only_clicked = by_clicks(
        banner for banner in candidates if banner.revenue == 0 and banner.clicks > 0
    )
    if x >= 10:
        # It says: "the 10 banners with the most revenue"
        rule, picked = "top_revenue", converting[:10]
    elif x >= 5:
        # It says: "the X banners with the most revenue"
        rule, picked = "all_converting", converting
    elif x >= 1:
        # It says: "the X by revenue, then those with the most clicks, up to 5"
        rule, picked = "revenue_then_clicks", [*converting, *only_clicked][:5]
    else:
        # It says: "the 5 with the most clicks"
        rule, picked = "most_clicks", only_clicked[:5]
    return Lineup(
        rule=rule,
        converting=x,
        slots=min(10, max(5, x)),
        banners=tuple(picked),
        others=others(candidates, picked),
    )


def others(candidates: list[Performance], picked: list[Performance]) -> tuple[int, ...]:
    """Return "the campaign's other candidates to draw from (100 at the most)"."""
    if len(picked) >= 5:
        return ()
    left = [banner.banner_id for banner in by_revenue(candidates) if banner not in picked]
    return tuple(left[:100])


def line_up_all(performance: dict[tuple[int, int], Performance]) -> dict[int, Lineup]:
    """Apply the rule to every campaign that has candidates."""
    candidates: defaultdict[int, list[Performance]] = defaultdict(list)
    for (campaign_id, _), banner in performance.items():
        candidates[campaign_id].append(banner)
    return {campaign_id: line_up(banners) for campaign_id, banners in candidates.items()}


def list_inventory(performance: dict[tuple[int, int], Performance]) -> tuple[int, ...]:
    """List "every candidate of any campaign in that quarter", each once, smallest id first."""
    return tuple(sorted({banner_id for _, banner_id in performance}))


def fill_json(lineup: Lineup, policy: str) -> dict[str, object]:
    """Write the ``fill`` of the JSON contract.

    "Where the lineup has fewer than five, it is filled up to five: first from the campaign's
    other candidates, then from the inventory"; "`inventory` (as said), `campaign` (stop at the
    campaign's own), or `none`".
    """
    if policy == "none":
        return {"needed": 0, "campaign": [], "campaign_text": [], "inventory": False}
    needed = max(0, 5 - len(lineup.banners))
    return {
        "needed": needed,
        "campaign": list(lineup.others),
        "campaign_text": [str(each) for each in lineup.others],
        "inventory": policy == "inventory" and needed > len(lineup.others),
    }


def lineup_json(
    campaign_id: int, quarter: int, generation: int, lineup: Lineup, policy: str
) -> dict[str, object]:
    """Write the object of docs/rule.md, "As JSON"."""
    return {
        "campaign_id": campaign_id,
        "campaign_id_text": str(campaign_id),
        "quarter": quarter,
        "generation": generation,
        "rule": lineup.rule,
        "converting": lineup.converting,
        "slots": lineup.slots,
        "lineup": [
            {
                "banner_id": banner.banner_id,
                "banner_id_text": str(banner.banner_id),
                "position": position,
                "impressions": banner.impressions,
                "clicks": banner.clicks,
                "conversions": banner.conversions,
                "revenue": f"{banner.revenue:.6f}",
                "image": f"/static/images/image_{banner.banner_id}.png",
            }
            for position, banner in enumerate(lineup.banners, start=1)
        ],
        "fill": fill_json(lineup, policy),
    }
