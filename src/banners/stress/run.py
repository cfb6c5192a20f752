"""Run a stress test: open the connections, keep the pace, and track what is published."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from banners.errors import StressError
from banners.stress.connection import Connection, connect
from banners.stress.counts import Counts
from banners.stress.expectations import QuarterExpectations
from banners.stress.published import PublishedHistory
from banners.stress.schedule import PATIENCE_SECONDS, Schedule
from banners.stress.target import Target
from banners.stress.verify import Address, Answer, Failure, Fault
from banners.stress.visitor import Crowd, Visitor

_TICK_SECONDS = 0.1
# A generation that was live only between two readings would not be known.
_REFRESH_SECONDS = 0.25
# The most by which our own pacing delays a request; a smaller value would occupy a processor.
_PACE_SECONDS = 0.000_2

OnProgress = Callable[[float, Counts], None]
"""Called several times a second with the part of the run that is done (0 to 1) and its counts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of a run.

    Args:
        target: where requests go.
        address: the address of the campaigns that is requested.
        requests: the number of requests; None for as many as fit into the duration.
        duration: seconds that the run lasts; None for until all requests are answered.
        concurrency: the number of visitors, each with its own connection.
        rate: requests a second, whether or not the server keeps up; None for as fast as it
            answers.
    """

    target: Target
    address: Address
    requests: int | None
    duration: float | None
    concurrency: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run.

    Args:
        counts: the counts of its requests.
        seconds: the time from the first request to the last answer.
        stopped: whether it was interrupted.
    """

    counts: Counts
    seconds: float
    stopped: bool


def run(
    plan: Plan, history: PublishedHistory, on_progress: OnProgress, now: Callable[[], float]
) -> Outcome:
    """Run a stress test until its end or an interrupt.

    Args:
        plan: the parameters.
        history: what is published, against which the answers are verified.
        on_progress: called with the progress.
        now: a monotonic clock, in seconds.

    Raises:
        StressError: nothing is published for this quarter, or the server cannot be reached.
        NothingPublished: no generation is live.
        StoreError: the database cannot be read.
    """
    import uvloop

    expected = history.start()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_Run(plan, history, on_progress, now).go(expected))


class _Run:
    """One run; see :func:`run`."""

    def __init__(
        self,
        plan: Plan,
        history: PublishedHistory,
        on_progress: OnProgress,
        now: Callable[[], float],
    ) -> None:
        self._plan = plan
        self._history = history
        self._on_progress = on_progress
        self._now = now
        self._stopped = False
        self._over = False
        self._wake = asyncio.Event()
        # The event loop itself only keeps weak references to its tasks.
        self._tasks: set[asyncio.Task[None]] = set()

    async def go(self, expected: QuarterExpectations) -> Outcome:
        plan = self._plan
        loop = asyncio.get_running_loop()
        connections = await self._open()
        self._end: asyncio.Future[float] = loop.create_future()
        loop.set_exception_handler(self._break_off)
        start = self._now()
        schedule = Schedule(start, requests=plan.requests, duration=plan.duration, rate=plan.rate)
        self._crowd = Crowd(
            target=plan.target,
            address=plan.address,
            expected=expected,
            schedule=schedule,
            now=self._now,
            connect=self._reconnect,
            on_doubt=self._wake.set,
            on_idle=self._end_if_over,
        )
        self._visitors = [Visitor(self._crowd, each) for each in connections]
        loop.add_signal_handler(signal.SIGINT, self._stop)
        tracking, ticking = self._start(self._track()), self._start(self._tick())
        try:
            with self._pacing(loop, schedule):
                for visitor in self._visitors:
                    visitor.rest()
                seconds = await self._end - start
            self._over = True
            self._wake.set()
            await tracking
        finally:
            ticking.cancel()
            loop.remove_signal_handler(signal.SIGINT)
        counts = self._crowd.counts
        if schedule.never_sent:
            reason = "it was due, but earlier answers took too long"
            counts.done += schedule.never_sent
            counts.add_failure(Failure(Fault.NEVER_SENT, None, reason), schedule.never_sent)
        self._report_progress()
        return Outcome(counts, seconds, self._stopped)

    async def _open(self) -> list[Connection]:
        """Open all connections, so that the first requests are not slower than the others."""
        plan = self._plan
        self._place = plan.target.host, plan.target.port
        try:
            first = await connect(*self._place, plan.address)
            # The name is resolved once, and not for each connection.
            self._place = first.peer
            others = range(plan.concurrency - 1)
            return [first, *[await connect(*self._place, plan.address) for _ in others]]
        except OSError as error:
            raise StressError(
                f"Cannot connect to {plan.target.url}: {_reason(error)}. Start a server there with "
                "banners serve, or name another URL, as in: banners stress http://localhost:9000"
            ) from error

    def _reconnect(self, visitor: Visitor) -> None:
        async def reconnect() -> None:
            try:
                connection = await connect(*self._place, self._plan.address)
            except OSError as error:
                visitor.not_connected(_reason(error))
            else:
                visitor.connected(connection)

        self._start(reconnect())

    async def _track(self) -> None:
        """Read what is published at intervals, and whenever an answer differs from it."""
        crowd = self._crowd
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _REFRESH_SECONDS)
            self._wake.clear()
            last, doubtful, crowd.doubtful = self._over, crowd.doubtful, []
            # In a thread, since the event loop measures the time of answers.
            expected, failures = await asyncio.to_thread(self._verify, doubtful)
            for failure in failures:
                crowd.counts.add_failure(failure)
            if expected is not None and expected is not crowd.expected:
                crowd.expect(expected)
            if last:
                return
            await asyncio.sleep(_TICK_SECONDS)

    def _verify(self, answers: list[Answer]) -> tuple[QuarterExpectations | None, list[Failure]]:
        expected = self._history.refresh()
        failures = [self._history.verify(answer) for answer in answers]
        return expected, [failure for failure in failures if failure is not None]

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            for visitor in self._visitors:
                visitor.check_timeout()
            self._report_progress()

    def _report_progress(self) -> None:
        counts = self._crowd.counts
        self._on_progress(self._crowd.schedule.done(self._now(), counts.done), counts)

    @contextlib.contextmanager
    def _pacing(self, loop: asyncio.AbstractEventLoop, schedule: Schedule) -> Iterator[None]:
        """Wake up visitors when requests are due.

        A thread does it, since the timers of the event loop have a resolution of a millisecond.
        """
        over = threading.Event()

        def pace() -> None:
            while not over.wait(max(_PACE_SECONDS, schedule.next_due(now := self._now()) - now)):
                if self._crowd.idle:
                    loop.call_soon_threadsafe(self._crowd.send_due)

        pacer = threading.Thread(target=pace)
        if schedule.open:
            pacer.start()
        try:
            yield
        finally:
            over.set()
            if schedule.open:
                pacer.join()

    def _end_if_over(self) -> None:
        crowd, now = self._crowd, self._now()
        resting = len(crowd.idle) == len(self._visitors)
        if resting and crowd.schedule.over(now) and not self._end.done():
            self._end.set_result(now)

    def _stop(self) -> None:
        """Send no more requests; a second interrupt also ends the wait for the answers."""
        self._stopped = True
        self._crowd.schedule.stop()
        self._end_if_over()
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish)
        return task

    def _finish(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._break_off(asyncio.get_running_loop(), {"exception": error})

    def _break_off(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """End the run with an unexpected error of our own, which is not a failure of the server."""
        if not self._end.done():
            self._end.set_exception(context.get("exception") or RuntimeError(context["message"]))


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return f"no connection within {PATIENCE_SECONDS:.0f} seconds"
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
