"""What lasts is logged once and then hourly, with a clock that is set by hand."""

from banners.serve.lasting import GONE_SECONDS, HOUR_SECONDS, Lasting
from support.set_clock import SetClock


def logged(lasting: Lasting, clock: SetClock, *, seconds: float) -> int:
    """Count how often a state that is met every half second is logged in this time."""
    count = 0
    for _ in range(int(seconds * 2)):
        count += lasting.is_due("full")
        clock.now += 0.5
    return count


def test_a_lasting_state_is_logged_once_and_then_hourly() -> None:
    clock = SetClock()
    lasting = Lasting(clock)
    assert logged(lasting, clock, seconds=HOUR_SECONDS) == 1
    assert logged(lasting, clock, seconds=2 * HOUR_SECONDS) == 2


def test_a_state_that_was_gone_is_new() -> None:
    clock = SetClock()
    lasting = Lasting(clock)
    assert [lasting.is_due("full"), lasting.is_due("full")] == [True, False]
    clock.now += GONE_SECONDS
    assert lasting.is_due("full")
    lasting.end()
    assert lasting.is_due("full")


def test_each_kind_is_logged() -> None:
    lasting = Lasting(SetClock())
    assert [lasting.is_due(kind) for kind in ("full", "read-only", "full")] == [True, True, False]


def test_a_state_lasts_some_seconds() -> None:
    clock = SetClock()
    lasting = Lasting(clock)
    assert not lasting.lasts(5)
    lasting.is_due("full")
    assert lasting.lasts(5)
    clock.now += 5
    assert not lasting.lasts(5)
