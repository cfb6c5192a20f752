"""uvicorn's HTTP protocol, with a shortcut for the hot addresses.

Nearly all requests are a plain GET that arrives alone and in one piece. Such a request is answered
immediately, without a task, a scope or events, which together take three times as long as the
answer itself. Any other request (pipelined, in parts, conditional, with a body) goes on to uvicorn,
which answers it from the same :class:`banners.web.hot.delivery.Delivery`.
"""

from functools import lru_cache, partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from banners.web.hot.connections import GracefulProtocol
from banners.web.hot.delivery import Delivery
from banners.web.hot.plain import Plain, PlainRequests
from banners.web.hot.replies import Reply, joined
from banners.web.recording.judging import Asked

# A body of more bytes is sent beside its headers rather than copied.
_MOST_COPIED = 65_536
# A few statuses are usual, and the date changes each second.
_MOST_OPENINGS = 16


class DeliveryProtocol(GracefulProtocol):
    """Answers immediately if :meth:`banners.web.hot.delivery.Delivery.answer_at_once` can."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of uvicorn's protocols."""
        super().__init__(*args, **kwargs)
        self._delivery = self.app if isinstance(self.app, Delivery) else None
        self._plain = PlainRequests()
        self._is_held = False  # an answer waits until its record is kept

    def data_received(self, data: bytes) -> None:
        """Answer a plain request that is complete and alone; pass any other to uvicorn."""
        if self._is_held:
            self._received += data
            self.flow.pause_reading()
            return
        delivery = self._delivery
        if delivery is not None and not self.is_stopping and not self._is_busy():
            plain = self._plain.recognise(data)
            if plain is not None and self._answer(delivery, plain):
                return
        super().data_received(data)

    def _is_busy(self) -> bool:
        """Return whether an earlier request is still being read or answered."""
        waits = self._is_reading or self.flow.write_paused or self._refused
        return bool(waits) or not self._is_answered()

    def _answer(self, delivery: Delivery, plain: Plain) -> bool:
        if delivery.recording is not None:
            return self._answer_recorded(delivery, plain)
        reply = delivery.answer_at_once(*plain)
        if reply is None:
            return False
        self._write(reply)
        return True

    def _answer_recorded(self, delivery: Delivery, plain: Plain) -> bool:
        path, query, headers = plain
        peer = self.client[0] if self.client else None
        recorded = delivery.answer_recorded(path, Asked(headers, peer, query=query))
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
        status, head, body = reply
        opening = _opening(status, *self.server_state.default_headers)
        if len(body) < _MOST_COPIED:
            self.transport.write(b"".join((opening, head, b"\r\n", body)))
        else:
            self.transport.write(b"".join((opening, head, b"\r\n")))
            self.transport.write(body)
        self.is_idle, self.waited = True, 0
        self.server_state.total_requests += 1


@lru_cache(_MOST_OPENINGS)
def _opening(status: int, *headers: tuple[bytes, bytes]) -> bytes:
    """Return the status line of an answer, and the headers that the server adds to every one."""
    return STATUS_LINE[status] + joined(headers)
