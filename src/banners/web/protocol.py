"""uvicorn's HTTP protocol, with a way past everything for the hot addresses.

A plain GET that comes alone in one piece, as nearly all do, is answered where it arrives: no task,
no scope, no events, which together take three times as long as the answer itself. Whatever is the
least bit unusual goes on to uvicorn, which answers it from the same
:class:`banners.web.delivery.Delivery`.
"""

import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from banners.web.connection import CourteousProtocol
from banners.web.delivery import Delivery

# RFC 9112, to the letter: a request line, and fields of a name, a colon and visible characters.
_REQUEST = re.compile(
    rb"GET (/[^\x00-\x20?#%\x7f-\xff]*)(?:\?([^\x00-\x20#\x7f-\xff]*))? HTTP/1\.1\r\n"
    rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)+\r\n"
)
# A body, another protocol, a connection that is to end, or an answer that depends on more.
_UNUSUAL = re.compile(
    rb"\n(?:content-length|transfer-encoding|expect|upgrade|range|if-[a-z-]+|trailer|te"
    rb"|connection:(?![ \t]*keep-alive[ \t]*\r))",
    re.IGNORECASE,
)
_HOST = re.compile(rb"\nhost:", re.IGNORECASE)
_COOKIE = re.compile(rb"\ncookie:[ \t]*([^\r]*)", re.IGNORECASE)


class DeliveryProtocol(CourteousProtocol):
    """Answers at once what :meth:`banners.web.delivery.Delivery.answer_at_once` can."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what uvicorn hands to a protocol."""
        super().__init__(*args, **kwargs)
        self._delivery = self.app if isinstance(self.app, Delivery) else None
        self._in_parts = False

    def data_received(self, data: bytes) -> None:
        """Answer a request that is all there, alone, and plain; hand on any other."""
        plain = self._delivery is not None and not self.is_stopping and not self._is_busy()
        if not (plain and self._answer(data)):
            super().data_received(data)

    def on_message_begin(self) -> None:
        """Note that uvicorn has begun to read a request."""
        self._in_parts = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that uvicorn has read a request to its end."""
        self._in_parts = False
        super().on_message_complete()

    def _is_busy(self) -> bool:
        """Tell whether a request is being read or answered, which has its turn first."""
        if self._in_parts or self.flow.write_paused:
            return True
        # None before the first request, whatever uvicorn declares.
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _answer(self, data: bytes) -> bool:
        request = _REQUEST.fullmatch(data)
        if request is None or _UNUSUAL.search(data) or len(_HOST.findall(data)) != 1:
            return False
        path, query = request.groups()
        cookies = [(b"cookie", found) for found in _COOKIE.findall(data)]
        delivery = self._delivery
        reply = delivery.answer_at_once(path.decode(), query or b"", cookies) if delivery else None
        if reply is None:
            return False
        status, headers, body = reply
        lines = [STATUS_LINE[status]]
        for name, value in self.server_state.default_headers:
            lines += (name, b": ", value, b"\r\n")
        for name, value in headers:
            lines += (name, b": ", value, b"\r\n")
        lines += (b"\r\n", body)
        self._unset_keepalive_if_required()
        self.transport.write(b"".join(lines))
        self.server_state.total_requests += 1
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )
        return True
