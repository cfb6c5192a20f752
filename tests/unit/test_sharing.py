"""Workers on one socket: none takes much more than another, and none waits for one that is gone."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import pytest
import uvloop

from banners.cli.serve import listen
from banners.web.sharing import SLACK, Held, Listening


class Connection(asyncio.Protocol):
    def __init__(self, worker: Listening) -> None:
        self._worker = worker

    def connection_made(self, transport: Any) -> None:
        self._worker.connected()
        transport.write(b"!")

    def connection_lost(self, _error: Exception | None) -> None:
        self._worker.disconnected()


class Worker:
    """What one of several worker processes does, in this one."""

    def __init__(self, folder: Path, listener: socket.socket) -> None:
        self.held = Held(folder / "connections")
        self.taken = 0
        self._listener = listener
        self.listening = Listening(self._listen, self.held)

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
    """However slow the machine, nobody takes another for one that hangs."""
    monkeypatch.setattr("banners.web.sharing.PATIENCE_SECONDS", 60)


async def visit(listener: socket.socket, times: int) -> list[asyncio.StreamWriter]:
    """Connect so many times at once, and wait until each connection has been taken."""
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
    tmp_path: Path, listener: socket.socket, runner: asyncio.Runner
) -> None:
    async def run() -> list[int]:
        async with AsyncExitStack() as working:
            workers = [
                await working.enter_async_context(Worker(tmp_path, listener)) for _ in range(3)
            ]
            await leave(await visit(listener, 60))
        return [each.taken for each in workers]

    taken = runner.run(run())
    assert sum(taken) == 60
    assert max(taken) - min(taken) <= SLACK + 1


@pytest.mark.usefixtures("patient")
def test_one_that_was_away_gets_what_comes_until_it_has_caught_up(
    tmp_path: Path, listener: socket.socket, runner: asyncio.Runner
) -> None:
    async def run() -> tuple[int, int]:
        async with Worker(tmp_path, listener) as old:
            connections = await visit(listener, 20)
            async with Worker(tmp_path, listener) as new:
                await leave(connections + await visit(listener, 20))
        return old.taken, new.taken

    old, new = runner.run(run())
    assert old + new == 40
    assert old - new <= SLACK + 1


def test_nobody_waits_for_one_that_hangs(
    tmp_path: Path, listener: socket.socket, runner: asyncio.Runner
) -> None:
    async def run() -> int:
        Worker(tmp_path, listener).held.begin()
        async with Worker(tmp_path, listener) as one:
            connections = await visit(listener, SLACK + 1)
            assert one.held.is_ahead()
            await leave(connections + await visit(listener, 50))
        return one.taken

    assert runner.run(run()) == SLACK + 1 + 50


def test_one_that_has_not_begun_does_not_count(tmp_path: Path) -> None:
    one, other = Held(tmp_path / "connections"), Held(tmp_path / "connections")
    one.begin()
    one.add(SLACK + 1)
    assert not one.is_ahead()
    other.begin()
    assert one.is_ahead()


def test_one_that_has_left_does_not_count_however_its_connections_end(tmp_path: Path) -> None:
    one, other = Held(tmp_path / "connections"), Held(tmp_path / "connections")
    one.begin()
    one.add(SLACK + 1)
    other.begin()
    other.add(5)
    other.leave()
    for _ in range(5):
        other.add(-1)
        assert not one.is_ahead()


def test_what_ends_is_held_no_longer(
    tmp_path: Path, listener: socket.socket, runner: asyncio.Runner
) -> None:
    async def run() -> None:
        other = Worker(tmp_path, listener)
        other.held.begin()
        async with Worker(tmp_path, listener) as one:
            connections = await visit(listener, SLACK + 1)
            assert one.held.is_ahead()
            assert not other.held.is_ahead()
            await leave(connections)
            # Whoever answers this has seen the others end.
            await leave(await visit(listener, 1))
            assert not one.held.is_ahead()

    runner.run(run())


def test_the_place_of_a_worker_that_was_killed_is_taken_by_the_next(tmp_path: Path) -> None:
    file = tmp_path / "connections"
    hold = "import sys; from pathlib import Path; from banners.web.sharing import Held; "
    script = f"{hold}held = Held(Path({str(file)!r})); held.begin(); print(); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    one = Held(file)
    one.begin()
    one.add(SLACK + 1)
    with subprocess.Popen([sys.executable, "-c", script], **pipes) as killed:  # type: ignore[call-overload]
        assert killed.stdout.readline()
        assert one.is_ahead()
        killed.kill()
    Held(file)
    assert not one.is_ahead()


def test_one_beyond_the_last_place_shares_nothing_and_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banners.web.sharing._PLACES", 2)
    one, other, beyond = (Held(tmp_path / "connections") for _ in range(3))
    for each in (one, other, beyond):
        each.begin()
    beyond.add(SLACK + 1)
    one.add(SLACK + 1)
    other.add(1)
    assert not beyond.is_ahead()
    assert not one.is_ahead()
    other.add(-1)
    assert one.is_ahead()


def test_what_cannot_listen_now_tries_again(
    tmp_path: Path,
    listener: socket.socket,
    runner: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("banners.web.sharing.HASTE_SECONDS", 0)
    failures = iter([OSError(24, os.strerror(24))])

    async def run() -> None:
        Worker(tmp_path, listener).held.begin()
        one = Worker(tmp_path, listener)
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


def test_closing_while_it_leaves_connections_to_another_ends_it(
    tmp_path: Path, listener: socket.socket, runner: asyncio.Runner
) -> None:
    async def run() -> int:
        other = Worker(tmp_path, listener)
        other.held.begin()
        async with Worker(tmp_path, listener):
            connections = await visit(listener, SLACK + 1)
        async with other:
            await leave(connections + await visit(listener, 5))
        return other.taken

    assert runner.run(run()) == 5
