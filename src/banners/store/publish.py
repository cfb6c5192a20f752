"""Publishes generations: the only writer of the database.

A generation is written under a new number, checked, and made active by setting the pointers of
its quarters in one transaction. Readers see the old one until then, and the new one from then on.
A run that ends in between leaves rows that nobody reads; the next run sweeps them away.
"""

import contextlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.errors import PublisherBusy, StoreError
from banners.model import Generation, Quarter, RuleName
from banners.store.connect import dialect_of, translated, wait_for_server
from banners.store.dialect import Key, insert_statement
from banners.store.rows import IDS_A_PART, LineupRows, Row, inventory_rows
from banners.store.schema import (
    ACTIVE_GENERATIONS,
    GENERATION_QUARTERS,
    GENERATIONS,
    INVENTORY,
    LINEUPS,
    PERFORMANCE,
    ROWS_AT_ONCE,
)
from banners.store.steps import bring_up_to_date
from banners.store.sweep import clear, drop_old, forget, sweep_unfinished

if TYPE_CHECKING:
    import pyarrow as pa

_LOG = logging.getLogger(__name__)

WAIT_SECONDS = 60.0
"""So long a run waits for a server that is starting, and for another run to end."""

_STRIDE = 20_000


@dataclass(slots=True)
class Written:
    """What was written for a quarter: candidates, parts of the inventory, campaigns by rule."""

    candidates: int = 0
    inventory_parts: int = 0
    rules: Counter[RuleName] = field(default_factory=Counter)

    @property
    def campaigns(self) -> int:
        """The number of campaigns; each has one lineup."""
        return self.rules.total()


class Draft:
    """A generation that is being written, and that nobody reads yet.

    Args:
        connection: the connection that keeps other runs away.
        source: the folder that the event files came from.
        engine: what crunched them.
        now: tells the time, in UTC.
    """

    def __init__(
        self, connection: Connection, *, source: str, engine: str, now: Callable[[], datetime]
    ) -> None:
        self._connection = connection
        self._source = source
        self._engine = engine
        self._now = now
        self._written: dict[Quarter, Written] = {}
        self.generation: Generation | None = None
        """What it is called, from the first quarter written."""

    def write_quarter(
        self,
        quarter: Quarter,
        lineups: Iterable["pa.RecordBatch"],
        inventory: Iterable["pa.RecordBatch"],
    ) -> Written:
        """Write the result of one quarter.

        Args:
            quarter: the quarter of the hour; each is written once.
            lineups: see :meth:`banners.store.rows.LineupRows.add`.
            inventory: the ids of all candidates, in a column ``banner_id``.

        Raises:
            SourceError: the revenues of a campaign are more than can be kept; other quarters may
                still be written and activated.
            StoreError: the database refused or broke.
        """
        written = Written()
        with translated(self._connection.engine):
            if self.generation is None:
                self.generation = self._begin()
            key = Key(self.generation.number, int(quarter))
            with _in_pieces(self._connection) as wrote:
                self._write_lineups(key, lineups, written, wrote)
                for parts in inventory_rows(key, inventory):
                    _insert(self._connection, INVENTORY, parts)
                    written.inventory_parts += len(parts)
                    wrote(len(parts) * IDS_A_PART)
        self._written[quarter] = written
        return written

    def describe_quarter(
        self, quarter: Quarter, *, digest: str, rows: int, summary: Mapping[str, Any]
    ) -> None:
        """Write down what a quarter was made from.

        Args:
            quarter: a quarter that has been written.
            digest: SHA-256 over its event files.
            rows: how many rows these have.
            summary: the accounting of its rows, as JSON.
        """
        number = self.generation.number if self.generation else None
        row = (number, int(quarter), digest, rows, json.dumps(summary))
        with translated(self._connection.engine), self._connection.begin():
            _insert(self._connection, GENERATION_QUARTERS, [row])

    def activate(self) -> None:
        """Check what was written, and serve it from now on.

        Nothing happens where no quarter was written; each that was has to be described as well.

        Raises:
            StoreError: the database does not hold what was written; what was served before is
                served on.
        """
        if self.generation is None:
            return
        connection = self._connection
        with translated(connection.engine):
            # An engine may fail in the middle of a quarter, and the run go on without it.
            number = self.generation.number
            clear(connection, number, set(Quarter) - set(self._written))
            if not self._written:
                forget(connection, number)
                self.generation = None
                return
            with connection.begin():
                self._complete(number)
                for quarter, written in self._written.items():
                    _check(connection, number, quarter, written)
                for quarter in self._written:
                    point(connection, quarter, number)
        try:
            with translated(connection.engine):
                drop_old(connection)
        except StoreError as error:
            _LOG.warning(
                "Generation %d is served, but older ones could not be dropped; the next run tries "
                "again. %s",
                number,
                error,
            )

    def _complete(self, generation: int) -> None:
        completed = self._connection.execute(
            sa.update(GENERATIONS)
            .where(GENERATIONS.c.generation == generation, GENERATIONS.c.state == "writing")
            .values(state="complete", published_at=self._now().isoformat())
        )
        if completed.rowcount != 1:
            raise StoreError(
                f"Generation {generation} was not published: another run took it for abandoned. "
                "Run again."
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

    def _write_lineups(
        self,
        key: Key,
        lineups: Iterable["pa.RecordBatch"],
        written: Written,
        wrote: Callable[[int], None],
    ) -> None:
        dialect = dialect_of(self._connection.engine)
        gathered = LineupRows(key)
        for batch in _strides(lineups):
            dialect.insert_performance(self._connection, key, batch)
            _insert(self._connection, LINEUPS, gathered.add(batch))
            written.candidates += batch.num_rows
            wrote(batch.num_rows)
        _insert(self._connection, LINEUPS, gathered.finish())
        written.rules = gathered.rules


@contextlib.contextmanager
def draft(
    database: Engine,
    *,
    source: str,
    engine: str,
    now: Callable[[], datetime],
    wait_seconds: float = WAIT_SECONDS,
) -> Iterator[Draft]:
    """Begin a generation; it is served once :meth:`Draft.activate` has been called.

    Args:
        database: an open database; its tables are made, or brought up to date.
        source: the folder that the event files come from.
        engine: what crunches them.
        now: tells the time, in UTC.
        wait_seconds: how long to wait for a server that is still starting, and then for another run
            that is publishing to the same database.

    Raises:
        PublisherBusy: another run is publishing to the same database.
        StoreUnavailable: the database cannot be reached.
        StoreError: a newer Banners has made the tables.
    """
    with translated(database), contextlib.ExitStack() as held:
        wait_for_server(database, seconds=wait_seconds)
        connection = _wait_for_turn(database, held, wait_seconds)
        bring_up_to_date(connection, lambda: now().isoformat())
        sweep_unfinished(connection)
        yield Draft(connection, source=source, engine=engine, now=now)


def _wait_for_turn(database: Engine, held: contextlib.ExitStack, wait_seconds: float) -> Connection:
    alone = dialect_of(database).alone
    try:
        return held.enter_context(alone(database, seconds=0))
    except PublisherBusy:
        if not wait_seconds:
            raise
    _LOG.warning("Another run is publishing; waiting up to %g seconds for it to end.", wait_seconds)
    return held.enter_context(alone(database, seconds=wait_seconds))


@contextlib.contextmanager
def _in_pieces(connection: Connection) -> Iterator[Callable[[int], None]]:
    """Work in transactions of bounded size; what is given is to be told of the rows written."""
    pending = 0

    def wrote(rows: int) -> None:
        nonlocal pending
        pending += rows
        if pending >= ROWS_AT_ONCE:
            connection.commit()
            pending = 0

    try:
        yield wrote
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _strides(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
    """Cut batches so small that their rows are nothing in memory."""
    for batch in batches:
        for start in range(0, batch.num_rows, _STRIDE):
            yield batch.slice(start, _STRIDE)


def _insert(connection: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    # Past SQLAlchemy's own handling of parameters, which costs more than the database's work.
    if rows:
        connection.exec_driver_sql(insert_statement(connection, table), list(rows))


def _check(connection: Connection, generation: int, quarter: Quarter, written: Written) -> None:
    for table, expected in (
        (PERFORMANCE, written.candidates),
        (LINEUPS, written.campaigns),
        (INVENTORY, written.inventory_parts),
        (GENERATION_QUARTERS, 1),
    ):
        found = connection.execute(
            sa.select(sa.func.count()).where(
                table.c.generation == generation, table.c.quarter == int(quarter)
            )
        ).scalar_one()
        if found != expected:
            raise StoreError(
                f"Generation {generation} was not published: in quarter {quarter} the table "
                f"{table.name} holds {found} rows of the {expected} written. Run again."
            )


def point(connection: Connection, quarter: Quarter, generation: int) -> None:
    """Set the pointer of a quarter, within a transaction of the caller's.

    Args:
        connection: a connection that has begun a transaction.
        quarter: the quarter of the hour.
        generation: the number of a complete generation that has this quarter.
    """
    pointer = ACTIVE_GENERATIONS.c.quarter == int(quarter)
    changed = connection.execute(
        sa.update(ACTIVE_GENERATIONS).where(pointer).values(generation=generation)
    )
    if changed.rowcount == 0:
        connection.execute(
            sa.insert(ACTIVE_GENERATIONS).values(quarter=int(quarter), generation=generation)
        )
