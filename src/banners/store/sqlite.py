"""SQLite's ways: a file, read while it is written to, with a lock file beside it.

No connection outlives its use. While one is open there may be two more files (``-wal``, ``-shm``),
and SQLite takes them for those of whatever database has the name, even of another that was put in
its place. With none open, the database is one file, which may be deleted, copied or replaced.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.pool import ConnectionPoolEntry

from banners.errors import PublisherBusy, SettingsError, StoreError, StoreUnavailable
from banners.store.dialect import FIGURES, URL_SETTING, Key, Query, Rows, insert_statement
from banners.store.schema import PERFORMANCE

if TYPE_CHECKING:
    import pyarrow as pa

IS_SERVER = False
BUSY_SECONDS = 10
"""So long a connection waits for another that has the file for itself for a moment."""

_GATHER_SECONDS = 1
_TRIES = 10
# With a reader's connection it is noted how the file lay when it was opened.
_SEEN = "seen"
# https://www.sqlite.org/fileformat.html, "The Database Header"
_BEGINNING = b"SQLite format 3\0"

# A statement of a hundred rows takes half the time of a hundred statements; its 900 values are
# below what the oldest SQLite takes (999).
_ROWS_A_STATEMENT = 100

_ANOTHER = f"Name another file in {URL_SETTING}, or put a back-up in its place."
_ADVICE = {
    sqlite3.SQLITE_CANTOPEN: "Let this user read the file, and write in its folder.",
    # What a disk says that is full only for this user, or for a file of this size.
    sqlite3.SQLITE_IOERR: "Check the disk, and that it has room, then run again.",
    sqlite3.SQLITE_FULL: "Make room on the disk, then run again.",
    sqlite3.SQLITE_READONLY: "To publish, this user must be allowed to write the file.",
    sqlite3.SQLITE_NOTADB: _ANOTHER,
    sqlite3.SQLITE_CORRUPT: _ANOTHER,
}


def open_engine(url: URL, *, create: bool) -> Engine:
    """Prepare to open a file.

    Raises:
        SettingsError: the URL names no file, or has options.
        StoreUnavailable: the folder of the file cannot be made.
    """
    if not url.database or url.database == ":memory:" or url.query or url.host:
        raise SettingsError(
            f"{URL_SETTING} names no file for SQLite (not shown here); "
            "expected a path behind three slashes, as in sqlite:///var/banners.db."
        )
    if create:
        _make_folder(_file(url).parent)

    def locate(
        _dialect: object, record: ConnectionPoolEntry, words: list[str], _options: object
    ) -> None:
        file = _file(url)
        if create:
            words[0] = f"{file.as_uri()}?mode=rwc"
            return
        record.info[_SEEN] = seen = _at_rest(file)
        words[0] = f"{file.as_uri()}?{'immutable=1' if seen else 'mode=rw'}"

    engine = sa.create_engine(
        url, poolclass=sa.NullPool, connect_args={"uri": True, "timeout": BUSY_SECONDS}
    )
    sa.event.listen(engine, "do_connect", locate)
    if create:
        sa.event.listen(engine, "connect", _prepare)
    return engine


def is_missing(url: URL) -> bool:
    """Tell that there is no such file.

    Raises:
        StoreUnavailable: this user may not look.
    """
    file = _file(url)
    try:
        return not file.exists()
    except OSError as error:
        raise StoreUnavailable(
            f"The database {file} cannot be opened: {error.strerror}. "
            "Let this user enter its folder and read it."
        ) from error


def read(database: Engine, query: Query) -> Rows:
    """Query the file as it lies there, and once more if it has changed under the query.

    So nothing is made beside it, which takes time, and which not everybody may do. While a run
    publishes, the file is read with those that the run has beside it.

    Raises:
        StoreUnavailable: it never stays the same.
    """
    file = _file(database.url)
    for _ in range(_TRIES):
        with database.connect() as connection:
            seen = connection.info.get(_SEEN)
            try:
                rows = query(connection)
            except exc.DBAPIError:
                if _SEEN not in connection.info or _at_rest(file) == seen:
                    raise
                continue
        if seen is None or _at_rest(file) == seen:
            return rows
    raise StoreUnavailable(
        f"The database {file} has changed {_TRIES} times while it was read. Try again."
    )


@contextlib.contextmanager
def alone(database: Engine, *, seconds: float) -> Iterator[Connection]:
    """Lock a file beside the database's; the system lets go of it however this run ends."""
    import filelock

    file = _file(database.url)
    _check_kind(file)
    lock = filelock.FileLock(f"{file}.lock", timeout=seconds)
    try:
        locked = lock.acquire()
    except filelock.Timeout as error:
        raise PublisherBusy(
            f"Another run is publishing to {file} and has not ended within {seconds:g} seconds. "
            "Wait for it to end, then run again."
        ) from error
    except OSError as error:
        raise StoreUnavailable(
            f"The lock file {lock.lock_file} cannot be written: {error.strerror}. "
            "To publish, this user must be allowed to write it, and in its folder."
        ) from error
    with locked, database.connect() as connection:
        yield connection
        _gather(connection)


def insert_performance(connection: Connection, key: Key, batch: "pa.RecordBatch") -> None:
    """Insert many rows a statement, their values bound one after another."""
    columns = [batch.column(name).to_pylist() for name in FIGURES]
    values = tuple(chain.from_iterable(zip(*map(repeat, key), *columns, strict=False)))
    width = len(key) + len(columns)
    size = width * _ROWS_A_STATEMENT
    rest = len(values) % size
    full = [values[start : start + size] for start in range(0, len(values) - rest, size)]
    if full:
        connection.exec_driver_sql(_insert_rows(connection, _ROWS_A_STATEMENT), full)
    if rest:
        connection.exec_driver_sql(_insert_rows(connection, rest // width), values[-rest:])


def is_starting(_error: BaseException) -> bool:
    """Tell that there is no server to start."""
    return False


def reason(error: BaseException) -> str:
    """Put into a sentence what the driver said, and what to do about it."""
    # The low byte is the kind of error, and the rest its fine print.
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return f"{error}. {_ADVICE.get(kind, '')}".rstrip()


def _insert_rows(connection: Connection, rows: int) -> str:
    insert, values = insert_statement(connection, PERFORMANCE).split(" VALUES ")
    return f"{insert} VALUES {', '.join([values] * rows)}"


def _file(url: URL) -> Path:
    # By whichever name or link it was given, there is one lock for one file.
    return Path(os.path.realpath(str(url.database)))


def _at_rest(file: Path) -> tuple[int, ...] | None:
    """Tell one state of the file from another; None where not all is in the file, or there is none.

    A run writes into the file beside it first, and empties that only when all has been moved.
    """
    with contextlib.suppress(OSError):
        # In this order: what is moved between the two looks is whole in the end.
        found = file.stat()
        if not _holds_something(file.with_name(f"{file.name}-wal")):
            return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
    return None


def _holds_something(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _check_kind(file: Path) -> None:
    """Refuse a file of somebody else's before there is a lock file beside it."""
    with contextlib.suppress(OSError), file.open("rb") as opened:
        beginning = opened.read(len(_BEGINNING))
        if beginning not in (b"", _BEGINNING):
            raise StoreError(f"{file} is no SQLite database, and is left as it is. {_ANOTHER}")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"The folder {folder} for the database cannot be made: {error.strerror}. "
            f"Let this user make it, or name another place in {URL_SETTING}."
        ) from error


def _gather(connection: Connection) -> None:
    """Move everything into the one file, so that it stays whole even if readers never pause."""
    # What cannot be moved now is read from where it is.
    with contextlib.suppress(exc.DBAPIError):
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_GATHER_SECONDS * 1000}")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # Readers go on undisturbed while a generation is written, and a publish lasts once it is told.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
