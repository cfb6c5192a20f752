"""Lineups that a policy prepared, as a part of a campaign's packed record."""

import random
import struct
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.candidates import Candidates
from banners.core.model import Generation, Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.core.views import Group
from banners.errors import DamagedRecord
from banners.serve.packed import check_record, decode_candidates, encode_candidates
from banners.serve.packed_lineups import DamagedLineups, decode_lineups, encode_lineups

GENERATION = Generation(3, "s")


def narrow(number: float) -> float:
    """The nearest number of 32 bits."""
    found: float = struct.unpack("<f", struct.pack("<f", number))[0]
    return found


@st.composite
def prepared(draw: st.DrawFn, candidates: int, campaign_id: int = 54) -> PreparedLineups:
    count = draw(st.integers(1, 64))
    places = min(candidates, draw(st.integers(1, 10)))
    source = random.Random(draw(st.integers()))
    fallback = draw(st.sampled_from(("", "A figure is below zero.")))

    def column(place: int) -> tuple[float, ...]:
        numbers = [source.expovariate(1 / 10 ** source.randint(-4, 8)) for _ in range(candidates)]
        return tuple(numbers if place < 3 else map(narrow, numbers))

    return PreparedLineups(
        campaign_id=campaign_id,
        policy=draw(st.sampled_from(PolicyName)),
        places=places,
        lineups=tuple(tuple(source.sample(range(candidates), places)) for _ in range(count)),
        groups=tuple(source.choice(list(Group)) for _ in range(count)),
        expectations=() if fallback else tuple(map(column, range(7))),
        fallback=fallback,
    )


def candidates_of(count: int, lineups: PreparedLineups | None = None) -> Candidates:
    ids = range(1, count + 1)
    figures = [[7] * count for _ in range(4)]
    return Candidates(54, Quarter.FIRST, GENERATION, ids, *figures, prepared=lineups)


@given(st.data(), st.sampled_from((1, 2, 40, 256, 257, 300)))
def test_lineups_are_read_as_they_were_written(data: st.DataObject, count: int) -> None:
    written = candidates_of(count, data.draw(prepared(count)))
    record = encode_candidates(written)
    check_record(record, GENERATION, Quarter.FIRST, 54)
    read = decode_candidates(record, GENERATION, Quarter.FIRST, 54)
    assert read.prepared == written.prepared
    assert encode_candidates(read) == record


def test_the_rule_writes_the_same_bytes_as_before_there_were_policies() -> None:
    record = encode_candidates(candidates_of(2))
    assert record[0] == 1
    assert decode_candidates(record, GENERATION, Quarter.FIRST, 54).prepared is None


def test_an_index_is_of_four_bytes_where_there_are_very_many_candidates() -> None:
    many = 1 << 17
    lineups = replace(GOOD, lineups=((many - 1, 0),) * 2, expectations=())
    assert decode_lineups(encode_lineups(lineups, many), 54, many) == lineups


GOOD = PreparedLineups(
    campaign_id=54,
    policy=PolicyName.LEARNING,
    places=2,
    lineups=((0, 1), (2, 0)),
    groups=(Group.POLICY, Group.RULE),
    expectations=((0.5, 0.25, 0.0),) * 7,
)
PART = encode_lineups(GOOD, 3)


def test_they_are_laid_out_as_documented() -> None:
    assert (
        b"".join(
            (
                bytes([1, 2, 2, 1, 1, 0]),
                bytes([1, 2, 0, 2]),
                bytes([0, 1, 2, 0]),
                struct.pack("<9d", *(0.5, 0.25, 0.0) * 3),
                struct.pack("<12f", *(0.5, 0.25, 0.0) * 4),
            )
        )
        == PART
    )


WRONG = {
    "cut off": PART[:-1],
    "something behind it": PART + b"\0",
    "nothing": b"",
    "an unknown policy": b"\x09" + PART[1:],
    "no places": PART[:1] + b"\0" + PART[2:],
    "sixteen places": PART[:1] + b"\x10" + PART[2:],
    "no lineups": bytes([1, 2, 0, 1, 0, 0]),
    "a width that is not needed": PART[:3] + b"\2" + PART[4:],
    "an unknown mark of expectations": PART[:4] + b"\2" + PART[5:],
    "a reason that is not text": bytes([1, 2, 1, 1, 0, 1, 0xFF, 0, 1, 0]),
    "an unknown group": PART[:6] + b"\x09" + PART[7:],
    "a banner that is none": PART[:10] + b"\3" + PART[11:],
    "a banner twice": PART[:10] + b"\1" + PART[11:],
    "a rate below zero": PART[:14] + struct.pack("<d", -0.5) + PART[22:],
    "a rate that is not a number": PART[:14] + struct.pack("<d", float("nan")) + PART[22:],
}


@pytest.mark.parametrize("part", WRONG.values(), ids=WRONG)
def test_whatever_else_is_refused(part: bytes) -> None:
    with pytest.raises(DamagedLineups):
        decode_lineups(part, 54, 3)


def test_a_record_with_damaged_lineups_is_damaged() -> None:
    record = encode_candidates(candidates_of(3, GOOD))
    body = record[: -len(PART) - 4] + WRONG["a banner twice"]
    key = struct.pack("<QBQ", 3, 1, 54)
    changed = body + struct.pack("<I", zlib.crc32(key + body))
    with pytest.raises(DamagedRecord, match="does not hold its lineups"):
        decode_candidates(changed, GENERATION, Quarter.FIRST, 54)
