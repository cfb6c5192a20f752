"""A client that sends requests byte by byte as a test gives them, however malformed they are."""

import gzip
import http.client
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 30
"""Seconds after which an answer that has not come is an error."""

# A server closes an idle connection after a few seconds, perhaps while a request is sent.
_IDLE_SECONDS = 1

Fields = tuple[tuple[bytes, bytes], ...]
"""Names and values of header fields."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request.

    Args:
        method: the method.
        target: path and query, as they are sent.
        fields: the header fields, without those that say how long the body is.
        body: the body; None for none.
        is_chunked: whether the body is sent in chunks.
    """

    method: str
    target: bytes
    fields: Fields = ((b"Host", b"localhost"),)
    body: bytes | None = None
    is_chunked: bool = False

    def __bytes__(self) -> bytes:
        """Return it as it is sent."""
        fields, body = list(self.fields), self.body or b""
        if self.is_chunked:
            fields.append((b"Transfer-Encoding", b"chunked"))
            half = len(body) // 2
            parts = filter(None, (body[:half], body[half:]))
            body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        elif self.body is not None:
            fields.append((b"Content-Length", b"%d" % len(body)))
        head = b"".join(b"%b: %b\r\n" % field for field in fields)
        return b"%b %b HTTP/1.1\r\n%b\r\n%b" % (self.method.encode(), self.target, head, body)

    def having(self, *fields: tuple[bytes, bytes]) -> "Sent":
        """Return it with further header fields, which come before its own."""
        return replace(self, fields=(*fields, *self.fields))


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer.

    Args:
        status: the HTTP status.
        headers: its header fields.
        body: the body, decompressed.
    """

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


class Wire:
    """One connection at a time, which is opened again where the server has said that it closes it.

    Args:
        address: the address of the web application.
    """

    def __init__(self, address: str) -> None:
        place = urlsplit(address)
        self._place = place.hostname, place.port
        self._socket: socket.socket | None = None
        self._used = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket = None

    def ask(self, sent: Sent) -> Answered:
        """Send a request, and return the answer.

        Raises:
            OSError: no answer came in time.
            HTTPException: the connection was closed, or what came is no answer.
        """
        connection = self._connection()
        # An answer may come, and the connection end, before everything is sent.
        with suppress(OSError):
            connection.sendall(bytes(sent))
        with http.client.HTTPResponse(connection, method=sent.method) as answer:
            answer.begin()
            body = answer.read()
            ends = answer.will_close
        self._used = time.monotonic()
        if ends:
            self.close()
        if body and answer.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Answered(answer.status, answer.headers, body)

    def throw(self, content: bytes) -> bytes:
        """Send any bytes on a connection of their own, end it, and return what comes back."""
        received = b""
        with (
            socket.create_connection(self._place, TIMEOUT_SECONDS) as connection,
            suppress(ConnectionError),
        ):
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                received += piece
        return received

    def _connection(self) -> socket.socket:
        if time.monotonic() - self._used > _IDLE_SECONDS:
            self.close()
        if self._socket is None:
            self._socket = socket.create_connection(self._place, TIMEOUT_SECONDS)
        return self._socket
