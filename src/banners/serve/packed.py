"""The packed record of a campaign's candidates: the same bytes in the database, Redis and memory.

A record is, with all numbers little-endian and without signs:

- the version of this format, one byte: 1, or 2 with lineups that a policy prepared;
- the width of each column, one byte each: 1, 2, 4 or 8 bytes, the smallest that holds its values;
- the number of candidates, four bytes;
- the columns one after another, in the order of :data:`banners.core.candidates.COLUMNS`, each with
  its candidates by rank, best first;
- in version 2, the lineups (banners.serve.packed_lineups);
- a checksum, four bytes: CRC-32 of the generation's number, the quarter, the campaign and
  everything before it, so that a record in another's place is noticed too.
"""

import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence

from banners.core.candidates import Candidates
from banners.core.columns import TYPES, little_endian, width_of
from banners.core.figures import MOST_MICROS
from banners.core.model import LARGEST_ID, Generation, Quarter
from banners.errors import DamagedRecord
from banners.serve.packed_lineups import DamagedLineups, decode_lineups, encode_lineups

_PLAIN, _PREPARED = 1, 2
_HEAD = struct.Struct("<6BI")
_CHECKSUM = struct.Struct("<I")
_KEY = struct.Struct("<QBQ")
_SOUND = 0x2144DF1C
"""CRC-32 of anything that is followed by its own CRC-32, little-endian."""


def join_record(
    generation: int,
    quarter: int,
    campaign_id: int,
    *,
    count: int,
    widths: Iterable[int],
    columns: Iterable[bytes | memoryview],
    lineups: bytes = b"",
) -> bytes:
    """Return a record, joined from columns that are bytes already.

    Args:
        generation: the number of the generation.
        quarter: the quarter of the hour, 1 to 4.
        campaign_id: the campaign.
        count: the number of candidates.
        widths: the width of each column.
        columns: the bytes of each column.
        lineups: the lineups that a policy prepared, as bytes; empty if there are none.
    """
    version = _PREPARED if lineups else _PLAIN
    body = b"".join((_HEAD.pack(version, *widths, count), *columns, lineups))
    checksum = zlib.crc32(body, zlib.crc32(_KEY.pack(generation, quarter, campaign_id)))
    return body + _CHECKSUM.pack(checksum)


def encode_candidates(candidates: Candidates) -> bytes:
    """Return candidates as a record."""
    widths = [width_of(max(column)) for column in candidates.columns]
    packed = zip(widths, candidates.columns, strict=True)
    return join_record(
        candidates.generation.number,
        candidates.quarter,
        candidates.campaign_id,
        count=len(candidates),
        widths=widths,
        columns=[little_endian(array(TYPES[width], column)).tobytes() for width, column in packed],
        lineups=(
            encode_lineups(candidates.prepared, len(candidates)) if candidates.prepared else b""
        ),
    )


def decode_candidates(
    record: bytes, generation: Generation, quarter: Quarter, campaign_id: int
) -> Candidates:
    """Return the candidates of a record, after checking every part of it.

    Their columns are views of the record, from which nothing is copied.

    Args:
        record: bytes from a tier that others may have written to.
        generation: the expected generation.
        quarter: the expected quarter.
        campaign_id: the expected campaign.

    Raises:
        DamagedRecord: the bytes are not a record, or are the record of another campaign.
    """
    count, widths = _checked(record, generation, quarter, campaign_id)
    columns, start, whole = [], _HEAD.size, memoryview(record)
    for width in widths:
        columns.append(_numbers(whole[start : start + count * width], width))
        start += count * width
    lineups = whole[start : -_CHECKSUM.size]
    prepared = None
    if lineups:
        try:
            prepared = decode_lineups(lineups, campaign_id, count)
        except DamagedLineups as error:
            what = "does not hold its lineups"
            raise _damaged(what, generation, quarter, campaign_id) from error
    found = Candidates(campaign_id, quarter, generation, *columns, prepared=prepared)
    ids = found.banner_ids
    if min(ids) < 1 or max(ids) > LARGEST_ID or len(set(ids)) < count:
        raise _damaged("holds a banner twice, or an invalid id", generation, quarter, campaign_id)
    largest = [max(column) for column in columns]
    if [width_of(each) for each in largest] != widths or max(largest) > MOST_MICROS:
        what = "holds a figure that is too large, or is wider than it needs to be"
        raise _damaged(what, generation, quarter, campaign_id)
    return found


def check_record(record: bytes, generation: Generation, quarter: Quarter, campaign_id: int) -> None:
    """Check the checksum of a record, which takes a fraction of decoding it.

    Args:
        record: the record.
        generation: the generation that it is of.
        quarter: the quarter that it is of.
        campaign_id: the campaign that it is of.

    Raises:
        DamagedRecord: it is not a record, or is the record of another campaign.
    """
    try:
        seed = zlib.crc32(_KEY.pack(generation.number, quarter, campaign_id))
    except struct.error as error:
        # SQLite keeps text in a column of numbers too.
        raise _damaged("has no valid id", generation, quarter, campaign_id) from error
    if zlib.crc32(record, seed) != _SOUND:
        raise _damaged("is not the record of its candidates", generation, quarter, campaign_id)


def _checked(
    record: bytes, generation: Generation, quarter: Quarter, campaign_id: int
) -> tuple[int, list[int]]:
    """Return the number of candidates and the widths of the columns of a sound record."""
    if len(record) > _HEAD.size + _CHECKSUM.size:
        version, *widths, count = _HEAD.unpack_from(record)
        size = _HEAD.size + count * sum(widths) + _CHECKSUM.size
        fits = len(record) == size if version == _PLAIN else len(record) > size
        if version in {_PLAIN, _PREPARED} and fits and TYPES.keys() >= set(widths):
            check_record(record, generation, quarter, campaign_id)
            return count, widths
    what = "is not the record of its candidates"
    raise _damaged(what, generation, quarter, campaign_id)


def _damaged(
    what: str, generation: Generation, quarter: Quarter, campaign_id: int
) -> DamagedRecord:
    return DamagedRecord(
        f"What is kept of campaign {campaign_id} in quarter {int(quarter)}, generation "
        f"{generation.number}, {what}. Crunch the quarter again."
    )


def _numbers(view: memoryview, width: int) -> Sequence[int]:
    if sys.byteorder == "little":
        return view.cast(TYPES[width])
    return little_endian(array(TYPES[width], bytes(view)))
