"""The ways of MySQL and MariaDB: a server, reached by PyMySQL."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from banners.errors import PublisherBusy, SettingsError, StoreError
from banners.store.dialect import FIGURES, URL_SETTING, Key, Query, Rows, insert_statement
from banners.store.schema import PERFORMANCE

if TYPE_CHECKING:
    import pyarrow as pa

IS_SERVER = True
CONNECT_SECONDS = 5
READING_SECONDS = 10
"""So long a reader waits for an answer: a server that hangs is as good as gone."""
PUBLISHING_SECONDS = 600
"""So long a run waits for an answer; it may have to wait for another run, or for much to count."""
POOL_SECONDS = 1
"""So long a reader waits for a connection of the pool: where all hang, so would one more."""
RECYCLE_SECONDS = 1_800
"""So old a connection may get before it is replaced, before a server or a firewall drops it."""
LOCK_SECONDS = 60
"""So long the server is asked to wait for the lock at a time, which is within our own patience."""
IDLE_SECONDS = 86_400
"""So long the server keeps a run's connection, and the lock with it, while an engine crunches."""

# A statement stays below one megabyte even where each number has all of its 19 digits, so that it
# fits the packet of any server.
_ROWS_A_STATEMENT = 5_000

_OPTIONS = {"charset", "ssl_ca", "ssl_cert", "ssl_key", "ssl_check_hostname", "unix_socket"}
_DATABASE_NAME = re.compile(r"[0-9A-Za-z_$-]{1,64}", re.ASCII)
_HOST = re.compile(r"[0-9A-Za-z_.:-]{1,255}", re.ASCII)
_FORM = "mysql+pymysql://user:password@host:3306/database"

_RIGHTS = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER and REFERENCES"
# https://mariadb.com/docs/server/reference/error-codes, and the same numbers in MySQL
_ADVICE = {
    1021: "Make room on the server's disk, then run again.",
    1040: "Close some of the server's connections, or let it have more (max_connections).",
    1044: f"Check the user, and the database's name, in {URL_SETTING}.",
    1045: f"Check the user and the password in {URL_SETTING}.",
    1049: f"Create the database, or mend its name in {URL_SETTING}.",
    1114: "Make room on the server's disk, then run again.",
    1142: f"To publish, the user must be allowed {_RIGHTS}.",
    1153: "Let the server take larger packets (max_allowed_packet of 2 MB or more).",
    1290: f"To publish, name a server in {URL_SETTING} that may be written to.",
    1698: f"Check the user and the password in {URL_SETTING}.",
    2003: f"Start the server, or mend host and port in {URL_SETTING}.",
    2006: "Check that the server runs, then try again.",
    2013: "Check that the server runs, then try again.",
}

# nobody there, or no such host (yet); shutting down; hung up before all was said
_NOT_YET = {2002, 2003, 1053, 2013}


def open_engine(url: URL, *, create: bool) -> Engine:
    """Prepare to connect to a server.

    Raises:
        SettingsError: the URL cannot be one of a server, or PyMySQL is not installed.
    """
    _check(url)
    patience = PUBLISHING_SECONDS if create else READING_SECONDS
    options = {
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_SECONDS,
        # PyMySQL would write it in Latin-1, which has not every character.
        "password": (url.password or "").encode(),
        "program_name": "banners",
        "read_timeout": patience,
        # What does not fit a column is an error, however the server is set up.
        "sql_mode": "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION",
        "write_timeout": patience,
    }
    try:
        return sa.create_engine(
            url,
            connect_args=options,
            # Within a transaction, a reader sees the database as it was at its beginning.
            isolation_level="REPEATABLE READ",
            # Marks without names, as SQLite has: rows are tuples.
            paramstyle="format",
            pool_pre_ping=True,
            # Who reads has somebody else to ask; who publishes has its own connection.
            pool_timeout=patience if create else POOL_SECONDS,
            pool_recycle=RECYCLE_SECONDS,
        )
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{URL_SETTING} names MySQL or MariaDB, and PyMySQL is not installed. "
            "Install it with: pip install pymysql"
        ) from error


def is_missing(_url: URL) -> bool:
    """Tell that nothing is known before the server has been asked."""
    return False


def read(database: Engine, query: Query) -> Rows:
    """Run a query within a transaction, which sees one state of the database."""
    with database.connect() as connection:
        return query(connection)


@contextmanager
def alone(database: Engine, *, seconds: float) -> Iterator[Connection]:
    """Lock by name, on the very connection that publishes.

    The server lets go of the lock when this connection ends, and a run that has lost it can
    neither write nor activate anything any more.
    """
    name = sa.func.concat("banners ", sa.func.md5(sa.func.database()))
    with database.connect() as connection:
        # Not back to the pool, where it would go on holding the lock.
        connection.detach()
        with connection.begin():
            connection.execute(sa.text("SET SESSION wait_timeout = :idle"), {"idle": IDLE_SECONDS})
            locked, left = False, seconds
            while not locked and left >= 0:
                asked = sa.select(sa.func.get_lock(name, min(left, LOCK_SECONDS)))
                locked = connection.scalar(asked) == 1
                left -= LOCK_SECONDS
        if not locked:
            raise PublisherBusy(
                f"Another run is publishing to {database.url.database} and has not ended within "
                f"{seconds:g} seconds. Wait for it to end, then run again."
            )
        yield connection


def insert_performance(connection: Connection, key: Key, batch: "pa.RecordBatch") -> None:
    """Insert many rows a statement, whose text Arrow makes a column at a time.

    PyMySQL binds by writing each value into the statement, in Python, which takes longer than the
    server's work. Nothing but digits can come of whole numbers.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        numbers = [batch.column(name).cast(pa.int64()) for name in FIGURES]
    except pa.ArrowInvalid as error:
        raise StoreError(
            f"The result of the crunch holds what is no whole number: {error}"
        ) from error
    rows = pc.binary_join_element_wise(
        *map(str, key),
        *[number.cast(pa.string()) for number in numbers],
        ",",
        null_handling="replace",
        null_replacement="NULL",
    )
    insert, _ = insert_statement(connection, PERFORMANCE).split(" VALUES ")
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        values = "),(".join(rows.slice(start, _ROWS_A_STATEMENT).to_pylist())
        connection.exec_driver_sql(f"{insert} VALUES ({values})")


def is_starting(error: BaseException) -> bool:
    """Tell whether nobody answered, or whoever did hung up: nothing was refused yet."""
    return bool(error.args) and error.args[0] in _NOT_YET


def reason(error: BaseException) -> str:
    """Put into a sentence what the server or the driver said, and what to do about it."""
    match error.args:
        case (int(number), str(said)):
            return f"{said.rstrip('.')}. {_ADVICE.get(number, '')}".rstrip()
        case _:
            return f"{error}."


def _check(url: URL) -> None:
    """Refuse a URL that was not understood as it was meant, before any of it is shown."""
    if not _DATABASE_NAME.fullmatch(url.database or "") or not _HOST.fullmatch(
        url.host or "localhost"
    ):
        raise SettingsError(
            f"{URL_SETTING} holds a host or a database whose name is none (not shown here); "
            f"expected {_FORM}, where a character such as @ : / ? # % in the user or the password "
            "is written as %40 %3A %2F %3F %23 %25."
        )
    if not _OPTIONS.issuperset(url.query):
        raise SettingsError(
            f"{URL_SETTING} holds an option that is not known (not shown here); "
            f"expected any of {', '.join(sorted(_OPTIONS))}."
        )
