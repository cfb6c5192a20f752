"""Encodes and decodes what Redis keeps of a generation besides the records of its campaigns."""

import operator
import re
import zlib
from array import array
from collections.abc import Mapping, Sequence
from itertools import islice

from banners.core.columns import little_endian
from banners.core.model import LARGEST_ID, Generation, Quarter
from banners.errors import DamagedRecord

_POINTER = re.compile(rb"([1-4]) ([1-9][0-9]{0,18}) ([0-9T:.+-]{1,40})")


def encode_ids(ids: Sequence[int], name: str) -> bytes:
    """Return ids as numbers of eight bytes after a line with a name and a checksum.

    Args:
        ids: the ids, sorted and each once.
        name: what the ids are of.
    """
    numbers = little_endian(array("q", ids)).tobytes()
    return b"ids %s %08x\n%s" % (name.encode(), zlib.crc32(numbers), numbers)


def decode_ids(record: bytes, name: str) -> Sequence[int]:
    """Return the ids of a list.

    Args:
        record: bytes from a tier that others may have written to.
        name: what the ids are expected to be of.

    Raises:
        DamagedRecord: the bytes are not such a list, the ids are not sorted and each once, or there
            are none.
    """
    ids = array("q")
    head, _, numbers = record.partition(b"\n")
    expected = b"ids %s %08x" % (name.encode(), zlib.crc32(numbers))
    if head != expected or len(numbers) % ids.itemsize:
        raise DamagedRecord("The bytes are not a list of ids with this name.")
    ids.frombytes(numbers)
    ids = little_endian(ids)
    ascending = all(map(operator.lt, ids, islice(ids, 1, None)))
    if not (ids and ascending and ids[0] >= 1 and ids[-1] <= LARGEST_ID):
        raise DamagedRecord("The ids are not sorted, or an id occurs twice.")
    return ids


def encode_pointers(active: Mapping[Quarter, Generation]) -> bytes:
    """Return as bytes which generation is live in each quarter."""
    return "\n".join(
        f"{int(quarter)} {generation.number} {generation.stamp}"
        for quarter, generation in active.items()
    ).encode()


def decode_pointers(record: bytes) -> dict[Quarter, Generation]:
    """Return which generation is live in each quarter.

    Raises:
        DamagedRecord: the bytes do not have the expected form.
    """
    found = [_POINTER.fullmatch(line) for line in record.split(b"\n")]
    if None in found:
        raise DamagedRecord("The bytes do not say which generations are live.")
    pointers = (match.groups() for match in found if match)
    return {
        Quarter(int(quarter)): Generation(int(number), stamp.decode())
        for quarter, number, stamp in pointers
    }
