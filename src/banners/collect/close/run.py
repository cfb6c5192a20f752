"""Closes slots that have something new, and archives those that have left the window."""

from collections.abc import Callable, Collection, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from banners.collect.close.account import ClosedSlot
from banners.collect.close.closer import Closer, OpenCloser, OtherFields
from banners.collect.close.files import TOTALS, EventFolder, slot_file
from banners.collect.close.records import Index, first_of_another_form, index_of
from banners.collect.close.window import (
    Hosts,
    Window,
    first_slot,
    has_something_new,
    refuse_distant_clock,
    removable,
    remove,
)
from banners.collect.segments.leftovers import first_unmarked, mark_ended_slots, seal_leftovers
from banners.collect.segments.names import RETIRED, hosts_of, log_folder
from banners.collect.segments.read import other_record
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.slots import SLOT_SECONDS, quarter_of, slot_at, slot_name
from banners.errors import CollectError

if TYPE_CHECKING:
    from collections.abc import Iterator

OnSlot = Callable[[int], None]
Among = Callable[[int], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How slots are closed.

    Args:
        events: the folder of all events, ``BANNERS_EVENTS``.
        host: the name of this host.
        zone: the time zone that quarters are counted in.
        window: how many slots of each quarter count for the next lineups.
        keep_events_seconds: how long a segment is kept at least, in seconds.
        opened: opens the engine that closes slots.
        memory: memory limit of the DuckDB that adds up the totals of slots, such as ``2GB``.
        wait_seconds: how long to wait for another process that closes slots, in seconds.
    """

    events: Path
    host: str
    zone: tzinfo
    window: int
    keep_events_seconds: int
    opened: OpenCloser
    memory: str
    wait_seconds: float


@dataclass(slots=True)
class Closed:
    """What a run has closed.

    Args:
        slots: the slots that were closed, in order.
        archived: the slots that have left the window and were moved to the archive.
        recounted: archived slots for which more has come, with new totals and the same files.
        problems: why other slots could not be closed, or their totals not be written.
        torn: damaged bytes that were left out: in the segments that were read, and at the end of
            those that dead workers of this host had left.
        late: records that came for a slot after it was archived; they are in no event file.
        removed: segments that were removed, since nothing needs them any more.
        forgettable: old slots whose account and totals are needed only until the database has the
            totals.
        written: the slots whose totals were written to the database (banners.job.totals).
        uncounted: records of slots that were closed after the database had dropped their rows; they
            are in no totals.
    """

    slots: list[ClosedSlot] = field(default_factory=list)
    archived: list[int] = field(default_factory=list)
    recounted: list[ClosedSlot] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    torn: int = 0
    late: int = 0
    removed: int = 0
    forgettable: list[int] = field(default_factory=list)
    written: list[int] = field(default_factory=list)
    uncounted: int = 0


def close_slots(
    closing: Closing,
    now: float,
    slots: Collection[int] = (),
    on_slot: OnSlot = lambda _: None,
    *,
    among: Among = lambda _: True,
    most: int | None = None,
) -> Closed:
    """Close slots, archive those that have left the window, and remove old segments.

    Args:
        closing: how slots are closed.
        now: seconds since 1970 in UTC.
        slots: the slots to close, whether or not they have new records; empty for all that
            have any.
        on_slot: called with each slot before it is closed.
        among: says of each slot whether it may be closed, where none is named.
        most: the largest number of slots to close, the oldest first; None for no limit.

    Raises:
        CollectError: the log cannot be read, a file cannot be written, the engine fails, another
            process is closing slots, the clock is far ahead of everything that is known, or a slot
            that was named is archived.
    """
    with on_disk(closing.events), _one_at_a_time(closing):
        run = _Run(closing, slot_at(now))
        return run.run(run.named(slots) if slots else run.with_something_new(among), most, on_slot)


def forget_host(events: Path, host: str) -> None:
    """Stop waiting for a host. What it has sent still counts.

    Raises:
        CollectError: there is no such host.
    """
    log = log_folder(events)
    with on_disk(events):
        hosts = hosts_of(log)
        if host not in hosts:
            known = f"Known hosts: {', '.join(hosts)}." if hosts else "There is none yet."
            raise CollectError(f"{log} has no host of this name: {host}. {known}")
        (log / host / RETIRED).touch()


class _Run:
    """One run; it lists the log once, and ignores what arrives later."""

    def __init__(self, closing: Closing, now: int) -> None:
        self._closing = closing
        self._window = Window(now, closing.window)
        self._folder = EventFolder(closing.events)
        # Before a marker is written: with a clock that is ahead, it would be of the newest slot.
        refuse_distant_clock(self._window, closing.events, self._folder.closed_slots())
        self._folder.recover()
        self._closed = Closed()
        self._tidy_this_host()
        self._hosts = Hosts(closing.events)
        self._index: Index = index_of(closing.events)
        self._before: dict[int, ClosedSlot] = {}
        self._recount: list[int] = []

    def run(self, slots: Collection[int], most: int | None, on_slot: OnSlot) -> Closed:
        self._close([slot for slot in slots if self._has_every_segment(slot)][:most], on_slot)
        self._archive()
        self._remove()
        return self._closed

    def _tidy_this_host(self) -> None:
        """Seal what dead workers of this host left, and mark the slots that have ended."""
        folder = log_folder(self._closing.events) / self._closing.host
        if folder.is_dir():
            self._closed.torn = seal_leftovers(folder)
            now = self._window.now
            mark_ended_slots(folder, first_unmarked(folder, now), now)

    def named(self, slots: Collection[int]) -> list[int]:
        for slot in sorted(slots):
            if slot > self._window.now and slot not in self._index.by_slot:
                raise CollectError(f"Slot {slot_name(slot)} has not begun. Name an earlier one.")
            if self._is_archived(slot):
                raise CollectError(
                    f"Slot {slot_name(slot)} has left the window and is archived, so it is not "
                    "closed again. Its event files are in "
                    f"{self._closing.events / 'archive'}."
                )
        return sorted(slots)

    def with_something_new(self, among: Among) -> list[int]:
        since = first_slot(self._index, self._folder.closed_slots())
        if since is None:
            return []
        slots = []
        for slot in sorted({*self._index.by_slot, *self._window.ended(since)}):
            if self._is_archived(slot):
                self._count_late(slot)
            elif among(slot) and has_something_new(
                self._account_before(slot), self._index.by_slot.get(slot, {}), self._missing(slot)
            ):
                slots.append(slot)
        return slots

    def _is_archived(self, slot: int) -> bool:
        before = self._account_before(slot)
        # A clock that was ahead may have archived a slot of the window, and removed its segments
        # and account. Closing it again would replace its files by files without events.
        return before.archived if before else self._folder.has_archived(slot)

    def _account_before(self, slot: int) -> ClosedSlot | None:
        if slot not in self._before and (found := self._folder.closed(slot)):
            self._before[slot] = found
        return self._before.get(slot)

    def _missing(self, slot: int) -> tuple[str, ...]:
        return self._hosts.missing(slot) if slot < self._window.now else ()

    def _count_late(self, slot: int) -> None:
        """Count what has come for an archived slot, which goes into its totals alone."""
        before = self._account_before(slot)
        known = before.segments if before else {}
        found = self._index.by_slot.get(slot, {})
        late = sum(max(0, records - known.get(each, 0)) for each, records in found.items())
        self._closed.late += late
        # If segments of it were removed, its totals cannot be made again.
        if late and before and set(known) <= set(found):
            self._recount.append(slot)

    def _has_every_segment(self, slot: int) -> bool:
        """Return whether everything that the slot was closed with last is still there.

        The folder of a host may be out of reach for a while; closing without it would take events
        back.
        """
        before = self._account_before(slot)
        gone = sorted(
            set(before.segments if before else ()) - set(self._index.by_slot.get(slot, ()))
        )
        if gone:
            self._closed.problems.append(
                f"Slot {slot_name(slot)} is not closed again: segment {gone[0]}, with which it was "
                f"closed before, is not in {log_folder(self._closing.events)}. Bring it back, if "
                "nobody has moved it away on purpose; until then, the event files of the slot stay "
                "as they are."
            )
        return not gone

    def _close(self, slots: Collection[int], on_slot: OnSlot) -> None:
        slots = sorted({*slots, *self._recount})
        if not slots:
            return
        needed = {key for slot in slots for key in self._index.by_slot.get(slot, ())}
        segments = [each for each, _ in self._index.segments if each.key in needed]
        begun: int | None = None
        try:
            with self._closing.opened(self._folder.scratch()) as closer:
                self._closed.torn += closer.read(segments, slots)
                for slot in slots:
                    on_slot(slot)
                    begun = slot
                    self._close_with(closer, slot)
                    begun = None
        except CollectError as error:
            if begun is None:
                raise
            is_odd = isinstance(error, OtherFields)
            odd = first_of_another_form(segments, begun) if is_odd else None
            told = other_record(*odd, "the fields that this release writes") if odd else error
            raise CollectError(f"Slot {slot_name(begun)} is not closed. {told}") from error
        self._folder.recover()

    def _close_with(self, closer: Closer, slot: int) -> None:
        staged = self._folder.staged(slot)
        made = closer.close(
            slot, quarter_of(slot, self._closing.zone), _paths(staged, slot), staged / TOTALS
        )
        closed = replace(
            made,
            segments=dict(self._index.by_slot.get(slot, {})),
            missing=self._missing(slot),
            archived=slot not in self._window or slot in self._recount,
        )
        self._before[slot] = closed
        if slot in self._recount:
            _remove_event_files(staged)
            self._closed.recounted.append(closed)
        else:
            self._closed.slots.append(closed)
        self._folder.put_into_place(staged, closed)

    def _archive(self) -> None:
        for slot in self._folder.closed_slots():
            if slot not in self._window:
                closed = self._account_before(slot)
                if closed and not closed.archived:
                    self._before[slot] = replace(closed, archived=True)
                    self._folder.archive(self._before[slot])
                    self._closed.archived.append(slot)

    def _remove(self) -> None:
        """Remove the segments that are old enough, and find the slots that need no account now."""
        archived = {slot for slot in self._index.by_slot if self._is_archived(slot)}
        oldest = self._window.now - self._closing.keep_events_seconds // SLOT_SECONDS
        old = list(removable(self._index, archived, oldest))
        remove(old, self._closing.events, min(oldest, self._window.first))
        self._closed.removed = len(old)
        keys = {each.key for each in old}
        left = {slot for slot, segments in self._index.by_slot.items() if not set(segments) <= keys}
        self._closed.forgettable.extend(
            slot
            for slot in self._folder.closed_slots()
            if slot < oldest and slot not in left and self._is_archived(slot)
        )


def _remove_event_files(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != TOTALS:
            path.unlink()


def _paths(folder: Path, slot: int) -> Mapping[tuple[Kind, Quarter], Path]:
    return {
        (kind, quarter): folder / slot_file(kind, quarter, slot)
        for kind in Kind
        for quarter in Quarter
    }


@contextmanager
def on_disk(events: Path) -> "Iterator[None]":
    """Translate errors of the disk.

    Args:
        events: the folder of all events.

    Raises:
        CollectError: a file cannot be read or written.
    """
    try:
        yield
    except OSError as error:
        where = error.filename2 or error.filename or events
        raise CollectError(
            f"{where} cannot be used: {error.strerror or error}. Check its permissions and the "
            "space on its disk, and close again."
        ) from error


@contextmanager
def _one_at_a_time(closing: Closing) -> "Iterator[None]":
    """Keep other processes from closing slots in the block.

    Raises:
        CollectError: another process is still closing slots after the time to wait.
    """
    from filelock import FileLock, Timeout

    if not closing.events.is_dir():
        raise CollectError(
            f"{closing.events} is not a folder. Set BANNERS_EVENTS to the folder of the event log."
        )
    lock = FileLock(closing.events / "closing.lock", timeout=closing.wait_seconds)
    try:
        lock.acquire()
    except Timeout as error:
        raise CollectError(
            f"Another process is closing slots in {closing.events}. Wait until it is done, and "
            "close again."
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):
            lock.release()
