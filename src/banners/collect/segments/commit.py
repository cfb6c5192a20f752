"""Syncs the event log in a thread, for many who wait at the same time."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from threading import Condition, Thread

_LOG = logging.getLogger(__name__)

LONGEST_UNSYNCED = 0.5
"""Seconds until the next sync if nobody waits for one; so a second is never exceeded."""


class GroupCommit:
    """A thread that syncs at intervals, and immediately when somebody waits for it.

    All who come while a sync is running share the next one. An event loop awaits a future with
    ``asyncio.wrap_future``.

    Args:
        sync: makes everything written so far survive a loss of power, and returns whether it does.
            It is called by the thread alone.
        seconds: time between syncs if nobody waits, in seconds.
    """

    def __init__(self, sync: Callable[[], bool], *, seconds: float = LONGEST_UNSYNCED) -> None:
        self._sync = sync
        self._seconds = seconds
        self._changed = Condition()
        self._waiting: list[Future[bool]] = []
        self._stopping = False
        self._thread = Thread(target=self._run, name="banners-sync", daemon=True)
        self._thread.start()

    def committed(self) -> "Future[bool]":
        """Return a future: whether everything written before this call survives a loss of power."""
        future: Future[bool] = Future()
        with self._changed:
            if self._stopping:
                future.set_result(False)
            else:
                self._waiting.append(future)
                self._changed.notify()
        return future

    def close(self) -> None:
        """Answer those who wait, and end the thread. Closing twice is allowed."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        stopping = failing = False
        while not stopping:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping, self._seconds)
                waiting, self._waiting = self._waiting, []
                stopping = self._stopping
            try:
                kept, failing = self._sync(), False
            except Exception:  # noqa: BLE001  # else those who wait would wait for ever
                if not failing:
                    _LOG.exception(
                        "Syncing the event log failed; it is tried again. Until it succeeds, "
                        "conversions are refused."
                    )
                kept, failing = False, True
            for future in waiting:
                # The request that waited may have been cancelled.
                if future.set_running_or_notify_cancel():
                    future.set_result(kept)
