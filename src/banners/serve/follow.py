"""Looks for new generations in the background, so that they are loaded before they are served."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOG = logging.getLogger(__name__)

SECONDS = 0.5
"""Seconds between two looks, so that every worker serves a new generation within two seconds."""

FIRST_SECONDS = 2.0
"""Maximum number of seconds that a start, or an end, waits for a look to finish."""


@contextmanager
def following(load: Callable[[], None]) -> Iterator[None]:
    """Look for a new generation repeatedly, in a thread, until the block ends.

    The block begins after the first look, so that the first visitor is served.

    Args:
        load: looks once, and loads a new generation.
    """
    looked, ended = threading.Event(), threading.Event()

    def look() -> None:
        while not ended.is_set():
            try:
                load()
            except Exception:  # noqa: BLE001  # logged, and tried again
                # An error in our code. To go on looking is better than to serve old data forever.
                _LOG.exception("Looking for a new generation failed")
            looked.set()
            ended.wait(SECONDS)

    thread = threading.Thread(target=look, name="follow", daemon=True)
    thread.start()
    looked.wait(FIRST_SECONDS)
    try:
        yield
    finally:
        ended.set()
        # A look that hangs is not waited for longer: the process ends without it.
        thread.join(FIRST_SECONDS)
