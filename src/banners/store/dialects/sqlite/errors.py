"""Explains the errors of SQLite."""

import sqlite3

from banners.store.dialects.dialect import URL_SETTING

NAME_ANOTHER = f"Name another file in {URL_SETTING}, or restore a back-up in its place."
"""What to do about a file that is not, or no longer, a database."""

_ADVICE = {
    sqlite3.SQLITE_CANTOPEN: (
        "Give this user read access to the file and write access to its folder."
    ),
    # Also reported if only this user's share of the disk is used up, or the file may not grow.
    sqlite3.SQLITE_IOERR: "Check that the disk works and has room, then run again.",
    sqlite3.SQLITE_FULL: "Free space on the disk, then run again.",
    sqlite3.SQLITE_BUSY: "Another program is writing to the file; try again when it has ended.",
    sqlite3.SQLITE_READONLY: "To publish, this user needs write access to the file.",
    sqlite3.SQLITE_NOTADB: NAME_ANOTHER,
    sqlite3.SQLITE_CORRUPT: NAME_ANOTHER,
}


def is_starting(_error: BaseException) -> bool:
    """Return False: there is no server to start."""
    return False


def is_locked(error: BaseException) -> bool:
    """Return whether another program is writing to the file."""
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def reason(error: BaseException) -> str:
    """Return a sentence that says what SQLite reported, and what to do about it."""
    return f"{error}. {_ADVICE.get(_code(error), '')}".rstrip()


def _code(error: BaseException) -> int:
    # The low byte is the primary result code, the rest extends it.
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
