"""Reads from the database what the loop has published, and what a rollback holds."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.model import Quarter
from banners.reports.loop import HeldQuarter, LoopProcess, LoopQuarter, LoopStatus
from banners.store.read.queries import Breaker, Queries
from banners.store.schema import HELD_QUARTERS, LOOP_PROCESS, LOOP_QUARTERS


class DatabaseLoop:
    """A LoopReader over a database, in which there may be no tables yet.

    Args:
        database: an open database; the caller closes it.
        breaker: fails queries immediately while the database does not answer.
    """

    def __init__(self, database: Engine, breaker: Breaker | None = None) -> None:
        # The tables are made together, so if one exists, all do.
        self._queries = Queries(database, breaker, LOOP_PROCESS)

    def loop(self) -> LoopStatus:
        """Return what is known about the loop."""
        return LoopStatus(self._process(), self._quarters(), self.held())

    def held(self) -> Mapping[Quarter, HeldQuarter]:
        """Return the quarters that a rollback holds."""
        query = sa.select(HELD_QUARTERS).order_by(HELD_QUARTERS.c.quarter)
        return {
            Quarter(row.quarter): HeldQuarter(row.generation, row.since)
            for row in self._queries.rows(query)
        }

    def _process(self) -> LoopProcess | None:
        for row in self._queries.rows(sa.select(LOOP_PROCESS)):
            return LoopProcess(
                host=row.host,
                process=row.process,
                started_at=row.started_at,
                beat_at=row.beat_at,
                doing=row.doing,
                closed=row.closed,
                next_at=row.next_at,
                problem=row.problem,
            )
        return None

    def _quarters(self) -> Mapping[Quarter, LoopQuarter]:
        query = sa.select(LOOP_QUARTERS).order_by(LOOP_QUARTERS.c.quarter)
        return {
            Quarter(row.quarter): LoopQuarter(row.slot, row.events, row.published_at, row.seconds)
            for row in self._queries.rows(query)
        }
