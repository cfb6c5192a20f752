"""uvicorn's HTTP protocol with bounds on the memory and the time that a client can take.

uvicorn parses all that arrives, however much is unanswered, keeps headers of any size, and waits
for the rest of a request for as long as the client likes. docs/adr/0027 says what was measured.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from itertools import count
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from banners.web.hot.refusals import refusal
from banners.web.hot.replies import joined
from banners.web.hot.sweep import Sweep
from banners.web.http.multipart import MORE_TIME

MAX_HEAD_BYTES = 65_536
"""Maximum size of a request line with its header fields; more are answered with 431."""

MAX_FIELDS = 256
"""Maximum number of header fields of a request; more are answered with 431."""

WAIT_SECONDS = 14
"""Seconds within which a client must complete a request, or read some of an answer.

15 are promised, and the sweep may be late where a worker is busy.
"""

STOPPING_SECONDS = 5
"""The same while the server stops, so that it need not cancel what waits for a client."""

_LINGER_SECONDS = 3
# What is parsed in one step, so that only as many requests wait as this can hold.
_PIECE_BYTES = 256
_NUMBERS = count()


class _Flow(FlowControl):
    """Reads on only when what has been received is parsed.

    Args:
        transport: the connection.
        parse: parses what has been received, until reading is paused; returns whether to read on.
    """

    def __init__(self, transport: asyncio.Transport, parse: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._parse = parse

    def resume_reading(self) -> None:
        """Parse what has been received, then read on."""
        if self.read_paused:
            self.read_paused = False
            if self._parse():
                self._transport.resume_reading()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, bounded.

    Requests that were sent before earlier answers (pipelining) wait unparsed, and while they wait,
    nothing more is read. Time is counted in whole seconds by one sweep over all connections, so
    that a request needs no timer.
    """

    is_stopping = False
    """Whether the next answer is the last one on this connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of uvicorn's protocols."""
        super().__init__(*args, **kwargs)
        self.waited = 0
        """Seconds for which the connection has waited for its client."""
        self.number = next(_NUMBERS)
        """Connections that were made earlier have lower numbers."""
        self.is_idle = False
        """Whether the client has had an answer, and has not begun to send another request."""
        self._is_reading = False
        self._head_bytes = 0
        self._received = b""
        self._unsent = 0
        self._refused: HTTPStatus | None = None
        self._is_ending = False
        self._current: RequestResponseCycle | None = None
        self._fault = HTTPStatus.BAD_REQUEST
        self._patience = WAIT_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the connection."""
        super().connection_made(transport)
        self.flow = _Flow(transport, self._parse)
        Sweep.over(self.server_state, self.loop).begin(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection."""
        super().connection_lost(exc)
        self._received = b""
        self.pipeline.clear()
        self._tell_client_left()

    def abort(self) -> None:
        """End the connection immediately."""
        self._tell_client_left()
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what a client sends, unless earlier requests are to be answered first."""
        if self._refused:
            return
        self._received += data
        if not self.flow.read_paused:
            self._parse()

    def _parse(self) -> bool:
        """Parse what was received until reading is paused; return whether to read on."""
        received, start = self._received, 0
        while start < len(received) and not (self.flow.read_paused or self.transport.is_closing()):
            room = MAX_HEAD_BYTES - self._head_bytes if self._is_reading else _PIECE_BYTES
            piece = received[start : start + min(room, _PIECE_BYTES)]
            start += len(piece)
            try:
                if not piece:
                    self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                self.parser.feed_data(piece)
            except httptools.HttpParserUpgrade as upgrade:
                # No other protocol is spoken. A server may ignore the wish: RFC 9110, 7.8.
                start += upgrade.args[0] - len(piece)
            except httptools.HttpParserError:
                self._refuse(self._fault)
            if self._refused:
                return True
            self._head_bytes += len(piece)
        self._received = received[start:]
        return not (self.flow.read_paused or self.transport.is_closing())

    def on_message_begin(self) -> None:
        """Begin to read a request."""
        self._is_reading, self.is_idle = True, False
        self._head_bytes = self.waited = 0
        self._patience = WAIT_SECONDS
        super().on_message_begin()
        self.scope["state"][MORE_TIME] = self._give_time

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; those after the body (trailers) are dropped."""
        if self._has_begun():
            return
        if len(self.headers) == MAX_FIELDS:
            self._fault = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ValueError(f"There are more than {MAX_FIELDS} header fields.")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to answer a request; the last one if the server is stopping."""
        names = {name for name, _ in self.headers}
        if self.parser.should_upgrade() and names & {b"content-length", b"transfer-encoding"}:
            # The parser would take the body for the next request.
            raise ValueError("A request that asks for another protocol has a body.")
        # From here on it counts what is neither the head nor the body: sizes of chunks, trailers.
        self._head_bytes = 0
        super().on_headers_complete()
        if self.is_stopping:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; it is read on as the application takes it."""
        self._head_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Record that a request has been read to its end."""
        self._is_reading = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Answer the next request that has been received, or read on."""
        self.server_state.total_requests += 1
        if not self._is_reading:
            self.is_idle, self.waited = True, 0
        if self.transport.is_closing():
            return
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self._refused:
            self._send_refusal(self._refused)
        else:
            self.flow.resume_reading()

    def resume_writing(self) -> None:
        """Write on, since the client has read."""
        self.waited = 0
        super().resume_writing()

    def is_working(self) -> bool:
        """Return whether a request is being answered, and the client has nothing to do."""
        waits = self._is_reading or self._is_answered() or self._unsent or self._is_ending
        return not waits

    def count_second(self) -> None:
        """Count a second if the connection waits for its client; end it after too many."""
        unsent = self.transport.get_write_buffer_size()
        if unsent < self._unsent or self.is_working():
            self.waited = 0
        self._unsent = unsent
        self.waited += not self.is_working()
        patience = STOPPING_SECONDS if self.is_stopping else self._patience
        if self._refused:
            patience = _LINGER_SECONDS
        elif self.is_idle and not unsent:
            patience = self.timeout_keep_alive
        if self.waited < patience:
            return
        if unsent or self._refused or self.transport.is_closing():
            self.abort()
        elif self._is_reading:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _give_time(self, seconds: int) -> None:
        """Let the client take this many seconds, from now on, to send the rest of its request."""
        self.waited, self._patience = 0, seconds

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._current = cycle
        super()._start_asgi_task(cycle, app)

    def _tell_client_left(self) -> None:
        """Let the application know that nobody takes its answer any more.

        uvicorn tells only the last request; an earlier one would fail when it writes.
        """
        if self._current is not None:
            self._current.disconnected = True
            self._current.message_event.set()

    def _has_begun(self) -> bool:
        """Return whether the application has been given the request that was read last."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's type leaves None out
        return cycle is not None and cycle.scope is self.scope

    def _is_answered(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's type leaves None out
        return cycle is None or cycle.response_complete

    def _refuse(self, status: HTTPStatus) -> None:
        """Read no further; answer what was asked before, then this status, and close.

        Args:
            status: what is wrong with the request that is being read.
        """
        has_begun = self._is_reading and self._has_begun()
        self._refused, self._received, self.waited, self._is_reading = status, b"", 0, False
        if has_begun:
            if self.pipeline and self.pipeline[0][0] is self.cycle:
                self.pipeline.popleft()
                return
            if self.cycle.response_started:
                self.transport.close()
                return
            # The application waits no longer for the body.
            self._tell_client_left()
        elif not self._is_answered():
            return
        self._send_refusal(status)

    def _send_refusal(self, status: HTTPStatus) -> None:
        self._is_ending = True
        _, head, body = refusal(status)
        opening = STATUS_LINE[status] + joined(self.server_state.default_headers)
        self.transport.write(b"%b%b\r\n%b" % (opening, head, body))
        # Closing now would lose the answer if the client is still sending: RFC 9112, 9.6.
        self.transport.write_eof()
