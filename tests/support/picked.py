"""Lineups and candidates of which only the banners matter."""

from collections.abc import Iterable

from banners.core.candidates import Candidates
from banners.core.model import Generation, Lineup, Performance, Quarter, RuleName


def picked(
    campaign_id: int,
    banners: Iterable[int],
    others: Iterable[int] = (),
    *,
    generation: Generation,
    quarter: Quarter,
) -> Lineup:
    """A lineup of these banners, with these others to fill it up from."""
    return Lineup(
        campaign_id=campaign_id,
        quarter=quarter,
        generation=generation,
        rule=RuleName.MOST_CLICKS,
        converting=0,
        slots=5,
        banners=tuple(Performance(1, 1, 0, 0, banner_id=each) for each in banners),
        others=tuple(others),
    )


def candidates_of(lineup: Lineup) -> Candidates:
    """The candidates that the rule makes a lineup of; its other candidates have no events."""
    banners = lineup.banners
    more = (0,) * len(lineup.others)
    return Candidates(
        campaign_id=lineup.campaign_id,
        quarter=lineup.quarter,
        generation=lineup.generation,
        banner_ids=(*(each.banner_id for each in banners), *lineup.others),
        impressions=(*(each.impressions for each in banners), *more),
        clicks=(*(each.clicks for each in banners), *more),
        conversions=(*(each.conversions for each in banners), *more),
        revenue_micros=(*(each.revenue_micros for each in banners), *more),
    )
