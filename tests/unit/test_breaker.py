"""The breaker, with a clock that is set by hand."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from banners.serve.breaker import FAILURES, PAUSE_SECONDS, Breaker
from banners.serve.lasting import HOUR_SECONDS
from support.set_clock import SetClock

GONE = ConnectionError("gone")


def opened(clock: SetClock) -> Breaker:
    breaker = Breaker("Redis", clock)
    for _ in range(FAILURES):
        assert breaker.lets_through()
        breaker.failed(GONE)
    return breaker


def test_a_few_failures_among_successes_do_not_open_it() -> None:
    breaker = Breaker("Redis", SetClock())
    for _ in range(10):
        for _ in range(FAILURES - 1):
            breaker.failed(GONE)
        breaker.went_well()
    assert breaker.lets_through()
    assert not breaker.is_open


def test_failures_in_a_row_open_it() -> None:
    breaker = opened(SetClock())
    assert breaker.is_open
    assert not breaker.lets_through()


def test_after_a_pause_one_of_many_is_let_through() -> None:
    clock = SetClock()
    breaker = opened(clock)
    clock.now += PAUSE_SECONDS
    with ThreadPoolExecutor(16) as visitors:
        let_through = list(visitors.map(lambda _: breaker.lets_through(), range(200)))
    assert let_through.count(True) == 1


def test_a_success_closes_it_for_all() -> None:
    clock = SetClock()
    breaker = opened(clock)
    clock.now += PAUSE_SECONDS
    assert breaker.lets_through()
    breaker.went_well()
    assert [breaker.lets_through() for _ in range(3)] == [True, True, True]


def test_a_failed_try_keeps_it_open_for_another_pause() -> None:
    clock = SetClock()
    breaker = opened(clock)
    clock.now += PAUSE_SECONDS
    assert breaker.lets_through()
    breaker.failed(GONE)
    clock.now += PAUSE_SECONDS / 2
    assert not breaker.lets_through()
    clock.now += PAUSE_SECONDS / 2
    assert breaker.lets_through()


def test_that_it_is_open_is_logged_once_and_then_hourly(caplog: pytest.LogCaptureFixture) -> None:
    clock = SetClock()
    breaker = opened(clock)
    for _ in range(2 * int(HOUR_SECONDS)):
        clock.now += PAUSE_SECONDS
        breaker.failed(GONE)
    assert caplog.text.count("Redis does not answer; it is bypassed until it does: gone") == 3


def test_a_try_that_never_ends_does_not_keep_it_open_for_good() -> None:
    clock = SetClock()
    breaker = opened(clock)
    clock.now += PAUSE_SECONDS
    assert breaker.lets_through()
    clock.now += PAUSE_SECONDS
    assert breaker.lets_through()
