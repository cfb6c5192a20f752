"""Which slots count for the next lineups, which have something new, and what may be removed."""

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

import pytest

from banners.collect.close.account import ClosedSlot
from banners.collect.close.records import Index
from banners.collect.close.window import (
    Hosts,
    Window,
    arrived,
    first_slot,
    has_something_new,
    refuse_distant_clock,
    removable,
    remove,
)
from banners.collect.segments.names import (
    OPEN,
    RETIRED,
    SEALED,
    Segment,
    log_folder,
    marker_of,
    segment_stem,
    slots_marked,
)
from banners.collect.segments.read import Content
from banners.core.model import Quarter
from banners.core.slots import slot_named
from banners.errors import CollectError

NOW = slot_named("20261126T1445Z")
DAY = 96
"""Number of slots in a day."""


def segment(events: Path, slot: int, host: str = "main", ending: str = SEALED) -> Segment:
    """Make an empty segment."""
    folder = log_folder(events) / host
    folder.mkdir(parents=True, exist_ok=True)
    stem = segment_stem(slot, "w", 1)
    path = folder / (stem + ending)
    path.touch()
    return Segment(host, stem, slot, path)


def mark(events: Path, slots: Iterable[int], host: str = "main") -> None:
    folder = log_folder(events) / host
    folder.mkdir(parents=True, exist_ok=True)
    for slot in slots:
        marker_of(folder, slot).touch()


def held(segment: Segment, slots: Collection[int]) -> tuple[Segment, Content]:
    return segment, Content(dict.fromkeys(slots, 1))


def test_as_many_slots_of_each_quarter_count_as_the_window_says() -> None:
    window = Window(NOW, 3)
    counted = [slot for slot in range(NOW - 100, NOW + 1) if slot in window]
    assert Counter(slot % 4 for slot in counted) == dict.fromkeys(range(4), 3)
    assert counted == list(range(window.first, NOW + 1))


def test_slots_of_the_window_have_ended_up_to_the_current_one() -> None:
    window = Window(NOW, 1)
    assert list(window.ended(0)) == [NOW - 3, NOW - 2, NOW - 1]
    assert list(window.ended(NOW - 2)) == [NOW - 2, NOW - 1]
    assert list(window.ended(NOW)) == []


def test_something_arrived_where_there_is_a_segment_or_a_marker(tmp_path: Path) -> None:
    segment(tmp_path, NOW, "a")
    segment(tmp_path, NOW - 1, "b", OPEN)
    mark(tmp_path, [NOW - 5, NOW - 4], "b")
    assert sorted(arrived(tmp_path)) == [NOW - 5, NOW - 4, NOW - 1, NOW]


def test_nothing_arrived_where_there_is_no_log(tmp_path: Path) -> None:
    assert list(arrived(tmp_path)) == []
    refuse_distant_clock(Window(NOW, 1), tmp_path, [])


def test_a_clock_that_is_far_ahead_is_refused_with_what_to_do(tmp_path: Path) -> None:
    segment(tmp_path, NOW - 4_004)
    with pytest.raises(CollectError) as refused:
        refuse_distant_clock(Window(NOW, 1), tmp_path, [NOW - 4_005])
    assert str(refused.value) == (
        "By the clock of this host, it is now slot 20261126T1445Z, 1,001 hours after "
        f"20261015T2145Z, the newest slot of which {tmp_path} has anything. Nothing is closed, "
        "archived or removed, since the clock may be wrong. Set it right if it is. If it is not, "
        "start banners serve with this folder: closing goes on as soon as a server has recorded "
        "or marked a newer slot."
    )


@pytest.mark.parametrize("known", ["segment", "marker", "closed"])
def test_the_clock_may_be_a_day_ahead_of_the_window(tmp_path: Path, known: str) -> None:
    window = Window(NOW, 2)

    def check(slot: int) -> None:
        events = tmp_path / str(slot)
        if known == "segment":
            segment(events, slot)
        elif known == "marker":
            mark(events, [slot])
        refuse_distant_clock(window, events, [slot] if known == "closed" else [])

    check(window.first - DAY)
    with pytest.raises(CollectError):
        check(window.first - DAY - 1)


def test_a_slot_that_is_still_to_come_does_not_prove_the_clock(tmp_path: Path) -> None:
    old = NOW - 1_000
    with pytest.raises(CollectError):
        refuse_distant_clock(Window(NOW, 1), tmp_path, [old, NOW + 1])
    refuse_distant_clock(Window(NOW, 1), tmp_path, [old, NOW])


def test_a_host_is_missing_where_it_was_there_and_has_not_marked(tmp_path: Path) -> None:
    segment(tmp_path, NOW - 3, "a")
    mark(tmp_path, [NOW - 2, NOW], "a")
    mark(tmp_path, [NOW - 1], "b")
    segment(tmp_path, NOW, "c", OPEN)
    hosts = Hosts(tmp_path)
    assert {slot: hosts.missing(slot) for slot in range(NOW - 4, NOW + 1)} == {
        NOW - 4: (),
        NOW - 3: ("a",),
        NOW - 2: (),
        NOW - 1: ("a",),
        NOW: ("b", "c"),
    }


def test_a_host_that_sends_nothing_any_more_is_not_missing(tmp_path: Path) -> None:
    segment(tmp_path, NOW, "a")
    (log_folder(tmp_path) / "a" / RETIRED).touch()
    (log_folder(tmp_path) / "new").mkdir()
    segment(tmp_path, NOW, "z")
    assert Hosts(tmp_path).missing(NOW) == ("z",)


def test_the_first_slot_is_the_oldest_of_all_that_is_known(tmp_path: Path) -> None:
    assert first_slot(Index(), []) is None
    index = Index([held(segment(tmp_path, NOW), [NOW - 1])], {NOW - 1: {"main/x": 1}})
    assert first_slot(index, [NOW]) == NOW - 1
    assert first_slot(index, [NOW - 2]) == NOW - 2
    # A segment without records.
    assert first_slot(Index([held(segment(tmp_path, NOW), [])]), []) == NOW


@pytest.mark.parametrize(
    ("records", "missing", "is_new"),
    [
        ({"main/x": 1}, ("b",), False),
        ({"main/x": 2}, ("b",), True),
        ({"main/x": 1, "b/y": 1}, ("b",), True),
        ({"main/x": 1}, (), True),
        ({"main/x": 1}, ("b", "c"), True),
    ],
)
def test_a_slot_is_closed_again_if_its_records_or_missing_hosts_change(
    records: dict[str, int], missing: tuple[str, ...], is_new: bool
) -> None:
    before = ClosedSlot(
        slot=NOW, quarters=(Quarter.FOURTH,), segments={"main/x": 1}, missing=("b",)
    )
    assert has_something_new(before, records, missing) is is_new
    assert has_something_new(None, records, missing)


def test_only_old_sealed_segments_of_archived_slots_may_be_removed(tmp_path: Path) -> None:
    archived = [NOW - 9, NOW - 8]
    old = segment(tmp_path, NOW - 7, "old")
    index = Index(
        [
            held(old, archived),
            held(segment(tmp_path, NOW - 7, "open", OPEN), archived),
            held(segment(tmp_path, NOW - 6, "recent"), archived),
            held(segment(tmp_path, NOW - 7, "used"), [NOW - 8, NOW - 7]),
            held(segment(tmp_path, NOW - 7, "partly"), [NOW - 9]),
        ]
    )
    found = removable(index, archived, NOW - 6)
    assert [each.host for each in found] == ["old", "partly"]


def test_segments_and_old_markers_are_removed_but_the_newest_of_each_host(tmp_path: Path) -> None:
    gone, kept = segment(tmp_path, NOW - 5), segment(tmp_path, NOW - 4)
    mark(tmp_path, [NOW - 5, NOW - 4, NOW - 3, NOW - 2], "main")
    mark(tmp_path, [NOW - 6, NOW - 5], "quiet")
    remove([gone], tmp_path, NOW - 3)
    assert (gone.path.exists(), kept.path.exists()) == (False, True)
    log = log_folder(tmp_path)
    assert slots_marked(log / "main") == {NOW - 3, NOW - 2}
    assert slots_marked(log / "quiet") == {NOW - 5}


def test_what_has_vanished_in_the_meantime_counts_as_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = segment(tmp_path, NOW - 5)
    gone.path.unlink()
    monkeypatch.setattr(
        "banners.collect.close.window.slots_marked", lambda _folder: {NOW - 5, NOW - 4}
    )
    remove([gone], tmp_path, NOW)
    assert list((log_folder(tmp_path) / "main").iterdir()) == []
