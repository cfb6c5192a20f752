"""Starts workers, replaces those that end or hang, and stops or restarts all of them.

The supervisor itself answers no request, has no threads, and needs no disk. Workers are copies of
its process (``fork``), so a new one needs no start of Python, and shares memory with the others.
docs/adr/0026 compares this with the supervisor of uvicorn.
"""

import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from banners.web.metrics import withdraw
from banners.web.shared_memory import NOT_LISTENING, SharedMemory
from banners.web.workers import handover, worker
from banners.web.workers.pauses import Pauses
from banners.web.workers.worker import SIGNALS, Serve, Worker

_LOG = logging.getLogger(__name__)

HUNG_SECONDS = 5.0
"""Seconds without progress of its event loop after which a worker is replaced."""

START_SECONDS = 60.0
"""Seconds after its start at which a worker that does not serve yet is replaced."""

STOP_ACCEPTING_SECONDS = 0.05
"""Seconds that workers have to stop accepting connections before the socket is closed for them."""

_SHARED_STOP_SECONDS = 1.0
_LOOK_SECONDS = 0.5
_SOON_SECONDS = 0.05
_MOMENT_SECONDS = 0.001


class Supervisor:
    """Keeps a number of workers alive, until a signal ends it.

    SIGTERM and SIGINT stop the workers, SIGHUP restarts them one after another. A second SIGINT
    stops them without waiting for their requests.

    Args:
        listener: the listening socket of all workers; it is closed at the end.
        workers: their number, 1 or more.
        memory: what they share, with a slot more than there are workers.
        serve: serves in a worker, until it is told to stop.
        grace_seconds: seconds after which a worker that was told to stop is killed.
        exclusive: whether no other server listens on the socket.
    """

    def __init__(
        self,
        listener: socket.socket,
        workers: int,
        memory: SharedMemory,
        serve: Serve,
        *,
        grace_seconds: float,
        exclusive: bool,
    ) -> None:
        self._listener = listener
        self._number = workers
        self._memory = memory
        self._serve = serve
        self._grace_seconds = grace_seconds
        self._exclusive = exclusive
        self._workers: list[Worker] = []  # all that run
        self._stopping: set[Worker] = set()
        self._to_replace: list[Worker] = []  # those of a restart that are left
        self._newcomer: Worker | None = None
        self._pauses = Pauses()
        self._looked = time.monotonic()
        self._received: list[int] = []
        self._has_terminal = _has_terminal()

    def run(self) -> None:
        """Serve until a signal stops it."""
        with _woken_by_signals(self._received) as wait:
            try:
                while not self._is_to_stop():
                    self._look()
                    wait(self._seconds_to_next_look())
                self._stop(wait)
            finally:
                for each in self._workers:
                    each.signal(signal.SIGKILL)
                    with suppress(ChildProcessError):
                        os.waitpid(each.pid, 0)

    def _is_to_stop(self) -> bool:
        """Handle signals, and return whether one of them stops the server."""
        received, self._received[:] = set(self._received), []
        if received & {signal.SIGTERM, signal.SIGINT}:
            return True
        if signal.SIGHUP in received:
            if self._has_terminal and not _has_terminal():
                return True  # it was closed, and the server with it
            _LOG.info("Restarting all workers.")
            # Also the newcomer of a restart in progress, which may have read the settings before.
            self._to_replace = [each for each in self._workers if each not in self._stopping]
        return False

    def _seconds_to_next_look(self) -> float:
        if self._to_replace or self._newcomer or self._stopping:
            return _SOON_SECONDS
        due = self._pauses.until - time.monotonic()
        return min(due, _LOOK_SECONDS) if due > 0 else _LOOK_SECONDS

    def _look(self) -> None:
        """Check all workers once, and replace those that have ended, hang or must be restarted."""
        now = time.monotonic()
        # At most that, in case this process itself was suspended.
        passed = min(now - self._looked, 2 * _LOOK_SECONDS)
        self._looked = now
        for each in list(self._workers):
            self._watch(each, passed, now)
            if how := each.ended():
                self._forget(each, how, now)
        self._restart_next(now)
        missing = self._number - len(self._workers) + len(self._stopping)
        for _ in range(missing if now >= self._pauses.until else 0):
            self._start(now)

    def _watch(self, each: Worker, passed: float, now: float) -> None:
        """Kill a worker that hangs, does not start, or does not stop."""
        beats = self._memory.beats[each.slot]
        if beats != each.beats:
            each.beats, each.silent_seconds = beats, 0.0
            return
        each.silent_seconds += passed
        patience = HUNG_SECONDS if each.beats else START_SECONDS
        if each in self._stopping:
            if now > each.end_at:
                _LOG.warning("Worker %d is killed, since it did not stop in time.", each.pid)
                each.signal(signal.SIGKILL)
        elif each.silent_seconds > patience and each.end_at > now:
            did_not = "respond" if each.beats else "start"
            _LOG.warning(
                "Worker %d is killed: it did not %s for %g s.", each.pid, did_not, patience
            )
            each.end_at = now
            each.signal(signal.SIGKILL)

    def _forget(self, each: Worker, how: str, now: float) -> None:
        """Free the slot of a worker that has ended; log that if it was not stopped on purpose."""
        self._workers.remove(each)
        self._memory.free(each.slot)
        withdraw(self._memory.series[each.slot])
        is_outdated = each in self._to_replace
        if is_outdated:
            self._to_replace.remove(each)
        if each in self._stopping:
            self._stopping.remove(each)
        elif each is self._newcomer:
            self._newcomer = None
            if is_outdated:
                _LOG.error("The new worker %d %s. The next restart has begun.", each.pid, how)
                return
            self._to_replace.clear()
            _LOG.error("The new worker %d %s. The other workers are not restarted.", each.pid, how)
        else:
            pause = self._pauses.add(now - each.started, now)
            what = "" if each.beats else "could not start: it "
            _LOG.error("Worker %d %s%s. Another starts in %.2g s.", each.pid, what, how, pause)

    def _start(self, now: float) -> Worker | None:
        taken = {each.slot for each in self._workers}
        slot = next(slot for slot in range(self._number + 1) if slot not in taken)
        try:
            started = worker.start(slot, self._serve, now, self._workers)
        except OSError as error:
            pause = self._pauses.add(0, now)
            _LOG.error("No worker can be started: %s. Another try in %.2g s.", error, pause)
            return None
        self._workers.append(started)
        return started

    def _restart_next(self, now: float) -> None:
        """Replace a worker of a restart, once the one before it has been replaced."""
        if self._newcomer and self._newcomer.beats:
            self._newcomer = None
            # It may have taken the place of one that has ended by itself.
            is_one_too_many = len(self._workers) - len(self._stopping) > self._number
            if self._to_replace and is_one_too_many:
                self._end(self._to_replace.pop(0), now)
            if not self._to_replace:
                _LOG.info("All workers have been restarted.")
        is_complete = len(self._workers) == self._number
        if self._to_replace and is_complete and not (self._newcomer or self._stopping):
            self._newcomer = self._start(now)
            if self._newcomer is None:
                self._to_replace.clear()

    def _end(self, each: Worker, now: float) -> None:
        self._tell_to_stop(each, now)
        handover.finish(each.channel)

    def _tell_to_stop(self, each: Worker, now: float) -> bool:
        """Tell a worker to stop, and return whether it serves until then."""
        listens = self._memory.connections[each.slot] != NOT_LISTENING
        serves = listens or self._memory.beats[each.slot] > 0
        self._stopping.add(each)
        each.stop(serves=serves, by=now + self._grace_seconds)
        return serves

    def _stop(self, wait: Callable[[float], None]) -> None:
        """Refuse new connections, let workers answer their requests, and wait for their end."""
        now = time.monotonic()
        serving = [each for each in self._workers if self._tell_to_stop(each, now)]
        patience = STOP_ACCEPTING_SECONDS if self._exclusive else _SHARED_STOP_SECONDS
        while self._are_accepting(serving) and time.monotonic() < now + patience:
            time.sleep(_MOMENT_SECONDS)
        waiting = handover.close(self._listener, exclusive=self._exclusive)
        handover.hand_over(waiting, [each.channel for each in serving])
        for each in self._workers:
            handover.finish(each.channel)
        while self._workers:
            wait(_SOON_SECONDS)
            if signal.SIGINT in self._received:
                return
            now = time.monotonic()
            for each in list(self._workers):
                self._watch(each, 0, now)
                if how := each.ended():
                    self._forget(each, how, now)

    def _are_accepting(self, workers: list[Worker]) -> bool:
        return any(
            self._memory.connections[each.slot] != NOT_LISTENING and each.ended() is None
            for each in workers
        )


def _has_terminal() -> bool:
    """Return whether this process has a terminal that can end it by being closed."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


@contextmanager
def _woken_by_signals(received: list[int]) -> Iterator[Callable[[float], None]]:
    """Note signals; yield a function that waits for a number of seconds or for the next signal.

    One that is ignored, as by ``nohup``, stays ignored.
    """
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)

        def note(number: int, _: FrameType | None) -> None:
            received.append(number)

        def wait(seconds: float) -> None:
            select.select([reader], [], [], seconds)
            with suppress(BlockingIOError):
                reader.recv(4096)

        heeded = {each for each in SIGNALS if signal.getsignal(each) is not signal.SIG_IGN}
        # If it were ignored, the system would not keep the exit status of a worker.
        before = {each: signal.signal(each, note) for each in heeded | {signal.SIGCHLD}}
        other = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield wait
        finally:
            signal.set_wakeup_fd(other)
            for number, handler in before.items():
                signal.signal(number, handler)
