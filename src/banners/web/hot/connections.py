"""Connections that are counted, and that a server answers before it stops."""

import asyncio
from typing import Protocol

from banners.web.hot.bounds import BoundedProtocol

LINGER_SECONDS = 1.0
"""Seconds that a connection without a request stays open after the server begins to stop."""


class Listener(Protocol):
    """Counts connections; see :class:`banners.web.hot.sharing.SharedListener`."""

    def connected(self) -> None:
        """Count a connection that has begun."""

    def disconnected(self) -> None:
        """Count a connection that has ended."""


class GracefulProtocol(BoundedProtocol):
    """The bounded HTTP protocol with connections that are counted and end gracefully.

    When the server stops, uvicorn closes an idle connection immediately, even if a request is on
    its way or has arrived and was not read yet. Here that request is answered, and the answer tells
    the client that the connection ends with it.
    """

    listener: Listener | None = None
    """Counts this connection, if several workers share a socket."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the connection."""
        super().connection_made(transport)
        if self.listener:
            self.listener.connected()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection."""
        super().connection_lost(exc)
        if self.listener:
            self.listener.disconnected()

    def shutdown(self) -> None:
        """Answer what has been asked, then close, since the server is stopping."""
        self.is_stopping = True
        if self._is_answered():
            self.loop.call_later(LINGER_SECONDS, super().shutdown)
        else:
            super().shutdown()
