"""Reads what reports show from the database."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.model import Generation, Quarter
from banners.core.outcome import QuarterOutcome
from banners.errors import DamagedRecord
from banners.reports.loop import LoopStatus
from banners.reports.reader import CampaignsWanted, KeptQuarter, ListedCampaigns
from banners.store.read.campaign import DatabaseCampaigns
from banners.store.read.lineups import read_active, read_outcome
from banners.store.read.listing import list_campaigns
from banners.store.read.loop import DatabaseLoop
from banners.store.read.performance import stream_performance
from banners.store.read.queries import Breaker
from banners.store.schema import ACTIVE_GENERATIONS, CANDIDATES, GENERATION_QUARTERS, GENERATIONS

if TYPE_CHECKING:
    import pyarrow as pa

_KEPT = (
    sa.select(
        GENERATIONS.c.generation,
        GENERATIONS.c.published_at,
        GENERATIONS.c.engine,
        GENERATIONS.c.source,
        GENERATION_QUARTERS.c.quarter,
        GENERATION_QUARTERS.c.event_rows,
        GENERATION_QUARTERS.c.summary,
        ACTIVE_GENERATIONS.c.generation.label("active"),
    )
    .join(GENERATION_QUARTERS, GENERATION_QUARTERS.c.generation == GENERATIONS.c.generation)
    .outerjoin(ACTIVE_GENERATIONS, ACTIVE_GENERATIONS.c.quarter == GENERATION_QUARTERS.c.quarter)
    .where(GENERATIONS.c.state == "complete")
    .order_by(GENERATIONS.c.generation.desc(), GENERATION_QUARTERS.c.quarter)
)

_PUBLISHED = (
    sa.select(CANDIDATES.c.campaign_id)
    .join(
        ACTIVE_GENERATIONS,
        (ACTIVE_GENERATIONS.c.generation == CANDIDATES.c.generation)
        & (ACTIVE_GENERATIONS.c.quarter == CANDIDATES.c.quarter),
    )
    .distinct()
    .order_by(CANDIDATES.c.campaign_id)
)


class DatabaseReports(DatabaseCampaigns):
    """A ReportReader over the database, which it closes with itself.

    Args:
        database: an open database; nothing needs to be published in it yet.
        breaker: keeps queries from waiting while the database does not answer; None for none.
    """

    def __init__(self, database: Engine, breaker: Breaker | None = None) -> None:
        super().__init__(database, breaker)
        self._loop = DatabaseLoop(database, breaker)

    def active(self) -> Mapping[Quarter, Generation]:
        """Return the live generation of each quarter; {} if nothing has been published."""
        return read_active(self._queries)

    def published(self) -> list[int]:
        """Return the ids of all campaigns that have figures in a live generation, sorted."""
        return [row.campaign_id for row in self._queries.rows(_PUBLISHED)]

    def kept(self) -> list[KeptQuarter]:
        """Return every quarter of every generation that is kept, newest first."""
        rows = self._queries.rows(_KEPT)
        held = {(quarter, each.generation): each for quarter, each in self._loop.held().items()}
        return [
            KeptQuarter(
                generation=row.generation,
                quarter=row.quarter,
                served=row.active == row.generation,
                published_at=row.published_at,
                engine=row.engine,
                source=row.source,
                rows=row.event_rows,
                outcome=_readable_outcome(row.generation, Quarter(row.quarter), row.summary),
                held_since=each.since if (each := held.get((row.quarter, row.generation))) else "",
            )
            for row in rows
        ]

    def loop(self) -> LoopStatus:
        """Return what is known about the loop."""
        return self._loop.loop()

    def campaigns(
        self, generation: Generation, quarter: Quarter, wanted: CampaignsWanted
    ) -> ListedCampaigns:
        """Return some campaigns of a quarter; none if the generation is no longer kept."""
        return list_campaigns(self._queries, generation, quarter, wanted)

    def performance(self, generation: Generation, quarter: Quarter) -> Iterator["pa.RecordBatch"]:
        """Stream the figures of every candidate; some are missing if it is dropped meanwhile."""
        return stream_performance(self._queries, generation, quarter)


def _readable_outcome(generation: int, quarter: Quarter, summary: str) -> QuarterOutcome | None:
    """Return the outcome of a kept quarter; None if it is damaged, so that others are still shown.

    A worker that loads the quarter notices the damage as well, and says what to do.
    """
    try:
        return read_outcome(generation, quarter, summary)
    except DamagedRecord:
        return None
