"""Publishes generations: the only writer of results.

A generation is written under a new number, checked, and made live by setting the pointers of its
quarters in one transaction. Readers see the previous generation until then, and the new one from
then on. A run that ends in between leaves rows that no reader looks at; the next run sweeps them.
"""

import contextlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.core.model import Generation, Quarter
from banners.errors import StoreError
from banners.store.connect import translated
from banners.store.dialects.dialect import Key
from banners.store.schema import GENERATION_QUARTERS, GENERATIONS
from banners.store.write.activate import make_live
from banners.store.write.publisher import Publisher, check_may_publish, refuse_held
from banners.store.write.quarter import Written, insert, write_rows
from banners.store.write.sweep import clear, drop_old, forget
from banners.store.write.turn import turn_to_write

if TYPE_CHECKING:
    import pyarrow as pa

_LOG = logging.getLogger(__name__)

WAIT_SECONDS = 60.0
"""Seconds that a run waits for a server that is starting, and for another run to finish writing."""


class Draft:
    """A generation that is being written, and that is not live yet.

    Args:
        connection: the connection that holds the publish lock.
        source: the folder that the event files came from.
        engine: the name of the engine that crunched them.
        now: returns the time in UTC.
        publisher: who publishes; None for whoever may.
        keep_generations: see :func:`draft`.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        source: str,
        engine: str,
        now: Callable[[], datetime],
        publisher: Publisher | None = None,
        keep_generations: int | None = None,
    ) -> None:
        self._connection = connection
        self._source = source
        self._engine = engine
        self._now = now
        self._publisher = publisher
        self._keep_generations = keep_generations
        self._written: dict[Quarter, Written] = {}
        self.generation: Generation | None = None
        """The generation, once its first quarter is being written."""

    def write_quarter(
        self,
        quarter: Quarter,
        candidates: Iterable["pa.RecordBatch"],
        inventory: Iterable["pa.RecordBatch"],
    ) -> Written:
        """Write the result of one quarter.

        Args:
            quarter: the quarter of the hour; each is written once.
            candidates: see :meth:`banners.store.write.rows.CandidateRows.add`.
            inventory: the ids of all candidates, in a column ``banner_id``.

        Raises:
            SourceError: a campaign is too large to be stored, or a rollback holds the quarter;
                other quarters may still be written and activated.
            StoreError: the database refused or failed.
        """
        with translated(self._connection.engine):
            with self._connection.begin():
                refuse_held(self._connection, quarter)
            if self.generation is None:
                self.generation = self._begin()
            key = Key(self.generation.number, int(quarter))
            written = write_rows(self._connection, key, candidates, inventory)
        self._written[quarter] = written
        return written

    def describe_quarter(
        self, quarter: Quarter, *, digest: str, rows: int, summary: Mapping[str, Any]
    ) -> None:
        """Record what a quarter was made from.

        Args:
            quarter: a quarter that has been written.
            digest: SHA-256 over its event files.
            rows: the number of rows in these.
            summary: the accounting of its rows, as JSON.
        """
        number = self.generation.number if self.generation else None
        row = (number, int(quarter), digest, rows, json.dumps(summary))
        with translated(self._connection.engine), self._connection.begin():
            insert(self._connection, GENERATION_QUARTERS, [row])

    def activate(self) -> None:
        """Check what was written, and make it live.

        Each quarter that was written must have been described. Does nothing if no quarter was.

        Raises:
            QuarterHeld: a quarter was rolled back meanwhile; the previous generations stay live.
            StoreError: the database does not hold what was written; the previous generation stays
                live.
        """
        if self.generation is None:
            return
        connection, number = self._connection, self.generation.number
        with translated(connection.engine):
            # A quarter can fail after some of its rows were written, while the others succeed.
            clear(connection, number, set(Quarter) - set(self._written))
            if not self._written:
                forget(connection, number)
                self.generation = None
                return
            make_live(connection, number, self._written, self._now().isoformat(), self._publisher)
        try:
            with translated(connection.engine):
                drop_old(connection, self._keep_generations)
        except StoreError as error:
            _LOG.warning(
                "Generation %d is live, but older ones could not be dropped; the next run tries "
                "again. %s",
                number,
                error,
            )

    def _begin(self) -> Generation:
        stamp = self._now().isoformat()
        with self._connection.begin():
            result = self._connection.execute(
                sa.insert(GENERATIONS).values(
                    state="writing",
                    engine=self._engine,
                    source=self._source,
                    started_at=stamp,
                )
            )
            (number,) = cast("sa.Row[int]", result.inserted_primary_key)
        return Generation(number, stamp)


@contextlib.contextmanager
def draft(
    database: Engine,
    *,
    source: str,
    engine: str,
    now: Callable[[], datetime],
    wait_seconds: float = WAIT_SECONDS,
    publisher: Publisher | None = None,
    keep_generations: int | None = None,
) -> Iterator[Draft]:
    """Begin a generation, which goes live when :meth:`Draft.activate` is called.

    The publish lock is held throughout: crunch first, then begin.

    Args:
        database: an open database; its tables are made or brought up to date.
        source: the folder that the event files come from.
        engine: the name of the engine that crunched them.
        now: returns the time in UTC.
        wait_seconds: seconds to wait for a server that is still starting, and then for another run
            that is writing to the same database.
        publisher: who publishes; None for whoever may.
        keep_generations: how many of the newest generations of each quarter to keep, 1 or more;
            None for the usual number.

    Raises:
        LoopPublishes: the loop publishes into this database, from another folder.
        PublisherBusy: another run is still writing to the same database.
        StoreUnavailable: the database cannot be reached.
        StoreError: a newer Banners has made the tables.
    """
    with turn_to_write(database, now=now, wait_seconds=wait_seconds) as connection:
        check_may_publish(connection, publisher)
        yield Draft(
            connection,
            source=source,
            engine=engine,
            now=now,
            publisher=publisher,
            keep_generations=keep_generations,
        )
