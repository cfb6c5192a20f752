"""Runs a stress test: opens the connections, keeps the pace, and follows what is published."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from banners.errors import StressError
from banners.stress.check import Address, Answer, Complaint, Fault
from banners.stress.connection import Connection, connect
from banners.stress.follow import Following
from banners.stress.schedule import PATIENCE_SECONDS, Schedule
from banners.stress.shows import QuarterShows
from banners.stress.tally import Tally
from banners.stress.target import Target
from banners.stress.visitor import Crowd, Visitor

_TICK_SECONDS = 0.1
# A generation that comes and goes between two looks would not be known to have been served.
_LOOK_SECONDS = 0.25
# Requests of an open loop are at the most so late by our own doing; finer would take a processor.
_PACE_SECONDS = 0.000_2

OnProgress = Callable[[float, Tally], None]
"""Is told, several times a second, how much of a run is done (0 to 1), and what it gave so far."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do.

    Args:
        target: where requests go.
        address: which address of the campaigns is asked for.
        requests: how many; None for as many as fit into the duration.
        duration: how long to go on, in seconds; None for until all are answered.
        concurrency: how many visitors ask at the same time, each over its own connection.
        rate: requests a second, whether or not the server keeps up; None for as fast as it does.
    """

    target: Target
    address: Address
    requests: int | None
    duration: float | None
    concurrency: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave.

    Args:
        tally: what became of the requests.
        seconds: from the first request to the last answer.
        stopped: whether somebody stopped it early.
    """

    tally: Tally
    seconds: float
    stopped: bool


def run(
    plan: Plan, following: Following, on_progress: OnProgress, now: Callable[[], float]
) -> Outcome:
    """Run a stress test, until its end or an interrupt.

    Args:
        plan: what to do.
        following: what is published, which the answers are held against.
        on_progress: is told how far it is.
        now: a clock that never goes back, in seconds.

    Raises:
        StressError: there is nothing to ask for, or nobody to ask.
        NothingPublished: no generation is active.
        StoreError: the database cannot be read.
    """
    import uvloop

    expected = following.begin()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_Run(plan, following, on_progress, now).go(expected))


class _Run:
    """One run; see :func:`run`."""

    def __init__(
        self, plan: Plan, following: Following, on_progress: OnProgress, now: Callable[[], float]
    ) -> None:
        self._plan = plan
        self._following = following
        self._on_progress = on_progress
        self._now = now
        self._stopped = False
        self._over = False
        self._wake = asyncio.Event()
        # The event loop itself holds on to its tasks too loosely.
        self._tasks: set[asyncio.Task[None]] = set()

    async def go(self, expected: QuarterShows) -> Outcome:
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
        following, ticking = self._start(self._follow()), self._start(self._tick())
        try:
            with self._pacing(loop, schedule):
                for visitor in self._visitors:
                    visitor.rest()
                seconds = await self._end - start
            self._over = True
            self._wake.set()
            await following
        finally:
            ticking.cancel()
            loop.remove_signal_handler(signal.SIGINT)
        tally = self._crowd.tally
        if schedule.never_sent:
            reason = "it was due, but the answers to those before it took too long"
            tally.done += schedule.never_sent
            tally.complain(Complaint(Fault.NEVER_SENT, None, reason), schedule.never_sent)
        self._tell_progress()
        return Outcome(tally, seconds, self._stopped)

    async def _open(self) -> list[Connection]:
        """Open all connections, so that the first requests are not slower than the others."""
        plan = self._plan
        self._place = plan.target.host, plan.target.port
        try:
            first = await connect(*self._place, plan.address)
            # The name is looked up once, and not again whenever a connection is opened anew.
            self._place = first.peer
            others = range(plan.concurrency - 1)
            return [first, *[await connect(*self._place, plan.address) for _ in others]]
        except OSError as error:
            raise StressError(
                f"Cannot connect to {plan.target.url}: {_reason(error)}. Name another address, or "
                "start what is to be tested there, as with: banners serve"
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

    async def _follow(self) -> None:
        """Look at what is published: now and then, and when an answer does not fit it."""
        crowd = self._crowd
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _LOOK_SECONDS)
            self._wake.clear()
            last, doubtful, crowd.doubtful = self._over, crowd.doubtful, []
            # Not in the event loop, which has answers to time.
            expected, complaints = await asyncio.to_thread(self._judge, doubtful)
            for complaint in complaints:
                crowd.tally.complain(complaint)
            if expected is not None and expected is not crowd.expected:
                crowd.expect(expected)
            if last:
                return
            await asyncio.sleep(_TICK_SECONDS)

    def _judge(self, answers: list[Answer]) -> tuple[QuarterShows | None, list[Complaint]]:
        expected = self._following.look()
        complaints = [self._following.judge(answer) for answer in answers]
        return expected, [complaint for complaint in complaints if complaint is not None]

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            for visitor in self._visitors:
                visitor.lose_patience()
            self._tell_progress()

    def _tell_progress(self) -> None:
        tally = self._crowd.tally
        self._on_progress(self._crowd.schedule.done(self._now(), tally.done), tally)

    @contextlib.contextmanager
    def _pacing(self, loop: asyncio.AbstractEventLoop, schedule: Schedule) -> Iterator[None]:
        """Wake up visitors when requests are due.

        By a thread, since the timers of the event loop have a resolution of a millisecond.
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
        """Send no more; at a second interrupt, do not even wait for what was sent."""
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
        """End with an error that nobody foresaw, rather than count it as the server's."""
        if not self._end.done():
            self._end.set_exception(context.get("exception") or RuntimeError(context["message"]))


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return f"no connection within {PATIENCE_SECONDS:.0f} seconds"
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
