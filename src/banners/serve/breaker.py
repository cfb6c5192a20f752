"""Keeps requests from waiting for a server that does not answer."""

import logging
import threading
from collections.abc import Callable

from banners.serve.lasting import HOUR_SECONDS

_LOG = logging.getLogger(__name__)

FAILURES = 3
"""Number of consecutive failures that open the breaker; at 50 ms each, well within a second."""

PAUSE_SECONDS = 1.0
"""Seconds that an open breaker blocks all calls before it lets one call try."""


class Breaker:
    """Lets calls through; after failures it blocks them, except for one at a time that tries.

    Written here since the libraries for it either serialise all calls or let many through when they
    try again (docs/adr/0013-reading-is-a-ladder.md).

    Args:
        name: the name of the server, for the log.
        clock: returns the time in seconds; only differences matter.
    """

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self._name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try = 0.0
        self._next_log = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the last calls failed, so that the next is expected to fail too."""
        return self._failures >= FAILURES

    def lets_through(self) -> bool:
        """Return whether a call may be made; its caller then reports success or failure."""
        if not self.is_open:
            return True
        with self._lock:
            now = self._clock()
            if now < self._next_try:
                return False
            # Other calls stay blocked until this one has ended, or for another pause.
            self._next_try = now + PAUSE_SECONDS
            return True

    def went_well(self) -> None:
        """Record that a call succeeded."""
        if self._failures:
            with self._lock:
                if self.is_open:
                    _LOG.info("%s answers again.", self._name)
                self._failures = 0

    def failed(self, error: Exception) -> None:
        """Record that a call failed."""
        with self._lock:
            now = self._clock()
            self._failures += 1
            self._next_try = now + PAUSE_SECONDS
            if self._failures == FAILURES or (self.is_open and now >= self._next_log):
                self._next_log = now + HOUR_SECONDS
                _LOG.warning(
                    "%s does not answer; it is bypassed until it does: %s", self._name, error
                )
