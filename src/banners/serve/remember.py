"""Remembers what the database keeps, so that it can be told while the database is out of reach."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from banners.errors import StoreError
from banners.serve.report import KeptQuarter

LOOK_SECONDS = 5.0
"""So old may be what is remembered: old generations are dropped after a new one is served."""


class RememberedKept:
    """What a database keeps, as it was when it was last looked at.

    Args:
        read: reads it.
        clock: tells the time in seconds; only differences matter.
    """

    def __init__(
        self, read: Callable[[], Sequence[KeptQuarter]], clock: Callable[[], float]
    ) -> None:
        self._read = read
        self._clock = clock
        self._kept: Sequence[KeptQuarter] = ()
        self._next_look: float | None = None

    def look(self, *, changed: bool) -> None:
        """Read it again, if that is due; what is out of reach, or lost, is remembered as it was.

        Args:
            changed: whether something else is served than at the last look.
        """
        now = self._clock()
        if not changed and self._next_look is not None and now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        with suppress(StoreError):
            self._kept = self._read() or self._kept

    def kept(self) -> Sequence[KeptQuarter]:
        """List every quarter of every generation that is kept, the newest first."""
        return self._kept
