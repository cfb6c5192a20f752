"""Columns packed into one value of the database are read as they were written, or refused."""

import struct
import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.errors import DamagedRecord
from banners.store.packed_figures import pack, unpack

VALUES = st.integers(0, 2**64 - 1) | st.integers(0, 300)
COLUMNS = st.integers(0, 20).flatmap(
    lambda rows: st.lists(st.lists(VALUES, min_size=rows, max_size=rows), min_size=1, max_size=6)
)


@given(COLUMNS)
def test_columns_are_read_as_they_were_written(columns: Sequence[Sequence[int]]) -> None:
    assert [list(each) for each in unpack(pack(columns), len(columns))] == columns


def test_numbers_take_as_few_bytes_as_they_need() -> None:
    one, other = pack([[255] * 100]), pack([[256] + [0] * 99])
    assert len(other) - len(one) == 100


@given(COLUMNS, st.data())
def test_a_record_with_a_changed_byte_is_refused(
    columns: Sequence[Sequence[int]], data: st.DataObject
) -> None:
    record = bytearray(pack(columns))
    record[data.draw(st.integers(0, len(record) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DamagedRecord):
        unpack(bytes(record), len(columns))


def with_checksum(body: bytes) -> bytes:
    return body + struct.pack("<I", zlib.crc32(body))


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"abc",
        with_checksum(b""),
        # another version, another number of columns, an unknown width, too few and too many bytes
        with_checksum(b"\2\1\1\1\0\0\0\7"),
        with_checksum(b"\1\2\1\1\1\0\0\0\7\7"),
        with_checksum(b"\1\1\3\1\0\0\0\7\7\7"),
        with_checksum(b"\1\1\1\2\0\0\0\7"),
        with_checksum(b"\1\1\1\1\0\0\0\7\7"),
    ],
)
def test_what_is_no_such_record_is_refused(record: bytes) -> None:
    with pytest.raises(DamagedRecord):
        unpack(record, 1)


def test_a_record_is_laid_out_as_documented() -> None:
    assert pack([[7]]) == with_checksum(b"\1\1\1\1\0\0\0\7")
