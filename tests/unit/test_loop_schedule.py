"""When the loop closes and publishes, against a model that looks at every minute."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.model import Quarter
from banners.core.slots import slot_named
from banners.job.loop.schedule import (
    Action,
    Close,
    Progress,
    Publish,
    Timetable,
    due,
    next_moment,
)

SLOT = slot_named("20261126T1400Z")
BEGIN = SLOT * 900
USUAL = Timetable(UTC, 120)
FIRST, SECOND, THIRD, FOURTH = Quarter


def after(progress: Progress, action: Action) -> Progress:
    """How far the loop has come after an action."""
    if isinstance(action, Close):
        return replace(progress, closed=action.slot)
    return replace(progress, published={**progress.published, action.quarter: action.slot})


def all_done(now: float, timetable: Timetable = USUAL) -> Progress:
    progress = Progress()
    for action in due(timetable, progress, now):
        progress = after(progress, action)
    assert due(timetable, progress, now) == []
    return progress


def run(timetable: Timetable, awake: list[bool]) -> Iterator[tuple[int, Action]]:
    """What is done in each minute from SLOT on, in which the loop is awake."""
    progress = Progress()
    for minute, is_awake in enumerate(awake):
        now = BEGIN + minute * 60
        while is_awake and (actions := due(timetable, progress, now)):
            yield minute, actions[0]
            progress = after(progress, actions[0])


def expected(ahead_minutes: int, awake: list[bool]) -> Iterator[tuple[int, set[Action]]]:
    """The same, from the moments of each slot, for UTC and a whole number of minutes."""
    done: dict[object, int] = {}
    for minute, is_awake in enumerate(awake):
        if not is_awake:
            continue
        wanted: dict[object, Action] = {}
        # Later ones replace earlier ones that were missed.
        for slot in range(SLOT - 8, SLOT + minute // 15 + 4):
            close_minute = (slot + 1 - SLOT) * 15 + 2
            if close_minute <= minute:
                wanted["close"] = Close(slot, BEGIN + close_minute * 60)
            publish_minute = (slot - SLOT) * 15 - ahead_minutes
            if publish_minute <= minute:
                quarter = Quarter((slot % 4) + 1)
                wanted[quarter] = Publish(quarter, slot, BEGIN + publish_minute * 60)
        fresh = {key: each for key, each in wanted.items() if done.get(key) != each.slot}
        done |= {key: each.slot for key, each in fresh.items()}
        yield minute, set(fresh.values())


@given(
    ahead=st.integers(1, 40),
    awake=st.lists(st.tuples(st.booleans(), st.integers(1, 90)), min_size=1, max_size=5).map(
        lambda spans: [on for on, minutes in spans for _ in range(minutes)]
    ),
)
def test_everything_is_done_once_and_in_its_minute_or_when_the_loop_is_awake_again(
    ahead: int, awake: list[bool]
) -> None:
    assert SLOT % 4 == 0
    made: dict[int, list[Action]] = {minute: [] for minute, on in enumerate(awake) if on}
    for minute, action in run(Timetable(UTC, ahead * 60), awake):
        made[minute].append(action)
    assert {minute: set(actions) for minute, actions in made.items()} == dict(
        expected(ahead, awake)
    )
    for actions in made.values():
        moments = [action.at for action in actions]
        assert moments == sorted(moments)


@given(st.integers(0, 10**6), st.integers(1, 2_400), st.sampled_from(["UTC", "Asia/Kathmandu"]))
def test_nothing_is_due_before_the_next_moment_and_something_is_then(
    second: int, ahead: int, zone: str
) -> None:
    timetable = Timetable(ZoneInfo(zone), ahead)
    now = BEGIN + second
    progress = all_done(now, timetable)
    moment = next_moment(timetable, progress, now)
    assert now < moment <= now + 900
    assert due(timetable, progress, moment - 0.001) == []
    assert due(timetable, progress, moment)


def test_an_hour_has_four_closes_and_four_publishes_at_their_moments() -> None:
    done = [(minute, action.slot - SLOT) for minute, action in run(USUAL, [True] * 60)][5:]
    assert done == [(2, -1), (13, 1), (17, 0), (28, 2), (32, 1), (43, 3), (47, 2), (58, 4)]


def test_after_a_day_of_standing_still_each_quarter_is_published_once_the_oldest_first() -> None:
    progress = all_done(BEGIN)
    assert due(USUAL, progress, BEGIN + 86_400 + 60) == [
        Publish(SECOND, SLOT + 93, (SLOT + 93) * 900 - 120),
        Publish(THIRD, SLOT + 94, (SLOT + 94) * 900 - 120),
        Publish(FOURTH, SLOT + 95, (SLOT + 95) * 900 - 120),
        Close(SLOT + 94, (SLOT + 95) * 900 + 120),
        Publish(FIRST, SLOT + 96, (SLOT + 96) * 900 - 120),
    ]


def test_a_held_quarter_is_due_again_as_soon_as_it_is_released() -> None:
    progress = all_done(BEGIN)
    held = replace(progress, held=frozenset({FIRST}))
    later = BEGIN + 3_600
    assert FIRST not in {getattr(each, "quarter", None) for each in due(USUAL, held, later)}
    assert Publish(FIRST, SLOT + 4, later - 120) in due(USUAL, progress, later)


def test_what_has_failed_waits_and_the_rest_goes_on() -> None:
    progress = replace(Progress(), later={None: BEGIN + 30, FIRST: BEGIN + 40})
    assert [type(each) for each in due(USUAL, progress, BEGIN)] == [Publish] * 3
    assert next_moment(USUAL, progress, BEGIN) == BEGIN + 30
    assert {getattr(each, "quarter", None) for each in due(USUAL, progress, BEGIN + 40)} == {
        None,
        *Quarter,
    }


@pytest.mark.parametrize("slots", [10, 4 * 24 * 365])
def test_what_a_clock_that_was_ahead_has_noted_does_not_stop_the_loop(slots: int) -> None:
    wrong = all_done(BEGIN + slots * 900)
    assert due(USUAL, wrong, BEGIN) == due(USUAL, Progress(), BEGIN)


@pytest.mark.parametrize(
    ("seconds", "ahead"), [(0, 120), (59, 120), (61, 122), (600, 1_200), (7_200, 2_400)]
)
def test_a_quarter_that_takes_long_begins_earlier(seconds: int, ahead: int) -> None:
    assert USUAL.ahead_of(seconds) == ahead
    progress = replace(all_done(BEGIN), seconds={SECOND: seconds})
    moments = [each.at for each in due(USUAL, progress, BEGIN + 900) if each.slot == SLOT + 1]
    assert moments == [BEGIN + 900 - ahead]


def test_where_the_zone_is_not_a_multiple_of_a_quarter_every_quarter_is_still_found() -> None:
    zone = ZoneInfo("Africa/Monrovia")  # 44 minutes and 30 seconds behind until 1972
    slot = 1_000
    found = due(Timetable(zone, 120), Progress(), slot * 900)
    assert {each.quarter for each in found if isinstance(each, Publish)} == set(Quarter)
