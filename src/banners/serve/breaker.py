"""Keeps requests from waiting for a server that is gone."""

import logging
import threading
from collections.abc import Callable

_LOG = logging.getLogger(__name__)

FAILURES = 3
"""So many failures in a row open the breaker: with 50 ms each, well within a second."""

PAUSE_SECONDS = 1.0
"""So long an open breaker lets nobody through before it lets one try."""


class Breaker:
    """Lets everybody through, or after failures nobody, but for one at a time who tries again.

    A library is of no help here: those there are either serialise all calls or let a crowd through
    when they try again (docs/adr/0013-reading-is-a-ladder.md).

    Args:
        name: what it stands in front of, for the log.
        clock: tells the time in seconds; only differences matter.
    """

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self._name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the last calls failed, so that no call is expected to succeed."""
        return self._failures >= FAILURES

    def lets_through(self) -> bool:
        """Tell whether a call may be made; if so, say then whether it went well."""
        if not self.is_open:
            return True
        with self._lock:
            now = self._clock()
            if now < self._next_try:
                return False
            # The next one waits until it is known how this one went, or as long again.
            self._next_try = now + PAUSE_SECONDS
            return True

    def went_well(self) -> None:
        """Note that a call succeeded."""
        if self._failures:
            with self._lock:
                if self.is_open:
                    _LOG.info("%s answers again.", self._name)
                self._failures = 0

    def failed(self, error: Exception) -> None:
        """Note that a call failed."""
        with self._lock:
            self._failures += 1
            self._next_try = self._clock() + PAUSE_SECONDS
            if self._failures == FAILURES:
                _LOG.warning(
                    "%s does not answer, and is left out until it does: %s", self._name, error
                )
