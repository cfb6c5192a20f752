"""Clocks, which tell the time and wait until a moment.

Everything that depends on the time of day is given a clock, so that a test or the demo can let it
pass faster.
"""

import time
from collections.abc import Callable


class FastClock:
    """Tells a time that passes faster than it does in reality.

    Copies of it in other processes of the same machine tell the same time, since the monotonic
    clock is that of the machine.

    Args:
        begins: the time that it tells first, in seconds since 1970 in UTC.
        factor: how many seconds of it pass in one second, above 0.
        monotonic: a clock in seconds that only goes forward.
        sleep: waits for a number of seconds of that clock.
    """

    def __init__(
        self,
        begins: float,
        factor: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not factor > 0:
            raise ValueError(f"The factor of a clock is above 0, not {factor}.")
        self._begins = begins
        self._factor = factor
        self._monotonic = monotonic
        self._sleep = sleep
        self._started = monotonic()

    def now(self) -> float:
        """Return the time, in seconds since 1970 in UTC."""
        return self._begins + (self._monotonic() - self._started) * self._factor

    def wait_until(self, moment: float) -> None:
        """Return at a moment, in seconds since 1970 in UTC; a signal interrupts it."""
        self._sleep(max(0.0, (moment - self.now()) / self._factor))
