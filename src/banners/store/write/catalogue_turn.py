"""Gives one writer at a time the right to change the catalogue."""

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.store.connect import dialect_of, translated
from banners.store.dialects.dialect import CATALOGUE, bounded
from banners.store.schema import (
    CATALOGUE_BANNERS,
    CATALOGUE_CAMPAIGNS,
    CATALOGUE_VERSIONS,
    ROWS_AT_ONCE,
)
from banners.store.steps import make_catalogue, refuse_newer
from banners.store.write.locked import told_if_locked


@contextlib.contextmanager
def turn_to_change(database: Engine, *, wait_seconds: float) -> Iterator[Connection]:
    """Hold the lock of the catalogue, and provide the connection to write over.

    This is not the publish lock, so that nobody waits here for a crunch that publishes. The tables
    are made if they do not exist, and what a killed writer left is swept.

    Args:
        database: an open database.
        wait_seconds: seconds to wait for another writer.

    Raises:
        CatalogueBusy: another writer holds the lock, or the database has been locked for too long.
        StoreUnavailable: the database cannot be reached.
        StoreError: a newer Banners has made the tables.
    """
    alone = dialect_of(database).alone
    with (
        translated(database),
        told_if_locked(database, CATALOGUE, "the catalogue was not changed"),
        alone(database, seconds=wait_seconds, lock=CATALOGUE) as connection,
    ):
        with connection.begin():
            refuse_newer(connection)
            make_catalogue(connection)
        _sweep_unfinished(connection)
        yield connection


def _sweep_unfinished(connection: Connection) -> None:
    """Undo the rows of versions that a writer began and did not finish."""
    with connection.begin():
        unfinished = connection.scalars(
            sa.select(CATALOGUE_VERSIONS.c.version).where(CATALOGUE_VERSIONS.c.state == "writing")
        ).all()
    for version in unfinished:
        for table in (CATALOGUE_BANNERS, CATALOGUE_CAMPAIGNS):
            _repeat(connection, sa.delete(table).where(table.c.since == version))
            _repeat(connection, sa.update(table).where(table.c.until == version).values(until=None))
        with connection.begin():
            connection.execute(
                sa.delete(CATALOGUE_VERSIONS).where(CATALOGUE_VERSIONS.c.version == version)
            )


def _repeat(connection: Connection, change: sa.Delete | sa.Update) -> None:
    """Run a statement in transactions of bounded size, until it finds no rows."""
    some = bounded(connection, change, ROWS_AT_ONCE)
    changed = ROWS_AT_ONCE
    while changed >= ROWS_AT_ONCE:
        with connection.begin():
            changed = connection.execute(some).rowcount
