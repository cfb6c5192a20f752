"""The rule: which banners a campaign shows, and what fills up a short lineup.

It is one rule (docs/rule.md): rank the candidates by revenue, clicks and id; take the first
``slots`` of those with a click. The engines rank (``crunch/sql/candidates.sql``, in the order given
here); everything else is decided here. The fill is drawn when a page is served.
"""

import operator
import random
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from banners.core.candidates import Candidates
from banners.core.model import FillPolicy, Lineup, RuleName

MOST_SLOTS = 10
"""Maximum number of banners in a lineup."""

RANKING = "revenue_micros DESC, clicks DESC, banner_id"
"""The order of a campaign's candidates, best first, as the text of an ORDER BY clause. The crunch
ranks by it, and candidates are read from the database in it."""

LEAST_SHOWN = 5
"""Minimum number of banners on a page, if there are enough to fill it."""

MOST_OTHERS = 100
"""Maximum number of a campaign's other candidates that are kept to draw the fill from."""


class Choice(NamedTuple):
    """What the rule makes of a campaign's candidates, which it takes in the order of their rank.

    Args:
        rule: the case of the rule that applied.
        slots: how many banners the rule asks for, 5 to 10.
        picked: the lineup is the first ``picked`` candidates, 0 to 10.
        others: the next ``others`` candidates are those that fill up a short lineup, 0 to 100.
    """

    rule: RuleName
    slots: int
    picked: int
    others: int


def case_of(converting: int) -> RuleName:
    """Return the case of the rule that applies to X, the number of candidates with revenue."""
    if converting >= MOST_SLOTS:
        return RuleName.TOP_REVENUE
    if converting >= LEAST_SHOWN:
        return RuleName.ALL_CONVERTING
    if converting > 0:
        return RuleName.REVENUE_THEN_CLICKS
    return RuleName.MOST_CLICKS


def slots_for(converting: int) -> int:
    """Return how many banners the rule asks for, 5 to 10, by X, the candidates with revenue."""
    return min(MOST_SLOTS, max(LEAST_SHOWN, converting))


def choose(candidates: int, converting: int, clicked: int) -> Choice:
    """Apply the rule to a campaign, of which it needs three numbers.

    That is enough because the candidates are ranked, and because revenue needs a click: those with
    a click come first, and of these those with revenue.

    Args:
        candidates: the number of its candidates.
        converting: X, the number of those with revenue.
        clicked: the number of those with a click, which is X or more.

    Source: docs/rule.md, "The rule" and "Fill".
    """
    slots = slots_for(converting)
    picked = min(slots, clicked)
    others = min(MOST_OTHERS, candidates - picked) if picked < LEAST_SHOWN else 0
    return Choice(case_of(converting), slots, picked, others)


def count_converting(candidates: Candidates) -> int:
    """Return X, the number of candidates with revenue."""
    return _above_zero(candidates.revenue_micros)


def count_clicked(candidates: Candidates) -> int:
    """Return the number of candidates with a click."""
    return _above_zero(candidates.clicks)


def _above_zero(ranked: Sequence[int]) -> int:
    """Count the values above zero, which come before all zeros; of many, few are looked at."""
    return bisect_left(ranked, True, key=operator.not_)


def count_picked(candidates: Candidates) -> int:
    """Return how many candidates are in the lineup, which is the first of them."""
    return _chosen(candidates)[1].picked


def _chosen(candidates: Candidates) -> tuple[int, Choice]:
    """Return X, and what the rule makes of the candidates."""
    converting = count_converting(candidates)
    return converting, choose(len(candidates), converting, count_clicked(candidates))


def line_up(candidates: Candidates) -> Lineup:
    """Make the lineup of a campaign from its ranked candidates."""
    converting, choice = _chosen(candidates)
    return Lineup(
        campaign_id=candidates.campaign_id,
        quarter=candidates.quarter,
        generation=candidates.generation,
        rule=choice.rule,
        converting=converting,
        slots=choice.slots,
        banners=tuple(candidates.first(choice.picked)),
        others=tuple(candidates.banner_ids[choice.picked : choice.picked + choice.others]),
    )


def missing(lineup: Lineup, policy: FillPolicy) -> int:
    """Return how many banners the fill has to add: 0 to 5, and 0 if the policy allows no fill."""
    if policy is FillPolicy.NONE:
        return 0
    return max(0, LEAST_SHOWN - len(lineup.banners))


def draws_on_inventory(lineup: Lineup, policy: FillPolicy) -> bool:
    """Return whether the campaign has too few candidates, so that the inventory fills the page."""
    own = len(lineup.banners) + len(lineup.others)
    return policy is FillPolicy.INVENTORY and own < LEAST_SHOWN


def fill(
    lineup: Lineup, policy: FillPolicy, inventory: Sequence[int], source: random.Random
) -> tuple[int, ...]:
    """Draw the banners that fill up a lineup, at random and without repetition.

    Args:
        lineup: what the rule picked.
        policy: where the fill may come from.
        inventory: ids of all candidates of any campaign in the quarter, each once; used only if
            :func:`draws_on_inventory`.
        source: the source of randomness.

    Returns:
        0 to 5 banner ids that are not in the lineup: first from the campaign's other candidates,
        then from the inventory.

    Source: docs/rule.md, "Fill".
    """
    needed = missing(lineup, policy)
    drawn = source.sample(lineup.others, min(needed, len(lineup.others)))
    if not draws_on_inventory(lineup, policy):
        return tuple(drawn)
    taken = {banner.banner_id for banner in lineup.banners}.union(drawn)
    # Enough places that ``needed`` of them are new even if all banners already taken are drawn.
    places = source.sample(range(len(inventory)), min(needed + len(taken), len(inventory)))
    fresh = [inventory[place] for place in places if inventory[place] not in taken]
    return (*drawn, *fresh[: needed - len(drawn)])
