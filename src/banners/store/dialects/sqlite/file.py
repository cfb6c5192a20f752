"""The file of an SQLite database, seen from outside.

No connection outlives its use. While one is open there may be two more files (``-wal``, ``-shm``).
SQLite finds these by name alone, so it would apply them to any other database put in the file's
place. With no connection open, the database is one file, which can be deleted, copied or replaced.
"""

import contextlib
import os
import sqlite3
from pathlib import Path

from sqlalchemy.engine import URL

from banners.errors import StoreError, StoreUnavailable
from banners.store.dialects.dialect import URL_SETTING
from banners.store.dialects.sqlite.errors import NAME_ANOTHER

SEEN = "seen"
"""The key under which a reader's connection keeps the state of the file when it was opened."""


def path_of(url: URL) -> Path:
    """Return the path without links, so that a file has one lock whatever name it is given by."""
    return Path(os.path.realpath(str(url.database)))


def state_at_rest(file: Path) -> tuple[int, ...] | None:
    """Return a value that differs for each state of the file.

    A run writes into the file ``-wal`` beside it first, and empties that only when it has moved
    everything into the database.

    Returns:
        None while the file beside it has content, or if there is no database.
    """
    with contextlib.suppress(OSError):
        # In this order: what is moved between the two looks makes the file complete.
        found = file.stat()
        if not _has_content(file.with_name(f"{file.name}-wal")):
            return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
    return None


def check_is_database(file: Path) -> None:
    """Refuse a file of another kind, before a lock file is made beside it.

    SQLite has to open the file: if this process opened it otherwise, closing it would release the
    locks of every connection that the process has to it, as POSIX says. Other processes would then
    delete what these connections go on writing to. (https://www.sqlite.org/howtocorrupt.html,
    "POSIX advisory locks canceled by a separate thread doing close()")

    Raises:
        StoreError: the file is not an SQLite database.
    """
    if not file.exists():
        return
    try:
        # The next use of the file reports anything else that is wrong.
        with (
            contextlib.suppress(sqlite3.OperationalError),
            contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as opened,
        ):
            opened.execute("PRAGMA schema_version")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
            return
        raise StoreError(
            f"{file} is not an SQLite database and was not changed. {NAME_ANOTHER}"
        ) from error


def make_folder(folder: Path) -> None:
    """Create the folder of a database.

    Raises:
        StoreUnavailable: it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"The folder {folder} for the database cannot be created: {error.strerror}. "
            f"Give this user the right to create it, or name another place in {URL_SETTING}."
        ) from error


def _has_content(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0
