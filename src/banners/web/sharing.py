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
"""At the most so long does it leave connections to another, which may hang or be dead."""

HASTE_SECONDS = 1.0
"""So long it then takes whatever comes; and so long it waits where it cannot listen."""

_LOOK_SECONDS = 0.002
_PLACES = 512
_AWAY = -1


class Held:
    """How many connections each worker holds, in memory that all of them see.

    A worker that begins after :data:`_PLACES` others shares nothing.

    Args:
        file: what that memory is made of; the first worker makes it.
    """

    def __init__(self, file: Path) -> None:
        self._mine = 0
        self._listens = False
        with file.open("a+b") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            opened.truncate(2 * 8 * _PLACES)
            cells = memoryview(mmap.mmap(opened.fileno(), 0)).cast("q")
            self._processes, self._counts = cells[:_PLACES], cells[_PLACES:]
            self._place = next(filter(self._is_free, range(_PLACES)), None)
            self._tell()
            if self._place is not None:
                self._processes[self._place] = os.getpid()
            fcntl.flock(
                opened, fcntl.LOCK_UN
            )  # which closing does not, since the memory stays open

    def begin(self) -> None:
        """Note that this worker takes connections."""
        self._listens = True
        self._tell()

    def add(self, connections: int) -> None:
        """Note that this worker holds so many more connections, or fewer."""
        self._mine += connections
        self._tell()

    def leave(self) -> None:
        """Note that this worker takes no more connections."""
        self._listens = False
        self._tell()

    def is_ahead(self) -> bool:
        """Tell whether this worker holds more connections than another that takes some."""
        if self._place is None:
            return False
        workers = [*self._processes.tolist(), 0].index(0)
        counts = self._counts[:workers].tolist()
        del counts[self._place]
        others = [each for each in counts if each != _AWAY]
        return bool(others) and self._mine > min(others) + SLACK

    def _tell(self) -> None:
        if self._place is not None:
            self._counts[self._place] = self._mine if self._listens else _AWAY

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
        self._held.begin()

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
            except (OSError, RuntimeError) as error:  # the latter is uvloop's
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
