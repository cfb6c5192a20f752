"""The locks of SQLite: lock files beside the database."""

import contextlib
from collections.abc import Callable, Iterator

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection, Engine

from banners.errors import StoreUnavailable
from banners.store.dialects.dialect import PUBLISH, Lock
from banners.store.dialects.sqlite.file import check_is_database, path_of


@contextlib.contextmanager
def alone(database: Engine, *, seconds: float, lock: Lock = PUBLISH) -> Iterator[Connection]:
    """Lock a file beside the database; the system releases the lock however the run ends."""
    with _locked(database, seconds, lock), database.connect() as connection:
        yield connection
        _gather(connection, lock.tidy_seconds)


@contextlib.contextmanager
def lasting(database: Engine, *, seconds: float, lock: Lock) -> Iterator[Callable[[], None]]:
    """Lock a file beside the database; no connection is kept open for the lock."""

    def check() -> None:
        with database.connect() as connection:
            connection.execute(sa.select(1))

    with _locked(database, seconds, lock):
        yield check


@contextlib.contextmanager
def _locked(database: Engine, seconds: float, lock: Lock) -> Iterator[None]:
    import filelock

    file = path_of(database.url)
    check_is_database(file)
    beside = ".".join(filter(None, (str(file), lock.name, "lock")))
    held = filelock.FileLock(beside, timeout=seconds)
    try:
        locked = held.acquire()
    except filelock.Timeout as error:
        raise lock.refusal(str(file), seconds) from error
    except OSError as error:
        raise StoreUnavailable(
            f"The lock file {beside} cannot be written: {error.strerror}. "
            "To publish or to change the catalogue, this user needs write access to it and to its "
            "folder."
        ) from error
    with locked:
        yield


def _gather(connection: Connection, seconds: float) -> None:
    """Move all data into the one file, even if readers use it without a pause."""
    # If that fails now, readers find the rest in the file beside it.
    with contextlib.suppress(exc.DBAPIError):
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
