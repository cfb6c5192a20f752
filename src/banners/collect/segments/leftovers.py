"""Seals the segments of workers that have died, and marks slots of which nothing is open."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from banners.collect.segments.names import (
    NEW,
    OPEN,
    SEALED,
    marker_of,
    segments_of,
    slots_marked,
)
from banners.collect.segments.open_segment import sync_folder
from banners.collect.segments.read import content_of_segment
from banners.collect.segments.record import end_record

# A month of slots.
_MOST_UNMARKED = 2_880


def seal_leftovers(folder: Path) -> int:
    """Seal the segments that no living worker has locked.

    What follows the first damaged record of such a segment is cut off: it was never acknowledged.

    Args:
        folder: the folder of this host; nothing happens if it does not exist.

    Returns:
        The number of bytes that were cut off.

    Raises:
        CollectError: a segment has a record of another form.
        OSError: the disk refuses.
    """
    torn = 0
    for path in _files(folder, NEW):
        with _locked(path) as locked:
            if locked is not None:
                path.unlink(missing_ok=True)
    for path in _files(folder, OPEN):
        with _locked(path) as locked:
            # The worker may have sealed it after it was listed.
            if locked is not None and path.exists():
                torn += _seal(path, locked)
    return torn


def mark_ended_slots(folder: Path, first: int, now: int) -> int:
    """Mark the slots that have ended and of which no segment is open any more.

    Args:
        folder: the folder of this host.
        first: the first slot that may lack its marker.
        now: the current slot.

    Returns:
        The first slot that still lacks its marker.

    Raises:
        OSError: the disk refuses.
    """
    still_open = {each.slot for each in segments_of(folder) if not each.is_sealed}
    for slot in range(first, now):
        if slot in still_open:
            return slot
        marker_of(folder, slot).touch()
    return max(first, now)


def first_unmarked(folder: Path, started: int) -> int:
    """Return the first slot of a host that lacks its marker.

    While no worker was running, nothing arrived, so these slots are marked as well.

    Args:
        folder: the folder of this host.
        started: the slot in which this worker started.

    Raises:
        OSError: the folder cannot be read.
    """
    marked = [slot + 1 for slot in slots_marked(folder) if slot < started]
    first = (
        max(marked) if marked else min((each.slot for each in segments_of(folder)), default=started)
    )
    return max(first, started - _MOST_UNMARKED)


def _files(folder: Path, ending: str) -> list[Path]:
    return sorted(folder.glob(f"*{ending}"))


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Open a file and lock it; None if another process has it locked, or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield None
        return
    try:
        locked: int | None = descriptor
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            locked = None
        yield locked
    finally:
        os.close(descriptor)


def _seal(path: Path, descriptor: int) -> int:
    """Cut a segment off after its last good record, and seal it; return the bytes cut off."""
    found = content_of_segment(path)
    if found.read.torn:
        os.ftruncate(descriptor, found.read.good)
    if not found.has_end:
        # A full disk does not keep it open: without this record it is only slower to read.
        with suppress(OSError):
            os.pwrite(descriptor, end_record(found.slots), found.read.good)
    os.fdatasync(descriptor)
    path.rename(path.with_suffix(SEALED))
    sync_folder(path.parent)
    return found.read.torn
