"""How many banners a lineup of the learning policy has."""

import numpy as np

from banners.core.rule import LEAST_SHOWN, MOST_SLOTS
from banners.policies.window import Campaigns, Ids, Numbers


def count_places(expected: Numbers, campaigns: Campaigns, theta: float) -> Ids:
    """Return the number of places of each campaign.

    There are five, then one more as long as the next banner is expected to earn at least ``theta``
    of the mean of those before it; ten at the most, and not more than there are candidates.

    Args:
        expected: expected revenue per impression of each candidate, above zero.
        campaigns: how the candidates are divided into campaigns.
        theta: share of the mean that the next banner must be expected to earn, zero or more.

    Source: docs/policies.md, "Places".
    """
    sizes = np.diff(campaigns.starts)
    best = _best_of_each(expected, campaigns)
    places = np.minimum(sizes, LEAST_SHOWN)
    growing = np.ones(len(sizes), bool)
    for count in range(LEAST_SHOWN, MOST_SLOTS):
        mean = best[:, :count].sum(1) / count
        growing &= (sizes > count) & (best[:, count] >= theta * mean)
        places = places + growing
    return places


def _best_of_each(expected: Numbers, campaigns: Campaigns) -> Numbers:
    """Return the ten best expectations of each campaign, best first; zeros where it has fewer."""
    campaign = campaigns.places
    order = np.lexsort((-expected, campaign))
    rank = np.arange(len(expected)) - campaigns.starts[campaign]
    best = np.zeros((len(campaigns.ids), MOST_SLOTS))
    among = rank < MOST_SLOTS
    best[campaign[among], rank[among]] = expected[order][among]
    return best
