"""Connections that a server which stops does not close under a request."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LINGER_SECONDS = 1.0
"""So long a connection without a request stays open when the server stops."""


class LingeringProtocol(HttpToolsProtocol):
    """uvicorn's HTTP, but for what happens to an idle connection when the server stops.

    uvicorn closes it at once, even where a request is on its way, or has come and was not read
    yet. Here that request is answered, and its answer tells that the connection ends with it.
    """

    is_stopping = False
    """Whether the next answer is to be the last one."""

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
