"""Pauses between two starts of a worker, which grow while workers end soon after their start."""

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 30.0

_LONG_SECONDS = 1.0


class Pauses:
    """Decides when the next worker may be started."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self.until = 0.0
        """When the next worker may be started, on the monotonic clock."""

    def add(self, lived: float, now: float) -> float:
        """Pause, since a worker has ended, and return the seconds that are left.

        Workers that end during a pause are replaced together at its end.

        Args:
            lived: the seconds since its start.
            now: the time on the monotonic clock.
        """
        if now >= self.until:
            # A worker that lived much longer than the pause before it did not fail to start.
            grows = lived < max(_LONG_SECONDS, 2 * self._seconds)
            longer = min(2 * self._seconds, LONGEST_SECONDS)
            self._seconds = max(longer, FIRST_SECONDS) if grows else FIRST_SECONDS
            self.until = now + self._seconds
        return self.until - now
