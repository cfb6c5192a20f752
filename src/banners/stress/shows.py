"""What the published lineups say that a campaign has to show, worked out before anything is asked.

The pages are served by :mod:`banners.rule`; what they are held against is worked out here anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from banners.model import FillPolicy, Generation, Lineup, Quarter
from banners.rule import LEAST_SHOWN


@dataclass(frozen=True, slots=True)
class Shows:
    """What a campaign shows in a quarter of a generation.

    Args:
        lineup: the banners that the rule picked.
        always: the banners that every answer has: the lineup, and all the campaign's other
            candidates where these do not suffice.
        pool: the banners that the others are drawn from; it may hold some of ``always``.
        count: how many different banners an answer has.
    """

    lineup: frozenset[int]
    always: frozenset[int]
    pool: frozenset[int]
    count: int


@dataclass(frozen=True, slots=True)
class QuarterShows:
    """What the campaigns show in a quarter.

    Args:
        quarter: the quarter of the hour.
        generation: the generation that is served in it; None where none is.
        campaigns: what each campaign shows, by its id.
        whole: whether these are all campaigns, and not some of them.
    """

    quarter: Quarter
    generation: Generation | None
    campaigns: Mapping[int, Shows]
    whole: bool


def shows_of(
    lineup: Lineup,
    policy: FillPolicy,
    inventory: Callable[[Generation, Quarter], frozenset[int]],
) -> Shows:
    """Work out what a campaign shows.

    Args:
        lineup: the lineup, and what it is filled up from first.
        policy: where the fill may come from.
        inventory: gives every candidate of any campaign in the quarter; asked only if needed.

    Source: docs/rule.md, "Fill".
    """
    picked = frozenset(banner.banner_id for banner in lineup.banners)
    others = frozenset(lineup.others)
    missing = max(0, LEAST_SHOWN - len(picked))
    if missing == 0 or policy is FillPolicy.NONE:
        return Shows(picked, picked, frozenset(), len(picked))
    if missing <= len(others):
        return Shows(picked, picked, others, LEAST_SHOWN)
    always = picked | others
    pool = (
        inventory(lineup.generation, lineup.quarter)
        if policy is FillPolicy.INVENTORY
        else frozenset[int]()
    )
    fresh = len(pool) - len(pool & always)
    return Shows(picked, always, pool, min(LEAST_SHOWN, len(always) + fresh))
