"""Builds what watches recording, closing and the loop for a worker of the web application."""

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from banners.core.model import Quarter
from banners.errors import StoreError
from banners.settings import Settings

if TYPE_CHECKING:
    from banners.core.closing import ClosingState
    from banners.core.totals import SlotState
    from banners.reports.loop import LoopStatus, SeenLoop
    from banners.reports.totals import TotalsReader
    from banners.web.metrics import Metrics
    from banners.web.recording.watched import Watched

_LOG = logging.getLogger(__name__)

_SECONDS = 5.0


class EventWatch:
    """Looks at the folder of events from time to time, and at what all workers have counted.

    Args:
        settings: name the folder; it need not exist yet.
        metrics: the metrics of this worker.
        totals: knows the slots that another host has closed, from the database.
        clock: tells the time, in seconds since 1970 in UTC.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: "Metrics",
        totals: "TotalsReader",
        clock: Callable[[], float],
    ) -> None:
        from banners.collect.close.state import ClosingWatch
        from banners.web.recording.watched import Recent

        self._events = Path(settings.events)
        self._metrics = metrics
        self._totals = totals
        self._clock = clock
        self._window = settings.window
        self._closing = ClosingWatch(self._events, settings.window)
        self._recent = Recent()
        self._watched: Watched | None = None
        self._looked = float("-inf")

    def watched(self) -> "Watched | None":
        """Return what the last look has found; None before the first."""
        return self._watched

    def look(self) -> None:
        """Look again, unless that was done a few seconds ago; it takes as long as the disk does."""
        now = time.monotonic()
        if now < self._looked + _SECONDS:
            return
        self._looked = now
        from banners.web.event_metrics import DISK_BYTES, FREE_BYTES, counts_of, unsynced_of
        from banners.web.recording.watched import Watched

        events = self._metrics.events
        closing, disk = self._closing_state(), self._disk()
        if closing:
            events.closing(closing, self._clock())
        if disk:
            events.hold(FREE_BYTES, disk[0])
            events.hold(DISK_BYTES, disk[1])
        totals = counts_of(self._metrics.values)
        self._watched = Watched(
            totals=totals,
            recent=self._recent.growth(now, totals),
            unsynced_seconds=unsynced_of(self._metrics.values),
            free_bytes=disk[0] if disk else None,
            disk_bytes=disk[1] if disk else 0,
            closing=closing,
        )

    def _closing_state(self) -> "ClosingState | None":
        """Return how far closing has come, in this folder or on another host."""
        here = self._closed_here()
        if here and not here.waiting:
            return here
        there = self._closed_there()
        if here is None or there is None:
            return here or there
        return max(here, there, key=lambda each: each.newest or 0)

    def _closed_here(self) -> "ClosingState | None":
        try:
            return self._closing.look(self._clock())
        except OSError as error:
            _LOG.debug("%s cannot be read: %s", self._events, error)
            return None

    def _closed_there(self) -> "ClosingState | None":
        from banners.collect.close.state import state_of_written

        def written(slots: range) -> "list[SlotState]":
            return [each.state for each in self._totals.closed(slots)]

        try:
            return state_of_written(written, self._window, self._clock())
        except StoreError as error:
            _LOG.debug("The closed slots cannot be read: %s", error)
            return None

    def _disk(self) -> tuple[int, int] | None:
        """Return the free and all bytes of the disk; None if it cannot be read."""
        try:
            found = shutil.disk_usage(self._events)
        except OSError:
            return None
        return found.free, found.total


class LoopWatch:
    """Reads from time to time what the database knows about the loop.

    Args:
        settings: say when quarters are published.
        read: reads it from the database.
        metrics: the metrics of this worker.
        clock: tells the time, in seconds since 1970 in UTC.
    """

    def __init__(
        self,
        settings: Settings,
        read: Callable[[], "LoopStatus"],
        metrics: "Metrics",
        clock: Callable[[], float],
    ) -> None:
        from banners.job.loop.schedule import Timetable
        from banners.reports.remember import Remembered

        self._timetable = Timetable(settings.timezone, settings.publish_ahead)
        self._read = read
        self._metrics = metrics.events
        self._clock = clock
        self._remembered = Remembered(self._seen, time.monotonic)

    def seen(self) -> "SeenLoop":
        """Return what the last look has found; an empty one before the first look."""
        from banners.reports.loop import SeenLoop

        return next(iter(self._remembered.last()), SeenLoop())

    def look(self, *, changed: bool) -> None:
        """Look again, unless that was done a few seconds ago.

        Args:
            changed: whether something is known to have changed since.
        """
        self._remembered.look(changed=changed)
        self._metrics.loop(self.seen())

    def _seen(self) -> "Sequence[SeenLoop]":
        from banners.job.loop.schedule import next_publish
        from banners.reports.loop import SeenLoop

        now, status = self._clock(), self._read()
        last = {quarter: each.seconds for quarter, each in status.quarters.items()}
        publishes = {
            quarter: next_publish(self._timetable, quarter, last.get(quarter, 0), now)
            for quarter in Quarter
        }
        return [SeenLoop(status, now, publishes)]
