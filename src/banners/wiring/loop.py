"""Builds the loop."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from banners.core.outcome import QuarterOutcome
from banners.errors import LoopBusy, StoreError
from banners.settings import Settings
from banners.wiring.collect import close, events_of
from banners.wiring.job import publish_quarter

if TYPE_CHECKING:
    from banners.collect.close.run import Among, Closed, OnSlot
    from banners.job.loop.clock import Clock
    from banners.job.loop.run import Loop
    from banners.job.loop.schedule import Publish
    from banners.store.write.loop import LoopRecords


@contextmanager
def loop(
    settings: Settings,
    *,
    tell: Callable[[str], None],
    on_step: Callable[[str], None],
    clock: "Clock | None" = None,
) -> "Iterator[Loop]":
    """Build the loop, which is the only one of its folder and its database while it runs.

    Args:
        settings: name the folder of the event log and the database.
        tell: called with a sentence about each thing that was done or has failed.
        on_step: called with the name of each step before it is taken. What it raises ends the loop.
        clock: the clock; None for that of this machine.

    Raises:
        SettingsError: there is no folder of the event log, or the URL of the database is invalid.
        LoopBusy: another process runs the loop.
        CollectError: the folder cannot be used.
    """
    from banners.job.loop.alone import alone_on
    from banners.job.loop.clock import SystemClock
    from banners.job.loop.run import Loop, Parts
    from banners.job.loop.schedule import Timetable
    from banners.store.connect import open_database
    from banners.store.write.loop import LoopRecords

    events = events_of(settings)
    going_by = clock or SystemClock()

    def now() -> datetime:
        return datetime.fromtimestamp(going_by.now(), UTC)

    def close_slots(at: float, on_slot: "OnSlot", among: "Among", most: int) -> "Closed":
        return close(settings, (), on_slot, at=at, among=among, most=most, now=now)

    def publish(action: "Publish", on_publish_step: Callable[[str], None]) -> QuarterOutcome:
        return publish_quarter(settings, action.quarter, action.slot, on_publish_step, now=now)

    with alone_on(
        events, settings.host, clock=going_by, wait_seconds=settings.wait_seconds, tell=tell
    ):
        database = open_database(settings.database_url, create=True)
        records = LoopRecords(database, now)
        parts = Parts(
            events=events,
            zone=settings.timezone,
            close=close_slots,
            publish=publish,
            records=records,
            clock=going_by,
            tell=tell,
            on_step=on_step,
            host=settings.host,
            process=os.getpid(),
        )
        try:
            _hold_lock(records, going_by, settings.wait_seconds)
            yield Loop(parts, Timetable(settings.timezone, settings.publish_ahead))
        finally:
            records.close()
            database.dispose()


def _hold_lock(records: "LoopRecords", clock: "Clock", wait_seconds: float) -> None:
    """Take the lock of the database; without the database, the loop takes it later.

    Raises:
        LoopBusy: another loop publishes to the same database.
    """
    give_up = clock.now() + wait_seconds
    while True:
        try:
            records.hold_lock()
        except LoopBusy:
            if clock.now() >= give_up:
                raise
            clock.wait_until(min(give_up, clock.now() + 1))
        except StoreError:
            return
        else:
            return
