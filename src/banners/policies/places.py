"""How many banners a lineup of the learning policy has."""

import numpy as np

from banners.core.rule import LEAST_SHOWN, MOST_SLOTS
from banners.policies.window import Ids, Numbers


def count_places(expected: Numbers, starts: Ids, theta: float) -> Ids:
    """Return the number of places of each campaign.

    There are five, then one more as long as the next banner is expected to earn at least ``theta``
    of the mean of those before it; ten at the most, and not more than there are candidates.

    Args:
        expected: expected revenue per impression of each candidate, above zero.
        starts: the first candidate of each campaign, and after the last campaign their number.
        theta: share of the mean that the next banner must be expected to earn, zero or more.

    Source: docs/policies.md, "Places".
    """
    sizes = np.diff(starts)
    best = _best_of_each(expected, starts)
    places = np.minimum(sizes, LEAST_SHOWN)
    growing = sizes > LEAST_SHOWN
    for count in range(LEAST_SHOWN, MOST_SLOTS):
        growing &= (sizes > count) & (best[:, count] >= theta * best[:, :count].mean(1))
        places = places + growing
    return places


def _best_of_each(expected: Numbers, starts: Ids) -> Numbers:
    """Return the ten best expectations of each campaign, best first; zeros where it has fewer."""
    sizes = np.diff(starts)
    campaign = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((-expected, campaign))
    rank = np.arange(len(expected)) - starts[campaign]
    best = np.zeros((len(sizes), MOST_SLOTS))
    among = rank < MOST_SLOTS
    best[campaign[among], rank[among]] = expected[order][among]
    return best
