"""Records in segments, and how far a damaged segment is read."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.collect.segments import read as reading
from banners.collect.segments.names import segments_of
from banners.collect.segments.read import Read, content_of_segment, read_records
from banners.collect.segments.record import (
    MOST_BYTES,
    click_record,
    content_of,
    conversion_record,
    end_record,
    framed,
    has_our_fields,
    impressions_record,
    slot_of,
    slots_at_end,
)
from banners.core.views import Traffic, View
from banners.errors import CollectError
from strategies.views import views
from support.event_logs import view_of

CONTENTS = st.lists(st.binary(min_size=1, max_size=40).map(lambda each: each.replace(b"\n", b" ")))


def read_back(block: bytes) -> tuple[list[bytes], Read]:
    read = Read()
    return list(read_records(io.BytesIO(block), read)), read


def test_the_records_hold_what_they_are_documented_to_hold() -> None:
    view = view_of(77)._replace(fill=(0, 9), paused=True)
    lines = [
        impressions_record(view, Traffic.CLEAN),
        click_record(view, 2, Traffic.CRAWLER),
        conversion_record(view.slot, 5, 1234, "0.675", 54),
        end_record({8: 1, 7: 2}),
    ]
    slot = view.slot
    assert [content_of(line[:-1]) for line in lines] == [
        b"i,%d,clean,%d,54,3,rule,77,1,414;251,0;9" % (slot, view.quarter),
        b"c,%d,crawler,%d,9,3,rule,1234,251,1,2" % (slot, view.quarter),
        b"v,%d,5,1234,0.675,54" % slot,
        b"e,7:2;8:1",
    ]
    assert slots_at_end(b"e,7:2;8:1") == {7: 2, 8: 1}
    assert slots_at_end(b"e,") == {}


@given(views(), st.sampled_from(Traffic))
def test_every_record_names_the_slot_of_its_view_and_has_our_fields(
    view: View, traffic: Traffic
) -> None:
    for line in (
        impressions_record(view, traffic),
        *(click_record(view, 1 + place, traffic) for place in range(len(view.banner_ids))),
        conversion_record(view.slot, 1, 2, "-3.500000", 0),
    ):
        content = content_of(line.removesuffix(b"\n"))
        assert content is not None
        assert slot_of(content) == view.slot
        assert has_our_fields(content)


@given(CONTENTS)
def test_records_are_read_back(wrote: list[bytes]) -> None:
    block = b"".join(map(framed, wrote))
    assert read_back(block) == (wrote, Read(len(block), 0))


@given(CONTENTS, st.data())
def test_a_segment_that_is_cut_off_is_read_up_to_there(
    wrote: list[bytes], data: st.DataObject
) -> None:
    block = b"".join(map(framed, wrote))
    end = data.draw(st.integers(0, len(block)))
    contents, read = read_back(block[:end])
    assert contents == wrote[: len(contents)]
    assert read.good == sum(len(framed(each)) for each in contents)
    assert read.good + read.torn == end
    assert len(contents) == len(wrote) or read.good + len(framed(wrote[len(contents)])) > end


@given(CONTENTS.filter(len), st.data())
def test_nothing_is_read_from_the_first_damaged_byte_on(
    wrote: list[bytes], data: st.DataObject
) -> None:
    block = bytearray(b"".join(map(framed, wrote)))
    place = data.draw(st.integers(0, len(block) - 1))
    block[place] ^= data.draw(st.integers(1, 255))
    contents, read = read_back(bytes(block))
    assert contents == wrote[: len(contents)]
    assert read.good <= place
    assert read.good + read.torn == len(block)


@pytest.mark.parametrize("after", [b"", framed(b"good again")])
def test_a_line_without_an_end_is_not_read_into_memory(after: bytes) -> None:
    block = framed(b"i,1") + b"\x00" * (3 * MOST_BYTES) + b"\n" + after
    assert read_back(block) == ([b"i,1"], Read(len(framed(b"i,1")), len(block) - 19))


def test_a_segment_of_several_blocks_is_read_completely() -> None:
    wrote = [b"%d," % number + b"x" * 1000 for number in range(3000)]
    block = b"".join(map(framed, wrote))
    assert read_back(block) == (wrote, Read(len(block), 0))


def test_the_last_record_says_what_a_segment_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "segment"
    records = framed(b"i,7,x") + framed(b"c,8,x") + framed(b"v,7,x")
    path.write_bytes(records)
    scanned = content_of_segment(path)
    assert (scanned.slots, scanned.has_end) == ({7: 2, 8: 1}, False)
    path.write_bytes(records + end_record(scanned.slots))
    assert content_of_segment(path).has_end
    monkeypatch.setattr(reading, "read_records", None)
    assert content_of_segment(path).slots == scanned.slots


@pytest.mark.parametrize("slots", [0, 1, 2_000, 60_000, 200_000])
def test_a_last_record_of_any_length_is_found(tmp_path: Path, slots: int) -> None:
    path = tmp_path / "segment"
    held = dict.fromkeys(range(1_000_000, 1_000_000 + slots), 1)
    records = b"".join(framed(b"i,%d,x" % slot) for slot in held)
    path.write_bytes(records + end_record(held))
    found = content_of_segment(path)
    assert found.slots == held
    assert found.has_end == (slots < 100_000)


@pytest.mark.parametrize("content", [b"", b"\n", b"e,7:2", b"e,7:2\n", framed(b"e,7:2")[:-1]])
def test_a_segment_without_a_good_record_holds_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "segment"
    path.write_bytes(content)
    found = content_of_segment(path)
    assert (found.slots, found.read, found.has_end) == ({}, Read(0, len(content)), False)


OTHER_FORMS = {
    "no slot": framed(b"i"),
    "no field": framed(b"i,7"),
    "an empty field": framed(b"i,7,"),
    "another kind": framed(b"x,7,clean"),
    "a slot with a zero before it": framed(b"i,07,clean"),
    "a word in place of a slot": framed(b"i,next,clean"),
    "a slot after the year 9999": framed(b"i,281558112000,clean"),
    "no slot in the last record": framed(b"e,7"),
    "a slot with a zero before it in the last record": framed(b"e,07:1"),
    "a word in the last record": framed(b"e,7:two"),
}


@pytest.mark.parametrize("record", OTHER_FORMS.values(), ids=OTHER_FORMS)
def test_a_record_of_another_form_is_no_damage_but_an_error(tmp_path: Path, record: bytes) -> None:
    path = tmp_path / "20261126T1445Z-a1-1.segment"
    path.write_bytes(framed(b"i,7,x") + record)
    with pytest.raises(CollectError) as raised:
        content_of_segment(path)
    found = record[15:-1].decode()
    assert f"{path} has a record of another form: found “{found}”, expected" in str(raised.value)
    assert "move the file out of the event log" in str(raised.value)


def test_names_that_are_no_segments_are_not_listed(tmp_path: Path) -> None:
    for name in (
        "20261126T1445Z-a1-1.open",
        "20261126T1445Z-a1-1.segment",
        "20261126T1445Z-a1-2.segment.part",
        "20261126T1446Z-a1-3.segment",
        "20261126T1445Z.marker",
        "20261126T1430Z-b2-1.open",
        ".hidden",
    ):
        (tmp_path / name).touch()
    listed = [(each.stem, each.is_sealed) for each in segments_of(tmp_path)]
    assert listed == [("20261126T1430Z-b2-1", False), ("20261126T1445Z-a1-1", True)]
