"""Opens the database, and translates the errors of its driver."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import URL, Engine

from banners.errors import SettingsError, StoreError, StoreUnavailable, readable
from banners.store.descriptors import shortage
from banners.store.dialects import sqlite
from banners.store.dialects.dialect import URL_SETTING, Dialect

_LOG = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
}
_EXPECTED = "sqlite:///var/banners.db or mysql+pymysql://user:password@host:3306/database"


def open_database(url: str, *, create: bool, hurry: bool = False) -> Engine:
    """Open the database that a URL names.

    Args:
        url: an SQLAlchemy URL, such as ``sqlite:///var/banners.db``.
        create: whether it is opened to publish: creates an SQLite file (and its folder) that does
            not exist yet, and waits longer for the answers of a server.
        hurry: whether visitors wait for it: a server that does not answer is soon given up.

    Raises:
        SettingsError: the URL is malformed, or names a database that Banners does not support, or
            certificates that cannot be read.
        StoreUnavailable: the folder of an SQLite file cannot be created.
    """
    parsed = _parse(url)
    database = _dialect(parsed).open_database(parsed, create=create, hurry=hurry)
    sa.event.listen(database, "do_connect", _connecting(database))
    return database


def wait_for_server(database: Engine, *, seconds: float) -> None:
    """Connect once, and repeat while the server may still be starting; log that once.

    Args:
        database: an open database; a file is not waited for.
        seconds: seconds to keep trying; 0 to try once.

    Raises:
        StoreUnavailable: the server did not start in time, or refused the connection for a reason
            that waiting cannot fix, such as a wrong password.
    """
    dialect = dialect_of(database)
    if not dialect.IS_SERVER:
        return
    from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential
    from tenacity.stop import stop_before_delay

    def is_starting(error: BaseException) -> bool:
        return error.__cause__ is not None and dialect.is_starting(error.__cause__)

    def log(state: RetryCallState) -> None:
        if state.attempt_number == 1 and state.outcome:
            _LOG.warning(
                "%s Waiting up to %g seconds for it to start.", state.outcome.exception(), seconds
            )

    def connect() -> None:
        with translated(database), database.connect():
            pass

    Retrying(
        retry=retry_if_exception(is_starting),
        stop=stop_before_delay(seconds),
        wait=wait_exponential(multiplier=_FIRST_PAUSE_SECONDS, max=_LONGEST_PAUSE_SECONDS),
        before_sleep=log,
        reraise=True,
    )(connect)


def dialect_of(database: Engine) -> Dialect:
    """Return the dialect of an open database."""
    return _dialect(database.url)


def named(database: Engine) -> str:
    """Return "The database" and its URL as a user writes it, without the password."""
    url = database.url
    written = url.set(drivername=url.get_backend_name()) if _dialect(url) is sqlite else url
    return f"The database {without_password(written)}"


def without_password(url: URL) -> str:
    """Return a URL without its password, for messages; bytes that are not UTF-8 are escaped."""
    shown = url.set(database=readable(url.database)) if url.database else url
    return shown.render_as_string(hide_password=True)


@contextmanager
def translated(database: Engine) -> Iterator[None]:
    """Translate the errors of the database's driver into errors of this project.

    Args:
        database: the database in use; the message names it without its password.

    Raises:
        StoreUnavailable: it cannot be reached or opened.
        StoreError: it refused or failed.
    """
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise _unavailable(database, "used", error) from error
    except _failures(database) as error:
        raise StoreError(f"{named(database)} failed: {_reason(database, error)}") from error


def _failures(database: Engine) -> tuple[type[Exception], ...]:
    # SQLAlchemy wraps most errors of a driver, but not its warnings, and none of direct calls.
    driver = vars(database.dialect.loaded_dbapi).values()
    raw = [each for each in driver if isinstance(each, type) and issubclass(each, Exception)]
    return exc.SQLAlchemyError, *raw


def _connecting(database: Engine) -> Any:
    def connect(dialect: Any, _record: object, words: Any, options: Any) -> Any:
        """Connect, and translate whatever a driver raises if something else answers there."""
        try:
            return dialect.connect(*words, **options)
        except Exception as error:  # drivers also raise other errors than their own here
            raise _unavailable(database, "reached", error) from error

    return connect


def _unavailable(database: Engine, done: str, error: Exception) -> StoreUnavailable:
    found = shortage() or f"{named(database)} cannot be {done}: {_reason(database, error)}"
    return StoreUnavailable(found)


def _parse(url: str) -> URL:
    try:
        parsed = sa.make_url(url)
    except (exc.ArgumentError, ValueError) as error:
        raise SettingsError(
            f"{URL_SETTING} holds a value that is not an SQLAlchemy URL (not shown here); "
            f"expected something like {_EXPECTED}."
        ) from error
    if parsed.drivername not in _DRIVERS:
        raise SettingsError(
            f"{URL_SETTING} names the database {parsed.drivername!r}; "
            f"expected sqlite or mysql+pymysql, as in {_EXPECTED}."
        )
    return parsed.set(drivername=_DRIVERS[parsed.drivername])


def _dialect(url: URL) -> Dialect:
    if url.get_backend_name() == "sqlite":
        return sqlite
    from banners.store.dialects import mysql

    return mysql


def _reason(database: Engine, error: Exception) -> str:
    original = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
    return dialect_of(database).reason(original)
