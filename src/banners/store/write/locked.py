"""Says which lock it was if the database is locked by another writer."""

import contextlib
from collections.abc import Iterator

from sqlalchemy import exc
from sqlalchemy.engine import Engine

from banners.store.connect import dialect_of, named
from banners.store.dialects.dialect import Lock


@contextlib.contextmanager
def told_if_locked(database: Engine, lock: Lock, unchanged: str) -> Iterator[None]:
    """Raise the error of a lock if another writer has locked the database for too long.

    Args:
        database: the database in use.
        lock: the lock whose error is raised.
        unchanged: what was not changed, as in ``the catalogue was not changed``.
    """
    try:
        yield
    except exc.OperationalError as error:
        if error.orig is None or not dialect_of(database).is_locked(error.orig):
            raise
        raise lock.busy(
            f"{named(database)} is locked by another writer, such as a crunch that publishes; "
            f"{unchanged}. {lock.retry}"
        ) from error
