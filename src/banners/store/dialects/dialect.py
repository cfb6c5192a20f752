"""The parts of the store that differ between databases; each dialect implements this Protocol."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from banners.errors import CatalogueBusy, LoopBusy, PublisherBusy, StoreError, TotalsBusy

URL_SETTING = "--database or BANNERS_DATABASE_URL"
"""How an error refers to the URL, which can be given in either way."""

Rows = Sequence[sa.Row[*tuple[object, ...]]]
Change = sa.Delete | sa.Update
_T = TypeVar("_T")
Query = Callable[[Connection], _T]
Pair = tuple[int, bytes]
Pairs = sa.Select[int, bytes]


class Key(NamedTuple):
    """The first two columns of every row of a result."""

    generation: int
    quarter: int


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock of a database, which one connection at a time holds.

    Args:
        name: distinguishes it from other locks; empty for the publish lock.
        busy: the error if somebody else holds it.
        held: a sentence about that, with ``{place}`` for the database.
        retry: what to do then.
        tidy_seconds: seconds to wait for readers afterwards, so that all data of SQLite is in one
            file.
    """

    name: str
    busy: type[StoreError]
    held: str
    retry: str
    tidy_seconds: float

    def refusal(self, place: str, seconds: float) -> StoreError:
        """Return the error after waiting for so many seconds."""
        held = self.held.format(place=place)
        return self.busy(f"{held} and has not ended within {seconds:g} seconds. {self.retry}")


PUBLISH = Lock(
    name="",
    busy=PublisherBusy,
    held="Another run is publishing to {place}",
    retry="This run has published nothing. Wait for the other to end and run again, or raise "
    "BANNERS_WAIT_SECONDS.",
    tidy_seconds=1,
)
CATALOGUE = Lock(
    name="catalogue",
    busy=CatalogueBusy,
    held="Another change of the catalogue is being written to {place}",
    retry="Try again in a moment.",
    # A crunch that publishes meanwhile does this at its end.
    tidy_seconds=0.1,
)
TOTALS = Lock(
    name="totals",
    busy=TotalsBusy,
    held="Another process is writing totals of closed slots to {place}",
    retry="Event files are in place; close again to write the totals.",
    tidy_seconds=0.1,
)
LOOP = Lock(
    name="loop",
    busy=LoopBusy,
    held="Another loop publishes to {place}",
    retry="Each database has one: stop the other, or name another database.",
    tidy_seconds=0.1,
)


class Dialect(Protocol):
    """What the store asks of one kind of database."""

    IS_SERVER: bool
    """Whether it is a server, which may still be starting, and not a file."""

    def open_database(self, url: URL, *, create: bool, hurry: bool) -> Engine:
        """Prepare to connect: see :func:`banners.store.connect.open_database`."""
        ...

    def is_missing(self, url: URL) -> bool:
        """Return whether it is known, without a connection, that there is no such database yet.

        Raises:
            StoreUnavailable: this user has no right to find out.
        """
        ...

    def read(self, database: Engine, query: Query[_T]) -> _T:
        """Run a query that only reads, over a connection of its own.

        Args:
            database: an open database.
            query: called with the connection; it may be called again, and must fetch all its rows.
        """
        ...

    def refuse_changed(self, connection: Connection) -> None:
        """Refuse what was read in a transaction, unless it is of one state of the database.

        Raises:
            StoreUnavailable: the database has changed since the connection was opened.
        """
        ...

    def pairs(
        self, connection: Connection, select: Pairs, key: Mapping[str, object]
    ) -> Sequence[Pair]:
        """Run a query for many pairs of a number and bytes, as fast as the driver can.

        Args:
            connection: the connection of :meth:`read`.
            select: the query, sorted by the number.
            key: its parameters.

        Returns:
            The first rows, at least one if there are any. Rows at the end may be missing if all of
            them are too large for one answer.
        """
        ...

    def alone(
        self, database: Engine, *, seconds: float, lock: Lock = PUBLISH
    ) -> AbstractContextManager[Connection]:
        """Hold a lock, and provide the connection to write over.

        The lock is released however the run ends, even by ``kill -9``.

        Args:
            database: the database to write to.
            seconds: seconds to wait for another run to release the lock.
            lock: the lock to hold.

        Raises:
            PublisherBusy: another run holds the publish lock; other locks have errors of their own.
            StoreUnavailable: the lock cannot be taken.
        """
        ...

    def lasting(
        self, database: Engine, *, seconds: float, lock: Lock
    ) -> AbstractContextManager[Callable[[], None]]:
        """Hold a lock for as long as a process runs.

        Args:
            database: the database.
            seconds: seconds to wait for another process to release the lock.
            lock: the lock to hold.

        Yields:
            a function that raises what the driver raises if the lock has been lost, or the database
            cannot be used.

        Raises:
            StoreUnavailable: the lock cannot be taken.
        """
        ...

    def is_starting(self, error: BaseException) -> bool:
        """Return whether a failure to connect may be that of a server that is still starting.

        Args:
            error: what the driver raised.
        """
        ...

    def is_locked(self, error: BaseException) -> bool:
        """Return whether a statement failed since another transaction has locked what it needs.

        Args:
            error: what the driver raised.
        """
        ...

    def reason(self, error: BaseException) -> str:
        """Return a sentence that says what the driver reported, and what to do about it."""
        ...


def raw_pairs(connection: Connection, select: Pairs, key: Mapping[str, object]) -> Sequence[Pair]:
    """Return the rows of a query as the driver returns them: SQLAlchemy's rows take far longer."""
    rows: Sequence[Pair] = connection.execute(select, key).cursor.fetchall()
    return rows


def insert_statement(connection: Connection, table: sa.Table) -> str:
    """Return the INSERT of one row into a table, with the driver's own placeholders."""
    return str(sa.insert(table).compile(dialect=connection.dialect))


def bounded(connection: Connection, change: Change, most: int) -> Change:
    """Return a statement that changes at most ``most`` rows, to be repeated until it finds fewer.

    Only MySQL has and needs such a limit: with SQLite, the statement changes all rows quickly.

    Args:
        connection: the connection that will run it.
        change: the statement without a limit.
        most: the maximum number of rows.
    """
    if connection.dialect.name not in {"mysql", "mariadb"}:
        return change
    return change.with_dialect_options(mysql_limit=most)
