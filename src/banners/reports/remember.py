"""Remembers which generations the database keeps, for when the database is unreachable."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from banners.errors import StoreError
from banners.reports.reader import KeptQuarter

LOOK_SECONDS = 5.0
"""Seconds between two looks: old generations are dropped some time after a publish."""


class RememberedKept:
    """What a database keeps, as of the last look.

    Args:
        read: reads it from the database.
        clock: a clock in seconds; only differences matter.
    """

    def __init__(
        self, read: Callable[[], Sequence[KeptQuarter]], clock: Callable[[], float]
    ) -> None:
        self._read = read
        self._clock = clock
        self._kept: Sequence[KeptQuarter] = ()
        self._next_look: float | None = None

    def look(self, *, changed: bool) -> None:
        """Read it again if that is due; keep the last answer if the database fails or is empty.

        Args:
            changed: whether another generation is live than at the last look.
        """
        now = self._clock()
        if not changed and self._next_look is not None and now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        with suppress(StoreError):
            self._kept = self._read() or self._kept

    def kept(self) -> Sequence[KeptQuarter]:
        """Return every quarter of every generation that is kept, the newest first."""
        return self._kept
