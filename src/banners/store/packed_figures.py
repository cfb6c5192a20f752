"""Packs the columns of a small table into one value of the database.

A record is, with all numbers little-endian and without signs:

- the version of this format and the number of columns, one byte each;
- the width of each column, one byte each: 1, 2, 4 or 8 bytes, the smallest that holds its values;
- the number of rows, four bytes;
- the columns one after another;
- a checksum, four bytes: CRC-32 of everything before it.
"""

import struct
import zlib
from array import array
from collections.abc import Sequence

from banners.core.columns import TYPES, little_endian, width_of
from banners.errors import DamagedRecord

_VERSION = 1
_HEAD = struct.Struct("<BB")
_ROWS = struct.Struct("<I")
_CHECKSUM = struct.Struct("<I")


def pack(columns: Sequence[Sequence[int]]) -> bytes:
    """Return columns of the same length as a record.

    Args:
        columns: their values, from 0 to below 2^64.
    """
    widths = [width_of(max(column, default=0)) for column in columns]
    numbers = (
        little_endian(array(TYPES[width], column)).tobytes()
        for width, column in zip(widths, columns, strict=True)
    )
    head = (_HEAD.pack(_VERSION, len(widths)), bytes(widths), _ROWS.pack(len(columns[0])))
    body = b"".join((*head, *numbers))
    return body + _CHECKSUM.pack(zlib.crc32(body))


def unpack(record: bytes, columns: int) -> list[Sequence[int]]:
    """Return the columns of a record, after checking all of it.

    Args:
        record: bytes from the database.
        columns: the number of columns that are expected.

    Raises:
        DamagedRecord: the bytes are not such a record.
    """
    body = record[: -_CHECKSUM.size]
    start = _HEAD.size + columns + _ROWS.size
    sound = (
        len(body) >= start
        and record[len(body) :] == _CHECKSUM.pack(zlib.crc32(body))
        and body[: _HEAD.size] == _HEAD.pack(_VERSION, columns)
    )
    widths = body[_HEAD.size : _HEAD.size + columns]
    if not sound or not TYPES.keys() >= set(widths):
        raise _damaged()
    (rows,) = _ROWS.unpack_from(body, start - _ROWS.size)
    if len(body) != start + rows * sum(widths):
        raise _damaged()
    found: list[Sequence[int]] = []
    for width in widths:
        found.append(little_endian(array(TYPES[width], body[start : start + rows * width])))
        start += rows * width
    return found


def _damaged() -> DamagedRecord:
    return DamagedRecord(
        "The database holds totals that are damaged. Restore a back-up, or remove the slot's file "
        "from the folder closed of BANNERS_EVENTS and close the slot again."
    )
