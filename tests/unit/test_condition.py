"""The status page begins with a sentence that says whether all is well and, if not, what to do."""

from datetime import timedelta
from typing import Any

import pytest

from banners.core.model import Quarter
from banners.web.pages.condition import condition_of
from banners.web.pages.condition_facts import Facts, LoopFacts, QuarterFacts, RecordingFacts

ALL_SERVED = [QuarterFacts(quarter=each, is_served=True) for each in Quarter]
NOTHING_SERVED = [QuarterFacts(quarter=each, is_served=False) for each in Quarter]
RUNNING = LoopFacts(silent=timedelta(seconds=5))
SILENT = LoopFacts(silent=timedelta(days=3))


def facts(**changed: Any) -> Facts:
    return Facts(**{"quarters": ALL_SERVED, **changed})


def second_is(**changed: Any) -> list[QuarterFacts]:
    """Every quarter is served as usual but for the second."""
    second = QuarterFacts(**{"quarter": Quarter.SECOND, "is_served": True, **changed})
    return [ALL_SERVED[0], second, *ALL_SERVED[2:]]


def test_without_any_fault_all_is_well() -> None:
    found = condition_of(facts())
    assert found.sentence == "All is well."
    assert not found.others


@pytest.mark.parametrize(
    ("changed", "found", "to_do"),
    [
        (
            {"out_of_reach": ["database"]},
            "The database cannot be reached. Visitors are answered from memory",
            "Start it",
        ),
        ({"out_of_reach": ["redis"]}, "Redis cannot be reached", "Start Redis"),
        ({"impaired": {"redis": "refuses commands"}}, "Redis refuses commands", "log"),
        (
            {"impaired": {"database": "holds a damaged quarter"}},
            "The database holds a damaged quarter",
            "Crunch that quarter again",
        ),
        ({"quarters": NOTHING_SERVED}, "Nothing is published yet", "banners crunch DIR"),
        (
            {"quarters": NOTHING_SERVED, "out_of_reach": ["database"]},
            "The database cannot be reached. Start it",
            "BANNERS_DATABASE_URL",
        ),
        (
            {"quarters": second_is(is_served=False)},
            "Nothing is published for quarter 2 of the hour. Visitors get 404",
            "banners crunch DIR",
        ),
        (
            {"quarters": second_is(is_served=False), "has_catalogue": True},
            "Nothing is published for quarter 2 of the hour. Campaigns show banners",
            "banners crunch DIR",
        ),
        (
            {"quarters": second_is(is_unreadable=True)},
            "The account of quarter 2 cannot be read",
            "Crunch it again",
        ),
        (
            {"complaints": ["passwords, line 3: it can be guessed. Choose a longer one."]},
            "passwords, line 3",
            "Choose a longer one",
        ),
    ],
)
def test_a_fault_is_named_with_what_to_do(changed: dict[str, Any], found: str, to_do: str) -> None:
    told = condition_of(facts(**changed))
    assert not told.is_well
    assert told.sentence.startswith(f"Not all is well. {found}")
    assert to_do in told.sentence


@pytest.mark.parametrize(
    ("changed", "found", "to_do"),
    [
        ({"not_kept": 1_234}, "1,234 events could not be kept", "Make space on the disk"),
        (
            {"unsynced_seconds": 7.2},
            "The disk of the event log has not confirmed events for 7 seconds",
            "Check the disk",
        ),
        (
            {"free_share": 0.041},
            "The disk of the event log is nearly full: 4% of it is free",
            "BANNERS_KEEP_EVENTS",
        ),
        (
            {"waiting": ["20261126T1445Z"]},
            "Slot 20261126T1445Z should have been closed",
            "banners close",
        ),
        (
            {"waiting": ["20261126T1445Z", "20261126T1500Z", "20261126T1515Z"]},
            "Slot 20261126T1445Z and 2 later ones should have been closed",
            "banners close",
        ),
        (
            {"missing": ["web-2", "web-3"]},
            "Events of other hosts are missing in closed slots: web-2, web-3",
            "banners close --forget HOST",
        ),
        (
            {"served": 100, "seen": 0},
            "100 views were served in the last 15 minutes, and none was seen",
            "passes /e/ on",
        ),
        (
            {"served": 900, "seen": 100, "clicks": 51},
            "51 clicks came for 100 views that were seen",
            "look for robots",
        ),
    ],
)
def test_a_fault_of_recording_is_named_with_what_to_do(
    changed: dict[str, Any], found: str, to_do: str
) -> None:
    told = condition_of(facts(recording=RecordingFacts(**changed)))
    assert told.sentence.startswith(f"Not all is well. {found}")
    assert to_do in told.sentence
    assert not told.others


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"unsynced_seconds": 5.0, "free_share": 0.1},
        {"served": 99, "seen": 0},
        {"served": 1_000, "seen": 1},
        {"served": 900, "seen": 100, "clicks": 50},
        {"served": 900, "seen": 99, "clicks": 99},
    ],
)
def test_recording_within_its_limits_is_no_finding(changed: dict[str, Any]) -> None:
    assert not condition_of(facts(recording=RecordingFacts(**changed))).others


def test_events_that_are_lost_come_before_what_is_missing_in_a_quarter() -> None:
    told = condition_of(
        facts(
            quarters=second_is(is_served=False),
            recording=RecordingFacts(not_kept=1, waiting=["20261126T1445Z"]),
        )
    )
    assert "could not be kept" in told.sentence
    assert [each.text.split(maxsplit=1)[0] for each in told.others] == ["Nothing", "Slot"]


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"is_open": True}, "BANNERS_OPERATORS is open"),
        ({"recording": RecordingFacts(is_closed=False)}, "To close slots, run: banners loop"),
        (
            {"quarters": NOTHING_SERVED, "has_catalogue": True, "recording": RecordingFacts()},
            "To publish what visitors do, run: banners loop",
        ),
        (
            {"recording": RecordingFacts(is_closed=False), "loop": RUNNING},
            "The loop closes each slot two minutes after its end.",
        ),
        (
            {"quarters": NOTHING_SERVED, "has_catalogue": True, "loop": RUNNING},
            "The loop publishes once something has been recorded",
        ),
        ({"quarters": second_is(objections=["many bad rows"])}, "The gate objected to quarter 2"),
        ({"quarters": second_is(age=timedelta(days=2))}, "What is shown in quarter 2"),
        ({"quarters": NOTHING_SERVED, "has_catalogue": True}, "Nothing is published yet"),
        (
            {"quarters": [QuarterFacts(quarter=Quarter.FIRST, is_served=False, is_loading=True)]},
            "The first generation is published and is being loaded",
        ),
    ],
)
def test_what_may_be_intended_is_a_note_and_no_fault(changed: dict[str, Any], note: str) -> None:
    told = condition_of(facts(**changed))
    assert told.sentence == "All is well."
    (other,) = told.others
    assert note in other.text
    assert not other.is_fault


def test_a_quarter_whose_generation_is_being_loaded_or_is_a_day_old_is_no_finding() -> None:
    loading = second_is(is_served=False, is_loading=True)
    assert not condition_of(facts(quarters=loading)).others
    assert not condition_of(facts(quarters=second_is(age=timedelta(days=1)))).others


def test_the_most_urgent_fault_comes_first_and_the_others_and_the_notes_follow() -> None:
    told = condition_of(
        facts(
            out_of_reach=["redis", "database"],
            quarters=second_is(is_served=False),
            is_open=True,
            complaints=["Choose a longer password."],
        )
    )
    assert told.sentence.startswith("Not all is well. The database cannot be reached.")
    beginnings = [each.text.split(maxsplit=2)[:2] for each in told.others]
    assert beginnings == [
        ["Redis", "cannot"],
        ["Nothing", "is"],
        ["Choose", "a"],
        ["Everybody", "who"],
    ]


@pytest.mark.parametrize(
    ("seconds", "is_waiting", "is_fault"),
    [(60, True, False), (61, True, True), (900, False, False), (901, False, True)],
)
def test_a_loop_that_was_at_work_may_be_silent_for_longer(
    seconds: int, is_waiting: bool, is_fault: bool
) -> None:
    loop = LoopFacts(silent=timedelta(seconds=seconds), is_waiting=is_waiting)
    told = condition_of(facts(loop=loop))
    assert told.is_well is not is_fault
    assert told.sentence.endswith("Start it: banners loop") is is_fault


def test_of_a_loop_that_does_not_run_nothing_is_expected() -> None:
    told = condition_of(
        facts(
            quarters=NOTHING_SERVED,
            has_catalogue=True,
            recording=RecordingFacts(is_closed=False),
            loop=SILENT,
        )
    )
    assert told.sentence.endswith("Start it: banners loop")
    notes = [each.text for each in told.others]
    assert [each.rpartition("run: ")[2] for each in notes] == ["banners loop"] * 2


def test_what_the_loop_complains_of_is_a_fault() -> None:
    loop = LoopFacts(silent=timedelta(0), problems=["Quarter 2 refused: no impressions."])
    assert "The loop reports: Quarter 2 refused" in condition_of(facts(loop=loop)).sentence


@pytest.mark.parametrize(("hours", "is_fault"), [(2, False), (2.1, True)])
def test_what_the_loop_publishes_is_too_old_after_two_hours(hours: float, is_fault: bool) -> None:
    told = condition_of(facts(quarters=second_is(by_loop=True, age=timedelta(hours=hours))))
    assert told.is_well is not is_fault


def test_a_quarter_that_is_held_and_slots_that_are_left_out_are_no_faults() -> None:
    found = second_is(by_loop=True, is_held=True, left_out=["20261126T1445Z"])
    told = condition_of(facts(quarters=found))
    assert told.is_well
    assert [each.text.partition(":")[0].partition(".")[0] for each in told.others] == [
        "A rollback holds quarter 2",
        "Slots of quarter 2 are left out of the window",
    ]
