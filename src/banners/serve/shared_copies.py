"""One copy of each live quarter on a host, which its workers share.

The first worker that needs a quarter reads it from the tier behind, and writes it to files; the
others wait for these files. They stay when the server stops, so that the next start needs no
database to fill them. If the files cannot be written, each worker keeps what it needs by itself.
"""

import errno
import fcntl
import hashlib
import logging
import os
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

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

WAIT_SECONDS = 60.0
"""Seconds that a worker waits for another to make a copy, before it does without."""

_PAUSE_SECONDS = 0.02
_BUFFER_BYTES = 1 << 20
_NAME_DIGITS = 16
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_TO_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_TO_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TO_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(slots=True, weakref_slot=True)
class SharedCopy:
    """A copy of a quarter.

    Args:
        records: the record of each campaign.
        inventory: the ids of all candidates, sorted.
        is_spoiled: whether something read from it was not what was written to it.
    """

    records: SharedRecords
    inventory: SharedNumbers
    is_spoiled: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Notice what cannot be read of the inventory."""
        # A reference back would keep the files open, and their room on the disk taken, until Python
        # looks for such cycles.
        copy = weakref.ref(self)

        def spoil(error: Exception) -> None:
            if (found := copy()) is not None:
                found.spoil(error)

        self.inventory.on_error = spoil

    def spoil(self, error: Exception) -> None:
        """Note that it cannot be used any more; what it holds is read from the tier behind.

        Args:
            error: what was found.
        """
        if not self.is_spoiled:
            self.is_spoiled = True
            _LOG.warning(
                "The copy that the workers of this host share is damaged, and is no longer used. "
                "Check the disk that it is on: %s",
                error,
            )


class SharedCopies:
    """The copies in a folder of this host.

    Args:
        folder: the folder, which is created; it must belong to this user, and to nobody else.
        database: the database whose quarters they are; several may have copies in the folder.
        wait_seconds: seconds to wait for another worker to make a copy.
    """

    def __init__(self, folder: Path, database: str, wait_seconds: float = WAIT_SECONDS) -> None:
        self._path = folder
        self._database = database
        self._wait_seconds = wait_seconds

    def copy_of(
        self, generation: Generation, quarter: Quarter, source: LineupReader
    ) -> SharedCopy | None:
        """Return the copy of a quarter, made now if there is none; None if there can be none.

        Args:
            generation: the generation.
            quarter: the quarter of the hour.
            source: the tier that it is made from.

        Raises:
            DamagedRecord: the source holds a damaged quarter, which is not copied.
            StoreError: the source failed, or dropped the generation meanwhile.
        """
        try:
            with _opened_folder(self._path) as folder:
                return self._copy(folder, generation, quarter, source)
        except OSError as error:
            _LOG.warning(
                "The workers of this host cannot share a copy of quarter %d in %s: %s. Each holds "
                "its own, or reads lineups when they are requested. Make room there, or name "
                "another folder in BANNERS_SHARED.",
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
        end = time.monotonic() + self._wait_seconds
        while True:
            # Of two workers that start together, each makes one of the two.
            if records is None:
                records = place.take(folder, "records", read_records, make_records)
            if inventory is None:
                inventory = place.take(folder, "inventory", read_numbers, make_inventory)
            if records is not None and inventory is not None:
                return SharedCopy(records, inventory)
            if time.monotonic() > end:
                raise TimeoutError(
                    errno.ETIMEDOUT,
                    f"another worker has not made it within {self._wait_seconds:g} seconds",
                )
            time.sleep(_PAUSE_SECONDS)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the folder a copy is.

    Args:
        prefix: what the names of all copies of this quarter begin with.
        number: the number of the generation.
        identity: says which database, generation and quarter it is of.
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
        """Return what is in a file, made now if there is none; None if another worker makes it."""
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
            raise OSError(errno.EIO, "what was written to it cannot be read again")
        return found

    def _open(self, folder: int, part: str, read: Callable[[int, bytes], _T | None]) -> _T | None:
        try:
            file = os.open(self.name(part), _TO_READ, dir_fd=folder)
        except FileNotFoundError:
            return None
        found = None
        try:
            found = read(file, self.identity)
        finally:
            if found is None:
                os.close(file)
        return found

    def _make(self, folder: int, part: str, make: Callable[[BinaryIO], None]) -> None:
        """Write a file beside its place, put it there, and remove those of other generations."""
        new, name = f"{self.prefix}-{part}.new", self.name(part)
        with suppress(FileNotFoundError):
            os.unlink(new, dir_fd=folder)  # of a worker that was killed
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


@contextmanager
def _opened_folder(path: Path) -> Iterator[int]:
    """Open the folder, made if there is none, by whose descriptor its files are then named.

    Raises:
        OSError: it cannot be made or opened, or is not this user's alone to write to.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(folder)
        if found.st_uid != os.geteuid() or found.st_mode & _OTHERS_MAY_WRITE:
            raise PermissionError(errno.EPERM, "others may write to this folder")
        yield folder
    finally:
        os.close(folder)


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
