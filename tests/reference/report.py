"""The report on a campaign, computed from event files by docs/rule.md and docs/report.md.

Like the rest of the reference, it shares no code with the program.
"""

from decimal import ROUND_HALF_UP, Decimal

from reference.events import QuarterReference
from reference.rule import Performance, by_revenue, fill_json

SIX_PLACES = Decimal("0.000001")


def candidates_of(reference: QuarterReference, campaign_id: int) -> list[Performance]:
    """List "every banner with an accepted impression, click or attributed conversion", ranked."""
    return by_revenue(
        banner for (campaign, _), banner in reference.performance.items() if campaign == campaign_id
    )


def figures_json(banners: list[Performance]) -> dict[str, object]:
    """Return the sums over banners, the click rate, and the revenue for a thousand impressions."""
    impressions = sum(banner.impressions for banner in banners)
    clicks = sum(banner.clicks for banner in banners)
    revenue = sum((banner.revenue for banner in banners), Decimal(0))
    return {
        "impressions": impressions,
        "clicks": clicks,
        "conversions": sum(banner.conversions for banner in banners),
        "revenue": f"{revenue:.6f}",
        "click_rate": _rate(Decimal(clicks), impressions),
        "revenue_per_thousand": _rate(revenue * 1_000, impressions),
    }


def candidates_json(
    reference: QuarterReference, campaign_id: int, policy: str = "inventory"
) -> list[dict[str, object]]:
    """Write all candidates, best first; "what was filled in is marked as such"."""
    lineup = reference.lineups[campaign_id]
    picked = [banner.banner_id for banner in lineup.banners]
    filled = fill_json(lineup, policy)["campaign"]
    assert isinstance(filled, list)
    return [
        {
            "place": place,
            "banner_id": banner.banner_id,
            "banner_id_text": str(banner.banner_id),
            "shown": (
                "lineup"
                if banner.banner_id in picked
                else "fill"
                if banner.banner_id in filled
                else "no"
            ),
            "position": picked.index(banner.banner_id) + 1 if banner.banner_id in picked else None,
            "image": f"/static/images/image_{banner.banner_id}.png",
            "name": None,
            **figures_json([banner]),
        }
        for place, banner in enumerate(candidates_of(reference, campaign_id), start=1)
    ]


def report_json(
    references: dict[int, QuarterReference],
    generations: dict[int, int],
    campaign_id: int,
    quarter: int,
    *,
    served: int,
) -> dict[str, object]:
    """Write all of a report but the sentence.

    Args:
        references: the reference results to report on, by quarter.
        generations: the number of the generation of each of these.
        campaign_id: a campaign of that quarter.
        quarter: the quarter reported on.
        served: the number of the live generation of the quarter.
    """
    reference, generation = references[quarter], generations[quarter]
    lineup = reference.lineups[campaign_id]
    return {
        "campaign_id": campaign_id,
        "campaign_id_text": str(campaign_id),
        "quarter": quarter,
        "generation": generation,
        "preview": generation != served,
        "served": served,
        "rule": lineup.rule,
        "converting": lineup.converting,
        "slots": lineup.slots,
        "fill": fill_json(lineup, "inventory"),
        "totals": figures_json(candidates_of(reference, campaign_id)),
        "lineup": figures_json(list(lineup.banners)),
        "candidates": candidates_json(reference, campaign_id),
        "quarters": [
            {
                "quarter": each,
                "generation": generations[each],
                "rule": other.lineups[campaign_id].rule,
                "converting": other.lineups[campaign_id].converting,
                "picked": len(other.lineups[campaign_id].banners),
                "candidates": len(candidates_of(other, campaign_id)),
                **figures_json(candidates_of(other, campaign_id)),
            }
            for each, other in sorted(references.items())
            if campaign_id in other.lineups
        ],
        "name": None,
    }


def _rate(part: Decimal, whole: int) -> str | None:
    return str((part / whole).quantize(SIX_PLACES, ROUND_HALF_UP)) if whole else None
