"""Remembers what was read from the database, for when the database is unreachable."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from banners.errors import StoreError

LOOK_SECONDS = 5.0
"""Seconds between two looks: old generations are dropped some time after a publish."""

T = TypeVar("T")


class Remembered(Generic[T]):
    """Keeps what was last read from a database, so that no request waits for the database.

    Args:
        read: reads it from the database.
        clock: a clock in seconds; only differences matter.
    """

    def __init__(self, read: Callable[[], Sequence[T]], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._last: Sequence[T] = ()
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
            self._last = self._read() or self._last

    def last(self) -> Sequence[T]:
        """Return what was read last; nothing before the first look."""
        return self._last
