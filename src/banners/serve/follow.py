"""Notices a new generation, and has it loaded before it is served."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOG = logging.getLogger(__name__)

SECONDS = 0.5
"""So often it is looked: a new generation is to be served everywhere within two seconds."""

FIRST_SECONDS = 2.0
"""So long a start waits for the first look, so that the first visitor finds something."""


@contextmanager
def following(load: Callable[[], None]) -> Iterator[None]:
    """Look for a new generation again and again, in a thread, until the block ends.

    Args:
        load: looks once, and loads what is new.
    """
    looked, ended = threading.Event(), threading.Event()

    def look() -> None:
        while not ended.is_set():
            try:
                load()
            except Exception:  # noqa: BLE001  # logged, and looked again
                # A fault of ours, which a later look may not meet; to stop looking would be worse.
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
        # What hangs in a server that is gone is not waited for: the process ends without it.
        thread.join(FIRST_SECONDS)
