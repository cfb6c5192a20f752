"""Spread connections evenly over workers that listen on the same socket.

The system wakes all workers for a new connection, and the first to accept gets it: a worker that is
awake accepts a complete burst before another has woken up, and keeps those connections as long as
they last. So a worker that has more connections than another stops listening for a moment, which
leaves the next connection to the other. docs/adr/0022 compares this with a socket for each worker.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from banners.web.hot.connection_counts import ConnectionCounts
from banners.web.hot.connections import GracefulProtocol

_LOG = logging.getLogger(__name__)

SLACK = 2
"""A worker still accepts while it has at most this many connections more than another."""

MAX_PAUSE_SECONDS = 0.1
"""Longest time that a worker leaves connections to another, which may hang or be dead."""

MIN_ACCEPT_SECONDS, MAX_ACCEPT_SECONDS = 0.1, 3.2
"""Seconds in which a worker accepts every connection after the longest pause.

They double each time that the other worker did not catch up, which is then likely to hang. One that
was merely slow on a busy machine gets its share of the next burst.
"""

RETRY_SECONDS = 1.0
"""Seconds between two tries to listen again."""

_CHECK_SECONDS = 0.002


class SharedListener:
    """The server object that uvicorn expects; it pauses while its worker is ahead of another.

    Args:
        listen: starts to listen.
        counts: the connections of this worker and of the others.
        protocol: makes the protocol of a connection.
    """

    def __init__(
        self,
        listen: Callable[[], Awaitable[asyncio.AbstractServer]],
        counts: ConnectionCounts,
        protocol: Callable[[], GracefulProtocol],
    ) -> None:
        self._listen = listen
        self._protocol = protocol
        self._counts = counts
        self._server: asyncio.AbstractServer | None = None
        self._pause: asyncio.Task[None] | None = None
        self._accept_seconds = MIN_ACCEPT_SECONDS
        self._accept_until = 0.0

    async def start(self) -> None:
        """Start to accept connections."""
        self._server = await self._listen()
        self._counts.start()

    def connected(self) -> None:
        """Count a connection that this worker has accepted, and pause if it is now ahead."""
        self._counts.add(1)
        if self._server and self._counts.is_ahead(SLACK):
            loop = asyncio.get_running_loop()
            if loop.time() >= self._accept_until:
                self._server.close()
                self._server = None
                self._pause = loop.create_task(self._wait_for_others())

    def disconnected(self) -> None:
        """Count a connection that has ended."""
        self._counts.add(-1)

    async def adopt(self, connection: socket.socket) -> None:
        """Answer the request of a connection that another process accepted, then close it."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.connect_accepted_socket(self._protocol, connection)
        protocol.shutdown()

    def close(self) -> None:
        """Stop accepting connections."""
        self._counts.stop()
        if self._pause:
            self._pause.cancel()
        if self._server:
            self._server.close()
            self._server = None

    async def wait_closed(self) -> None:
        """Return immediately: uvicorn itself waits for the connections."""

    async def _wait_for_others(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + MAX_PAUSE_SECONDS
        while self._counts.is_ahead(SLACK):
            if loop.time() > end:
                self._accept_until = end + self._accept_seconds
                self._accept_seconds = min(2 * self._accept_seconds, MAX_ACCEPT_SECONDS)
                break
            await asyncio.sleep(_CHECK_SECONDS)
        else:
            self._accept_seconds = MIN_ACCEPT_SECONDS
        while True:
            try:
                return await self.start()
            except (OSError, RuntimeError) as error:  # uvloop raises the latter
                _LOG.warning("Cannot accept connections: %s. Trying again.", error)
                await asyncio.sleep(RETRY_SECONDS)


class SharingLoop(uvloop.Loop):
    """An event loop whose servers share connections with those of other workers.

    Args:
        counts: the connections of this worker and of the others.
    """

    def __init__(self, counts: ConnectionCounts) -> None:
        super().__init__()
        self._counts = counts

    async def create_server(  # type: ignore[override]
        self, protocol_factory: Callable[[], GracefulProtocol], *, sock: Any, **options: Any
    ) -> SharedListener:
        """Listen on a socket of which each worker has a duplicate."""

        def protocol_with_listener() -> GracefulProtocol:
            protocol = protocol_factory()
            protocol.listener = listener
            return protocol

        async def listen() -> asyncio.AbstractServer:
            return await super(SharingLoop, self).create_server(
                protocol_with_listener, sock=sock.dup(), **options
            )

        listener = SharedListener(listen, self._counts, protocol_with_listener)
        await listener.start()
        return listener
