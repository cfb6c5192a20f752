"""Reads from SQLite, without making files beside the database."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TypeVar

from sqlalchemy import exc
from sqlalchemy.engine import URL, Connection, Engine

from banners.errors import StoreError, StoreUnavailable
from banners.store.dialects.dialect import Pair, Pairs, Query, raw_pairs
from banners.store.dialects.sqlite.file import SEEN, path_of, state_at_rest

_TRIES = 10
_T = TypeVar("_T")


def is_missing(url: URL) -> bool:
    """Return whether there is no such file.

    Raises:
        StoreUnavailable: this user has no right to find out.
    """
    file = path_of(url)
    try:
        return not file.exists()
    except OSError as error:
        raise StoreUnavailable(
            f"The database {file} cannot be opened: {error.strerror}. "
            "Give this user the right to enter its folder and to read the file."
        ) from error


def pairs(connection: Connection, select: Pairs, key: Mapping[str, object]) -> Sequence[Pair]:
    """Return empty bytes for a value that is not bytes: SQLite has any type in any column."""
    rows = raw_pairs(connection, select, key)
    if {*map(type, map(itemgetter(1), rows))} <= {bytes}:
        return rows
    values: Sequence[tuple[int, object]] = rows
    return [(number, value if isinstance(value, bytes) else b"") for number, value in values]


def read(database: Engine, query: Query[_T]) -> _T:
    """Query the file as it is, and again if it has changed in the meantime.

    Files beside it would take time to make, and not every user may make them. While a run writes,
    the file is read together with the files of the run.

    Raises:
        StoreUnavailable: it kept changing.
    """
    file = path_of(database.url)
    for _ in range(_TRIES):
        with database.connect() as connection:
            seen = connection.info.get(SEEN)
            try:
                rows = query(connection)
            except (exc.DBAPIError, StoreError):
                # Of a file that changes meanwhile, even that tables are missing may be wrong.
                if SEEN not in connection.info or state_at_rest(file) == seen:
                    raise
                continue
        if seen is None or state_at_rest(file) == seen:
            return rows
    raise StoreUnavailable(
        f"The database {file} has changed {_TRIES} times while it was read. Try again."
    )


def refuse_changed(connection: Connection) -> None:
    """Refuse what was read over a connection if the file has changed since it was opened.

    Raises:
        StoreUnavailable: it has changed.
    """
    seen, file = connection.info.get(SEEN), path_of(connection.engine.url)
    if seen is not None and state_at_rest(file) != seen:
        raise StoreUnavailable(
            f"The database {file} has changed while it was read. Stop everything that writes to "
            "it, and try again."
        )
