"""Opens a database on a MySQL or MariaDB server."""

import re
import ssl
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import URL, Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable

from banners.errors import SettingsError, shorten
from banners.store.dialects.dialect import URL_SETTING

CONNECT_SECONDS = 5
"""Seconds to wait for each step of connecting, and for the check of a connection before use."""
VISITOR_SECONDS = 0.5
"""The same while a visitor waits: with both, a hung server is noticed within two seconds."""
READING_SECONDS = 10
"""Seconds that a reader waits for an answer before it takes the server for unreachable."""
PUBLISHING_SECONDS = 600
"""Seconds that a run waits for an answer: for the lock, or while the server counts many rows."""
POOL_SECONDS = 0.5
"""Seconds that a reader waits for a connection of the pool; if all hang, another would too."""
RECYCLE_SECONDS = 1_800
"""Age in seconds at which a connection is replaced, before a server or a firewall drops it."""

_OPTIONS = {"charset", "ssl_ca", "ssl_cert", "ssl_key", "ssl_check_hostname", "unix_socket"}
_FILES = {"ssl_ca", "ssl_cert", "ssl_key"}
_DATABASE_NAME = re.compile(r"[0-9A-Za-z_$-]{1,64}", re.ASCII)
_HOST = re.compile(r"[0-9A-Za-z_.:-]{1,255}", re.ASCII)
_FORM = "mysql+pymysql://user:password@host:3306/database"


def open_database(url: URL, *, create: bool, hurry: bool) -> Engine:
    """Prepare to connect to a server.

    Raises:
        SettingsError: the URL cannot name a database on a server, one of its files cannot be used,
            or PyMySQL is not installed.
    """
    _check(url)
    _check_files(url)
    is_run = create and not hurry
    patience = PUBLISHING_SECONDS if is_run else READING_SECONDS
    connecting = VISITOR_SECONDS if hurry else CONNECT_SECONDS
    options = {
        "charset": "utf8mb4",
        "connect_timeout": connecting,
        # PyMySQL encodes text as Latin-1, which does not have every character.
        "password": (url.password or "").encode(),
        "program_name": "banners",
        # For the handshake; `check_alive` allows more for the answers to queries.
        "read_timeout": connecting,
        # However the server is configured, a value that does not fit a column is an error.
        "sql_mode": "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION",
        "write_timeout": patience,
    }
    try:
        database = sa.create_engine(
            url,
            connect_args=options,
            # Within a transaction, a reader sees the database as it was when the transaction began.
            isolation_level="REPEATABLE READ",
            # Placeholders without names, as SQLite has, so that rows are tuples.
            paramstyle="format",
            # A reader can fall back to another tier; a run uses one connection of its own.
            pool_timeout=patience if is_run else POOL_SECONDS,
            pool_recycle=RECYCLE_SECONDS,
        )
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{URL_SETTING} names MySQL or MariaDB, and PyMySQL is not installed. "
            "Install it with: pip install 'pymysql[rsa]'"
        ) from error

    def check_alive(connection: Any, _record: object, _proxy: object) -> None:
        """Check that the server answers on a connection; if not, it is replaced by a new one."""
        connection._read_timeout = connecting  # noqa: SLF001  # PyMySQL has no public way
        try:
            connection.ping(reconnect=False)
        except database.dialect.loaded_dbapi.Error as error:
            raise exc.InvalidatePoolError from error
        connection._read_timeout = patience  # noqa: SLF001

    sa.event.listen(database, "checkout", check_alive)
    return database


# If the tables named these options themselves, SQLAlchemy would import its dialect of MySQL to
# check the names, whichever database is used.
@compiles(CreateTable, "mysql", "mariadb")
def _create_table(element: CreateTable, compiler: Any, **options: Any) -> str:
    """Return the CREATE TABLE of a table whose texts are compared byte for byte."""
    statement: str = compiler.visit_create_table(element, **options)
    return f"{statement.rstrip()} ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin"


def _check(url: URL) -> None:
    """Refuse a URL whose parts were probably meant otherwise, before any of them is shown."""
    if not _DATABASE_NAME.fullmatch(url.database or "") or not _HOST.fullmatch(
        url.host or "localhost"
    ):
        raise SettingsError(
            f"{URL_SETTING} holds a malformed host or database name (not shown here); "
            f"expected {_FORM}, where a character such as @ : / ? # % in the user or the password "
            "is written as %40 %3A %2F %3F %23 %25."
        )
    if not _OPTIONS.issuperset(url.query):
        raise SettingsError(
            f"{URL_SETTING} holds an unknown option (not shown here); "
            f"expected any of {', '.join(sorted(_OPTIONS))}."
        )


def _check_files(url: URL) -> None:
    """Refuse a URL whose certificates cannot be read; the driver would not name the file."""
    files = {name: str(path) for name, path in url.query.items() if name in _FILES}
    for name, path in files.items():
        try:
            with open(path, "rb"):  # noqa: PTH123  # an empty path is an error here
                pass
        except OSError as error:
            raise SettingsError(
                f"{URL_SETTING} names {shorten(path, most=200)} as {name}, which cannot be read: "
                f"{error.strerror}. Correct the path, or make the file readable."
            ) from error
    try:
        if "ssl_ca" in files:
            ssl.create_default_context(cafile=files["ssl_ca"])
    except ssl.SSLError as error:
        raise SettingsError(
            f"{URL_SETTING} names {shorten(files['ssl_ca'], most=200)} as ssl_ca, which holds no "
            "certificate. Name the PEM file of the authority that signed the server's certificate."
        ) from error
