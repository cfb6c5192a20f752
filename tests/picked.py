"""Lineups of which only the banners matter."""

from collections.abc import Iterable

from banners.model import Generation, Lineup, Performance, Quarter, RuleName


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
        banners=tuple(Performance(each, 1, 1, 0, 0) for each in banners),
        others=tuple(others),
    )
