"""Reads what the report on a campaign shows from the database."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.candidates import Candidates
from banners.core.figures import FIGURE_NAMES, Figures
from banners.core.model import Generation, Quarter
from banners.core.rule import case_of
from banners.reports.reader import QuarterTotals
from banners.store.read.catalogue import DatabaseCatalogue
from banners.store.read.lineups import read_one
from banners.store.read.named import DatabaseNames
from banners.store.read.queries import Breaker, Queries
from banners.store.schema import CANDIDATES, GENERATION_QUARTERS, GENERATIONS

_GENERATIONS = (
    sa.select(GENERATION_QUARTERS.c.quarter, GENERATIONS.c.generation, GENERATIONS.c.started_at)
    .join(GENERATIONS, GENERATIONS.c.generation == GENERATION_QUARTERS.c.generation)
    .where(GENERATIONS.c.state == "complete")
    .order_by(GENERATION_QUARTERS.c.quarter, GENERATIONS.c.generation.desc())
)
_TOTALS = (
    sa.select(
        CANDIDATES.c.quarter,
        CANDIDATES.c.converting,
        CANDIDATES.c.picked,
        CANDIDATES.c.candidates,
        *(CANDIDATES.c[name] for name in FIGURE_NAMES),
    )
    .join(GENERATIONS, GENERATIONS.c.generation == CANDIDATES.c.generation)
    .where(CANDIDATES.c.campaign_id == sa.bindparam("campaign_id"))
)


class DatabaseCampaigns:
    """A CampaignReader over the database, which it closes with itself.

    Args:
        database: an open database; nothing needs to be published in it yet.
        breaker: keeps queries from waiting while the database does not answer; None for none.
    """

    def __init__(self, database: Engine, breaker: Breaker | None = None) -> None:
        self._queries = Queries(database, breaker)
        self._names = DatabaseNames(DatabaseCatalogue(database, breaker))

    def close(self) -> None:
        """Close the database; reading after that raises :class:`StoreClosed`."""
        self._queries.close()

    @property
    def names(self) -> DatabaseNames:
        """What people call campaigns and banners."""
        return self._names

    def generations(self) -> Mapping[Quarter, list[Generation]]:
        """Return the generations that are kept of each quarter, newest first; {} for none."""
        kept: dict[Quarter, list[Generation]] = {}
        for row in self._queries.rows(_GENERATIONS):
            generation = Generation(row.generation, row.started_at)
            kept.setdefault(Quarter(row.quarter), []).append(generation)
        return kept

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        """Return the candidates of a campaign, ranked (docs/rule.md).

        None if the generation does not have the campaign, or is no longer kept.
        """
        return read_one(self._queries, generation, quarter, campaign_id)

    def totals(
        self, generations: Mapping[Quarter, Generation], campaign_id: int
    ) -> Mapping[Quarter, QuarterTotals]:
        """Return the totals of a campaign for each given quarter in which it has candidates."""
        of_these = [
            (CANDIDATES.c.quarter == int(quarter))
            & (CANDIDATES.c.generation == generation.number)
            & (GENERATIONS.c.started_at == generation.stamp)
            for quarter, generation in generations.items()
        ]
        rows = self._queries.rows(
            _TOTALS.where(sa.or_(sa.false(), *of_these)), {"campaign_id": campaign_id}
        )
        return {
            Quarter(row.quarter): QuarterTotals(
                rule=case_of(row.converting),
                converting=row.converting,
                picked=row.picked,
                candidates=row.candidates,
                figures=Figures(*(getattr(row, name) for name in FIGURE_NAMES)),
            )
            for row in rows
        }
