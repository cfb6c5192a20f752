"""Workers that share a socket get about as many connections each, even if one of them hangs."""

import asyncio
import itertools
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any, Self

import pytest
import uvloop

from banners.cli.serve import listen
from banners.web.hot.connection_counts import ConnectionCounts
from banners.web.hot.connections import GracefulProtocol
from banners.web.hot.sharing import SLACK, SharedListener
from banners.web.shared_memory import SharedMemory


class Connection(asyncio.Protocol):
    def __init__(self, worker: SharedListener) -> None:
        self._worker = worker

    def connection_made(self, transport: Any) -> None:
        self._worker.connected()
        transport.write(b"!")

    def connection_lost(self, _error: Exception | None) -> None:
        self._worker.disconnected()


def never_adopted() -> GracefulProtocol:
    raise AssertionError


class Memory(SharedMemory):
    """Shared memory whose slots are taken in turn."""

    def __init__(self) -> None:
        super().__init__(slots=4)
        self._taken = itertools.count()

    def next_worker(self) -> ConnectionCounts:
        return ConnectionCounts(self, next(self._taken))


class Worker:
    """The part of a worker process that shares connections, run in this process."""

    def __init__(self, memory: Memory, listener: socket.socket) -> None:
        self.counts = memory.next_worker()
        self.taken = 0
        self._listener = listener
        self.listening = SharedListener(self._listen, self.counts, never_adopted)

    async def __aenter__(self) -> Self:
        await self.listening.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.listening.close()
        await self.listening.wait_closed()

    async def _listen(self) -> asyncio.AbstractServer:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self._connection, sock=self._listener.dup())

    def _connection(self) -> Connection:
        self.taken += 1
        return Connection(self.listening)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pauses long enough that a slow worker is never mistaken for one that hangs."""
    monkeypatch.setattr("banners.web.hot.sharing.MAX_PAUSE_SECONDS", 60)


async def visit(listener: socket.socket, times: int) -> list[asyncio.StreamWriter]:
    """Open connections at the same time, and wait until each has been accepted."""
    opened = await asyncio.gather(
        *(asyncio.open_connection(*listener.getsockname()) for _ in range(times))
    )
    for reader, _ in opened:
        assert await reader.read(1) == b"!"
    return [writer for _, writer in opened]


async def leave(connections: list[asyncio.StreamWriter]) -> None:
    for each in connections:
        each.close()
    await asyncio.gather(*(each.wait_closed() for each in connections))


@pytest.mark.usefixtures("patient")
def test_workers_hold_about_as_many_connections_each(
    memory: Memory, listener: socket.socket, runner: asyncio.Runner
) -> None:
    async def run() -> list[int]:
        async with AsyncExitStack() as working:
            workers = [
                await working.enter_async_context(Worker(memory, listener)) for _ in range(3)
            ]
            await leave(await visit(listener, 60))
        return [each.taken for each in workers]

    taken = runner.run(run())
    assert sum(taken) == 60
    assert max(taken) - min(taken) <= SLACK + 1


@pytest.mark.usefixtures("patient")
def test_a_new_worker_gets_the_next_connections_until_it_has_caught_up(
    memory: Memory, listener: socket.socket, runner: asyncio.Runner
) -> None:
    async def run() -> tuple[int, int]:
        async with Worker(memory, listener) as old:
            connections = await visit(listener, 20)
            async with Worker(memory, listener) as new:
                await leave(connections + await visit(listener, 20))
        return old.taken, new.taken

    old, new = runner.run(run())
    assert old + new == 40
    assert old - new <= SLACK + 1


def test_connections_are_accepted_while_another_worker_hangs(
    memory: Memory, listener: socket.socket, runner: asyncio.Runner
) -> None:
    async def run() -> int:
        Worker(memory, listener).counts.start()
        async with Worker(memory, listener) as one:
            connections = await visit(listener, SLACK + 1)
            assert one.counts.is_ahead(SLACK)
            await leave(connections + await visit(listener, 50))
        return one.taken

    assert runner.run(run()) == SLACK + 1 + 50


def test_a_worker_that_does_not_catch_up_is_waited_for_ever_more_rarely(
    memory: Memory,
    listener: socket.socket,
    runner: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("banners.web.hot.sharing.MAX_PAUSE_SECONDS", 0)
    shortest = 1e-9
    monkeypatch.setattr("banners.web.hot.sharing.MIN_ACCEPT_SECONDS", shortest)

    async def run() -> None:
        other = Worker(memory, listener)
        other.counts.start()
        async with Worker(memory, listener) as one:
            connections = await visit(listener, SLACK)  # after which one more is too many
            for pauses in range(4):
                assert one.listening._accept_seconds == shortest * 2**pauses  # noqa: SLF001
                connections += await visit(listener, 1)
                await one.listening._pause  # type: ignore[misc]  # noqa: SLF001
            monkeypatch.setattr("banners.web.hot.sharing.MAX_PAUSE_SECONDS", 60)
            connections += await visit(listener, 1)
            other.counts.add(100)
            await one.listening._pause  # type: ignore[misc]  # noqa: SLF001
            assert one.listening._accept_seconds == shortest  # noqa: SLF001
            await leave(connections)

    runner.run(run())


def test_a_worker_that_has_not_started_does_not_count(memory: Memory) -> None:
    one, other = memory.next_worker(), memory.next_worker()
    one.start()
    one.add(SLACK + 1)
    assert not one.is_ahead(SLACK)
    other.start()
    assert one.is_ahead(SLACK)


def test_a_worker_that_has_stopped_does_not_count_while_its_connections_end(memory: Memory) -> None:
    one, other = memory.next_worker(), memory.next_worker()
    one.start()
    one.add(SLACK + 1)
    other.start()
    other.add(5)
    other.stop()
    for _ in range(5):
        other.add(-1)
        assert not one.is_ahead(SLACK)


def test_a_connection_that_has_ended_no_longer_counts(
    memory: Memory, listener: socket.socket, runner: asyncio.Runner
) -> None:
    async def run() -> None:
        other = Worker(memory, listener)
        other.counts.start()
        async with Worker(memory, listener) as one:
            connections = await visit(listener, SLACK + 1)
            assert one.counts.is_ahead(SLACK)
            assert not other.counts.is_ahead(SLACK)
            await leave(connections)
            # The worker that answers this has seen the others end.
            await leave(await visit(listener, 1))
            assert not one.counts.is_ahead(SLACK)

    runner.run(run())


def in_another_process(work: Callable[[], None]) -> None:
    """Do something as a worker does, and end as if killed."""
    worker = os.fork()
    if worker == 0:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(worker, 0)


def test_workers_get_the_memory_from_their_parent_process(memory: Memory) -> None:
    one, other = memory.next_worker(), memory.next_worker()
    one.start()
    one.add(SLACK + 1)
    assert not one.is_ahead(SLACK)
    in_another_process(other.start)
    assert one.is_ahead(SLACK)


def test_a_worker_that_was_killed_does_not_count_once_its_slot_is_free(memory: Memory) -> None:
    one, other = memory.next_worker(), memory.next_worker()
    one.start()
    one.add(SLACK + 1)
    in_another_process(other.start)
    memory.free(1)
    assert not one.is_ahead(SLACK)


def test_a_worker_that_cannot_listen_tries_again(
    memory: Memory,
    listener: socket.socket,
    runner: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("banners.web.hot.sharing.RETRY_SECONDS", 0)
    failures = iter([OSError(24, os.strerror(24))])

    async def run() -> None:
        Worker(memory, listener).counts.start()
        one = Worker(memory, listener)
        listen = one.listening._listen  # noqa: SLF001

        async def fail_once() -> asyncio.AbstractServer:
            for failure in failures:
                raise failure
            return await listen()

        async with one:
            monkeypatch.setattr(one.listening, "_listen", fail_once)
            await leave(await visit(listener, SLACK + 2))

    runner.run(run())
    assert "Too many open files. Trying again." in caplog.text


def test_a_worker_can_close_during_a_pause(
    memory: Memory, listener: socket.socket, runner: asyncio.Runner
) -> None:
    async def run() -> int:
        other = Worker(memory, listener)
        other.counts.start()
        async with Worker(memory, listener):
            connections = await visit(listener, SLACK + 1)
        async with other:
            await leave(connections + await visit(listener, 5))
        return other.taken

    assert runner.run(run()) == 5


def test_another_anonymous_map_replaces_the_memory_outside_linux(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "memfd_create")
    memory = Memory()
    one, other = memory.next_worker(), memory.next_worker()
    one.start()
    one.add(SLACK + 1)
    in_another_process(other.start)
    assert one.is_ahead(SLACK)
