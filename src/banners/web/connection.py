"""Connections that spread over the workers, and that a server which stops does not cut off."""

import asyncio
import os
import sys

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LINGER_SECONDS = 1.0
"""So long a connection without a request stays open when the server stops."""


class CourteousProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, but for how connections begin and end.

    Workers listen on one socket, and whoever is awake takes the next connection. One worker that is
    awake takes all of a burst before another has woken up, and keeps them as long as they last; so
    each lets others run when it has taken one.

    When the server stops, uvicorn closes an idle connection at once, even where a request is on its
    way, or has come and was not read yet. Here that request is answered, and its answer tells that
    the connection ends with it.
    """

    is_stopping = False
    """Whether the next answer is to be the last one."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection, and leave the next one to a worker that waits for its turn."""
        super().connection_made(transport)
        if self.config.workers > 1 and sys.platform == "linux":  # macOS has no such call
            os.sched_yield()

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
