"""One sweep each second over the connections of a worker, and room for new ones."""

import asyncio
import logging
import resource
from collections.abc import Collection
from heapq import nsmallest
from typing import Protocol, cast
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

_LOG = logging.getLogger(__name__)

_SWEEPS: WeakKeyDictionary[ServerState, "Sweep"] = WeakKeyDictionary()
_HOUR = 3_600
_MINUTE = 60


class Swept(Protocol):
    """A connection; see :class:`banners.web.hot.bounds.BoundedProtocol`."""

    transport: asyncio.Transport
    waited: int
    number: int
    is_idle: bool

    def is_working(self) -> bool:
        """Return whether a request is being answered."""

    def abort(self) -> None:
        """End the connection immediately."""

    def count_second(self) -> None:
        """Count a second."""


class Sweep:
    """Lets each connection count the seconds, and closes the oldest when descriptors run short.

    Args:
        connections: the connections of the server, as they come and go.
        loop: the event loop of the server.
        limit: the number of file descriptors that this process may have open.
    """

    def __init__(
        self, connections: Collection[Swept], loop: asyncio.AbstractEventLoop, limit: int
    ) -> None:
        self._connections = connections
        self._loop = loop
        self._limit = limit
        # For the database, images and whatever else a worker opens.
        self._reserve = min(max(32, limit // 16), limit // 4)
        self._is_due = False
        self._since_short = self._since_logged = _HOUR

    @classmethod
    def over(cls, state: ServerState, loop: asyncio.AbstractEventLoop) -> "Sweep":
        """Return the sweep over the connections of a server.

        Args:
            state: the state that the connections of the server share.
            loop: the event loop of the server.
        """
        found = _SWEEPS.get(state)
        if found is None:
            limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            connections = cast("Collection[Swept]", state.connections)
            found = _SWEEPS[state] = cls(connections, loop, limit)
        return found

    def begin(self, connection: Swept) -> None:
        """Take part in the sweep; make room if this connection is one of the last possible."""
        if not self._is_due:
            self._is_due = True
            self._loop.call_later(1, self._count_second)
        socket = connection.transport.get_extra_info("socket")
        # The system gives out the lowest free number, so that this is how many are open.
        if socket and socket.fileno() >= self._limit - self._reserve:
            self._make_room(connection)

    def _count_second(self) -> None:
        self._is_due = bool(self._connections)
        if self._is_due:
            self._loop.call_later(1, self._count_second)
        self._since_short += 1
        self._since_logged += 1
        for connection in list(self._connections):
            connection.count_second()

    def _make_room(self, newest: Swept) -> None:
        """Close connections that wait for their clients, the oldest unfinished ones first."""
        if self._since_short > _MINUTE or self._since_logged >= _HOUR:
            self._since_logged = 0
            _LOG.warning(
                "File descriptors run short: this process may have %d open. The connections that "
                "have waited longest for their clients are closed. Raise the limit (ulimit -n).",
                self._limit,
            )
        self._since_short = 0
        waiting = [each for each in self._connections if not each.is_working()]
        # Several together, so that the search is rare.
        for each in nsmallest(self._reserve // 4, waiting, key=_order):
            if each is not newest:
                each.abort()


def _order(connection: Swept) -> tuple[bool, int, int]:
    return connection.is_idle, -connection.waited, connection.number
