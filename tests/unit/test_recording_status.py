"""The status page shows what was recorded, and what closing has made of it."""

from datetime import UTC, datetime

import pytest

from banners.core.closing import ClosingState
from banners.core.events import Kind
from banners.core.slots import slot_named
from banners.web.event_metrics import BARE, EVENTS, UNSYNCED_CLICKS, VIEWS, counts_of, unsynced_of
from banners.web.metrics import Metrics
from banners.web.pages.condition_facts import RecordingFacts
from banners.web.pages.recording_status import CountLine, recording_facts, recording_status
from banners.web.recording.watched import Recent, Watched

NOW = datetime(2026, 11, 26, 14, 50, 30, tzinfo=UTC)
NAME = EVENTS.name
TOTALS = {
    (VIEWS.name,): 1_000,
    (NAME, "impressions", "recorded"): 800,
    (NAME, "impressions", "bad_token"): 7,
    (NAME, "impressions", "not_kept"): 0,
    (NAME, "clicks", "recorded"): 40,
    (NAME, "clicks", "not_kept"): 2,
    (NAME, "conversions", "not_kept"): 3,
    (UNSYNCED_CLICKS.name,): 5,
    (BARE.name,): 6,
}


def test_what_was_recorded_is_listed_by_kind_and_outcome() -> None:
    shown = recording_status(Watched(totals=TOTALS, recent={(VIEWS.name,): 30}), NOW)
    assert (shown.slot, shown.until) == ("20261126T1445Z", "15:00")
    assert shown.counts == [
        CountLine("views served", 30, 1_000),
        CountLine("views recorded", 0, 800),
        CountLine("views bad token", 0, 7),
        CountLine("clicks recorded", 0, 40),
        CountLine("clicks not kept", 0, 2),
        CountLine("conversions recorded", 0, 0),
        CountLine("conversions not kept", 0, 3),
        CountLine("clicks not yet on the disk when answered", 0, 5),
        CountLine("single banners, which are not counted as seen", 0, 6),
    ]


def test_what_closing_made_of_events_is_listed_by_outcome() -> None:
    closing = ClosingState(
        newest=slot_named("20261126T1430Z"),
        account={
            Kind.IMPRESSIONS: {"kept": 5, "flood": 2, "duplicate": 1},
            Kind.CONVERSIONS: {"kept": 1, "other_campaign": 4},
        },
    )
    shown = recording_status(Watched(closing=closing), NOW)
    assert shown.newest == "20261126T1430Z"
    assert [(each.outcome, *each.counts) for each in shown.account] == [
        ("kept", 5, 0, 1),
        ("duplicate", 1, 0, 0),
        ("flood", 2, 0, 0),
        ("other campaign", 0, 0, 4),
    ]


def test_before_anything_is_known_nothing_is_claimed() -> None:
    shown = recording_status(Watched(), NOW)
    assert (shown.newest, shown.account, shown.free_share) == ("", [], None)
    assert recording_facts(Watched()) == RecordingFacts(is_closed=False)


def test_the_facts_are_those_of_the_last_quarter_of_an_hour() -> None:
    slot = slot_named("20261126T1415Z")
    watched = Watched(
        recent=TOTALS,
        unsynced_seconds=2.5,
        free_bytes=30,
        disk_bytes=120,
        closing=ClosingState(waiting=(slot, slot + 1), missing=("web-2",)),
    )
    assert recording_facts(watched) == RecordingFacts(
        served=1_000,
        seen=800,
        clicks=40,
        not_kept=5,
        unsynced_seconds=2.5,
        free_share=0.25,
        waiting=["20261126T1415Z", "20261126T1430Z"],
        missing=("web-2",),
    )


@pytest.mark.parametrize(("minutes", "growth"), [(0, 0), (10, 10), (15, 15), (16, 15), (60, 15)])
def test_recent_is_the_last_quarter_of_an_hour(minutes: int, growth: int) -> None:
    recent = Recent()
    found = {}
    for minute in range(minutes + 1):
        # One more in each minute.
        found = dict(recent.growth(60 * minute, {("a",): 100 + minute}))
    assert found == {("a",): growth}


def test_what_is_counted_for_the_first_time_has_grown_from_nothing() -> None:
    recent = Recent()
    recent.growth(0, {})
    assert recent.growth(60, {("a",): 3}) == {("a",): 3}


def test_the_counts_are_those_of_the_metrics() -> None:
    metrics = Metrics()
    assert (counts_of(metrics.values), unsynced_of(metrics.values)) == ({}, 0.0)
    metrics.events.count(VIEWS, 4)
    metrics.events.count(EVENTS, 3, "clicks", "recorded")
    assert counts_of(metrics.values) == {(VIEWS.name,): 4, (NAME, "clicks", "recorded"): 3}
