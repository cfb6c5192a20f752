"""Packed records of candidates: what is written is read, and nothing else is."""

import struct
import sys
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.candidates import Candidates
from banners.core.columns import width_of
from banners.core.model import Generation, Quarter
from banners.errors import DamagedRecord
from banners.serve.packed import (
    check_record,
    decode_candidates,
    encode_candidates,
)

IDS = st.integers(1, 10**18 - 1)
NUMBERS = st.integers(1, 2**63)
FIGURES = st.integers(0, 2**63 - 1) | st.sampled_from([0, 1, 255, 256, 2**16, 2**32 - 1, 2**32])


def listed(candidates: Candidates) -> list[list[int]]:
    return [list(column) for column in candidates.columns]


@st.composite
def candidates(draw: st.DrawFn) -> Candidates:
    ids = draw(st.lists(IDS, min_size=1, max_size=30, unique=True))
    figures = [draw(st.lists(FIGURES, min_size=len(ids), max_size=len(ids))) for _ in range(4)]
    quarter = draw(st.sampled_from(Quarter))
    return Candidates(
        draw(IDS), quarter, Generation(draw(st.integers(1, 2**63)), "s"), ids, *figures
    )


@given(candidates())
def test_candidates_are_read_as_they_were_written(written: Candidates) -> None:
    key = (written.generation, written.quarter, written.campaign_id)
    record = encode_candidates(written)
    check_record(record, *key)
    read = decode_candidates(record, *key)
    assert listed(read) == listed(written)
    assert (read.generation, read.quarter, read.campaign_id) == key
    assert encode_candidates(read) == record


@pytest.mark.parametrize(
    ("largest", "width"),
    [
        (0, 1),
        (255, 1),
        (256, 2),
        (2**16 - 1, 2),
        (2**16, 4),
        (2**32 - 1, 4),
        (2**32, 8),
        (2**63 - 1, 8),
        (2**64 - 1, 8),
    ],
)
def test_a_column_takes_the_smallest_width_that_holds_it(largest: int, width: int) -> None:
    assert width_of(largest) == width
    record = encode_candidates(of(impressions=[largest, 0]))
    assert len(record) == 10 + 2 * (2 + width + 1 + 1 + 1) + 4


def of(**columns: Any) -> Candidates:
    values: dict[str, Any] = {
        "banner_ids": [414, 415],
        "impressions": [7, 0],
        "clicks": [2, 0],
        "conversions": [1, 0],
        "revenue_micros": [5, 0],
    }
    return Candidates(54, Quarter.FIRST, Generation(3, "s"), **{**values, **columns})


GOOD = encode_candidates(of())


def test_a_record_is_laid_out_as_documented() -> None:
    body = bytes([1, 2, 1, 1, 1, 1]) + struct.pack("<I2H8B", 2, 414, 415, 7, 0, 2, 0, 1, 0, 5, 0)
    place = struct.pack("<QBQ", 3, 1, 54)
    assert struct.pack("<I", zlib.crc32(place + body)) + body == GOOD[-4:] + GOOD[:-4]


def read(record: bytes, number: int = 3, quarter: int = 1, campaign_id: int = 54) -> Candidates:
    return decode_candidates(record, Generation(number, "s"), Quarter(quarter), campaign_id)


@pytest.mark.parametrize("other", [{"number": 4}, {"quarter": 2}, {"campaign_id": 55}], ids=str)
def test_the_record_of_another_place_is_refused(other: dict[str, int]) -> None:
    read(GOOD)
    with pytest.raises(DamagedRecord, match="is not the record of its candidates"):
        read(GOOD, **other)


def summed(body: bytes) -> bytes:
    """A body with the checksum that it should have."""
    return body + struct.pack("<I", zlib.crc32(struct.pack("<QBQ", 3, 1, 54) + body))


def test_any_other_bit_is_refused() -> None:
    for place in range(8 * len(GOOD)):
        changed = bytearray(GOOD)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(DamagedRecord):
            read(bytes(changed))


BODY = GOOD[:-4]
WRONG = {
    "nothing": b"",
    "cut off": GOOD[:-1],
    "something behind it": GOOD + b"\0",
    "a pickle": b"\x80\x04\x95\x0f\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94.",
    "another version": summed(b"\2" + BODY[1:]),
    "no candidate": summed(bytes([1, 2, 1, 1, 1, 1, 0, 0, 0, 0])),
    "a width of three": summed(bytes([1, 3]) + BODY[2:] + b"\0\0"),
    "a width of none": summed(bytes([1, 2, 0]) + BODY[3:16] + BODY[18:]),
    "more candidates than it holds": summed(BODY[:6] + b"\3" + BODY[7:]),
    "a banner twice": encode_candidates(of(banner_ids=[414, 414])),
    "a banner of no id": encode_candidates(of(banner_ids=[414, 0])),
    "a banner of an id too large": encode_candidates(of(banner_ids=[414, 10**18])),
    "a column wider than it needs to be": summed(
        bytes([1, 2, 2, 1, 1, 1]) + BODY[6:14] + struct.pack("<2H", 7, 0) + BODY[16:]
    ),
    "a figure too large": encode_candidates(of(clicks=[2**63, 0])),
}


@pytest.mark.parametrize("record", WRONG.values(), ids=WRONG)
def test_what_is_no_record_is_refused(record: bytes) -> None:
    with pytest.raises(DamagedRecord, match=r"campaign 54 in quarter 1, generation 3, .*again\."):
        read(record)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(record: bytes) -> None:
    for body in (record, summed(record)):
        with pytest.raises(DamagedRecord):
            read(body)


def test_machines_of_the_other_byte_order_write_each_number_the_other_way_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = "little" if sys.byteorder == "big" else "big"
    monkeypatch.setattr(sys, "byteorder", other)
    assert encode_candidates(of(banner_ids=[256, 515]))[10:14] == struct.pack("<2H", 1, 770)
    assert list(read(encode_candidates(of())).banner_ids) == [414, 415]
