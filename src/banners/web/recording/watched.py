"""What is known of recording and closing at the moment, for the status page."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from banners.core.closing import ClosingState

RECENT_SECONDS = 900
"""The time over which recent events are counted: a quarter of an hour."""

Counts = Mapping[tuple[str, ...], float]
"""Counts of all workers, by the name of the metric and the values of its labels."""


class Recent:
    """Computes how much counters have grown in the last quarter of an hour.

    Args:
        seconds: the time over which they have grown.
        every: seconds between two values that are kept.
    """

    def __init__(self, seconds: float = RECENT_SECONDS, every: float = 30) -> None:
        self._seconds = seconds
        self._every = every
        self._kept: deque[tuple[float, Counts]] = deque()

    def growth(self, now: float, counts: Counts) -> Counts:
        """Return how much each counter has grown; at first, since the first call.

        Args:
            now: seconds on a clock that only goes forward.
            counts: the counters as they are now.
        """
        while len(self._kept) > 1 and self._kept[1][0] <= now - self._seconds:
            self._kept.popleft()
        if not self._kept or now >= self._kept[-1][0] + self._every:
            self._kept.append((now, counts))
        before = self._kept[0][1]
        return {key: count - before.get(key, 0) for key, count in counts.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is known of recording and closing.

    Args:
        totals: the counters of all workers since the server was started.
        recent: how much they have grown in the last quarter of an hour.
        unsynced_seconds: age of the oldest event that would be lost if the power failed.
        free_bytes: free space on the disk of the event log; None if it cannot be read.
        disk_bytes: the size of that disk.
        closing: how far closing has come; None if no slot was closed, as far as is known.
    """

    totals: Counts = field(default_factory=dict)
    recent: Counts = field(default_factory=dict)
    unsynced_seconds: float = 0.0
    free_bytes: int | None = None
    disk_bytes: int = 0
    closing: ClosingState | None = None


def nothing_watched() -> Watched | None:
    """Return that no events are recorded."""
    return None
