"""Runs queries that only read, even if nothing has been published yet."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection, Engine

from banners.errors import StoreClosed, StoreError, StoreUnavailable
from banners.store.connect import dialect_of, named, translated
from banners.store.dialects.dialect import Pair, Pairs, Rows
from banners.store.schema import GENERATIONS

_T = TypeVar("_T")


class Breaker(Protocol):
    """Blocks calls while a server does not answer (banners.serve.breaker)."""

    def lets_through(self) -> bool:
        """Return whether a call may be made; its caller then reports success or failure."""
        ...

    def went_well(self) -> None:
        """Record that a call succeeded."""
        ...

    def failed(self, error: Exception) -> None:
        """Record that a call failed."""
        ...


class Queries:
    """Queries of an open database, until it is closed.

    Args:
        database: an open database, which may have no tables yet.
        breaker: fails queries immediately while the database does not answer; None to let each
            wait for it.
        table: the table whose absence means that nothing has been published yet.
    """

    def __init__(
        self, database: Engine, breaker: Breaker | None = None, table: sa.Table = GENERATIONS
    ) -> None:
        self._database = database
        self._table = table
        self._breaker = breaker
        self._closed = False

    def close(self) -> None:
        """Close the database; later queries raise :class:`StoreClosed`."""
        self._closed = True
        self._database.dispose()

    def rows(
        self, select: sa.Select[*tuple[object, ...]], key: Mapping[str, object] | None = None
    ) -> Rows:
        """Run a SELECT, and return all rows; none if nothing has been published yet.

        Raises:
            StoreClosed: it has been closed.
            StoreUnavailable: the database cannot be reached, or did not answer other queries.
            StoreError: it refused or failed.
        """
        return self._ask(lambda connection: connection.execute(select, key).all())

    def pairs(self, select: Pairs, key: Mapping[str, object]) -> Sequence[Pair]:
        """Run a SELECT for pairs of a number and bytes, sorted by the number; see :meth:`rows`.

        Returns:
            See :meth:`banners.store.dialects.dialect.Dialect.pairs`.
        """
        pairs = dialect_of(self._database).pairs
        return self._ask(lambda connection: pairs(connection, select, key))

    def _ask(self, fetch: Callable[[Connection], Sequence[_T]]) -> Sequence[_T]:
        if self._closed:
            raise StoreClosed("The database has been closed. To read from it, open it again.")
        if self._breaker is None:
            return self._fetched(fetch)
        if not self._breaker.lets_through():
            raise StoreUnavailable(
                f"{named(self._database)} did not answer, and is asked again every second."
            )
        try:
            rows = self._fetched(fetch)
        except StoreUnavailable as error:
            # Waiting for a connection of the pool says nothing about the server.
            if not isinstance(error.__cause__, exc.TimeoutError):
                self._breaker.failed(error)
            raise
        except StoreError:
            self._breaker.went_well()
            raise
        self._breaker.went_well()
        return rows

    def check_tables(self) -> None:
        """Check that the tables, if there are any, are those of this Banners.

        Raises:
            OlderTables: they are those of an earlier release.
            StoreError: they are those of a later one, or the database cannot be read.
        """
        dialect = dialect_of(self._database)

        def check(connection: Connection) -> Rows:
            self._has_tables(connection)
            return ()

        if not dialect.is_missing(self._database.url):
            with translated(self._database):
                dialect.read(self._database, check)

    def _fetched(self, fetch: Callable[[Connection], Sequence[_T]]) -> Sequence[_T]:
        dialect = dialect_of(self._database)
        if dialect.is_missing(self._database.url):
            return ()

        def query(connection: Connection) -> Sequence[_T]:
            try:
                return fetch(connection)
            except exc.DBAPIError as error:
                if error.connection_invalidated:
                    raise
                if not self._has_tables(connection):
                    return ()
                raise

        with translated(self._database):
            return dialect.read(self._database, query)

    def _has_tables(self, connection: Connection) -> bool:
        """Return whether anything has been published, and refuse tables of another release."""
        if not sa.inspect(connection).has_table(self._table.name):
            return False
        from banners.store.steps import refuse_other

        refuse_other(connection)
        return True
