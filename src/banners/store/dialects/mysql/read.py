"""Reads from MySQL or MariaDB."""

from collections.abc import Mapping, Sequence
from itertools import islice
from operator import lt
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from banners.store.dialects.dialect import Pair, Pairs, Query, raw_pairs

_T = TypeVar("_T")
_JOINED_BYTES = 8_000_000
"""Maximum number of bytes that the server joins into one row; a packet may have more by default."""


def is_missing(_url: URL) -> bool:
    """Return False: only the server knows."""
    return False


def read(database: Engine, query: Query[_T]) -> _T:
    """Run a query within a transaction, which sees one state of the database."""
    with database.connect() as connection:
        return query(connection)


def refuse_changed(_connection: Connection) -> None:
    """Do nothing: a transaction sees one state of the database."""


def pairs(connection: Connection, select: Pairs, key: Mapping[str, object]) -> Sequence[Pair]:
    """Let the server join the rows into one, since PyMySQL takes long for each row.

    Rows that the server has cut off are left out. If it has cut off the first one, that row is read
    by itself.
    """
    connection.exec_driver_sql(f"SET SESSION group_concat_max_len = {_JOINED_BYTES}")
    number, content = select.subquery().columns
    joined = sa.select(
        sa.func.group_concat(number),
        sa.func.group_concat(sa.func.length(content)),
        sa.func.aggregate_strings(content, ""),
    )
    ids, lengths, contents = connection.execute(joined, key).cursor.fetchall()[0]
    if ids is None:
        return ()
    numbers = list(map(int, ids.split(",")))
    if not all(map(lt, numbers, islice(numbers, 1, None))):
        # Servers join the rows in the order of the subquery, but do not promise to.
        return raw_pairs(connection, select, key)
    found, start = [], 0
    for each, length in zip(numbers, map(int, lengths.split(",")), strict=True):
        end = start + length
        if end > len(contents):
            break
        found.append((each, contents[start:end]))
        start = end
    return found or raw_pairs(connection, select.limit(1), key)
