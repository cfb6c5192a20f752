"""Records of lineups: what is written is read, and nothing else is."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.errors import DamagedRecord
from banners.model import Generation, Lineup, Performance, Quarter, RuleName
from banners.record import (
    decode_ids,
    decode_lineup,
    decode_pointers,
    encode_ids,
    encode_lineup,
    encode_pointers,
    join_record,
)

IDS = st.integers(1, 10**18 - 1)
FIGURES = st.integers(0, 2**63 - 1)
STAMPS = st.datetimes().map(lambda moment: f"{moment.isoformat()}+00:00")


@st.composite
def lineups(draw: st.DrawFn) -> Lineup:
    ids = draw(st.lists(IDS, max_size=110, unique=True))
    shown = draw(st.integers(0, min(10, len(ids))))
    return Lineup(
        campaign_id=draw(IDS),
        quarter=draw(st.sampled_from(Quarter)),
        generation=Generation(draw(st.integers(1, 2**31)), draw(STAMPS)),
        rule=draw(st.sampled_from(RuleName)),
        converting=draw(st.integers(0, 2**31)),
        slots=draw(st.integers(5, 10)),
        banners=tuple(
            Performance(banner_id, *(draw(FIGURES) for _ in range(4))) for banner_id in ids[:shown]
        ),
        others=tuple(ids[shown : shown + 100]),
    )


@given(lineups())
def test_a_lineup_is_read_as_it_was_written(lineup: Lineup) -> None:
    record = encode_lineup(lineup)
    read = decode_lineup(record, lineup.generation, lineup.quarter, lineup.campaign_id)
    assert read == lineup


@given(lineups())
def test_what_the_database_keeps_joins_to_the_same_record(lineup: Lineup) -> None:
    def compact(value: Any) -> str:
        return json.dumps(value, separators=(",", ":"))

    joined = join_record(
        lineup.generation,
        lineup.quarter,
        lineup.campaign_id,
        rule=lineup.rule,
        converting=lineup.converting,
        slots=lineup.slots,
        banner_ids=compact([each.banner_id for each in lineup.banners]),
        figures=compact(
            [
                [each.impressions, each.clicks, each.conversions, each.revenue_micros]
                for each in lineup.banners
            ]
        ),
        fill_ids=compact(lineup.others),
    )
    assert joined == encode_lineup(lineup)


LINEUP = Lineup(
    campaign_id=54,
    quarter=Quarter.FIRST,
    generation=Generation(3, "2026-01-01T00:00:00+00:00"),
    rule=RuleName.MOST_CLICKS,
    converting=0,
    slots=5,
    banners=(Performance(414, 7, 2, 0, 0), Performance(415, 7, 1, 0, 0)),
    others=(416,),
)
GOOD: list[Any] = json.loads(encode_lineup(LINEUP))
NOT_RECORDS = {
    "nothing": b"",
    "no JSON": b"__import__('os').system('true')",
    "a pickle": b"\x80\x04\x95\x0f\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94.",
    "cut off": encode_lineup(LINEUP)[:-9],
    "something behind it": encode_lineup(LINEUP) + b" ",
    "depths": b"[" * 100_000,
    "an enormous number": b"[" + b"9" * 100_000 + encode_lineup(LINEUP)[2:],
}
CHANGES: dict[str, tuple[int, Any]] = {
    "another generation": (0, 4),
    "another quarter": (1, 2),
    "another campaign": (2, 55),
    "no campaign": (2, "54"),
    "an unknown rule": (3, "best"),
    "a fraction": (4, 0.0),
    "a truth": (4, True),
    "something negative": (5, -5),
    "a banner twice": (6, [414, 414]),
    "a banner that is also another candidate": (6, [414, 416]),
    "no banner": (6, [414, 0]),
    "more banners than figures": (6, [414, 415, 417]),
    "figures that are too short": (7, [[7, 2, 0], [7, 1, 0, 0]]),
    "figures that are null": (7, [[7, 2, 0, None], [7, 1, 0, 0]]),
    "another candidate twice": (8, [416, 416]),
    "too many other candidates": (8, list(range(500, 601))),
    "an object": (8, {"416": 1}),
}


def read(record: bytes) -> Lineup:
    return decode_lineup(record, LINEUP.generation, LINEUP.quarter, LINEUP.campaign_id)


@pytest.mark.parametrize("record", NOT_RECORDS.values(), ids=NOT_RECORDS)
def test_what_is_no_record_is_refused(record: bytes) -> None:
    with pytest.raises(DamagedRecord):
        read(record)


@pytest.mark.parametrize(("place", "value"), CHANGES.values(), ids=CHANGES)
def test_a_record_with_a_wrong_value_is_refused(place: int, value: Any) -> None:
    changed = [*GOOD[:place], value, *GOOD[place + 1 :]]
    with pytest.raises(DamagedRecord):
        read(json.dumps(changed, separators=(",", ":")).encode())


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_refused(record: bytes) -> None:
    for decode in (read, decode_pointers):
        with pytest.raises(DamagedRecord):
            decode(record)


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
