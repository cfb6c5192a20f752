"""Requests that arrive in one turn of the event loop share one write, and clicks one sync."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Event

import pytest

from banners.collect.segments.log import EventLog
from banners.core.views import Traffic
from banners.web.recording import turns as module
from banners.web.recording.counts import Outcome, RecordingCounts
from banners.web.recording.turns import Turns
from support.event_logs import HOST, Clock, contents, view_of
from support.recorded import failing

LONG = 3_600.0


class SlowDisk(EventLog):
    """An event log that counts its writes, and whose syncs wait until they may end."""

    def __init__(self, events: Path) -> None:
        super().__init__(events, HOST, clock=Clock())
        self.flushed = self.synced = 0
        self.may_sync = Event()
        self.may_sync.set()
        self.fails = False

    def flush(self) -> bool:
        self.flushed += 1
        return super().flush()

    def sync(self) -> bool:
        if not self.may_sync.wait(60):
            raise AssertionError("nobody let the disk go on")
        self.synced += 1
        return super().sync() and not self.fails


def in_loop(
    events: Path, body: Callable[[Turns, SlowDisk], Awaitable[None]]
) -> tuple[RecordingCounts, list[bytes]]:
    """Run something while turns are open; return what was counted and what the log then holds."""
    counts = RecordingCounts()
    log = SlowDisk(events)
    turns = Turns(log, counts)

    async def run() -> None:
        turns.start()
        try:
            await body(turns, log)
        finally:
            log.may_sync.set()
            await turns.close()

    asyncio.run(run())
    records = [
        line
        for path in sorted((events / "log" / HOST).glob("*.segment"))
        for line in contents(path)
    ]
    return counts, [line for line in records if not line.startswith(b"e,")]


def record(turns: Turns, number: int, answered: list[int]) -> None:
    turns.log.impressions(view_of(number), Traffic.CLEAN)
    turns.seen(lambda: answered.append(number))


def click(turns: Turns, number: int, answered: list[int]) -> None:
    turns.log.click(view_of(number), 1, Traffic.CLEAN)
    turns.clicked(lambda: answered.append(number))


def test_a_turn_is_written_once_before_its_answers(tmp_path: Path) -> None:
    async def body(turns: Turns, log: SlowDisk) -> None:
        answered: list[int] = []
        before = log.flushed
        for number in range(5):
            record(turns, number, answered)
        assert (answered, log.counts.written) == ([], 0)
        await asyncio.sleep(0)
        assert (answered, log.counts.written, log.flushed) == ([0, 1, 2, 3, 4], 5, before + 1)
        record(turns, 5, answered)
        turns.end_now()
        assert (answered[-1], log.flushed) == (5, before + 2)
        await asyncio.sleep(0)
        assert log.flushed == before + 2

    counts, records = in_loop(tmp_path, body)
    assert (
        counts.impressions[Outcome.RECORDED],
        counts.impressions[Outcome.NOT_KEPT],
        len(records),
    ) == (6, 0, 6)


def test_clicks_wait_for_the_disk_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", LONG)

    async def body(turns: Turns, log: SlowDisk) -> None:
        answered: list[int] = []
        everyone = asyncio.Event()
        log.may_sync.clear()
        for number in range(3):
            click(turns, number, answered)
        turns.clicked(everyone.set)
        await asyncio.sleep(0)
        assert answered == []
        log.may_sync.set()
        await everyone.wait()
        assert answered == [0, 1, 2]

    counts, records = in_loop(tmp_path, body)
    assert (counts.clicks[Outcome.RECORDED], counts.unsynced, len(records)) == (4, 0, 3)


def test_a_click_does_not_wait_for_a_disk_that_hangs(tmp_path: Path) -> None:
    async def body(turns: Turns, log: SlowDisk) -> None:
        sent_on = asyncio.Event()
        log.may_sync.clear()
        turns.log.click(view_of(1), 1, Traffic.CLEAN)
        turns.clicked(sent_on.set)
        await sent_on.wait()

    counts, records = in_loop(tmp_path, body)
    assert (counts.clicks[Outcome.RECORDED], counts.unsynced, len(records)) == (1, 1, 1)


def test_clicks_that_come_during_a_sync_are_written_and_synced_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", LONG)

    async def body(turns: Turns, log: SlowDisk) -> None:
        answered: list[int] = []
        everyone = asyncio.Event()
        log.may_sync.clear()
        click(turns, 0, answered)
        await asyncio.sleep(0)
        written = log.counts.written
        for number in range(1, 4):
            click(turns, number, answered)
            await asyncio.sleep(0)
        turns.clicked(everyone.set)
        assert (answered, log.counts.written) == ([], written)
        log.may_sync.set()
        await everyone.wait()
        assert (answered, log.counts.written) == ([0, 1, 2, 3], written + 3)
        assert log.synced >= 2

    counts, records = in_loop(tmp_path, body)
    assert (counts.clicks[Outcome.RECORDED], counts.unsynced, len(records)) == (5, 0, 4)


def test_clicks_that_come_during_a_sync_that_hangs_are_written_and_answered(
    tmp_path: Path,
) -> None:
    async def body(turns: Turns, log: SlowDisk) -> None:
        log.may_sync.clear()
        for number in range(3):
            sent_on = asyncio.Event()
            turns.log.click(view_of(number), 1, Traffic.CLEAN)
            turns.clicked(sent_on.set)
            await asyncio.sleep(0)
            turns.log.click(view_of(10 + number), 1, Traffic.CLEAN)
            turns.clicked(sent_on.set)
            await sent_on.wait()
            assert log.counts.written >= 2 * number + 1

    counts, records = in_loop(tmp_path, body)
    assert (counts.clicks[Outcome.RECORDED], counts.unsynced, len(records)) == (6, 6, 6)


def test_a_click_is_not_given_up_with_one_that_came_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(turns: Turns, log: SlowDisk) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        monkeypatch.setattr(loop, "time", lambda: now)
        answered: list[int] = []

        async def after(waits: float) -> list[int]:
            nonlocal now
            now += waits * module.LONGEST_WAIT
            for _ in range(5):
                await asyncio.sleep(0)
            return answered

        log.may_sync.clear()
        click(turns, 0, answered)
        assert await after(0.0) == []
        click(turns, 1, answered)
        assert await after(0.6) == []
        click(turns, 2, answered)
        assert await after(0.5) == [0, 1]
        click(turns, 3, answered)
        assert await after(0.4) == [0, 1]
        assert await after(0.2) == [0, 1, 2]
        assert turns.counts.unsynced == 3

    counts, records = in_loop(tmp_path, body)
    assert (counts.clicks[Outcome.RECORDED], len(records)) == (4, 4)


def test_clicks_that_the_disk_refuses_after_a_sync_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", LONG)

    answered: list[int] = []

    async def body(turns: Turns, log: SlowDisk) -> None:
        everyone = asyncio.Event()
        log.may_sync.clear()
        click(turns, 0, answered)
        await asyncio.sleep(0)
        click(turns, 1, answered)
        record(turns, 2, answered)  # writes what came before it, too
        await asyncio.sleep(0)
        assert answered == [2]
        click(turns, 3, answered)
        turns.clicked(everyone.set)
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", failing)
            log.may_sync.set()
            await everyone.wait()

    counts, records = in_loop(tmp_path, body)
    assert (counts.clicks[Outcome.RECORDED], counts.clicks[Outcome.NOT_KEPT]) == (2, 2)
    assert (sorted(answered), len(records)) == ([0, 1, 2, 3], 3)


def test_a_click_whose_sync_failed_is_counted_as_unsynced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", LONG)

    async def body(turns: Turns, log: SlowDisk) -> None:
        sent_on = asyncio.Event()
        log.fails = True
        turns.log.click(view_of(1), 1, Traffic.CLEAN)
        turns.clicked(sent_on.set)
        await sent_on.wait()

    counts, _ = in_loop(tmp_path, body)
    assert (counts.clicks[Outcome.RECORDED], counts.unsynced) == (1, 1)


def test_a_caller_can_wait_until_its_record_is_synced(tmp_path: Path) -> None:
    async def body(turns: Turns, log: SlowDisk) -> None:
        log.conversion(1, 2, 3, "4", 0)
        assert await turns.synced()
        log.fails = True
        log.conversion(1, 3, 3, "4", 0)
        assert not await turns.synced()

    _, records = in_loop(tmp_path, body)
    assert len(records) == 2


def test_one_failed_sync_refuses_nothing_that_comes_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(turns: Turns, log: SlowDisk) -> None:
        told = []
        for number, fails in enumerate((True, False, False)):
            with monkeypatch.context() as patched:
                if fails:
                    patched.setattr(os, "fdatasync", failing)
                log.conversion(1, number + 2, 3, "4", 0)
                told.append(await turns.synced())
        assert told == [False, True, True]

    _, records = in_loop(tmp_path, body)
    assert len(records) == 3


def test_a_full_disk_refuses_events_and_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "log").write_text("in the way of the folder")

    async def body(turns: Turns, log: SlowDisk) -> None:
        answered: list[int] = []
        for number in range(3):
            record(turns, number, answered)
            click(turns, 10 + number, answered)
            log.conversion(1, 2, 3, "4", 0)
            assert not await turns.synced()
        assert answered == [0, 10, 1, 11, 2, 12]
        (tmp_path / "log").unlink()
        turns.end_now()
        record(turns, 4, answered)
        assert await turns.synced()

    counts, records = in_loop(tmp_path, body)
    assert (
        counts.impressions[Outcome.RECORDED],
        counts.clicks[Outcome.RECORDED],
        sum(each[Outcome.NOT_KEPT] for each in (counts.impressions, counts.clicks)),
        len(records),
    ) == (1, 0, 6, 1)
    messages = [each.getMessage() for each in caplog.records]
    assert [each.split(":")[0] for each in messages] == [
        "Events cannot be recorded",
        "Events are recorded again.",
    ]


def test_an_answer_that_cannot_be_sent_does_not_delay_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ValueError("gone")

    async def body(turns: Turns, _: SlowDisk) -> None:
        answered: list[int] = []
        turns.seen(fail)
        record(turns, 1, answered)
        await asyncio.sleep(0)
        assert answered == [1]

    in_loop(tmp_path, body)
    assert "could not be sent" in caplog.text


def test_nothing_is_recorded_before_the_start_and_after_the_end(tmp_path: Path) -> None:
    turns = Turns(SlowDisk(tmp_path), RecordingCounts())

    async def run() -> None:
        states = [turns.is_open]
        assert not await turns.synced()
        turns.start()
        states.append(turns.is_open)
        assert await turns.close()
        states.append(turns.is_open)
        assert not await turns.synced()
        assert await turns.close()
        assert states == [False, True, False]

    asyncio.run(run())


def test_the_end_answers_what_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", LONG)
    answered: list[int] = []

    async def body(turns: Turns, _: SlowDisk) -> None:
        record(turns, 1, answered)
        click(turns, 2, answered)

    counts, records = in_loop(tmp_path, body)
    assert (
        answered,
        counts.impressions[Outcome.RECORDED],
        counts.clicks[Outcome.RECORDED],
        len(records),
    ) == ([1, 2], 1, 1, 2)


def test_segments_of_ended_slots_are_sealed_without_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.001)
    clock = Clock()
    log = EventLog(tmp_path, HOST, clock=clock)
    turns = Turns(log, RecordingCounts())
    folder = tmp_path / "log" / HOST

    async def run() -> None:
        turns.start()
        log.impressions(view_of(1), Traffic.CLEAN)
        assert await turns.synced()
        clock.now += 900
        while not list(folder.glob("*.segment")):  # noqa: ASYNC110  # a file, made by a thread
            await asyncio.sleep(0.001)
        await turns.close()

    asyncio.run(asyncio.wait_for(run(), 60))
