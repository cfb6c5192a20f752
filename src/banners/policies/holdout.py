"""The rule's own lineups, as the learning policy shows them to a small part of the visitors."""

import numpy as np
import numpy.typing as npt

from banners.core.rule import LEAST_SHOWN, choose
from banners.policies.window import Campaigns, Ids, Numbers


class RuleLineups:
    """The lineups that the rule picks on the figures of one quarter.

    Args:
        clicks: the clicks of each candidate.
        revenue_micros: the revenue of each candidate, in millionths.
        banner_ids: the banner of each candidate.
        campaigns: how the candidates are divided into campaigns.
    """

    def __init__(
        self, clicks: Numbers, revenue_micros: Numbers, banner_ids: Ids, campaigns: Campaigns
    ) -> None:
        # The ranking of core.rule.RANKING; the last key counts most.
        self._order = np.lexsort((banner_ids, -clicks, -revenue_micros, campaigns.places))
        self._starts = campaigns.starts.tolist()
        # The rule also requires a click, which all candidates with revenue have.
        self._converting = _count(revenue_micros > 0, campaigns.starts)
        self._clicked = _count(clicks > 0, campaigns.starts)

    def of(
        self, campaign: int, lineups: int, random: np.random.Generator
    ) -> tuple[tuple[int, ...], ...]:
        """Return lineups of a campaign, as indexes into its candidates.

        They are the same, except for the fill of a short lineup, which each draws anew.

        Args:
            campaign: the place of the campaign, from 0.
            lineups: how many to return.
            random: where the randomness comes from.

        Source: docs/rule.md, "Which banners" and "Fill".
        """
        start, end = self._starts[campaign : campaign + 2]
        choice = choose(end - start, self._converting[campaign], self._clicked[campaign])
        most = choice.picked + choice.others
        ranked = tuple((self._order[start : start + most] - start).tolist())
        picked, others = ranked[: choice.picked], ranked[choice.picked :]
        if not others:
            return (picked,) * lineups
        needed = min(LEAST_SHOWN - choice.picked, len(others))
        drawn = (random.choice(len(others), needed, replace=False) for _ in range(lineups))
        return tuple(picked + tuple(others[place] for place in places.tolist()) for places in drawn)


def _count(which: npt.NDArray[np.bool_], starts: Ids) -> list[int]:
    """Count the candidates of each campaign for which something holds."""
    counts: list[int] = np.add.reduceat(which, starts[:-1]).tolist()
    return counts
