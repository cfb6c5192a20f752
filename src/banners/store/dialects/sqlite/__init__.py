"""SQLite: a file, read while it is written, with a lock file beside it."""

from banners.store.dialects.sqlite.connect import open_database
from banners.store.dialects.sqlite.errors import is_locked, is_starting, reason
from banners.store.dialects.sqlite.lock import alone, lasting
from banners.store.dialects.sqlite.read import is_missing, pairs, read, refuse_changed

__all__ = [
    "IS_SERVER",
    "alone",
    "is_locked",
    "is_missing",
    "is_starting",
    "lasting",
    "open_database",
    "pairs",
    "read",
    "reason",
    "refuse_changed",
]

IS_SERVER = False
