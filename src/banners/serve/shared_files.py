"""The files in which the workers of a host share a quarter: the records, and the inventory.

A file has a head, the records one after another, and an index. It is never mapped into memory:
workers read it with ``pread``, so that a file that is cut off or a disk that fails causes an error,
and does not kill the process. The memory that workers share is the page cache of the system.
Numbers have the byte order of the machine, since a file never leaves it.
"""

import errno
import os
import struct
import sys
import weakref
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import lt
from typing import BinaryIO, overload

from banners.core.columns import TYPES, width_of
from banners.core.model import Generation, Quarter
from banners.errors import DamagedRecord, StoreUnavailable
from banners.serve.packed import check_record

IDENTITY_BYTES = 32
"""Number of bytes that say which database, generation and quarter a file is of."""

_HEAD = struct.Struct(f"=8s{IDENTITY_BYTES}sQQII")
_MAGIC = b"banners1"
_START_BYTES = 8
_LEAST_WIDTH = 4


class SharedRecords(Mapping[int, bytes]):
    """The record of each campaign, read from the file when it is asked for.

    Args:
        file: the file, which is closed with this object.
        campaigns: the ids of all campaigns, sorted.
        starts: where each record starts, and where the last one ends.
    """

    def __init__(self, file: int, campaigns: "array[int]", starts: "array[int]") -> None:
        self._file = file
        self.campaigns = campaigns
        self._starts = starts
        weakref.finalize(self, os.close, file)

    def __getitem__(self, campaign_id: int) -> bytes:
        """Read the record of a campaign.

        Raises:
            KeyError: there is none.
            OSError: the disk failed.
        """
        place = bisect_left(self.campaigns, campaign_id)
        if place == len(self.campaigns) or self.campaigns[place] != campaign_id:
            raise KeyError(campaign_id)
        start = self._starts[place]
        return os.pread(self._file, self._starts[place + 1] - start, start)

    def __contains__(self, campaign_id: object) -> bool:
        """Return whether the campaign has a record."""
        if not isinstance(campaign_id, int):
            return False
        place = bisect_left(self.campaigns, campaign_id)
        return place < len(self.campaigns) and self.campaigns[place] == campaign_id

    def __iter__(self) -> Iterator[int]:
        """Iterate over the ids of the campaigns, sorted."""
        return iter(self.campaigns)

    def __len__(self) -> int:
        """Return the number of campaigns."""
        return len(self.campaigns)


class SharedNumbers(Sequence[int]):
    """The ids of an inventory, each read from the file when it is asked for.

    Args:
        file: the file, which is closed with this object.
        count: the number of ids.
        width: the bytes of each.

    Attributes:
        on_error: called with the error if one cannot be read.
    """

    def __init__(self, file: int, count: int, width: int) -> None:
        self.on_error: Callable[[Exception], None] = lambda _error: None
        self._file = file
        self._count = count
        self._width = width
        weakref.finalize(self, os.close, file)

    @overload
    def __getitem__(self, place: int) -> int: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[int]: ...

    def __getitem__(self, place: int | slice) -> int | Sequence[int]:
        """Read an id, or several.

        Raises:
            IndexError: there are fewer.
            StoreUnavailable: the disk failed, or the file is cut off.
        """
        if isinstance(place, slice):
            return [self[each] for each in range(self._count)[place]]
        start = _HEAD.size + self._width * range(self._count)[place]
        try:
            read = os.pread(self._file, self._width, start)
        except OSError as error:
            raise self._failed(error) from error
        if len(read) < self._width:
            raise self._failed(OSError(errno.EIO, "the file is cut off"))
        return int.from_bytes(read, sys.byteorder)

    def _failed(self, error: OSError) -> StoreUnavailable:
        self.on_error(error)
        return StoreUnavailable(
            "The inventory that the workers of this host share cannot be read: "
            f"{error.strerror}. Ask again."
        )

    def __len__(self) -> int:
        """Return the number of ids."""
        return self._count


def write_records(
    file: BinaryIO,
    identity: bytes,
    records: Iterable[tuple[int, bytes]],
    generation: Generation,
    quarter: Quarter,
) -> int:
    """Write the records of a quarter to an empty file; return their number.

    Args:
        file: the file.
        identity: says which database, generation and quarter it is of.
        records: each campaign with its record, sorted by campaign.
        generation: the generation of the records.
        quarter: the quarter of the records.

    Raises:
        DamagedRecord: a record is damaged, or two are of one campaign.
        OSError: the disk is full or fails.
    """
    file.write(bytes(_HEAD.size))
    campaigns, starts = array("Q"), array("Q", [_HEAD.size])

    def checked() -> Iterator[bytes]:
        end = _HEAD.size
        for campaign_id, record in records:
            check_record(record, generation, quarter, campaign_id)
            campaigns.append(campaign_id)
            end += len(record)
            starts.append(end)
            yield record

    file.writelines(checked())
    if not all(map(lt, campaigns, islice(campaigns, 1, None))):
        raise DamagedRecord(
            f"The records of generation {generation.number}, quarter {int(quarter)}, are not "
            "sorted by campaign. Crunch the quarter again."
        )
    ids = _narrow(campaigns)
    _finish(file, identity, starts[-1], len(ids), ids.itemsize, ids.tobytes() + starts.tobytes())
    return len(ids)


def write_numbers(file: BinaryIO, identity: bytes, numbers: Sequence[int]) -> int:
    """Write a sorted inventory to an empty file; return the number of its ids.

    Raises:
        OSError: the disk is full or fails.
    """
    file.write(bytes(_HEAD.size))
    ids = _narrow(numbers)
    _finish(file, identity, _HEAD.size, len(ids), ids.itemsize, ids.tobytes())
    return len(ids)


def read_records(file: int, identity: bytes) -> SharedRecords | None:
    """Return the records in a file that :func:`write_records` has made; None if it is another.

    Args:
        file: the file. The result closes it; if that is None, the caller must.
        identity: says which database, generation and quarter the file must be of.

    Raises:
        OSError: the disk fails.
    """
    found = _read(file, identity)
    if found is None:
        return None
    count, width, index = found
    if len(index) != count * width + (count + 1) * _START_BYTES:
        return None
    campaigns, starts = array(TYPES[width]), array("Q")
    campaigns.frombytes(index[: count * width])
    starts.frombytes(index[count * width :])
    return SharedRecords(file, campaigns, starts)


def read_numbers(file: int, identity: bytes) -> SharedNumbers | None:
    """Return the ids in a file that :func:`write_numbers` has made; see :func:`read_records`."""
    found = _read(file, identity)
    if found is None or len(found[2]) != found[0] * found[1]:
        return None
    return SharedNumbers(file, found[0], found[1])


def _narrow(numbers: Sequence[int]) -> "array[int]":
    """Return sorted numbers in four bytes each, or eight if the largest needs it."""
    width = max(_LEAST_WIDTH, width_of(numbers[-1])) if len(numbers) else _LEAST_WIDTH
    if isinstance(numbers, array) and numbers.itemsize == width:
        return numbers
    return array(TYPES[width], numbers)


def _finish(
    file: BinaryIO, identity: bytes, end: int, count: int, width: int, index: bytes
) -> None:
    """Write the index, and then the head, without which no worker uses the file."""
    file.write(index)
    file.seek(0)
    file.write(_HEAD.pack(_MAGIC, identity, count, end, width, zlib.crc32(index)))


def _read(file: int, identity: bytes) -> tuple[int, int, bytes] | None:
    """Return the number of ids, their width, and the index; None if it is another file."""
    head = os.pread(file, _HEAD.size, 0)
    if len(head) < _HEAD.size:
        return None
    magic, found, count, end, width, checksum = _HEAD.unpack(head)
    if (magic, found) != (_MAGIC, identity) or width not in TYPES:
        return None
    size = os.fstat(file).st_size - end
    index = os.pread(file, size, end) if size > 0 else b""
    if len(index) != size or zlib.crc32(index) != checksum:
        return None
    return count, width, index
