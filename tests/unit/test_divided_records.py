"""The records of the event log are found by slot, and divided by slot and kind."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from banners.collect.close import records
from banners.collect.close.records import divide, index_of
from banners.collect.segments.names import OPEN, Segment, hosts_of, log_folder, segments_of
from banners.collect.segments.record import framed
from banners.core.events import Kind
from banners.core.views import Traffic
from banners.errors import CollectError
from reference.closing import Clicked, Converted, Event, Seen
from support.closings import CLEAN, CLICK, EVENTS, keep
from support.event_logs import SLOT, Clock, open_log, record, view_of


def segments_in(events: Path) -> list[Segment]:
    log = log_folder(events)
    return [each for host in hosts_of(log) for each in segments_of(log / host)]


def divided(
    events: Path, segments: Iterable[Segment], slots: Iterable[int]
) -> tuple[Mapping[tuple[int, Kind], bytes], int]:
    scratch = events / "scratch"
    scratch.mkdir()
    found, torn = divide(segments, list(slots), scratch)
    assert set(scratch.iterdir()) == set(found.values())
    return {key: path.read_bytes() for key, path in found.items()}, torn


def test_the_index_says_which_segments_have_records_of_a_slot(tmp_path: Path) -> None:
    earlier = Seen(view_of(3, slot=SLOT - 1), CLEAN)
    keep(tmp_path, [*EVENTS, earlier])
    keep(tmp_path, [earlier, earlier], SLOT, "web-2")
    index = index_of(tmp_path)
    main, other = segments_in(tmp_path)
    assert [each for each, _ in index.segments] == [main, other]
    assert [content.slots for _, content in index.segments] == [
        {SLOT: 3, SLOT - 1: 1},
        {SLOT - 1: 2},
    ]
    assert index.by_slot == {SLOT: {main.key: 3}, SLOT - 1: {main.key: 1, other.key: 2}}


def test_a_segment_that_is_sealed_in_between_is_read_where_it_lies_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, EVENTS[:1])
    (sealed,) = segments_in(tmp_path)
    listed = replace(sealed, path=sealed.path.with_suffix(OPEN))
    monkeypatch.setattr(records, "segments_of", lambda _folder: [listed])
    assert index_of(tmp_path).by_slot == {SLOT: {sealed.key: 1}}
    found, torn = divided(tmp_path, [listed], [SLOT])
    assert (set(found), torn) == ({(SLOT, Kind.IMPRESSIONS)}, 0)


def test_the_fields_of_records_are_divided_by_slot_and_kind(tmp_path: Path) -> None:
    later = view_of(78, slot=SLOT + 1, banners=(7,))
    keep(tmp_path, [*EVENTS, Clicked(later, 1, CLEAN), Seen(later, CLEAN)])
    # In a segment of a later slot, which is read after that of an earlier one.
    late: list[Event] = [Converted(SLOT, 6, CLICK, "-1", 0), Seen(view_of(9, slot=SLOT + 2), CLEAN)]
    keep(tmp_path, late, SLOT + 2)
    assert divided(tmp_path, segments_in(tmp_path), [SLOT, SLOT + 1, SLOT + 5]) == (
        {
            (SLOT, Kind.IMPRESSIONS): b"clean,4,54,3,rule,77,0,414;251,\n",
            (SLOT, Kind.CLICKS): b"clean,4,54,3,rule,1233,414,0,2\n",
            (SLOT, Kind.CONVERSIONS): b"5,1233,0.675,54\n6,1233,-1,0\n",
            (SLOT + 1, Kind.IMPRESSIONS): b"clean,1,54,3,rule,78,0,7,\n",
            (SLOT + 1, Kind.CLICKS): b"clean,1,54,3,rule,1249,7,0,1\n",
        },
        0,
    )


@pytest.mark.parametrize("wanted", [SLOT, SLOT + 1])
@pytest.mark.parametrize("content", [b"x,%d,clean", b"i,0%d,clean", b"c,%d", b"v,%d,", b"v,%d,,5"])
def test_a_record_of_another_form_is_an_error_that_names_its_segment(
    tmp_path: Path, content: bytes, wanted: int
) -> None:
    keep(tmp_path, EVENTS)
    (segment,) = segments_in(tmp_path)
    *records, end = segment.path.read_bytes().splitlines(keepends=True)
    segment.path.write_bytes(b"".join([*records, framed(content % SLOT), end]))
    with pytest.raises(CollectError, match=f"{segment.path} has a record of another form"):
        divided(tmp_path, [segment], [wanted])


def test_records_that_begin_alike_are_checked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("main", "web-2"):
        kinds = [CLEAN, Traffic.CRAWLER] * 5
        keep(tmp_path, [Seen(view_of(place), kind) for place, kind in enumerate(kinds)], SLOT, host)
    checked: list[bytes] = []
    monkeypatch.setattr(records, "check_beginning", lambda _, content: checked.append(content))
    assert divided(tmp_path, segments_in(tmp_path), [SLOT + 1]) == ({}, 0)
    # The last record of a segment names all of its slots.
    assert [each[:2] for each in checked] == [b"i,", b"e,", b"e,"]


def test_damaged_bytes_are_counted_but_not_at_the_end_of_an_open_segment(tmp_path: Path) -> None:
    for host in ("main", "web-2"):
        keep(tmp_path, EVENTS[:1], SLOT, host)
    log = open_log(tmp_path, Clock(), "web-3")
    record(log, EVENTS[0])
    assert log.flush()
    segments = segments_in(tmp_path)
    for segment, damage in zip(segments, (b"123", b"45678", b"9"), strict=True):
        with segment.path.open("ab") as file:
            file.write(damage)
    found, torn = divided(tmp_path, segments, [SLOT])
    assert log.close()
    assert torn == 3 + 5
    assert found[SLOT, Kind.IMPRESSIONS] == b"clean,4,54,3,rule,77,0,414;251,\n" * 3


def test_fields_are_written_when_more_bytes_than_the_limit_are_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each has fields of 7 bytes, so that the third, sixth and ninth one exceed the limit.
    fields = [b"%d,1,1,0" % number for number in range(1, 10)]
    kept: list[Event] = [Converted(SLOT, number, 1, "1", 0) for number in range(1, 10)]
    keep(tmp_path, kept)
    monkeypatch.setattr(records, "_MOST_HELD", 14)
    opened, open_file = [], Path.open

    def noted(path: Path, mode: str) -> object:
        if mode == "ab":
            opened.append(path.name)
        return open_file(path, mode)

    monkeypatch.setattr(Path, "open", noted)
    segments = segments_in(tmp_path)
    found, _ = divided(tmp_path, segments, [SLOT])
    assert found == {(SLOT, Kind.CONVERSIONS): b"\n".join(fields) + b"\n"}
    assert opened == [f"conversions-{SLOT}.csv"] * 3
