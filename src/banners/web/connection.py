"""Connections that workers share, and that a server which stops does not cut off."""

import asyncio
from typing import Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LINGER_SECONDS = 1.0
"""So long a connection without a request stays open when the server stops."""


class Listener(Protocol):
    """What is told of connections; see :class:`banners.web.sharing.Listening`."""

    def connected(self) -> None:
        """Note a connection that has begun."""

    def disconnected(self) -> None:
        """Note a connection that has ended."""


class CourteousProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, but for how connections begin and end.

    Whoever listens is told of them, where several workers do. When the server stops, uvicorn closes
    an idle connection at once, even where a request is on its way, or has come and was not read
    yet. Here that request is answered, and its answer tells that the connection ends with it.
    """

    listener: Listener | None = None
    """Who is told of this connection."""

    is_stopping = False
    """Whether the next answer is to be the last one."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        if self.listener:
            self.listener.connected()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        super().connection_lost(exc)
        if self.listener:
            self.listener.disconnected()

    def on_headers_complete(self) -> None:
        """Begin to answer a request, the last one where the server stops."""
        super().on_headers_complete()
        if self.is_stopping:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """End in good order, since the server stops."""
        self.is_stopping = True
        # uvicorn's type leaves out the None that stands for no request yet.
        if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr]
            self.loop.call_later(LINGER_SECONDS, super().shutdown)
        else:
            super().shutdown()
