"""MySQL and MariaDB: a server, reached through PyMySQL."""

from banners.store.dialects.mysql.connect import open_database
from banners.store.dialects.mysql.errors import is_locked, is_starting, reason
from banners.store.dialects.mysql.lock import alone, lasting
from banners.store.dialects.mysql.read import is_missing, pairs, read, refuse_changed

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

IS_SERVER = True
