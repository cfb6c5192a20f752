"""Finds out how far closing has come, from the accounts of slots and the names of segments."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from banners.collect.close.account import ClosedSlot
from banners.collect.close.files import accounts_folder, accounts_in
from banners.collect.close.window import Window
from banners.collect.segments.names import first_slot_in, hosts_of, log_folder
from banners.core.closing import ClosingState
from banners.core.events import Kind
from banners.core.slots import SLOTS_A_DAY, slot_at, slot_named
from banners.core.totals import SlotState

DUE_SECONDS = 600
"""Seconds from the end of a slot until it should be closed: two minutes after its end, and the time
that this takes."""

_DISTINCT_NANOSECONDS = 2_000_000_000
"""Nanoseconds after which a further change of a folder is certain to have another time."""

Found = TypeVar("Found")


class ClosingWatch:
    """Looks at a folder of events; what has not changed is not read again.

    Args:
        events: the folder, ``BANNERS_EVENTS``.
        window: how many slots of each quarter count, 1 or more.
    """

    def __init__(self, events: Path, window: int) -> None:
        self._events = events
        self._window = window
        self._read: dict[int, tuple[int, ClosedSlot]] = {}
        self._accounts_in = _Unchanged(accounts_in)
        self._first_in = _Unchanged(first_slot_in)

    def look(self, now: float) -> ClosingState | None:
        """Return how far closing has come; None if no slot has ever been closed in this folder.

        Slots are then closed elsewhere, or not at all.

        Args:
            now: seconds since 1970 in UTC.

        Raises:
            OSError: the folder cannot be read.
        """
        paths = self._accounts_in(self._events, accounts_folder(self._events)) or {}
        if not paths:
            return None
        current = slot_at(now)
        recent = {slot: path for slot, path in paths.items() if slot >= current - SLOTS_A_DAY}
        self._read = dict(self._accounts(recent))
        accounts = [closed for _, closed in self._read.values()]
        first = max(min([*paths, *self._arrived()]), Window(current, self._window).first)
        return _state(paths, first, accounts, now, late=sum(map(_late, accounts)))

    def _accounts(self, paths: dict[int, Path]) -> Iterator[tuple[int, tuple[int, ClosedSlot]]]:
        for slot, path in sorted(paths.items()):
            try:
                changed = path.stat().st_mtime_ns
                known = self._read.get(slot)
                if known is None or known[0] != changed:
                    known = changed, ClosedSlot.from_json(path.read_bytes().decode())
            except (FileNotFoundError, ValueError):
                # Removed since it was listed, or damaged, which the next closing reports.
                continue
            yield slot, known

    def _arrived(self) -> Iterator[int]:
        """Yield for each host the first slot in which something arrived, or that it has marked."""
        log = log_folder(self._events)
        for host in hosts_of(log):
            first = self._first_in(log / host, log / host)
            if first is not None:
                yield first


def state_of_written(
    written: Callable[[range], Iterable[SlotState]], window: int, now: float
) -> ClosingState | None:
    """Return how far closing has come by the slots whose totals are in the database.

    Args:
        written: returns those in a range of slots.
        window: how many slots of each quarter count, 1 or more.
        now: seconds since 1970 in UTC.

    Returns:
        What is known, without what came late; None if no slot is in the database.
    """
    current = slot_at(now)
    found = {each.slot: each for each in written(range(Window(current, window).first, current + 1))}
    if not found:
        return None
    recent = [each for slot, each in found.items() if slot >= current - SLOTS_A_DAY]
    return _state(found, min(found), recent, now, late=None)


class _Unchanged(Generic[Found]):
    """Reads folders, but not again while their files are the same.

    Args:
        read: reads one.
    """

    def __init__(self, read: Callable[[Path], Found]) -> None:
        self._read = read
        self._kept: dict[Path, tuple[int, Found]] = {}

    def __call__(self, path: Path, folder: Path) -> Found | None:
        """Return what was read; None if the folder is missing.

        Args:
            path: what is read.
            folder: changes whenever that does.
        """
        try:
            changed = folder.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        kept = self._kept.get(path)
        if kept is not None and kept[0] == changed:
            return kept[1]
        found = self._read(path)
        # A later change may still have the same time, as far as the file system tells times apart.
        if time.time_ns() - changed > _DISTINCT_NANOSECONDS:
            self._kept[path] = changed, found
        return found


def _state(
    closed: Collection[int],
    first: int,
    recent: Iterable[ClosedSlot | SlotState],
    now: float,
    *,
    late: int | None,
) -> ClosingState:
    current, due = slot_at(now), slot_at(now - DUE_SECONDS)
    return ClosingState(
        newest=max((slot for slot in closed if slot < current), default=None),
        waiting=tuple(slot for slot in range(first, due) if slot not in closed),
        missing=tuple(sorted({host for each in recent for host in each.missing})),
        account=_sums(recent),
        late=late,
    )


def _sums(accounts: Iterable[ClosedSlot | SlotState]) -> dict[Kind, dict[str, int]]:
    sums: dict[Kind, Counter[str]] = {kind: Counter() for kind in Kind}
    for closed in accounts:
        for kind, outcomes in closed.account.items():
            sums[kind].update(outcomes)
    return {kind: dict(counts) for kind, counts in sums.items()}


def _late(closed: ClosedSlot) -> int:
    """Return how many records of a slot are in segments of later slots."""
    return sum(
        records
        for segment, records in closed.segments.items()
        # Its name begins with the slot of arrival.
        if slot_named(Path(segment).name.partition("-")[0]) > closed.slot
    )
