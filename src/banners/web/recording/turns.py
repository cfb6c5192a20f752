"""Answers what was recorded in one turn of the event loop together, once the records are kept.

All requests that arrive in one turn share one ``write``. Clicks wait for an ``fdatasync``, which a
thread calls: one at a time, each for all clicks that arrived while the one before it ran. Such
clicks are written only when that one has ended, since a write would wait for it.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial

from banners.collect.segments.commit import GroupCommit
from banners.collect.segments.log import EventLog
from banners.web.recording.counts import Outcome, RecordingCounts

_LOG = logging.getLogger(__name__)

LONGEST_WAIT = 0.010
"""Maximum time in seconds that a click waits for the disk; then the visitor is sent on."""

_PRECISION = 0.0005  # in seconds: uvloop counts milliseconds

IDLE_SECONDS = 1.0
"""Seconds between two flushes while nothing is recorded, so that segments of slots that have ended
are sealed."""

_BETWEEN_WARNINGS = 60.0

Answer = Callable[[], None]


class _Clicks:
    """Clicks that wait for the same sync."""

    __slots__ = ("answers", "timer", "written")

    def __init__(self) -> None:
        self.answers: list[tuple[float, Answer]] = []
        """When each click arrived, in seconds of the event loop, and what sends its answer."""
        self.written = 0
        """Number of clicks whose records are written: the first ones of these."""
        self.timer: asyncio.TimerHandle | None = None
        """Answers the first ones when they have waited ``LONGEST_WAIT``."""


class Turns:
    """Flushes the event log at the end of each turn of the event loop in which it was written to.

    Everything but :meth:`start` is called by the thread of the event loop.

    Args:
        log: the event log of this worker.
        counts: what this worker has recorded.
    """

    def __init__(self, log: EventLog, counts: RecordingCounts) -> None:
        self.log = log
        """Takes records while :attr:`is_open`."""
        self.counts = counts
        self._seen: list[Answer] = []
        self._clicks = _Clicks()
        self._is_syncing = False
        self._waiting: list[asyncio.Future[bool]] = []
        self._is_due = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._commit: GroupCommit | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._is_refusing = False
        self._warned = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether something can be recorded: not before the start, and not after the end."""
        return self._commit is not None

    def start(self) -> None:
        """Begin; called in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._commit = GroupCommit(self.log.sync)
        self._tick_on()

    async def close(self) -> bool:
        """Send the answers that wait; return whether all survives a loss of power.

        The segment is sealed.
        """
        commit, self._commit = self._commit, None
        if commit is None:
            return True
        if self._tick:
            self._tick.cancel()
        self._end(commit, is_last=True)
        await asyncio.to_thread(commit.close)
        return await asyncio.to_thread(self.log.close)

    def seen(self, answer: Answer) -> None:
        """Answer at the end of this turn that banners were seen, which has just been recorded.

        What was recorded survives the end of the process then. If the disk does not take it, the
        request is answered nevertheless, and the event is counted as refused.

        Args:
            answer: sends the answer.
        """
        self._seen.append(answer)
        if not self._is_due:
            self._schedule()

    def clicked(self, answer: Answer) -> None:
        """Answer a click, which has just been recorded, once it survives a loss of power.

        If that takes longer than ``LONGEST_WAIT`` or fails, the click is answered nevertheless, and
        counted as unsynced, or as refused if it was not even written.

        Args:
            answer: sends the answer.
        """
        clicks, loop = self._clicks, self._loop
        clicks.answers.append((loop.time() if loop else 0.0, answer))
        if self._is_syncing:
            self._wait(clicks)
        elif not self._is_due:
            self._schedule()

    async def synced(self) -> bool:
        """Wait until all that was recorded so far survives a loss of power; return whether it does.

        For events whose senders need to know, such as conversions: record them in :attr:`log`
        without waiting in between, then call this. It takes as long as the disk does. Never flush
        the log yourself, since it is flushed for all requests of a turn together.

        Returns:
            False if they could not be written or synced, or nothing is recorded any more.
        """
        if self._loop is None or self._commit is None:
            return False
        written: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.append(written)
        if not self._is_due:
            self._schedule()
        commit = self._commit
        return await written and await asyncio.wrap_future(commit.committed())

    def end_now(self) -> None:
        """End the turn early."""
        if self._is_due and self._commit:
            self._end(self._commit)

    def _schedule(self) -> None:
        if self._loop is not None:
            self._is_due = True
            self._loop.call_soon(self.end_now)

    def _end(self, commit: GroupCommit, *, is_last: bool = False) -> None:
        self._is_due = False
        seen, self._seen = self._seen, []
        waiting, self._waiting = self._waiting, []
        clicks = self._clicks
        is_kept = self._flush()
        outcome = Outcome.RECORDED if is_kept else Outcome.NOT_KEPT
        self.counts.impressions[outcome] += len(seen)
        self.counts.clicks[outcome] += len(clicks.answers) - clicks.written
        for future in waiting:
            if not future.done():  # whoever waits may have been cancelled
                future.set_result(is_kept)
        _send(seen)
        if not is_kept:
            refused = [answer for _, answer in clicks.answers[clicks.written :]]
            del clicks.answers[clicks.written :]
            _send(refused)
        clicks.written = len(clicks.answers)
        if clicks.answers and (is_last or not self._is_syncing):
            self._sync(clicks, commit)

    def _flush(self) -> bool:
        is_kept = self.log.flush()
        # Where nothing was to be written, the reason is still that of the last refusal.
        if bool(self.log.reason) is not self._is_refusing:
            self._say_whether_refusing()
        return is_kept

    def _say_whether_refusing(self) -> None:
        """Log that events are refused or recorded again; at most once a minute."""
        now = self._loop.time() if self._loop else 0.0
        if self._is_refusing:
            self._is_refusing = False
            _LOG.info("Events are recorded again.")
        elif now >= self._warned + _BETWEEN_WARNINGS:
            self._is_refusing, self._warned = True, now
            _LOG.error(
                "Events cannot be recorded: %s. Pages are served as always. Give this user write "
                "access to the folder that BANNERS_EVENTS names, and space on its disk.",
                self.log.reason,
            )

    def _sync(self, clicks: _Clicks, commit: GroupCommit) -> None:
        loop = self._loop
        if loop is None:
            return
        self._is_syncing, self._clicks = True, _Clicks()
        self._wait(clicks)
        commit.committed().add_done_callback(partial(self._committed, loop, clicks))

    def _wait(self, clicks: _Clicks) -> None:
        """Set the timer for the longest wait of the first click, if there is none yet."""
        if clicks.answers and clicks.timer is None and self._loop is not None:
            came, _ = clicks.answers[0]
            clicks.timer = self._loop.call_at(came + LONGEST_WAIT, self._give_up, clicks)

    def _committed(
        self, loop: asyncio.AbstractEventLoop, clicks: _Clicks, future: "Future[bool]"
    ) -> None:
        """Let the event loop answer; called by the thread that syncs."""
        with suppress(RuntimeError):  # the event loop has ended
            loop.call_soon_threadsafe(self._synced, clicks, future.result())

    def _synced(self, clicks: _Clicks, is_synced: bool) -> None:
        """Begin the next sync if clicks wait for one, and answer those that are synced."""
        self._is_syncing = False
        if self._clicks.answers and self._commit:
            self._end(self._commit)
        self._answer(clicks, len(clicks.answers), is_synced=is_synced)

    def _give_up(self, clicks: _Clicks) -> None:
        """Write clicks that have waited long enough, and answer them without a sync."""
        if self._loop is None:
            return
        latest = self._loop.time() - LONGEST_WAIT + _PRECISION
        count = sum(came <= latest for came, _ in clicks.answers)
        if clicks.written < count and self._commit:
            self._end(self._commit)
        self._answer(clicks, min(count, len(clicks.answers)), is_synced=False)

    def _answer(self, clicks: _Clicks, count: int, *, is_synced: bool) -> None:
        """Answer the first ``count`` clicks, which are written; the others go on waiting."""
        answers = [answer for _, answer in clicks.answers[:count]]
        del clicks.answers[:count]
        clicks.written -= count
        if not is_synced:
            self.counts.unsynced += count
        if clicks.timer:
            clicks.timer.cancel()
            clicks.timer = None
        self._wait(clicks)
        _send(answers)

    def _tick_on(self) -> None:
        """Flush once a second, also if nothing was recorded."""
        if self._commit and self._loop:
            self._end(self._commit)
            self._tick = self._loop.call_later(IDLE_SECONDS, self._tick_on)


def _send(answers: list[Answer]) -> None:
    for answer in answers:
        try:
            answer()
        except Exception:  # noqa: BLE001  # the others are answered all the same
            _LOG.exception("An answer could not be sent.")
