"""What databases do differently: a module for each answers this Protocol; all else is shared."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from banners.store.schema import PERFORMANCE

if TYPE_CHECKING:
    import pyarrow as pa

URL_SETTING = "--database or BANNERS_DATABASE_URL"
"""What an error calls the URL, which may have been given in either way."""

Rows = Sequence[sa.Row[*tuple[object, ...]]]
Query = Callable[[Connection], Rows]


class Key(NamedTuple):
    """What all rows of a quarter begin with: the generation's number, and the quarter's."""

    generation: int
    quarter: int


FIGURES = [column.name for column in PERFORMANCE.columns][len(Key._fields) :]
"""The columns of the table ``performance`` behind its key; an engine's batches have them too."""


class Dialect(Protocol):
    """The ways of one kind of database."""

    IS_SERVER: bool
    """Whether it is a server, which may still be starting, and not a file."""

    def open_engine(self, url: URL, *, create: bool) -> Engine:
        """Prepare to connect: see :func:`banners.store.connect.open_database`."""
        ...

    def is_missing(self, url: URL) -> bool:
        """Tell, without a connection, that there is no such database yet.

        Raises:
            StoreUnavailable: this user may not look.
        """
        ...

    def read(self, database: Engine, query: Query) -> Rows:
        """Run a query that only reads, over a connection of its own.

        Args:
            database: an open database.
            query: is given the connection; it may be run again, and all of its rows are taken.
        """
        ...

    def alone(self, database: Engine, *, seconds: float) -> AbstractContextManager[Connection]:
        """Keep other runs away, and give the connection to publish over.

        The lock is let go of however the run ends, be it by ``kill -9``.

        Args:
            database: the database to publish to.
            seconds: how long to wait for another run to end.

        Raises:
            PublisherBusy: another run is publishing.
            StoreUnavailable: the lock is out of reach.
        """
        ...

    def insert_performance(self, connection: Connection, key: Key, batch: "pa.RecordBatch") -> None:
        """Insert rows of the table ``performance``, of which there are most by far.

        Args:
            connection: within a transaction.
            key: what all the rows begin with.
            batch: the columns ``FIGURES``, all of whole numbers.
        """
        ...

    def is_starting(self, error: BaseException) -> bool:
        """Tell whether such a failure to connect may be that of a server still starting.

        Args:
            error: what the driver raised.
        """
        ...

    def reason(self, error: BaseException) -> str:
        """Put into a sentence what the driver said, and what to do about it."""
        ...


def insert_statement(connection: Connection, table: sa.Table) -> str:
    """Write the INSERT of one row into a table, with the driver's own marks for its values."""
    return str(sa.insert(table).compile(dialect=connection.dialect))
