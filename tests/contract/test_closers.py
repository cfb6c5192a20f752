"""One suite for every engine that closes slots, compared with the reference."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banners.collect.close.closer import OpenCloser
from banners.collect.close.duckdb_engine import duckdb_closer
from banners.collect.close.files import EventFolder
from banners.collect.close.run import close_slots
from banners.collect.segments.names import log_folder, segments_of
from banners.collect.segments.record import framed
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.views import Group, Traffic, View
from banners.errors import CollectError
from reference.closing import Clicked, Converted, Event, Seen, slot_of
from strategies import recorded as recording
from support.closed_slots import assert_closed_as_expected
from support.closings import CLICK, EVENTS, LATER, VIEW, expected_files, keep
from support.engines import ENGINES, QUICK_START, require_spark
from support.event_logs import HOST, SLOT, Clock, closing_of, files_in, open_log, record, view_of


@dataclass(frozen=True)
class Opened:
    """An engine that closes slots.

    Args:
        closer: opens it.
        examples: how many random examples it is tried on.
    """

    closer: OpenCloser
    examples: int


@pytest.fixture(scope="module", params=ENGINES)
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    if request.param == "duckdb":
        yield Opened(partial(duckdb_closer, memory="512MB"), examples=20)
        return
    require_spark()
    from banners.crunch.engines.spark.crunch import spark_engine
    from banners.job.spark_closer import spark_closer

    options = {"spark.driver.extraJavaOptions": QUICK_START}
    with spark_engine(master="local[2]", memory="1GB", options=options) as engine:
        again = partial(spark_closer, engine=lambda: nullcontext(engine), memory="512MB")
        yield Opened(again, examples=2)


# With Spark, an example takes a minute.
@pytest.mark.parametrize(
    "opened", ["duckdb", pytest.param("spark", marks=pytest.mark.long)], indirect=True
)
def test_order_repetition_and_division_make_no_difference(opened: Opened) -> None:
    @settings(max_examples=opened.examples, deadline=None)
    @given(recording.recorded(), st.data())
    def check(kept: list[Event], data: st.DataObject) -> None:
        assert_closed_as_the_reference_does(opened, kept, data)

    check()


def assert_closed_as_the_reference_does(
    opened: Opened, kept: list[Event], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        events = Path(folder)
        rest = list(data.draw(st.permutations(kept)))
        slots = {slot_of(event) for event in kept}
        while rest:
            count = data.draw(st.integers(1, len(rest)))
            arrival = SLOT + data.draw(st.integers(0, 1))
            keep(events, rest[:count], arrival, data.draw(st.sampled_from([HOST, "other"])))
            slots.add(arrival)
            rest = rest[count:]
            for _ in range(data.draw(st.integers(0, 1))):
                close_slots(closing_of(events, opened=opened.closer), LATER)
        close_slots(closing_of(events, opened=opened.closer), LATER)
        ended = range(min(slots, default=SLOT + 1), SLOT + 1)
        assert files_in(events) == expected_files(kept, ended)
        for slot in {slot_of(event) for event in kept}:
            found = EventFolder(events).closed(slot)
            assert found is not None
            assert_closed_as_expected(events, found, kept)


OTHER = view_of(78)._replace(
    banner_ids=(1, 2, 3), fill=(0, 9, 54), group=Group.POLICY, quarter=Quarter.FIRST
)
OF_EVERY_KIND: list[Event] = [
    *EVENTS,
    *EVENTS[::-1],
    *(Seen(view_of(number), Traffic.CLEAN) for number in range(9)),
    Seen(VIEW, Traffic.CRAWLER),
    Seen(OTHER, Traffic.FLOOD),
    Seen(OTHER, Traffic.CLEAN),
    Seen(view_of(79), Traffic.CRAWLER),
    Clicked(OTHER, 2, Traffic.CLEAN),
    Clicked(view_of(79), 1, Traffic.CRAWLER),
    Clicked(view_of(80), 2, Traffic.FLOOD),
    Converted(SLOT, 6, 79 * 16 + 1, "1", 0),
    Converted(SLOT, 7, CLICK, "2", 99),
    Converted(SLOT, 8, CLICK, "-0.25", 54),
    Converted(SLOT, 9, 78 * 16 + 2, "3.5", 0),
    Converted(SLOT, 10, 78 * 16 + 2, "1", 0),
    Converted(SLOT, 10, 78 * 16 + 2, "999999999999.123456", 0),
    Converted(SLOT, 11, 17, "4", 0),
]


def test_engines_write_the_same_bytes(opened: Opened, tmp_path: Path) -> None:
    found = []
    for name, closer in (("one", opened.closer), ("other", partial(duckdb_closer, memory="1GB"))):
        events = tmp_path / name
        events.mkdir()
        keep(events, OF_EVERY_KIND)
        keep(events, OF_EVERY_KIND[::3], host="other")
        (closed,) = close_slots(closing_of(events, opened=closer), LATER).slots
        assert set(closed.quarters) == {Quarter.FIRST, Quarter.FOURTH}
        made = replace(closed, segments={})
        found.append((made, files_in(events), EventFolder(events).totals(SLOT).read_bytes()))
    assert found[0] == found[1]


def segment_of(events: Path, host: str = HOST) -> Path:
    (segment,) = segments_of(log_folder(events) / host)
    return segment.path


DAMAGE: dict[str, tuple[Callable[..., bytes], int]] = {
    "checksum": (lambda one, two, three, end: one + two.replace(b"4", b"5") + three + end, 1),
    "length": (lambda one, two, three, end: one + b"0" + two + three + end, 1),
    "empty line": (lambda one, two, three, end: one + b"\n" + two + three + end, 1),
    "not text": (lambda one, two, three, end: one + two + b"\xff\xfe\n" + three + end, 2),
    "cut off": (lambda one, two, three, _: one + two + three[:-9], 2),
    "no line end": (lambda one, two, three, _: one + two + three.rstrip(), 2),
    "zeros": (lambda one, two, three, _: one + two + three + bytes(2_000_000), 3),
    "long line": (lambda one, two, *rest: one + two + b"0" * 1_100_000 + b"\n" + b"".join(rest), 2),
    "byte order mark": (lambda *lines: b"\xef\xbb\xbf" + b"".join(lines), 0),
}
"""What may be done to a segment of three records and its end, and how many records it leaves."""


def test_a_segment_counts_up_to_its_first_damaged_record(opened: Opened, tmp_path: Path) -> None:
    left: list[Event] = [*EVENTS]
    torn = 0
    keep(tmp_path, EVENTS)
    for number, (damage, count) in enumerate(DAMAGE.values(), 10):
        views = [view_of(10 * number + place) for place in range(3)]
        kept: list[Event] = [Seen(view, Traffic.CLEAN) for view in views]
        keep(tmp_path, kept, host=f"host-{number}")
        path = segment_of(tmp_path, f"host-{number}")
        lines = path.read_bytes().splitlines(keepends=True)
        content = damage(*lines)
        path.write_bytes(content)
        left += kept[:count]
        torn += len(content) - sum(map(len, lines[:count]))
    closed = close_slots(closing_of(tmp_path, opened=opened.closer), LATER)
    assert files_in(tmp_path) == expected_files(left, [SLOT])
    assert closed.torn == torn


def test_an_open_segment_is_read_up_to_what_is_being_written(
    opened: Opened, tmp_path: Path
) -> None:
    clock = Clock(SLOT)
    log = open_log(tmp_path, clock)
    for event in EVENTS:
        record(log, event)
    log.flush()
    with segment_of(tmp_path).open("ab") as file:
        file.write(b"00004a")
    closed = close_slots(closing_of(tmp_path, opened=opened.closer), clock.now)
    assert closed.torn == 0
    assert files_in(tmp_path) == expected_files(EVENTS, [SLOT])


def test_a_segment_that_is_sealed_after_it_was_listed_is_read(
    opened: Opened, tmp_path: Path
) -> None:
    keep(tmp_path, EVENTS)
    (listed,) = segments_of(log_folder(tmp_path) / HOST)
    was_open = replace(listed, path=listed.path.with_suffix(".open"))
    (tmp_path / "scratch").mkdir()
    with opened.closer(tmp_path / "scratch") as closer:
        assert closer.read([was_open], [SLOT]) == 0
        path_of = {(kind, each): tmp_path / f"{kind}{each:d}" for kind in Kind for each in Quarter}
        closed = closer.close(SLOT, Quarter.FOURTH, path_of, tmp_path / "totals")
    assert closed.count(Kind.CLICKS, "kept") == 1


@pytest.mark.parametrize("opened", ["spark"], indirect=True)
def test_less_than_there_is_ends_in_an_error(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from banners.job import spark_segments

    monkeypatch.setattr(spark_segments, "_MOST_LINE_BYTES", 50)
    keep(tmp_path, EVENTS)
    with pytest.raises(CollectError, match=r"executors have read \d+ of \d+ bytes"):
        close_slots(closing_of(tmp_path, opened=opened.closer), LATER)
    assert files_in(tmp_path) == {}


def test_a_folder_may_have_any_name(opened: Opened, tmp_path: Path) -> None:
    events = tmp_path / "a [1] 100% {b,c}* it's ?"
    events.mkdir()
    keep(events, EVENTS)
    close_slots(closing_of(events, opened=opened.closer), LATER)
    assert files_in(events) == expected_files(EVENTS, [SLOT])


def converted(view: View, count: int, revenue: str) -> list[Event]:
    """Return a view, the click on its first banner, and conversions of that click."""
    first = view.view_id * 16
    ids = range(first, first + count)
    return [
        Seen(view, Traffic.CLEAN),
        Clicked(view, 1, Traffic.CLEAN),
        *(Converted(SLOT, each, first + 1, revenue, 0) for each in ids),
    ]


@pytest.mark.parametrize(
    "kept",
    [
        converted(VIEW, 10, "999999999999"),
        [
            event
            for number in range(10)
            for event in converted(view_of(number, banners=[500 + number]), 1, "999999999999")
        ],
    ],
    ids=["of one banner", "of ten banners"],
)
def test_revenues_too_large_to_add_up_are_the_same_error_with_every_engine(
    opened: Opened, tmp_path: Path, kept: list[Event]
) -> None:
    keep(tmp_path, kept)
    with pytest.raises(CollectError) as raised:
        close_slots(closing_of(tmp_path, opened=opened.closer), LATER)
    assert str(raised.value) == (
        "Slot 20261126T1445Z is not closed. The revenues of a campaign add up to more than "
        "9,223,372,036,854.775807, the largest sum that can be counted exactly. Lower "
        "BANNERS_MOST_REVENUE, so that senders cannot report such revenues; move the segments that "
        "have them out of the event log, and close again."
    )
    assert list(tmp_path.glob("[1-4]/*")) == []


@pytest.mark.parametrize(
    "content",
    [b"i,%d,clean,4,54", b"v,%d,5,1233,much,54"],
    ids=["too few fields", "a word in place of a revenue"],
)
def test_a_record_with_fields_of_another_form_is_an_error_that_says_what_to_do(
    opened: Opened, tmp_path: Path, content: bytes
) -> None:
    keep(tmp_path, EVENTS)
    with segment_of(tmp_path).open("ab") as file:
        file.write(framed(content % SLOT))
    with pytest.raises(CollectError) as raised:
        close_slots(closing_of(tmp_path, opened=opened.closer), LATER)
    assert str(raised.value) == (
        f"Slot 20261126T1445Z is not closed. {segment_of(tmp_path)} has a record of another form: "
        f"found “{(content % SLOT).decode()}”, expected the fields that this release writes. If a "
        "newer release of Banners wrote it, upgrade this one; otherwise move the file out of the "
        "event log."
    )
    assert list(tmp_path.glob("[1-4]/*")) == []


@pytest.mark.parametrize(
    "content",
    [b"x,%d,clean", b"v,%d,"],
    ids=["of another kind", "without a field"],
)
def test_a_record_that_a_newer_release_may_have_written_is_an_error(
    opened: Opened, tmp_path: Path, content: bytes
) -> None:
    keep(tmp_path, EVENTS)
    path = segment_of(tmp_path)
    *records, end = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*records, framed(content % SLOT), end]))
    with pytest.raises(CollectError) as raised:
        close_slots(closing_of(tmp_path, opened=opened.closer), LATER)
    assert f"{path} has a record of another form: found “{(content % SLOT).decode()}”" in str(
        raised.value
    )
    assert list(tmp_path.glob("[1-4]/*")) == []


def test_a_record_of_another_kind_after_damage_does_not_count(
    opened: Opened, tmp_path: Path
) -> None:
    keep(tmp_path, EVENTS)
    with segment_of(tmp_path).open("ab") as file:
        file.write(b"damage\n" + framed(b"x,%d,clean" % SLOT))
    close_slots(closing_of(tmp_path, opened=opened.closer), LATER)
    assert files_in(tmp_path) == expected_files(EVENTS, [SLOT])


def test_a_segment_that_cannot_be_read_is_an_error(opened: Opened, tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    (listed,) = segments_of(log_folder(tmp_path) / HOST)
    listed.path.unlink()
    with pytest.raises((OSError, CollectError)), opened.closer(tmp_path) as closer:
        closer.read([listed], [SLOT])
