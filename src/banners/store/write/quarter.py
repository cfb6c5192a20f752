"""Writes the rows of one quarter of a generation that is not live yet."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from banners.core.model import RuleName
from banners.store.dialects.dialect import Key, insert_statement
from banners.store.schema import CANDIDATES, INVENTORY
from banners.store.write.rows import CandidateRows, Row, inventory_rows

if TYPE_CHECKING:
    import pyarrow as pa

BYTES_AT_ONCE = 8 << 20
"""Number of bytes after which a transaction is committed. Each commit takes several syncs of the
disk; a much larger transaction takes long to undo if the run is killed."""

_ROWS_A_SLICE = 20_000


@dataclass(slots=True)
class Written:
    """What was written of a quarter.

    Args:
        candidates: the number of candidates of all campaigns.
        inventory_parts: the rows of the table ``inventory``.
        rules: the number of campaigns for each case of the rule.
    """

    candidates: int = 0
    inventory_parts: int = 0
    rules: Counter[RuleName] = field(default_factory=Counter)

    @property
    def campaigns(self) -> int:
        """The number of campaigns; each is one row of the table ``candidates``."""
        return self.rules.total()


def write_rows(
    connection: Connection,
    key: Key,
    candidates: Iterable["pa.RecordBatch"],
    inventory: Iterable["pa.RecordBatch"],
) -> Written:
    """Write the result of one quarter, in transactions of bounded size.

    Args:
        connection: the connection that holds the publish lock, outside a transaction.
        key: the generation and the quarter.
        candidates: see :meth:`banners.store.write.rows.CandidateRows.add`.
        inventory: the ids of all candidates, in a column ``banner_id``.

    Raises:
        SourceError: a campaign is too large to be stored.
    """
    written = Written()
    with _bounded_transactions(connection) as write:
        rows = CandidateRows(key)
        for batch in _slices(candidates):
            write(CANDIDATES, rows.add(batch))
            written.candidates += batch.num_rows
        write(CANDIDATES, rows.finish())
        written.rules = rows.rules
        for parts in inventory_rows(key, inventory):
            write(INVENTORY, parts)
            written.inventory_parts += len(parts)
    return written


def insert(connection: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows that have a value for every column, within a transaction of the caller."""
    # This bypasses SQLAlchemy's handling of parameters, which takes longer than the database does.
    if rows:
        connection.exec_driver_sql(insert_statement(connection, table), list(rows))


@contextlib.contextmanager
def _bounded_transactions(
    connection: Connection,
) -> Iterator[Callable[[sa.Table, Sequence[Row]], None]]:
    """Yield a function that inserts rows, and commits after every ``BYTES_AT_ONCE`` bytes.

    The last column of each row holds nearly all of its bytes.
    """
    pending = 0

    def write(table: sa.Table, rows: Sequence[Row]) -> None:
        nonlocal pending
        insert(connection, table, rows)
        pending += sum(len(row[-1]) for row in rows)
        if pending >= BYTES_AT_ONCE:
            connection.commit()
            pending = 0

    try:
        yield write
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _slices(batches: Iterable["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
    """Cut batches into slices with rows, which take little memory as Python objects."""
    for batch in batches:
        for start in range(0, batch.num_rows, _ROWS_A_SLICE):
            yield batch.slice(start, _ROWS_A_SLICE)
