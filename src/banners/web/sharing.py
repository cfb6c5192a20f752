"""Workers that listen on one socket share its connections.

The system wakes all of them for a new connection, and the first to come takes it: a worker that is
awake takes all of a burst before another has woken up, and has them for as long as they last. So
one that holds more connections than another stops listening for a moment, which leaves the next
connection to the other.
"""

import asyncio
import fcntl
import logging
import mmap
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop

from banners.web.connection import CourteousProtocol
from banners.web.metrics import SHARED_FOLDER

_LOG = logging.getLogger(__name__)

SLACK = 2
"""A worker that holds so many connections more than another takes the next one all the same."""

PATIENCE_SECONDS = 0.1
"""So long it leaves connections to another at the most, which may be about to die."""

HASTE_SECONDS = 1.0
"""So long it then takes whatever comes."""

_LOOK_SECONDS = 0.002
_PLACES = 512
_LEFT = -1


class Held:
    """How many connections each worker holds, in memory that all of them see.

    Args:
        file: what that memory is made of; the first worker makes it.
    """

    def __init__(self, file: Path) -> None:
        with file.open("a+b") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            opened.truncate(2 * 8 * _PLACES)
            cells = memoryview(mmap.mmap(opened.fileno(), 0)).cast("q")
            self._processes, self._counts = cells[:_PLACES], cells[_PLACES:]
            # Where there is none left, two share the last, and balance a little worse.
            self._place = next(filter(self._is_free, range(_PLACES)), _PLACES - 1)
            self._processes[self._place] = os.getpid()
            self._counts[self._place] = 0
            fcntl.flock(
                opened, fcntl.LOCK_UN
            )  # which closing does not, since the memory stays open

    def add(self, connections: int) -> None:
        """Note that this worker holds so many more connections, or fewer."""
        self._counts[self._place] += connections

    def leave(self) -> None:
        """Note that this worker takes no more connections."""
        self._counts[self._place] = _LEFT

    def is_ahead(self) -> bool:
        """Tell whether this worker holds more connections than another does."""
        workers = [*self._processes.tolist(), 0].index(0)
        counts = self._counts[:workers].tolist()
        mine = counts.pop(self._place)
        others = [each for each in counts if each != _LEFT]
        return bool(others) and mine > min(others) + SLACK

    def _is_free(self, place: int) -> bool:
        process = self._processes[place]
        if process == 0:
            return True
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


class Listening:
    """What uvicorn needs of a server; it leaves connections to others where it is ahead of them.

    Args:
        listen: begins to listen.
        held: what this worker and the others hold.
    """

    def __init__(self, listen: Callable[[], Awaitable[asyncio.AbstractServer]], held: Held) -> None:
        self._listen = listen
        self._held = held
        self._server: asyncio.AbstractServer | None = None
        self._aside: asyncio.Task[None] | None = None
        self._patient_from = 0.0

    async def start(self) -> None:
        """Begin to take connections."""
        self._server = await self._listen()

    def connected(self) -> None:
        """Note a connection that this worker has taken, and leave others where it is ahead."""
        self._held.add(1)
        if self._server and self._held.is_ahead():
            loop = asyncio.get_running_loop()
            if loop.time() >= self._patient_from:
                self._server.close()
                self._server = None
                self._aside = loop.create_task(self._step_aside())

    def disconnected(self) -> None:
        """Note a connection that has ended."""
        self._held.add(-1)

    def close(self) -> None:
        """Take no more connections."""
        self._held.leave()
        if self._aside:
            self._aside.cancel()
        if self._server:
            self._server.close()
            self._server = None

    async def wait_closed(self) -> None:
        """Return at once: whoever serves waits for the connections."""

    async def _step_aside(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE_SECONDS
        while self._held.is_ahead():
            if loop.time() > end:
                self._patient_from = end + HASTE_SECONDS
                break
            await asyncio.sleep(_LOOK_SECONDS)
        while True:
            try:
                return await self.start()
            except OSError as error:
                _LOG.warning("Cannot take connections: %s. Trying again.", error)
                await asyncio.sleep(HASTE_SECONDS)


class SharingLoop(uvloop.Loop):
    """An event loop whose servers share connections with those of other workers.

    Args:
        held: what the workers hold.
    """

    def __init__(self, held: Held) -> None:
        super().__init__()
        self._held = held

    async def create_server(  # type: ignore[override]
        self, protocol_factory: Callable[[], CourteousProtocol], *, sock: Any, **options: Any
    ) -> Listening:
        """Listen on a socket of which each worker has a duplicate."""

        def introduced() -> CourteousProtocol:
            protocol = protocol_factory()
            protocol.listener = listening
            return protocol

        async def listen() -> asyncio.AbstractServer:
            return await super(SharingLoop, self).create_server(
                introduced, sock=sock.dup(), **options
            )

        listening = Listening(listen, self._held)
        await listening.start()
        return listening


def new_loop() -> SharingLoop:
    """Make the event loop of a worker, one of several."""
    return SharingLoop(Held(Path(os.environ[SHARED_FOLDER]) / "connections"))
