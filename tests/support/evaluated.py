"""Events of pages whose true earnings are known, with the lineups that they were served from."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from banners.core.model import Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.core.views import Group, Traffic, View
from banners.job.kept_lineups import LineupsTaken
from banners.serve.packed_lineups import encode_lineups
from support.event_logs import Clock, open_log

CLEAN = Traffic.CLEAN
GENERATION = 3
PLACES = 5
HOLDOUT = 6


@dataclass
class World:
    """Campaigns whose banners have known rates, and prepared lineups.

    Args:
        seed: where all randomness comes from.
        banners: the number of banners of each campaign.
        rule_places: the number of banners in a lineup of the rule.
    """

    seed: int
    banners: int = 9
    rule_places: int = PLACES
    source: random.Random = field(init=False)
    clicks: dict[int, list[float]] = field(init=False, default_factory=dict)
    conversions: dict[int, list[float]] = field(init=False, default_factory=dict)
    prepared: dict[int, PreparedLineups] = field(init=False, default_factory=dict)
    number: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.source = random.Random(self.seed)

    def banner_ids(self) -> list[int]:
        return [100 + each for each in range(self.banners)]

    def publish(self, events: Path, slot: int, campaigns: Sequence[int]) -> None:
        """Keep the lineups of campaigns, whose expectations are wrong by up to a factor of 2."""
        source = self.source
        batches = []
        for campaign_id in campaigns:
            clicks = [source.uniform(0.05, 0.3) for _ in range(self.banners)]
            conversions = [source.uniform(0.1, 0.5) for _ in range(self.banners)]
            self.clicks[campaign_id], self.conversions[campaign_id] = clicks, conversions
            some = range(self.banners)
            ruled = tuple(source.sample(some, self.rule_places))
            lineups = [tuple(source.sample(some, PLACES)) for _ in range(64 - HOLDOUT)]
            ones = [1.0] * self.banners
            self.prepared[campaign_id] = PreparedLineups(
                campaign_id=campaign_id,
                policy=PolicyName.LEARNING,
                places=PLACES,
                lineups=(*lineups, *[ruled] * HOLDOUT),
                groups=(Group.POLICY,) * 50 + (Group.PROBE,) * 8 + (Group.RULE,) * HOLDOUT,
                expectations=(
                    [each * source.uniform(0.5, 2) for each in clicks],
                    conversions,
                    [2e6] * self.banners,
                    *[ones] * 4,
                ),
            )
            encoded = encode_lineups(self.prepared[campaign_id], self.banners)
            batches.append(
                pa.RecordBatch.from_pydict(
                    {
                        "campaign_id": [campaign_id] * self.banners,
                        "banner_id": self.banner_ids(),
                        "lineups": [encoded, *[None] * (self.banners - 1)],
                    },
                    schema=pa.schema(
                        {
                            "campaign_id": pa.int64(),
                            "banner_id": pa.int64(),
                            "lineups": pa.binary(),
                        }
                    ),
                )
            )
        taken = LineupsTaken(batches)
        assert list(taken) == batches
        taken.keep(events, Quarter(slot % 4 + 1), GENERATION, slot)

    def visit(
        self, events: Path, slot: int, pages: int, *, altered: int = 0, single: int = 0
    ) -> None:
        """Record pages of each campaign in a slot, with clicks, and conversions of 1 to 3 each.

        Args:
            events: the folder of events.
            slot: the slot.
            pages: the number of pages of each campaign, each of which takes a lineup by chance.
            altered: the number of further pages whose lineup a pause has changed.
            single: the number of further views of a single banner.
        """
        source, log = self.source, open_log(events, Clock(slot))
        for campaign_id, prepared in self.prepared.items():
            for page in range(pages + altered + single):
                index = source.randrange(64)
                lineup = prepared.lineups[index]
                if page >= pages + altered:
                    lineup = lineup[:1]
                self.number += 1
                view = View(
                    slot=slot,
                    quarter=Quarter(slot % 4 + 1),
                    campaign_id=campaign_id,
                    generation=GENERATION,
                    group=prepared.groups[index],
                    view_id=self.number,
                    banner_ids=tuple(self.banner_ids()[each] for each in lineup),
                    paused=pages <= page < pages + altered,
                )
                assert log.impressions(view, CLEAN)
                for position, each in enumerate(lineup, start=1):
                    if source.random() < self.clicks[campaign_id][each]:
                        assert log.click(view, position, CLEAN)
                        if source.random() < self.conversions[campaign_id][each]:
                            click_id = self.number * 16 + position
                            revenue = str(source.choice((1, 2, 3)))
                            assert log.conversion(slot, click_id, click_id, revenue, campaign_id)
        assert log.close()

    def truth(self, campaign_id: int, policy: PolicyName) -> float:
        """What a policy earns on a page, on average; a conversion earns 2."""
        prepared = self.prepared[campaign_id]
        lineups = [
            lineup
            for lineup, group in zip(prepared.lineups, prepared.groups, strict=True)
            if (group is Group.RULE) == (policy is PolicyName.RULE)
        ]
        clicks, conversions = self.clicks[campaign_id], self.conversions[campaign_id]
        earned = [
            sum(2 * clicks[each] * conversions[each] for each in lineup) for lineup in lineups
        ]
        return sum(earned) / len(earned)
