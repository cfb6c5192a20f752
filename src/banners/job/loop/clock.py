"""The clock that the loop goes by."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits for it; everything that the loop knows of time comes from it."""

    def now(self) -> float:
        """Return the time in seconds since 1970 in UTC."""
        ...

    def wait_until(self, moment: float) -> None:
        """Return at a moment, in seconds since 1970 in UTC, or earlier."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        """Return the time in seconds since 1970 in UTC."""
        return time.time()

    def wait_until(self, moment: float) -> None:
        """Return at a moment; a signal interrupts it."""
        time.sleep(max(0.0, moment - time.time()))
