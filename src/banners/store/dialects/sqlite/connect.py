"""Opens an SQLite database."""

import sqlite3

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine
from sqlalchemy.pool import ConnectionPoolEntry

from banners.errors import SettingsError
from banners.store.dialects.dialect import URL_SETTING
from banners.store.dialects.sqlite.file import SEEN, make_folder, path_of, state_at_rest

BUSY_SECONDS = 10
"""Seconds that a connection waits while another has locked the file."""


def open_database(url: URL, *, create: bool, hurry: bool) -> Engine:  # noqa: ARG001  # a file answers
    """Prepare to open a file.

    Raises:
        SettingsError: the URL names no file, or has options.
        StoreUnavailable: the folder of the file cannot be created.
    """
    if not url.database or url.database == ":memory:" or url.query or url.host:
        raise SettingsError(
            f"{URL_SETTING} names no file for SQLite (not shown here); "
            "expected a path behind three slashes, as in sqlite:///var/banners.db."
        )
    if create:
        make_folder(path_of(url).parent)

    def locate(
        _dialect: object, record: ConnectionPoolEntry, words: list[str], _options: object
    ) -> None:
        file = path_of(url)
        if create:
            words[0] = f"{file.as_uri()}?mode=rwc"
            return
        # A file at rest is read as it is, so that SQLite makes no other files beside it.
        record.info[SEEN] = seen = state_at_rest(file)
        words[0] = f"{file.as_uri()}?{'immutable=1' if seen else 'mode=rw'}"

    database = sa.create_engine(
        url, poolclass=sa.NullPool, connect_args={"uri": True, "timeout": BUSY_SECONDS}
    )
    sa.event.listen(database, "do_connect", locate)
    sa.event.listen(database, "connect", _set_up if create else _set_up_to_read)
    return database


def _set_up_to_read(connection: sqlite3.Connection, _record: object) -> None:
    # A long list is sorted even if the disk for temporary files is full.
    connection.execute("PRAGMA temp_store = MEMORY")


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    # Readers are not blocked by a writer, and what was committed survives a power cut.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
