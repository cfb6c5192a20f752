"""Runs queries that only read, over a database that may not have been published to yet."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection, Engine

from banners.errors import StoreClosed
from banners.store.connect import dialect_of, translated
from banners.store.dialect import Rows
from banners.store.schema import GENERATIONS
from banners.store.steps import refuse_other


class Queries:
    """An open database, to be read.

    Args:
        database: an open database; it need not have been published to.
    """

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._closed = False

    def close(self) -> None:
        """Close the database; whoever reads on is told so by :class:`StoreClosed`."""
        self._closed = True
        self._database.dispose()

    def rows(
        self, select: sa.Select[*tuple[object, ...]], key: Mapping[str, object] | None = None
    ) -> Rows:
        """Run a SELECT; a database that nobody has published to yet has no rows of anything."""
        if self._closed:
            raise StoreClosed("The database has been closed. To read from it, open it again.")
        dialect = dialect_of(self._database)
        if dialect.is_missing(self._database.url):
            return ()

        def query(connection: Connection) -> Rows:
            try:
                return connection.execute(select, key).all()
            except exc.DBAPIError as error:
                if error.connection_invalidated:
                    raise
                if not _has_tables(connection):
                    return ()
                refuse_other(connection)
                raise

        with translated(self._database):
            return dialect.read(self._database, query)


def _has_tables(connection: Connection) -> bool:
    return sa.inspect(connection).has_table(GENERATIONS.name)
