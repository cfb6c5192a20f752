"""Lists of ids and pointers: what is written is read, and nothing else is."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.model import Generation, Quarter
from banners.errors import DamagedRecord
from banners.serve.codec import (
    decode_ids,
    decode_pointers,
    encode_ids,
    encode_pointers,
)

IDS = st.integers(1, 10**18 - 1)
STAMPS = st.datetimes().map(lambda moment: f"{moment.isoformat()}+00:00")


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_refused(record: bytes) -> None:
    with pytest.raises(DamagedRecord):
        decode_pointers(record)


@given(st.sets(IDS, min_size=1))
def test_ids_are_read_as_they_were_written(ids: set[int]) -> None:
    assert list(decode_ids(encode_ids(sorted(ids), "a"), "a")) == sorted(ids)


@pytest.mark.parametrize(
    "ids",
    [[], [0], [-1], [2, 1], [1, 1], [10**18]],
    ids=["none", "zero", "below", "order", "twice", "above"],
)
def test_what_is_no_list_of_ids_is_refused(ids: list[int]) -> None:
    with pytest.raises(DamagedRecord):
        decode_ids(encode_ids(ids, "a"), "a")


def test_machines_of_the_other_byte_order_write_each_number_the_other_way_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, _, here = encode_ids([1, 10**17], "a").partition(b"\n")
    monkeypatch.setattr(sys, "byteorder", "little" if sys.byteorder == "big" else "big")
    _, _, there = encode_ids([1, 10**17], "a").partition(b"\n")
    assert there == here[7::-1] + here[:7:-1]


def test_a_list_of_ids_that_is_cut_off_is_refused() -> None:
    with pytest.raises(DamagedRecord):
        decode_ids(encode_ids([1, 2], "a")[:-1], "a")


def test_a_list_of_other_ids_is_refused() -> None:
    with pytest.raises(DamagedRecord):
        decode_ids(encode_ids([1, 2], "campaigns"), "inventory")


@given(
    st.dictionaries(
        st.sampled_from(Quarter), st.builds(Generation, st.integers(1, 2**31), STAMPS), min_size=1
    )
)
def test_pointers_are_read_as_they_were_written(active: dict[Quarter, Generation]) -> None:
    assert decode_pointers(encode_pointers(active)) == active
