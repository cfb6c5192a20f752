"""Limits log messages about a lasting condition: one at its start, and then one an hour."""

import threading
from collections.abc import Callable

HOUR_SECONDS = 3_600.0
"""Seconds after which a condition that lasts is logged again."""

GONE_SECONDS = 60.0
"""Seconds after its last occurrence at which a condition counts as ended."""


class Lasting:
    """Decides when a condition that occurs again and again is logged.

    Args:
        clock: returns the time in seconds; only differences matter.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._met: dict[object, tuple[float, float]] = {}

    def is_due(self, kind: object) -> bool:
        """Record an occurrence of a condition, and return whether to log it now.

        Args:
            kind: the kind of condition. There must be few kinds: each is remembered.
        """
        now = self._clock()
        with self._lock:
            met, logged = self._met.get(kind, (float("-inf"), float("-inf")))
            due = now - met >= GONE_SECONDS or now - logged >= HOUR_SECONDS
            self._met[kind] = now, now if due else logged
        return due

    def lasts(self, seconds: float) -> bool:
        """Return whether any condition occurred within this number of seconds."""
        return any(self._clock() - met < seconds for met, _ in list(self._met.values()))

    def end(self) -> None:
        """Record that all conditions have ended, so that the next occurrence is logged."""
        with self._lock:
            self._met.clear()
