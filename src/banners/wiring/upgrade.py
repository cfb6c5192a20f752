"""Upgrades the tables of an earlier release."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from banners.errors import NothingPublished
from banners.settings import Settings
from banners.wiring.database import database_name


def upgrade(settings: Settings, on_progress: Callable[[str], None]) -> Sequence[int]:
    """Take the schema steps that the database lacks: see :func:`banners.store.write.turn.upgrade`.

    Args:
        settings: name the database.
        on_progress: called with a sentence about each part of a step that takes long.

    Returns:
        The numbers of the steps that were taken.

    Raises:
        NothingPublished: there is no such database.
    """
    from banners.store.connect import dialect_of, open_database
    from banners.store.write.turn import upgrade as take_steps

    there = open_database(settings.database_url, create=False)
    if dialect_of(there).is_missing(there.url):
        raise NothingPublished(database_name(settings))
    database = open_database(settings.database_url, create=True)
    try:
        return take_steps(
            database,
            now=partial(datetime.now, UTC),
            wait_seconds=settings.wait_seconds,
            on_progress=on_progress,
        )
    finally:
        database.dispose()
