"""uvicorn's HTTP protocol, with a shortcut for the hot addresses.

Nearly all requests are a plain GET that arrives alone and in one piece. Such a request is answered
immediately, without a task, a scope or events, which together take three times as long as the
answer itself. Any other request (pipelined, in parts, conditional, with a body) goes on to uvicorn,
which answers it from the same :class:`banners.web.hot.delivery.Delivery`.
"""

import re
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from banners.web.hot.bounds import MAX_HEAD_BYTES
from banners.web.hot.connections import GracefulProtocol
from banners.web.hot.delivery import Delivery
from banners.web.hot.prepared import Headers, Reply
from banners.web.http.hosts import is_valid_host
from banners.web.recording.judging import FIELDS, Asked

# RFC 9112: a request line, and fields of a name, a colon and visible characters.
_REQUEST = re.compile(
    rb"GET (/[^\x00-\x20?#%\x7f-\xff]*)(?:\?([^\x00-\x20#\x7f-\xff]*))? HTTP/1\.1\r\n"
    rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n){1,256}\r\n"
)
# Fields for a body, another protocol, the end of the connection, or a conditional answer.
_UNUSUAL = re.compile(
    rb"\n(?:content-length|transfer-encoding|expect|upgrade|range|if-[a-z-]+|trailer|te"
    rb"|connection:(?![ \t]*keep-alive[ \t]*\r))",
    re.IGNORECASE,
)
_HOST = re.compile(rb"\nhost:[ \t]*([^\r]*)", re.IGNORECASE)
_COOKIE = re.compile(rb"\ncookie:[ \t]*([^\r]*)", re.IGNORECASE)
_FIELDS = re.compile(rb"\n(%b):[ \t]*([^\r]*)" % b"|".join(FIELDS), re.IGNORECASE)
# A body of more bytes is sent beside its headers rather than copied.
_MOST_COPIED = 65_536


class DeliveryProtocol(GracefulProtocol):
    """Answers immediately if :meth:`banners.web.hot.delivery.Delivery.answer_at_once` can."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of uvicorn's protocols."""
        super().__init__(*args, **kwargs)
        self._delivery = self.app if isinstance(self.app, Delivery) else None
        self._is_held = False  # an answer waits until its record is kept

    def data_received(self, data: bytes) -> None:
        """Answer a plain request that is complete and alone; pass any other to uvicorn."""
        if self._is_held:
            self._received += data
            self.flow.pause_reading()
            return
        plain = self._delivery is not None and not self.is_stopping and not self._is_busy()
        if not (plain and self._answer(data)):
            super().data_received(data)

    def _is_busy(self) -> bool:
        """Return whether an earlier request is still being read or answered."""
        waits = self._is_reading or self.flow.write_paused or self._refused
        return bool(waits) or not self._is_answered()

    def _answer(self, data: bytes) -> bool:
        request = _REQUEST.fullmatch(data)
        if request is None or _UNUSUAL.search(data) or len(data) > MAX_HEAD_BYTES:
            return False
        if not is_valid_host(_HOST.findall(data)):
            return False
        path, query = request.groups()
        delivery = self._delivery
        if delivery is None:
            return False
        if delivery.recording is not None:
            fields = [(name.lower(), value) for name, value in _FIELDS.findall(data)]
            return self._answer_recorded(delivery, path.decode(), query or b"", fields)
        cookies = [(b"cookie", found) for found in _COOKIE.findall(data)]
        reply = delivery.answer_at_once(path.decode(), query or b"", cookies)
        if reply is None:
            return False
        self._write(reply)
        return True

    def _answer_recorded(
        self, delivery: Delivery, path: str, query: bytes, fields: Headers
    ) -> bool:
        peer = self.client[0] if self.client else None
        recorded = delivery.answer_recorded(path, Asked(fields, peer, query=query))
        if recorded is None:
            return False
        if recorded.wait is None:
            self._write(recorded.reply)
        else:
            self._is_held, self.is_idle = True, False
            recorded.wait(partial(self._release, recorded.reply))
        return True

    def _release(self, reply: Reply) -> None:
        """Send an answer whose record is kept, and go on with what has arrived since."""
        self._is_held = False
        if not self.transport.is_closing():
            self._write(reply)
            self.flow.resume_reading()

    def is_working(self) -> bool:
        """Return whether a request is being answered, and the client has nothing to do."""
        return self._is_held or super().is_working()

    def _write(self, reply: Reply) -> None:
        status, headers, body = reply
        lines = [STATUS_LINE[status]]
        for name, value in self.server_state.default_headers:
            lines += (name, b": ", value, b"\r\n")
        for name, value in headers:
            lines += (name, b": ", value, b"\r\n")
        lines.append(b"\r\n")
        if len(body) < _MOST_COPIED:
            lines.append(body)
            self.transport.write(b"".join(lines))
        else:
            self.transport.write(b"".join(lines))
            self.transport.write(body)
        self.is_idle, self.waited = True, 0
        self.server_state.total_requests += 1
