"""The rule's thresholds and its random part.

Which banners a campaign shows is one rule (docs/rule.md): rank the candidates by revenue, clicks
and id; take the first ``slots`` of those with a click. Ranking and taking are done by
``crunch/sql/lineup.sql``, which gets its thresholds from here; what is left for the moment of
serving is the fill.
"""

import random
from collections.abc import Sequence
from typing import assert_never

from banners.model import FillPolicy, Lineup, RuleName

MOST_SLOTS = 10
"""A lineup never has more banners than this."""

LEAST_SHOWN = 5
"""A page shows at least this many banners, where there are as many."""

MOST_OTHERS = 100
"""How many of a campaign's other candidates are kept to draw the fill from."""


def explain(lineup: Lineup) -> str:
    """Say in a sentence which case of the rule decided, and what follows from it."""
    converting, shown = lineup.converting, len(lineup.banners)
    if converting == 0:
        earned = "no banner earned anything"
    else:
        earned = f"{_number(converting)} {_plural('banner', converting)} earned something"
    match lineup.rule:
        case RuleName.TOP_REVENUE:
            follows = f"so the {_number(shown)} with the most revenue are shown"
        case RuleName.ALL_CONVERTING:
            follows = "so all of these are shown"
        case RuleName.REVENUE_THEN_CLICKS:
            first = "so it is shown" if converting == 1 else "so these are shown"
            follows = f"{first}, and then {_by_clicks(shown - converting, shown)}"
        case RuleName.MOST_CLICKS:
            if shown:
                follows = f"so what is shown is {_by_clicks(shown, shown)}"
            else:
                follows = "and none was clicked either"
        case never:
            assert_never(never)
    return f"{earned[0].upper()}{earned[1:]}, {follows}."


def explain_fill(lineup: Lineup, policy: FillPolicy) -> str:
    """Say in a sentence how a lineup is topped up; empty where it has five banners of its own.

    Args:
        lineup: what the rule picked.
        policy: where the fill may come from.
    """
    if len(lineup.banners) >= LEAST_SHOWN:
        return ""
    needed, own = missing(lineup, policy), len(lineup.others)
    if needed == 0:
        return "Nothing is added, since lineups are not to be filled up."
    if own > needed:
        some = (
            f"{own} of the campaign's" if own == MOST_OTHERS else f"the campaign's {_number(own)}"
        )
        return f"{_more(needed)} drawn at random from {some} other banners, afresh each time."
    sources = []
    if own:
        other = "only other banner" if own == 1 else f"other {_number(own)}"
        sources.append(f"the campaign's {other}")
    if draws_on_inventory(lineup, policy):
        count = f"{_number(needed - own)} " if own else ""
        sources.append(f"{count}drawn at random from all banners of the quarter, afresh each time")
        own = needed
    if not sources:
        return "Nothing is added, since the campaign has no other banner."
    return f"{_more(own)} added: {', and '.join(sources)}."


def missing(lineup: Lineup, policy: FillPolicy) -> int:
    """Tell how many banners the fill has to add: 0 to 5, and 0 where nothing is to be filled."""
    if policy is FillPolicy.NONE:
        return 0
    return max(0, LEAST_SHOWN - len(lineup.banners))


def draws_on_inventory(lineup: Lineup, policy: FillPolicy) -> bool:
    """Tell whether the campaign's own candidates are too few, and the inventory is to help out."""
    own = len(lineup.banners) + len(lineup.others)
    return policy is FillPolicy.INVENTORY and own < LEAST_SHOWN


def fill(
    lineup: Lineup, policy: FillPolicy, inventory: Sequence[int], source: random.Random
) -> tuple[int, ...]:
    """Draw the banners that top up a lineup, at random and without repetition.

    Args:
        lineup: what the rule picked.
        policy: where the draw may go.
        inventory: every candidate of any campaign in the quarter, each once; looked at only if
            :func:`draws_on_inventory`.
        source: where the randomness comes from.

    Returns:
        0 to 5 banner ids, none of them in the lineup: first of the campaign's other candidates,
        then of the inventory.

    Source: docs/rule.md, "Fill".
    """
    needed = missing(lineup, policy)
    drawn = source.sample(lineup.others, min(needed, len(lineup.others)))
    if not draws_on_inventory(lineup, policy):
        return tuple(drawn)
    taken = {banner.banner_id for banner in lineup.banners}.union(drawn)
    # So many places that enough are left when all that is taken already lies among them.
    places = source.sample(range(len(inventory)), min(needed + len(taken), len(inventory)))
    fresh = [inventory[place] for place in places if inventory[place] not in taken]
    return (*drawn, *fresh[: needed - len(drawn)])


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _more(count: int) -> str:
    return f"{_number(count).capitalize()} more {'is' if count == 1 else 'are'}"


def _by_clicks(count: int, shown: int) -> str:
    """Name the banners that clicks alone brought into a lineup of ``shown``."""
    if count == 0:
        return "nothing more, since no other was clicked"
    if shown < LEAST_SHOWN:
        others = " others" if count < shown else ""
        if count == 1:
            return f"the only {'other ' if others else ''}one that was clicked"
        return f"the {_number(count)}{others} that were clicked"
    return f"the {_number(count)} with the most clicks"
