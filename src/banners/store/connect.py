"""Opens the database, and puts its driver's errors into words."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import URL, Engine

from banners.errors import SettingsError, StoreError, StoreUnavailable
from banners.store import mysql, sqlite
from banners.store.dialect import URL_SETTING, Dialect

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


def open_database(url: str, *, create: bool) -> Engine:
    """Open the database that a URL names.

    Args:
        url: an SQLAlchemy URL, such as ``sqlite:///var/banners.db``.
        create: whether to publish to it: makes an SQLite file (and its folder) that is not there
            yet, and has more patience with a server.

    Raises:
        SettingsError: the URL is none, or none for a database that Banners knows.
        StoreUnavailable: the folder of an SQLite file cannot be made.
    """
    parsed = _parse(url)
    engine = _dialect(parsed).open_engine(parsed, create=create)
    sa.event.listen(engine, "do_connect", _connecting(engine))
    return engine


def wait_for_server(database: Engine, *, seconds: float) -> None:
    """Connect once, and again while the server may still be starting; say so on the log.

    Args:
        database: an open database; for a file there is nothing to wait for.
        seconds: how long to go on trying; 0 to try once.

    Raises:
        StoreUnavailable: the server did not start in time, or what is wrong is something else, such
            as the password, which no waiting would mend.
    """
    from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential
    from tenacity.stop import stop_before_delay

    dialect = dialect_of(database)
    if not dialect.IS_SERVER:
        return

    def is_starting(error: BaseException) -> bool:
        return error.__cause__ is not None and dialect.is_starting(error.__cause__)

    def tell(state: RetryCallState) -> None:
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
        before_sleep=tell,
        reraise=True,
    )(connect)


def dialect_of(engine: Engine) -> Dialect:
    """Tell the ways of an open database."""
    return _dialect(engine.url)


def named(engine: Engine) -> str:
    """Name a database at the beginning of a sentence, as one would write it, without a password."""
    url = engine.url
    written = url.set(drivername=url.get_backend_name()) if _dialect(url) is sqlite else url
    return f"The database {written.render_as_string(hide_password=True)}"


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Turn what the database's driver raises into errors of this project.

    Args:
        engine: the database that is worked with, named in the message without its password.

    Raises:
        StoreUnavailable: it cannot be reached or opened.
        StoreError: it refused or broke.
    """
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise StoreUnavailable(
            f"{named(engine)} cannot be used: {_reason(engine, error)}"
        ) from error
    except _failures(engine) as error:
        raise StoreError(f"{named(engine)} failed: {_reason(engine, error)}") from error


def _failures(engine: Engine) -> tuple[type[Exception], ...]:
    # SQLAlchemy wraps most of a driver's errors, but no warning, and nothing that it did not call.
    driver = vars(engine.dialect.loaded_dbapi).values()
    raw = [each for each in driver if isinstance(each, type) and issubclass(each, Exception)]
    return exc.SQLAlchemyError, *raw


def _connecting(engine: Engine) -> Any:
    def connect(dialect: Any, _record: object, words: Any, options: Any) -> Any:
        """Connect, and put into a sentence whatever a driver makes of what answers there."""
        try:
            return dialect.connect(*words, **options)
        except Exception as error:  # a driver's way to fail here is not bound to its own errors
            raise StoreUnavailable(
                f"{named(engine)} cannot be reached: {_reason(engine, error)}"
            ) from error

    return connect


def _parse(url: str) -> URL:
    try:
        parsed = sa.make_url(url)
    except (exc.ArgumentError, ValueError) as error:
        raise SettingsError(
            f"{URL_SETTING} holds a value that is no SQLAlchemy URL (not shown here); "
            f"expected something like {_EXPECTED}."
        ) from error
    if parsed.drivername not in _DRIVERS:
        raise SettingsError(
            f"{URL_SETTING} names the database {parsed.drivername!r}; "
            f"expected sqlite or mysql+pymysql, as in {_EXPECTED}."
        )
    return parsed.set(drivername=_DRIVERS[parsed.drivername])


def _dialect(url: URL) -> Dialect:
    return sqlite if url.get_backend_name() == "sqlite" else mysql


def _reason(engine: Engine, error: Exception) -> str:
    said = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
    return dialect_of(engine).reason(said)
