"""Reads from the database what the report on a campaign tells."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.model import Generation, Lineup, Performance, Quarter, RuleName
from banners.serve.report import Candidate, QuarterTotals
from banners.store.queries import Queries
from banners.store.read import OF_GENERATION, key_of, read_one
from banners.store.schema import GENERATION_QUARTERS, GENERATIONS, LINEUPS, PERFORMANCE

_GENERATIONS = (
    sa.select(GENERATION_QUARTERS.c.quarter, GENERATIONS.c.generation, GENERATIONS.c.started_at)
    .join(GENERATIONS, GENERATIONS.c.generation == GENERATION_QUARTERS.c.generation)
    .where(GENERATIONS.c.state == "complete")
    .order_by(GENERATION_QUARTERS.c.quarter, GENERATIONS.c.generation.desc())
)
_CANDIDATES = (
    sa.select(
        PERFORMANCE.c.banner_id,
        PERFORMANCE.c.impressions,
        PERFORMANCE.c.clicks,
        PERFORMANCE.c.conversions,
        PERFORMANCE.c.revenue_micros,
        PERFORMANCE.c.position,
    )
    .where(
        PERFORMANCE.c.generation == OF_GENERATION,
        PERFORMANCE.c.quarter == sa.bindparam("quarter"),
        PERFORMANCE.c.campaign_id == sa.bindparam("campaign_id"),
    )
    # As the rule ranks them (docs/rule.md, crunch/sql/lineup.sql).
    .order_by(
        PERFORMANCE.c.revenue_micros.desc(), PERFORMANCE.c.clicks.desc(), PERFORMANCE.c.banner_id
    )
)
_TOTALS = (
    sa.select(
        LINEUPS.c.quarter,
        LINEUPS.c.rule,
        LINEUPS.c.converting,
        sa.func.count(PERFORMANCE.c.position).label("picked"),
        sa.func.count().label("candidates"),
        sa.func.sum(PERFORMANCE.c.impressions).label("impressions"),
        sa.func.sum(PERFORMANCE.c.clicks).label("clicks"),
        sa.func.sum(PERFORMANCE.c.conversions).label("conversions"),
        # No campaign is published whose revenues add up to more than 64 bits.
        sa.func.sum(PERFORMANCE.c.revenue_micros).label("revenue_micros"),
    )
    .join(
        LINEUPS,
        (LINEUPS.c.generation == PERFORMANCE.c.generation)
        & (LINEUPS.c.quarter == PERFORMANCE.c.quarter)
        & (LINEUPS.c.campaign_id == PERFORMANCE.c.campaign_id),
    )
    .join(GENERATIONS, GENERATIONS.c.generation == PERFORMANCE.c.generation)
    .where(PERFORMANCE.c.campaign_id == sa.bindparam("campaign_id"))
    .group_by(LINEUPS.c.quarter, LINEUPS.c.rule, LINEUPS.c.converting)
)


class DatabaseCampaigns:
    """A CampaignReader over the database, which it closes with itself.

    Args:
        database: an open database; it need not have been published to.
    """

    def __init__(self, database: Engine) -> None:
        self._queries = Queries(database)

    def close(self) -> None:
        """Close the database; whoever reads on is told so by :class:`StoreClosed`."""
        self._queries.close()

    def generations(self) -> Mapping[Quarter, list[Generation]]:
        """List the generations that are kept of each quarter, the newest first; {} for none."""
        kept: dict[Quarter, list[Generation]] = {}
        for row in self._queries.rows(_GENERATIONS):
            generation = Generation(row.generation, row.started_at)
            kept.setdefault(Quarter(row.quarter), []).append(generation)
        return kept

    def lineup(self, generation: Generation, quarter: Quarter, campaign_id: int) -> Lineup | None:
        """Read the lineup of a campaign; None where the generation has none of it."""
        return read_one(self._queries, generation, quarter, campaign_id)

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> list[Candidate]:
        """Read the candidates of a campaign, ranked as the rule ranks them (docs/rule.md).

        There are none where the generation knows nothing of the campaign, or is kept no more.
        """
        key = {**key_of(generation, quarter), "campaign_id": campaign_id}
        return [
            Candidate(
                figures=Performance(
                    banner_id=row.banner_id,
                    impressions=row.impressions,
                    clicks=row.clicks,
                    conversions=row.conversions,
                    revenue_micros=row.revenue_micros,
                ),
                position=row.position,
            )
            for row in self._queries.rows(_CANDIDATES, key)
        ]

    def totals(
        self, generations: Mapping[Quarter, Generation], campaign_id: int
    ) -> Mapping[Quarter, QuarterTotals]:
        """Sum up a campaign for each quarter of some generations, where it has candidates."""
        of_these = [
            (PERFORMANCE.c.quarter == int(quarter))
            & (PERFORMANCE.c.generation == generation.number)
            & (GENERATIONS.c.started_at == generation.stamp)
            for quarter, generation in generations.items()
        ]
        rows = self._queries.rows(
            _TOTALS.where(sa.or_(sa.false(), *of_these)), {"campaign_id": campaign_id}
        )
        return {
            Quarter(row.quarter): QuarterTotals(
                rule=RuleName(row.rule),
                converting=row.converting,
                picked=row.picked,
                candidates=row.candidates,
                # MySQL's sums of whole numbers are decimals.
                impressions=int(row.impressions),
                clicks=int(row.clicks),
                conversions=int(row.conversions),
                revenue_micros=int(row.revenue_micros),
            )
            for row in rows
        }
