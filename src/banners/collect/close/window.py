"""Which slots are in use, which have something new, and what may be removed."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from banners.collect.close.account import ClosedSlot
from banners.collect.close.records import Index
from banners.collect.segments.names import (
    RETIRED,
    Segment,
    hosts_of,
    log_folder,
    marker_of,
    segments_of,
    slots_marked,
)
from banners.core.slots import SLOT_SECONDS, SLOTS_A_DAY, SLOTS_BETWEEN, slot_name
from banners.errors import CollectError


@dataclass(frozen=True, slots=True)
class Window:
    """The slots that count for the next lineups.

    Args:
        now: the current slot.
        slots: how many slots of each quarter count, 1 or more.
    """

    now: int
    slots: int

    @property
    def first(self) -> int:
        """The oldest slot that counts."""
        return self.now - self.slots * SLOTS_BETWEEN + 1

    def __contains__(self, slot: int) -> bool:
        """Return whether a slot counts for the next lineups."""
        return slot >= self.first

    def ended(self, since: int) -> range:
        """Return the slots in it that have ended.

        Args:
            since: the first slot of which anything is known.
        """
        return range(max(self.first, since), self.now)


def arrived(events: Path) -> Iterator[int]:
    """Yield slots in which something arrived, or which a host has marked as complete.

    Args:
        events: the folder of all events.

    Raises:
        OSError: the log cannot be read.
    """
    log = log_folder(events)
    for host in hosts_of(log):
        yield from slots_marked(log / host)
        yield from (segment.slot for segment in segments_of(log / host))


def refuse_distant_clock(window: Window, events: Path, closed: Iterable[int]) -> None:
    """Refuse to go on if nothing is known of the last day, nor of the whole window before it.

    A clock that is ahead would move every slot out of the window, and remove what is older than
    events are kept, which cannot be undone.

    Args:
        window: the slots that count.
        events: the folder of all events.
        closed: the slots that have been closed.

    Raises:
        CollectError: the clock is that far ahead of everything that is known.
        OSError: the log cannot be read.
    """
    newest = max((slot for slot in (*arrived(events), *closed) if slot <= window.now), default=None)
    if newest is None or newest >= window.first - SLOTS_A_DAY:
        return
    hours = (window.now - newest) * SLOT_SECONDS // 3_600
    raise CollectError(
        f"By the clock of this host, it is now slot {slot_name(window.now)}, {hours:,} hours after "
        f"{slot_name(newest)}, the newest slot of which {events} has anything. Nothing is closed, "
        "archived or removed, since the clock may be wrong. Set it right if it is. If it is not, "
        "start banners serve with this folder: closing goes on as soon as a server has recorded "
        "or marked a newer slot."
    )


class Hosts:
    """The hosts that send segments, and the slots that each has marked as complete.

    Args:
        events: the folder of all events.

    Raises:
        OSError: the log cannot be read.
    """

    def __init__(self, events: Path) -> None:
        log = log_folder(events)
        self._marked: dict[str, set[int]] = {}
        self._since: dict[str, int] = {}
        for host in hosts_of(log):
            marked = slots_marked(log / host)
            known = {*marked, *(segment.slot for segment in segments_of(log / host))}
            if known and not (log / host / RETIRED).exists():
                self._marked[host] = marked
                self._since[host] = min(known)

    def missing(self, slot: int) -> tuple[str, ...]:
        """Return the hosts that were there in a slot and have not marked it."""
        return tuple(
            host
            for host, marked in self._marked.items()
            if slot not in marked and self._since[host] <= slot
        )


def first_slot(index: Index, closed: Collection[int]) -> int | None:
    """Return the first slot of which anything is known; None if nothing is."""
    arrived = (segment.slot for segment, _ in index.segments)
    return min((*index.by_slot, *arrived, *closed), default=None)


def has_something_new(
    before: ClosedSlot | None, records: Mapping[str, int], missing: Collection[str]
) -> bool:
    """Return whether a slot must be closed, or closed again.

    Args:
        before: the slot as it was closed last.
        records: the number of its records in each segment that holds any.
        missing: the hosts that have not marked it.
    """
    return before is None or before.segments != records or before.missing != missing


def removable(index: Index, archived: Collection[int], before: int) -> Iterator[Segment]:
    """Yield the sealed segments that are old enough, and hold records of archived slots alone.

    Args:
        index: what the log holds.
        archived: the slots that are archived.
        before: segments of this slot and later ones are kept.
    """
    for segment, content in index.segments:
        if segment.is_sealed and segment.slot < before and set(content.slots) <= set(archived):
            yield segment


def remove(segments: Collection[Segment], events: Path, before: int) -> None:
    """Remove segments, and the markers of slots before one; the newest of each host stays.

    Raises:
        OSError: a file cannot be removed.
    """
    for segment in segments:
        segment.path.unlink(missing_ok=True)
    log = log_folder(events)
    for host in hosts_of(log):
        for slot in sorted(slots_marked(log / host))[:-1]:
            if slot < before:
                marker_of(log / host, slot).unlink(missing_ok=True)
