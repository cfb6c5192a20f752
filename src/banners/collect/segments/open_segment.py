"""A segment that is being written: one file, which its worker has locked."""

import errno
import fcntl
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from banners.collect.segments.names import NEW, OPEN, SEALED
from banners.collect.segments.record import end_record


class OpenSegment:
    """One file of the event log, to which records are appended until it is sealed.

    Appending and syncing may happen in two threads; sealing comes after both.

    Args:
        folder: the folder of the host.
        stem: the name of the file without its ending.
        slot: the slot of arrival.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, folder: Path, stem: str, slot: int) -> None:
        self.slot = slot
        self.broken = False
        """Whether nothing more may be appended, since the disk refused to keep what was."""
        self._folder = folder
        self._stem = stem
        self._length = 0
        self._synced = 0
        # Up to here, sync() has told what became of it.
        self._told = 0
        self._is_listed = False
        self._slots: Counter[int] = Counter()
        self._descriptor = _make(folder, stem)

    @property
    def is_synced(self) -> bool:
        """Whether everything that was appended would survive a loss of power."""
        return self._synced == self._length

    def append(self, block: bytes, slots: Sequence[int]) -> None:
        """Write records, or nothing.

        Args:
            block: complete records.
            slots: the slot of the view of each.

        Raises:
            OSError: they cannot be written; what was written of them is cut off again.
        """
        if self.broken:
            raise OSError(errno.EIO, "the disk failed, and no new segment could be begun")
        try:
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            try:
                os.ftruncate(self._descriptor, self._length)
            except OSError:
                self.broken = True
            raise
        self._length += len(block)
        self._slots.update(slots)

    def sync(self) -> bool:
        """Make what was appended since the last call survive a loss of power; return if it does.

        After a failure the system may have dropped what it could not write, and would report a
        success the next time. So the segment is broken from then on.
        """
        length, told = self._length, self._told
        self._told = length
        if self.broken:
            # Whoever waited for what failed before was told so; others may have come meanwhile.
            return told == length
        try:
            os.fdatasync(self._descriptor)
            if not self._is_listed:
                sync_folder(self._folder)
                self._is_listed = True
        except OSError:
            self.broken = True
            return False
        self._synced = length
        return True

    def seal(self) -> bool:
        """Sync, close and rename the file; return what the sync did.

        If it cannot be renamed, it is closed nevertheless, and sealed later like that of a worker
        that has died.
        """
        if not self.broken:
            with suppress(OSError):
                self.append(end_record(self._slots), ())
        kept = self.sync()
        try:
            there = self._folder / (self._stem + OPEN)
            there.rename(there.with_suffix(SEALED))
            sync_folder(self._folder)
        except OSError:
            kept = False
        finally:
            # This also releases the lock.
            os.close(self._descriptor)
        return kept


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a loss of power.

    Raises:
        OSError: the system refuses.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make(folder: Path, stem: str) -> int:
    """Make a file, lock it, and give it its name; return its descriptor.

    Whoever seals what dead workers left takes an open segment without a lock for such a one. So it
    has another name until it is locked.
    """
    folder.mkdir(parents=True, exist_ok=True)
    new, there = folder / (stem + NEW), folder / (stem + OPEN)
    while True:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            with suppress(FileNotFoundError, BlockingIOError):
                _lock(descriptor)
                new.rename(there)
                return descriptor
        except OSError:
            os.close(descriptor)
            raise
        # Another worker mistook it for the file of a dead worker, and is removing it.
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        # A file system without locks: no other worker can lock and seal it either.
        return
