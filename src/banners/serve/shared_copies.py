"""One copy of each live quarter on a host, which its workers share.

The first worker that needs a quarter reads it from the tier behind, and writes it to files; the
others wait for these files. The files stay when the server stops, so that the next start does not
read the quarter from the database again. If they cannot be written, each worker holds the lineups
by itself.
"""

import errno
import fcntl
import hashlib
import logging
import os
import pwd
import stat
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

from banners.core.model import Generation, Quarter
from banners.errors import StoreUnavailable
from banners.serve.reader import LineupReader
from banners.serve.shared_files import (
    SharedNumbers,
    SharedRecords,
    read_numbers,
    read_records,
    write_numbers,
    write_records,
)
from banners.serve.unused_copies import TO_READ, note_use, remove_unused

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

WAIT_SECONDS = 60.0
"""Seconds that a worker waits for another one to make a copy. Then it works without a copy, and
for the same time does not wait again, since a worker that hangs makes no other quarters either."""

_PAUSE_SECONDS = 0.02
_BUFFER_BYTES = 1 << 20
_NAME_DIGITS = 16
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_TO_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TO_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(slots=True, weakref_slot=True)
class SharedCopy:
    """A copy of a quarter.

    Args:
        records: the record of each campaign.
        inventory: the ids of all candidates, sorted.
        is_spoiled: whether a part of it was damaged when it was read.
    """

    records: SharedRecords
    inventory: SharedNumbers
    is_spoiled: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Be told of errors in reading the inventory."""
        # A strong reference would make a cycle, which keeps the files open, and their disk space in
        # use, until the garbage collector finds it.
        copy = weakref.ref(self)

        def spoil(error: Exception) -> None:
            if (found := copy()) is not None:
                found.spoil(error)

        self.inventory.on_error = spoil

    def spoil(self, error: Exception) -> None:
        """Note that it is damaged; from now on, its lineups are read from the tier behind.

        Args:
            error: what was found.
        """
        if not self.is_spoiled:
            self.is_spoiled = True
            _LOG.warning(
                "The copy that the workers of this host share is damaged, and is no longer used. "
                "Check its disk. The error: %s",
                error,
            )


class SharedCopies:
    """The copies in a folder of this host.

    Args:
        folder: the folder, made if it is missing. It must belong to this user, and nobody else may
            write to it.
        database: the URL of the database that is copied. Several databases may share the folder.
        wait_seconds: seconds to wait for another worker to make a copy.
    """

    def __init__(self, folder: Path, database: str, wait_seconds: float = WAIT_SECONDS) -> None:
        self._path = folder
        self._database = database
        self._wait_seconds = wait_seconds
        self._gave_up = float("-inf")
        self._has_removed_unused = False

    def copy_of(
        self, generation: Generation, quarter: Quarter, source: LineupReader
    ) -> SharedCopy | None:
        """Return the copy of a quarter, made now if it is missing; None if it cannot be made.

        Args:
            generation: the generation.
            quarter: the quarter of the hour.
            source: the tier that it is made from.

        Raises:
            DamagedRecord: the quarter is damaged in the source, and is not copied.
            StoreError: the source failed, or dropped the generation meanwhile.
        """
        try:
            with _opened_folder(self._path) as folder:
                copy = self._copy(folder, generation, quarter, source)
                _return_memory()
                if not self._has_removed_unused:
                    self._has_removed_unused = True
                    with suppress(OSError):  # what has been copied can be used nevertheless
                        remove_unused(folder)
                return copy
        except OSError as error:
            _LOG.warning(
                "The workers of this host cannot share a copy of quarter %d in %s: %s. Each holds "
                "its own, or reads lineups when they are requested. Check the owner, the rights "
                "and the free space of the folder, or name another folder in BANNERS_SHARED.",
                quarter,
                self._path,
                error.strerror or error,
            )
            return None

    def remove(self, generation: Generation, quarter: Quarter) -> None:
        """Remove the copy of a quarter, so that workers that start later make another."""
        place = self._place(generation, quarter)
        with suppress(OSError), _opened_folder(self._path) as folder:
            for part in ("records", "inventory"):
                with suppress(FileNotFoundError):
                    os.unlink(place.name(part), dir_fd=folder)

    def _place(self, generation: Generation, quarter: Quarter) -> "_Place":
        database = hashlib.sha256(self._database.encode()).hexdigest()[:_NAME_DIGITS]
        key = f"{self._database}\n{generation.number}\n{generation.stamp}\n{int(quarter)}"
        identity = hashlib.sha256(key.encode()).digest()
        return _Place(f"{database}-{int(quarter)}", generation.number, identity)

    def _copy(
        self, folder: int, generation: Generation, quarter: Quarter, source: LineupReader
    ) -> SharedCopy:
        place = self._place(generation, quarter)

        def live(found: int) -> None:
            if not found and source.active().get(quarter) != generation:
                raise StoreUnavailable(
                    f"Generation {generation.number} was dropped while it was copied."
                )

        def make_records(file: BinaryIO) -> None:
            found = source.records(generation, quarter)
            live(write_records(file, place.identity, found, generation, quarter))

        def make_inventory(file: BinaryIO) -> None:
            live(write_numbers(file, place.identity, source.inventory(generation, quarter)))

        records: SharedRecords | None = None
        inventory: SharedNumbers | None = None
        start = time.monotonic()
        end = start + self._wait_seconds if start >= self._gave_up + self._wait_seconds else start
        while True:
            # Of two workers that start together, each makes one of the two files.
            if records is None:
                records = place.take(folder, "records", read_records, make_records)
            if inventory is None:
                inventory = place.take(folder, "inventory", read_numbers, make_inventory)
            if records is not None and inventory is not None:
                return SharedCopy(records, inventory)
            now = time.monotonic()
            if now > end:
                self._gave_up = now if end > start else self._gave_up
                raise TimeoutError(
                    errno.ETIMEDOUT,
                    f"another worker did not finish it within {self._wait_seconds:g} seconds",
                )
            time.sleep(_PAUSE_SECONDS)


@dataclass(frozen=True, slots=True)
class _Place:
    """The files of a copy in the folder.

    Args:
        prefix: the beginning of the names of all copies of this quarter.
        number: the number of the generation.
        identity: says which database, generation and quarter the copy is of.
    """

    prefix: str
    number: int
    identity: bytes

    def name(self, part: str) -> str:
        """Return the name of a file of the copy."""
        return f"{self.prefix}-{part}.{self.number}-{self.identity.hex()[:_NAME_DIGITS]}"

    def take(
        self,
        folder: int,
        part: str,
        read: Callable[[int, bytes], _T | None],
        make: Callable[[BinaryIO], None],
    ) -> _T | None:
        """Return the content of a file, made now if missing; None if another worker makes it."""
        found = self._open(folder, part, read)
        if found is not None:
            return found
        with _locked(folder, f"{self.prefix}-{part}.lock") as is_locked:
            if not is_locked:
                return None
            found = self._open(folder, part, read)
            if found is None:
                self._make(folder, part, make)
                found = self._open(folder, part, read)
        if found is None:
            raise OSError(errno.EIO, "what has just been written to it cannot be read")
        return found

    def _open(self, folder: int, part: str, read: Callable[[int, bytes], _T | None]) -> _T | None:
        try:
            file = os.open(self.name(part), TO_READ, dir_fd=folder)
        except FileNotFoundError:
            return None
        found = None
        try:
            if note_use(file):
                found = read(file, self.identity)
        finally:
            if found is None:
                os.close(file)
        return found

    def _make(self, folder: int, part: str, make: Callable[[BinaryIO], None]) -> None:
        """Write a file beside its place, put it there, and remove those of other generations."""
        new, name = f"{self.prefix}-{part}.new", self.name(part)
        with suppress(FileNotFoundError):
            os.unlink(new, dir_fd=folder)  # left by a worker that was killed
        try:
            written = os.open(new, _TO_WRITE, 0o600, dir_fd=folder)
            with open(written, "wb", buffering=_BUFFER_BYTES) as file:  # noqa: PTH123
                make(file)
            os.rename(new, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(new, dir_fd=folder)
            raise
        # Workers that serve them keep them open.
        for other in os.listdir(folder):
            is_of_part = other.startswith(f"{self.prefix}-{part}.")
            if is_of_part and other != name and not other.endswith(".lock"):
                os.unlink(other, dir_fd=folder)


def _return_memory() -> None:
    """Return freed memory to the system, which the C library would keep for later.

    After a copy of a million lineups this is 27 MB. C libraries other than glibc cannot do it.
    """
    with suppress(ImportError, AttributeError, OSError):
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def _opened_folder(path: Path) -> Iterator[int]:
    """Open the folder, made if it is missing, and yield its descriptor.

    Raises:
        OSError: it cannot be made or opened, or others than this user may write to it.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(folder)
        if found.st_uid != os.geteuid():
            raise PermissionError(
                errno.EPERM,
                f"it belongs to {_user(found.st_uid)}, and this is {_user(os.geteuid())}",
            )
        if found.st_mode & _OTHERS_MAY_WRITE:
            raise PermissionError(
                errno.EPERM,
                f"others than its owner may write to it (mode {stat.S_IMODE(found.st_mode):o}; "
                "expected: no right to write for group and others, such as 700)",
            )
        yield folder
    finally:
        os.close(folder)


def _user(number: int) -> str:
    """Return the name of a user, or if it has none the number."""
    try:
        return f"user {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"user {number}"


@contextmanager
def _locked(folder: int, name: str) -> Iterator[bool]:
    """Hold a lock that ends with the process; yield False if another process holds it."""
    file = os.open(name, _TO_LOCK, 0o600, dir_fd=folder)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(file)
