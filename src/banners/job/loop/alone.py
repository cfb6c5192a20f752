"""Lets one process of the loop at a time work on a folder of events."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from banners.errors import CollectError, LoopBusy, readable, shorten
from banners.job.loop.clock import Clock

LOCK = "loop.lock"
"""The name of the lock in the folder of all events."""

HOLDER = "loop.json"
"""The name of the file that says which process holds the lock."""

_PAUSE_SECONDS = 1.0


@contextmanager
def alone_on(
    events: Path, host: str, *, clock: Clock, wait_seconds: float, tell: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock of a folder of events.

    Args:
        events: the folder of the event log; made if it does not exist.
        host: the name of this host, for whoever finds the lock taken.
        clock: the clock to wait by.
        wait_seconds: seconds to wait for another process to end.
        tell: called with a sentence if this waits.

    Raises:
        LoopBusy: another process still holds it.
        CollectError: the folder cannot be made or written.
    """
    import filelock

    try:
        events.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CollectError(
            f"{readable(events)} cannot be made: {error.strerror}. Give this user write access to "
            "the folder above it, or set BANNERS_EVENTS to the folder of the event log."
        ) from error
    lock = filelock.FileLock(events / LOCK, timeout=0)
    give_up = clock.now() + wait_seconds
    is_told = False
    while True:
        try:
            lock.acquire()
            break
        except filelock.Timeout as error:
            holder = _holder(events)
            if clock.now() >= give_up:
                raise LoopBusy(
                    f"{holder} already runs the loop in {readable(events)}; one runs at a time. "
                    "Stop it, or use this one when it has ended."
                ) from error
            if not is_told:
                tell(
                    f"{holder} runs the loop in {readable(events)}. Waiting up to "
                    f"{wait_seconds:g} seconds for it to end (BANNERS_WAIT_SECONDS)."
                )
                is_told = True
            clock.wait_until(min(give_up, clock.now() + _PAUSE_SECONDS))
        except OSError as error:
            raise CollectError(
                f"{events / LOCK} cannot be written: {error.strerror}. The loop needs write access "
                "to the folder."
            ) from error
    try:
        _say_who(events, host, clock.now())
        yield
    finally:
        lock.release()


def _say_who(events: Path, host: str, now: float) -> None:
    since = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    about = {"host": host, "process": os.getpid(), "since": since}
    part = events / f"{HOLDER}.part"
    # Only messages need the file, so the loop runs without it.
    with contextlib.suppress(OSError):
        part.write_text(json.dumps(about), encoding="utf-8")
        part.replace(events / HOLDER)


def _holder(events: Path) -> str:
    try:
        about = json.loads((events / HOLDER).read_text("utf-8"))
        return (
            f"Process {shorten(str(about['process']))} of host {shorten(str(about['host']))}, "
            f"since {shorten(str(about['since']))},"
        )
    except (OSError, ValueError, LookupError, TypeError):
        return "Another process"
