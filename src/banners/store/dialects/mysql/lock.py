"""The locks of MySQL and MariaDB: locks of the server, by name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.store.dialects.dialect import PUBLISH, Lock

LOCK_SECONDS = 60
"""Seconds that the server waits for the lock in one query, fewer than we wait for an answer."""


@contextmanager
def alone(database: Engine, *, seconds: float, lock: Lock = PUBLISH) -> Iterator[Connection]:
    """Hold a lock that belongs to the very connection that writes.

    The server releases the lock when this connection ends; a run that lost the lock has lost its
    connection, and can neither write nor activate anything.
    """
    # At most 64 characters.
    words = " ".join(filter(None, ("banners", lock.name)))
    name = sa.func.concat(f"{words} ", sa.func.md5(sa.func.database()))
    with database.connect() as connection:
        # In the pool, the connection would go on holding the lock.
        connection.detach()
        with connection.begin():
            locked, left = False, seconds
            while not locked and left >= 0:
                query = sa.select(sa.func.get_lock(name, min(left, LOCK_SECONDS)))
                locked = connection.scalar(query) == 1
                left -= LOCK_SECONDS
        if not locked:
            raise lock.refusal(str(database.url.database), seconds)
        yield connection


@contextmanager
def lasting(database: Engine, *, seconds: float, lock: Lock) -> Iterator[Callable[[], None]]:
    """Hold a lock that belongs to a connection, which is kept open for it."""
    with alone(database, seconds=seconds, lock=lock) as connection:

        def check() -> None:
            with connection.begin():
                connection.execute(sa.select(1))

        yield check
