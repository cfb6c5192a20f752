"""Prepares the lineups of some campaigns, in this process or in another one.

It needs numpy, but no engine and no database; its arguments and its results can be pickled.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from banners.core.model import Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.policies.known import POLICIES
from banners.policies.settings import PolicySettings
from banners.policies.window import Ids, Window, campaigns_of
from banners.serve.packed_lineups import encode_lineups

PART_CANDIDATES = 5_000
"""Maximum number of candidates of a part, unless one campaign has more: enough to use numpy well,
and only some megabytes."""

Encoded = Sequence[tuple[int, bytes]]
"""Campaigns, and the lineups of each in the form in which they are published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Campaigns whose lineups are prepared together, and all that decides these lineups.

    Args:
        policy: the policy that prepares them.
        window: the campaigns and their candidates.
        ranks: the rank of each candidate, from 0, among all banners that its campaign publishes.
        sizes: the number of all banners that each campaign publishes.
        quarter: the quarter of the hour.
        digest: the input digest.
        settings: the settings of the policies.
    """

    policy: PolicyName
    window: Window
    ranks: Ids
    sizes: Sequence[int]
    quarter: Quarter
    digest: str
    settings: PolicySettings


Preparing = Callable[[Callable[[Part], Encoded], Iterable[Part]], Iterable[Encoded]]
"""Calls a function with each part and returns the results in order, as ``map`` does."""


def parts_of(
    window: Window,
    ranks: Mapping[int, Mapping[int, int]],
    policy: PolicyName,
    quarter: Quarter,
    digest: str,
    settings: PolicySettings,
) -> Iterator[Part]:
    """Divide campaigns into parts, always in the same way for the same campaigns.

    Args:
        window: the campaigns and their candidates.
        ranks: the rank of each banner that a campaign publishes, by campaign and banner.
        policy: the policy that prepares the lineups.
        quarter: the quarter of the hour.
        digest: the input digest.
        settings: the settings of the policies.
    """
    campaigns = campaigns_of(window.campaign_ids)
    first, count = 0, len(campaigns.ids)
    while first < count:
        most = campaigns.starts[first] + PART_CANDIDATES
        after = max(first + 1, int(np.searchsorted(campaigns.starts, most, "right")) - 1)
        part = window.part(slice(campaigns.starts[first], campaigns.starts[after]))
        pairs = zip(part.campaign_ids.tolist(), part.banner_ids.tolist(), strict=True)
        yield Part(
            policy=policy,
            window=part,
            ranks=np.array([ranks[campaign][banner] for campaign, banner in pairs], np.int64),
            sizes=[len(ranks[each]) for each in campaigns.ids[first:after].tolist()],
            quarter=quarter,
            digest=digest,
            settings=settings,
        )
        first = after


def prepare(part: Part) -> Encoded:
    """Prepare the lineups of a part; the same part gives the same bytes on every machine."""
    starts = campaigns_of(part.window.campaign_ids).starts.tolist()
    made = POLICIES[part.policy].prepare(part.window, part.quarter, part.digest, part.settings)
    return [
        (each.campaign_id, encode_lineups(_by_rank(each, part.ranks[start:end].tolist(), of), of))
        for each, (start, end), of in zip(made, pairwise(starts), part.sizes, strict=True)
    ]


def _by_rank(made: PreparedLineups, ranks: Sequence[int], size: int) -> PreparedLineups:
    """Return lineups whose banners are indexes by rank among all banners of the campaign.

    Args:
        made: lineups as indexes into the candidates.
        ranks: the rank of each candidate.
        size: the number of all banners of the campaign; some may be in no lineup.
    """
    columns = []
    for column in made.expectations:
        values = [0.0] * size
        for rank, value in zip(ranks, column, strict=True):
            values[rank] = value
        columns.append(values)
    return replace(
        made,
        lineups=tuple(tuple(ranks[each] for each in lineup) for lineup in made.lineups),
        expectations=tuple(columns),
    )
