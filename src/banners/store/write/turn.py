"""Gives one run at a time the right to write: the publish lock."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from sqlalchemy.engine import Connection, Engine

from banners.errors import PublisherBusy
from banners.store.carry_over import OnProgress
from banners.store.connect import dialect_of, translated, wait_for_server
from banners.store.steps import bring_up_to_date, is_up_to_date
from banners.store.write.publisher import Publisher, check_may_publish
from banners.store.write.sweep import sweep_unfinished

_LOG = logging.getLogger(__name__)


def prepare(
    database: Engine,
    *,
    now: Callable[[], datetime],
    wait_seconds: float,
    publisher: Publisher | None = None,
) -> None:
    """Make a database ready for a run before it crunches, so that what is wrong is found early.

    Makes the tables or brings them up to date, and sweeps what killed runs left. While another run
    is writing, this waits for it only if the tables are out of date.

    Args:
        database: an open database.
        now: returns the time in UTC.
        wait_seconds: seconds to wait for a server that is still starting, and then for another run
            to bring the tables up to date.
        publisher: who publishes; None for whoever may.

    Raises:
        LoopPublishes: the loop publishes into this database, from another folder.
        PublisherBusy: the tables are out of date and another run is writing.
        StoreUnavailable: the database cannot be reached.
        StoreError: a newer Banners has made the tables.
    """
    with translated(database):
        wait_for_server(database, seconds=wait_seconds)
        try:
            with dialect_of(database).alone(database, seconds=0) as connection:
                _prepare(connection, now)
                check_may_publish(connection, publisher)
        except PublisherBusy:
            with database.connect() as connection:
                is_ready = is_up_to_date(connection)
            with contextlib.ExitStack() as opened:
                if is_ready:
                    connection = opened.enter_context(database.connect())
                else:
                    connection = opened.enter_context(_waiting(database, wait_seconds))
                    _prepare(connection, now)
                check_may_publish(connection, publisher)


@contextlib.contextmanager
def turn_to_write(
    database: Engine, *, now: Callable[[], datetime], wait_seconds: float
) -> Iterator[Connection]:
    """Hold the publish lock, and provide the connection to write over.

    Nobody else writes meanwhile, so that any generation found unfinished was left by a run that
    ended, and is swept.

    Args:
        database: an open database.
        now: returns the time in UTC.
        wait_seconds: seconds to wait for a server that is still starting, and then for another run
            that is writing.

    Raises:
        PublisherBusy: another run is still writing.
        StoreUnavailable: the database cannot be reached.
        StoreError: a newer Banners has made the tables.
    """
    with _locked(database, wait_seconds) as connection:
        _prepare(connection, now)
        yield connection


def upgrade(
    database: Engine,
    *,
    now: Callable[[], datetime],
    wait_seconds: float,
    on_progress: OnProgress,
) -> Sequence[int]:
    """Upgrade the tables of an earlier release, as the next run would do too.

    Args:
        database: an open database.
        now: returns the time in UTC.
        wait_seconds: seconds to wait for a server that is still starting, and then for another run
            that is writing.
        on_progress: called with a sentence about each part of a step that takes long.

    Returns:
        The numbers of the steps that were taken; none if the tables were up to date.

    Raises:
        PublisherBusy: another run is still writing.
        StoreUnavailable: the database cannot be reached.
        StoreError: a newer Banners has made the tables.
    """
    with _locked(database, wait_seconds) as connection:
        return bring_up_to_date(connection, lambda: now().isoformat(), on_progress)


@contextlib.contextmanager
def _locked(database: Engine, wait_seconds: float) -> Iterator[Connection]:
    """Hold the publish lock; wait for it, and say so, if another run holds it."""
    with translated(database), contextlib.ExitStack() as held:
        wait_for_server(database, seconds=wait_seconds)
        alone = dialect_of(database).alone
        try:
            connection = held.enter_context(alone(database, seconds=0))
        except PublisherBusy:
            connection = held.enter_context(_waiting(database, wait_seconds))
        yield connection


@contextlib.contextmanager
def _waiting(database: Engine, wait_seconds: float) -> Iterator[Connection]:
    if wait_seconds:
        _LOG.warning(
            "Another run is publishing; waiting up to %g seconds for it to end "
            "(BANNERS_WAIT_SECONDS). If it takes longer, this run ends without publishing.",
            wait_seconds,
        )
    with dialect_of(database).alone(database, seconds=wait_seconds) as connection:
        yield connection


def _prepare(connection: Connection, now: Callable[[], datetime]) -> None:
    def on_progress(text: str) -> None:
        _LOG.warning("Bringing the tables up to date: %s.", text)

    bring_up_to_date(connection, lambda: now().isoformat(), on_progress)
    sweep_unfinished(connection)
