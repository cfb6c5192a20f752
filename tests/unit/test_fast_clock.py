"""A clock that passes faster, for tests and the demo."""

import pytest

from banners.core.clock import FastClock


def test_a_fast_clock_tells_a_time_that_passes_faster() -> None:
    seconds = [100.0]
    slept: list[float] = []
    clock = FastClock(1_000_000.0, 40.0, lambda: seconds[0], slept.append)
    assert clock.now() == 1_000_000.0
    seconds[0] += 90.0
    assert clock.now() == 1_003_600.0
    clock.wait_until(1_007_200.0)
    clock.wait_until(1_000_000.0)
    assert slept == [90.0, 0.0]


def test_a_clock_may_also_be_slower() -> None:
    seconds = [100.0]
    clock = FastClock(1_000_000.0, 0.5, lambda: seconds[0])
    seconds[0] += 90.0
    assert clock.now() == 1_000_045.0


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan")])
def test_a_clock_that_stands_still_or_goes_back_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        FastClock(0.0, factor)
