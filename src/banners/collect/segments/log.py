"""The event log as a worker writes it.

A worker records events while it answers requests, flushes once in each turn of its event loop,
before it sends the answers of that turn, and syncs in a thread. Nothing here waits for a disk but
:meth:`EventLog.sync` and :meth:`EventLog.close`, and nothing here knows of asyncio.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from banners.collect.segments.leftovers import first_unmarked, mark_ended_slots, seal_leftovers
from banners.collect.segments.names import log_folder, segment_stem
from banners.collect.segments.open_segment import OpenSegment
from banners.collect.segments.record import (
    click_record,
    conversion_record,
    impressions_record,
)
from banners.core.slots import slot_at
from banners.core.views import Traffic, View
from banners.errors import CollectError

MOST_BUFFERED = 4 << 20
"""Maximum number of bytes that wait to be written; more are refused."""

_MOST_RETIRED = 4


@dataclass(slots=True)
class LogCounts:
    """What became of the records of a worker so far.

    Args:
        written: records that the system has taken.
        refused: records that could not be kept, since the disk was full or the buffer was.
        failed_writes: how often the system refused to take records.
        failed_syncs: how often the system could not say that records would survive a loss of power.
        torn: bytes cut off from segments of workers that had died.
    """

    written: int = 0
    refused: int = 0
    failed_writes: int = 0
    failed_syncs: int = 0
    torn: int = 0


class EventLog:
    """Records events in segments of one worker.

    One thread records and flushes; another may sync.

    Args:
        events: the folder of all events, ``BANNERS_EVENTS``.
        host: the name of this host.
        clock: returns the seconds since 1970 in UTC.
        most_buffered: maximum number of bytes that wait to be written.
    """

    def __init__(
        self,
        events: Path,
        host: str,
        *,
        clock: Callable[[], float],
        most_buffered: int = MOST_BUFFERED,
    ) -> None:
        self.counts = LogCounts()
        self.reason = ""
        """Why records were last refused, as the system says; empty after the next success."""
        self.unsynced_since: float | None = None
        """When the oldest record was written that is not yet on the disk; None if there is none."""
        self._folder = log_folder(events) / host
        self._clock = clock
        self._most_buffered = most_buffered
        self._worker = secrets.token_hex(8)
        self._number = 0
        self._records: list[bytes] = []
        self._slots: list[int] = []
        self._buffered = 0
        self._closed = False
        # The lock protects these two; no thread waits for a disk while it holds the lock.
        self._lock = Lock()
        self._current: OpenSegment | None = None
        self._retired: list[OpenSegment] = []
        self._started = slot_at(clock())
        self._unmarked: int | None = None
        self._swept: int | None = None

    def impressions(self, view: View, traffic: Traffic) -> bool:
        """Record that the banners of a view were seen; return False if there is no room."""
        return self._add(view.slot, impressions_record(view, traffic))

    def click(self, view: View, position: int, traffic: Traffic) -> bool:
        """Record a click; return False if there is no room.

        Args:
            view: the view in which it happened.
            position: the place of the banner, from 1.
            traffic: who clicked.
        """
        return self._add(view.slot, click_record(view, position, traffic))

    def conversion(
        self, slot: int, conversion_id: int, click_id: int, revenue: str, campaign_id: int
    ) -> bool:
        """Record a conversion; return False if there is no room.

        Args:
            slot: the slot of the view in which the click happened.
            conversion_id: its id, of 59 bits.
            click_id: the click that it came from.
            revenue: as in an event file.
            campaign_id: the campaign that the click must be of; 0 for any.
        """
        return self._add(
            slot, conversion_record(slot, conversion_id, click_id, revenue, campaign_id)
        )

    def flush(self) -> bool:
        """Write what was recorded since the last time, with one call; return whether it is kept.

        Once this has returned True, the records survive the end of the process. If it returns
        False, none of them is in the log, and the next call tries with new ones.

        Raises:
            CollectError: the log was closed.
        """
        self._check_open()
        now = self._clock()
        slot = slot_at(now)
        self._turn(slot)
        if not self._records:
            return True
        block, slots = b"".join(self._records), self._slots
        self._records, self._slots, self._buffered = [], [], 0
        try:
            self._writable(slot).append(block, slots)
        except OSError as error:
            self.counts.failed_writes += 1
            self.counts.refused += len(slots)
            self.reason = error.strerror or str(error)
            return False
        self.counts.written += len(slots)
        self.reason = ""
        if self.unsynced_since is None:
            self.unsynced_since = now
        return True

    def sync(self) -> bool:
        """Make what was flushed since the last call survive a loss of power; return if it does.

        Segments of slots that have ended are sealed. This waits for the disk, so call it in a
        thread; never in two at a time.
        """
        self.unsynced_since, since = None, self.unsynced_since
        with self._lock:
            current = self._current
            retired, self._retired = self._retired, []
        kept = [each.seal() for each in retired]
        if current and not current.is_synced:
            kept.append(current.sync())
        self.counts.failed_syncs += kept.count(False)
        self._tidy()
        if not all(kept) and self.unsynced_since is None:
            self.unsynced_since = since
        return all(kept)

    def close(self) -> bool:
        """Flush, and seal the segment; return whether everything survives a loss of power.

        Closing twice is allowed.
        """
        if self._closed:
            return True
        written = self.flush()
        self._closed = True
        self._retire()
        return self.sync() and written

    def _add(self, slot: int, record: bytes) -> bool:
        self._check_open()
        if self._buffered + len(record) > self._most_buffered:
            self.counts.refused += 1
            self.reason = "more events than could be written"
            return False
        self._buffered += len(record)
        self._records.append(record)
        self._slots.append(slot)
        return True

    def _check_open(self) -> None:
        if self._closed:
            raise CollectError("The event log was closed. Open it again to record more.")

    def _turn(self, slot: int) -> None:
        """Stop writing to a segment of another slot, or to a broken one.

        The clock may also have been set back. A segment belongs to the slot of arrival, whatever
        came before it.
        """
        current = self._current
        if current and (current.broken or current.slot != slot):
            self._retire()

    def _retire(self) -> None:
        with self._lock:
            # If the disk hangs, the current segment is written on: files stay few.
            if self._current and len(self._retired) < _MOST_RETIRED:
                self._retired.append(self._current)
                self._current = None

    def _writable(self, slot: int) -> OpenSegment:
        if self._current is None:
            self._number += 1
            stem = segment_stem(slot, self._worker, self._number)
            made = OpenSegment(self._folder, stem, slot)
            with self._lock:
                self._current = made
        return self._current

    def _tidy(self) -> None:
        """Once in each slot: seal what dead workers left, and mark the slots that have ended."""
        now = slot_at(self._clock())
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._swept != now:
                self.counts.torn += seal_leftovers(self._folder)
                self._swept = now
            if self._unmarked is None:
                self._unmarked = first_unmarked(self._folder, self._started)
            if self._unmarked < now:
                self._unmarked = mark_ended_slots(self._folder, self._unmarked, now)
        except (OSError, CollectError):
            # It is tried again; what is not sealed is read all the same, and closing reports it.
            return
