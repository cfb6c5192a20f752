"""Publishes small results with lineups that a policy prepared."""

from collections.abc import Sequence

import pyarrow as pa
from sqlalchemy.engine import Engine

from banners.core.model import Generation, Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.core.views import Group
from banners.serve.packed_lineups import encode_lineups
from support.publishing import COLUMNS, drafting, inventory

CANDIDATES = 8
"""Number of banners of each campaign."""


def prepared(
    campaign_id: int, policy: PolicyName = PolicyName.LEARNING, *, fallback: str = ""
) -> PreparedLineups:
    """Lineups of five of the eight banners of a campaign.

    The first four are in all of them, the fifth in 48 and the sixth in 16; the seventh is in none,
    and nothing is expected of the eighth, which was off.
    """
    groups = {
        PolicyName.LEARNING: (Group.POLICY,) * 50 + (Group.PROBE,) * 8 + (Group.RULE,) * 6,
        PolicyName.TRIAL: (Group.TRIAL_POLICY,) * 32 + (Group.TRIAL_RULE,) * 32,
    }
    # Each number of the last four columns is exact in 32 bits, too.
    columns = [
        [0.02 - place / 1_000 for place in range(7)],
        [0.08] * 7,
        [2_000_000.0] * 7,
        *([30.0 + place for place in range(7)], [4.0] * 7, [6.0] * 7, [640.0] * 7),
    ]
    return PreparedLineups(
        campaign_id=campaign_id,
        policy=policy,
        places=5,
        lineups=((0, 1, 2, 3, 4),) * 48 + ((0, 1, 2, 3, 5),) * 16,
        groups=(Group.RULE,) * 64 if fallback else groups[policy],
        expectations=() if fallback else tuple((*column, 0.0) for column in columns),
        fallback=fallback,
    )


def publish_prepared(
    database: Engine, campaigns: Sequence[PreparedLineups | int], *quarters: Quarter
) -> Generation:
    """Publish eight banners of each campaign, with ids from ten times its own on, best first.

    Args:
        database: the database.
        campaigns: what was prepared of each campaign; or its id, if the rule picks.
        quarters: the quarters to publish.
    """
    columns: dict[str, list[object]] = {name: [] for name in (*COLUMNS, "lineups")}
    for each in campaigns:
        campaign_id = each if isinstance(each, int) else each.campaign_id
        lineups = None if isinstance(each, int) else encode_lineups(each, CANDIDATES)
        for place in range(CANDIDATES):
            earned = (8 - place) * 1_000_000 if place < 6 else 0
            row = (campaign_id, 10 * campaign_id + place, 900, 18 - place, int(earned > 0), earned)
            for name, value in zip(columns, (*row, lineups if place == 0 else None), strict=True):
                columns[name].append(value)
    batch = pa.record_batch(
        [pa.array(columns[name], COLUMNS.get(name, pa.binary())) for name in columns],
        [*columns],
    )
    banners = sorted(set(batch.column("banner_id").to_pylist()))
    with drafting(database) as begun:
        for quarter in quarters:
            begun.write_quarter(quarter, [batch], inventory(*banners))
            begun.describe_quarter(quarter, digest=f"digest {quarter}", rows=1, summary={})
        begun.activate()
    assert begun.generation is not None
    return begun.generation
