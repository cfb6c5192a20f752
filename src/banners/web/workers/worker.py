"""A worker process, as the supervisor sees it."""

import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from math import inf

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
"""Signals that the supervisor handles, and that a worker must handle differently."""

Serve = Callable[[int, socket.socket], None]
"""Serves in a worker until it is told to stop: called with its slot and its channel."""

_REASON_BYTES = 1_000


@dataclass(slots=True, eq=False)
class Worker:
    """A worker process.

    Args:
        pid: its process id.
        slot: its slot in the shared memory.
        channel: reaches it; its end tells it that the supervisor has ended.
        started: when it was started, in seconds on the monotonic clock.
    """

    pid: int
    slot: int
    channel: socket.socket
    started: float
    beats: int = 0
    """The beats that were last seen; 0 until it serves."""
    silent_seconds: float = 0.0
    """Seconds since those beats changed."""
    end_at: float = inf
    """When it will be killed if it has not stopped by then; never if it was not told to stop."""
    _how: str | None = None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def stop(self, *, serves: bool, by: float) -> None:
        """Let it answer the requests that it has, and then end.

        Args:
            serves: whether it has begun to serve.
            by: when it is killed if it has not ended, on the monotonic clock.
        """
        self.end_at = min(self.end_at, by)
        # A worker that does not serve yet has no connections; after SIGTERM it would first listen.
        self.signal(signal.SIGTERM if serves else signal.SIGKILL)

    def ended(self) -> str | None:
        """Return how it ended, or None if it runs."""
        if self._how is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._how = _how(os.waitstatus_to_exitcode(status)) + self._reason()
                self.channel.close()
        return self._how

    def _reason(self) -> str:
        """Return the error that it reported, if it did."""
        with suppress(OSError):
            text = self.channel.recv(_REASON_BYTES).decode(errors="replace")
            printable = "".join(each if each.isprintable() else " " for each in text)
            return f" ({' '.join(printable.split())})" if text else ""
        return ""


def start(slot: int, serve: Serve, now: float, others: Iterable[Worker]) -> Worker:
    """Start a worker process as a copy of this one, which may have no threads.

    Args:
        slot: its slot in the shared memory.
        serve: serves until it is told to stop.
        now: the time on the monotonic clock.
        others: the other workers, whose channels the new process must not keep open.

    Raises:
        OSError: the system has no room for another process.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    # Buffered output must not be written by both processes.
    sys.stdout.flush()
    sys.stderr.flush()
    # No signal handler of this process may run in the new one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        pid = os.fork()
        if pid == 0:
            _run(lambda: serve(slot, theirs), theirs, before, [ours, *(o.channel for o in others)])
    except OSError:
        ours.close()
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
    return Worker(pid, slot, ours, now)


def _run(
    serve: Callable[[], None],
    channel: socket.socket,
    mask: Iterable[int],
    not_mine: Iterable[socket.socket],
) -> None:
    """Serve in the new process, which ends here."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for each in not_mine:
            each.close()
        serve()
        status = 0
    except BaseException as error:  # noqa: BLE001  # the supervisor reports it
        with suppress(OSError):
            channel.send(_reason(error).encode(errors="replace")[:_REASON_BYTES])
    finally:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(status)


def _reason(error: BaseException) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f", in {each.filename}, line {each.lineno}" for each in place)
    return f"{type(error).__name__}: {error}{where}"


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with status {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
