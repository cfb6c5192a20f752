"""What each published campaign is expected to show, worked out before any request is sent.

The pages are made by :mod:`banners.core.rule`; the expectations are worked out here independently
of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice

from banners.core.candidates import Candidates
from banners.core.model import FillPolicy, Generation, Lineup, Quarter
from banners.core.rule import LEAST_SHOWN


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a campaign is expected to show in a quarter of a generation.

    Args:
        lineup: the banners that the rule picked.
        always: the banners that every answer has: the lineup, and all other candidates of the
            campaign if these are too few to choose from.
        pool: the banners that the remaining ones are drawn from; may contain some of ``always``.
        count: the number of different banners in an answer.
        lineups: the lineups that a policy prepared, as they are shown, of which an answer has one;
            empty under the rule.
    """

    lineup: frozenset[int]
    always: frozenset[int]
    pool: frozenset[int]
    count: int
    lineups: frozenset[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True)
class QuarterExpectations:
    """What the campaigns are expected to show in a quarter.

    Args:
        quarter: the quarter of the hour.
        generation: the live generation of the quarter; None if there is none.
        campaigns: the expectation of each campaign, by its id.
        complete: whether these are all campaigns, and not a selection.
        has_catalogue: whether there is a catalogue, so that an embed with nothing to show is not
            refused.
    """

    quarter: Quarter
    generation: Generation | None
    campaigns: Mapping[int, Expectation]
    complete: bool
    has_catalogue: bool = False


def expectation_of(
    lineup: Lineup,
    policy: FillPolicy,
    inventory: Callable[[Generation, Quarter], frozenset[int]],
) -> Expectation:
    """Return what a campaign is expected to show.

    Args:
        lineup: the campaign's lineup, with its other candidates.
        policy: where the fill may come from.
        inventory: returns every candidate of all campaigns in a quarter; called only if needed.

    Source: docs/rule.md, "Fill".
    """
    picked = frozenset(banner.banner_id for banner in lineup.banners)
    others = frozenset(lineup.others)
    missing = max(0, LEAST_SHOWN - len(picked))
    if missing == 0 or policy is FillPolicy.NONE:
        return Expectation(picked, picked, frozenset(), len(picked))
    if missing <= len(others):
        return Expectation(picked, picked, others, LEAST_SHOWN)
    always = picked | others
    pool = (
        inventory(lineup.generation, lineup.quarter)
        if policy is FillPolicy.INVENTORY
        else frozenset[int]()
    )
    fresh = len(pool) - len(pool & always)
    return Expectation(picked, always, pool, min(LEAST_SHOWN, len(always) + fresh))


def prepared_expectation(
    ranked: Candidates,
    shown: Candidates,
    policy: FillPolicy,
    inventory: Callable[[], frozenset[int]],
) -> Expectation:
    """Return what a campaign is expected to show of the lineups that a policy prepared.

    Args:
        ranked: the candidates as they were published, with prepared lineups.
        shown: those that may be shown now.
        policy: where the fill may come from.
        inventory: returns every banner of all campaigns; called only if needed.

    Source: docs/policies.md, "Pauses".
    """
    prepared, own = ranked.prepared, frozenset(shown.banner_ids)
    if prepared is None or len(own) < LEAST_SHOWN:
        pool = inventory() if policy is FillPolicy.INVENTORY else frozenset[int]()
        return Expectation(own, own, pool, min(LEAST_SHOWN, len(own | pool)))
    earns = dict.fromkeys(own, -1.0)
    for place, banner in enumerate(ranked.banner_ids):
        if banner in own and prepared.expectations:
            earns[banner] = prepared.expectation(place).micros
    best = sorted(shown.banner_ids, key=earns.__getitem__, reverse=True)
    lineups = set()
    for lineup in prepared.lineups:
        kept = {ranked.banner_ids[each] for each in lineup} & own
        spare = (each for each in best if each not in kept)
        wanted = max(LEAST_SHOWN, len(lineup))
        lineups.add(frozenset(kept | {*islice(spare, wanted - len(kept))}))
    together = frozenset[int]().union(*lineups)
    return Expectation(together, frozenset(), together, max(map(len, lineups)), frozenset(lineups))
