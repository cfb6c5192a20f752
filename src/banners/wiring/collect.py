"""Builds what closes slots."""

import logging
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from banners.core.slots import SLOT_SECONDS, SLOTS_BETWEEN
from banners.errors import SettingsError, shorten
from banners.settings import Settings

if TYPE_CHECKING:
    from banners.collect.close.closer import OpenCloser
    from banners.collect.close.run import Closed, Closing
    from banners.collect.conversions.check import Conversions
    from banners.collect.conversions.from_file import Taken
    from banners.collect.token import Tokens

_LOG = logging.getLogger(__name__)
_DAY_SECONDS = 86_400
_now = partial(datetime.now, UTC)


def close(
    settings: Settings,
    slots: Collection[int],
    on_slot: Callable[[int], None],
    *,
    at: float | None = None,
    among: Callable[[int], bool] = lambda _: True,
    most: int | None = None,
    now: Callable[[], datetime] = _now,
) -> "Closed":
    """Close slots: see :func:`banners.collect.close.run.close_slots`; write totals to the database.

    If the database cannot take the totals, that is one of the problems in what is returned.

    Args:
        settings: name the folder of the event log and the database.
        slots: see ``close_slots``.
        on_slot: see ``close_slots``.
        at: the moment as of which slots are closed, in seconds since 1970 in UTC; None for now.
        among: see ``close_slots``.
        most: see ``close_slots``.
        now: returns the time in UTC.

    Raises:
        SettingsError: there is no folder of the event log, or the URL of the database is invalid.
        CollectError: slots cannot be closed.
    """
    from banners.collect.close.run import close_slots
    from banners.job.totals import write_totals
    from banners.store.connect import open_database

    closing = closing_of(settings)
    open_totals = partial(open_database, settings.database_url, create=True)
    moment = now().timestamp() if at is None else at
    closed = close_slots(closing, moment, slots, on_slot, among=among, most=most)
    write_totals(closing, open_totals, now, closed)
    return closed


def closing_of(settings: Settings) -> "Closing":
    """Return how slots are closed.

    Raises:
        SettingsError: there is no folder of the event log.
    """
    from banners.collect.close.run import Closing

    return Closing(
        events=events_of(settings),
        host=settings.host,
        zone=settings.timezone,
        window=settings.window,
        keep_events_seconds=settings.keep_events * _DAY_SECONDS,
        opened=_closer_of(settings),
        memory=settings.memory,
        wait_seconds=settings.wait_seconds,
    )


def _closer_of(settings: Settings) -> "OpenCloser":
    if settings.engine == "spark":
        from banners.crunch.engines.spark.crunch import spark_engine
        from banners.job.spark_closer import spark_closer

        engine = partial(
            spark_engine,
            master=settings.spark_master,
            memory=settings.memory,
            tables=settings.spark_tables,
        )
        return partial(spark_closer, engine=engine, memory=settings.memory)
    from banners.collect.close.duckdb_engine import duckdb_closer

    return partial(duckdb_closer, memory=settings.memory)


def record_conversions(
    settings: Settings,
    path: Path,
    name: str,
    on_rows: Callable[[int], None],
    *,
    clock: Callable[[], float] = time.time,
) -> "Taken":
    """Record the conversions of a file: see :func:`banners.collect.conversions.from_file`.

    Args:
        settings: name the event log, the keys and the largest revenue.
        path: a CSV file.
        name: the sender, one of the file of keys.
        on_rows: called with the number of rows so far.
        clock: tells the time, in seconds since 1970 in UTC.

    Raises:
        SettingsError: there is no folder of the event log, no file of senders, or no such sender.
        CollectError: a file cannot be read, or conversions cannot be kept.
    """
    from banners.collect.conversions.from_file import record_file
    from banners.collect.conversions.senders import read_senders
    from banners.collect.segments.log import EventLog

    events = events_of(settings)
    if not settings.conversion_keys_file:
        raise SettingsError(
            "BANNERS_CONVERSION_KEYS_FILE is empty; expected a file with a line for each sender: "
            "name key campaigns. Set it."
        )
    senders = read_senders(Path(settings.conversion_keys_file))
    sender = senders.named(name)
    if sender is None:
        raise SettingsError(
            f"{shorten(name)} is not a name in {settings.conversion_keys_file}. It has: "
            f"{', '.join(senders.names()) or 'none'}."
        )
    if remark := keys_not_shared(settings):
        _LOG.warning(remark)
    conversions = conversions_of(settings, tokens(settings), clock)
    log = EventLog(events, settings.host, clock=clock)
    try:
        return record_file(path, log, conversions, sender, on_rows)
    finally:
        log.close()


def conversions_of(
    settings: Settings, tokens: "Tokens", clock: Callable[[], float]
) -> "Conversions":
    """Return what checks conversions.

    Args:
        settings: name the largest revenue, and how long segments are kept.
        tokens: reads the tokens of clicks.
        clock: tells the time, in seconds since 1970 in UTC.
    """
    from banners.collect.conversions.check import Conversions

    window = settings.window * SLOTS_BETWEEN * SLOT_SECONDS
    kept = max(settings.keep_events * _DAY_SECONDS, window)
    # Once a segment of a slot is removed, its totals cannot be made again, so the conversion would
    # count nowhere. Closing, and bringing segments from other hosts, has a day.
    most_age = max(kept - _DAY_SECONDS, kept / 2)
    return Conversions(tokens, settings.most_revenue, most_age=most_age, clock=clock)


def tokens(settings: Settings) -> "Tokens":
    """Return what makes and reads tokens; its key is made at the first start.

    Raises:
        SettingsError: there is no folder of the event log.
        CollectError: the keys cannot be read, or made.
    """
    from banners.collect.token import Tokens
    from banners.collect.token_keys import make_token_keys, read_token_keys

    if settings.token_keys_file:
        return Tokens(read_token_keys(Path(settings.token_keys_file)))
    return Tokens(make_token_keys(events_of(settings) / "token_keys"))


def keys_not_shared(settings: Settings) -> str:
    """Return a sentence if there seem to be several hosts, each with keys of its own.

    It is empty otherwise.
    """
    if settings.token_keys_file or settings.host == Settings().host:
        return ""
    return (
        "BANNERS_HOST is set without BANNERS_TOKEN_KEYS_FILE: other hosts accept the links of this "
        "one only if all have the same file of keys."
    )


def forget_host(settings: Settings, host: str) -> None:
    """Stop waiting for a host: see :func:`banners.collect.close.run.forget_host`.

    Raises:
        SettingsError: there is no folder of the event log.
        CollectError: there is no such host.
    """
    from banners.collect.close.run import forget_host as forget

    forget(events_of(settings), host)


def events_of(settings: Settings) -> Path:
    """Return the folder of the event log.

    Raises:
        SettingsError: there is none.
    """
    if not settings.events:
        raise SettingsError(
            "BANNERS_EVENTS is empty; expected the folder of the event log. Set it, as in: "
            "BANNERS_EVENTS=var/events"
        )
    return Path(settings.events)
