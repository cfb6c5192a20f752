"""Answers as they are sent: status, header lines joined in advance, and body."""

from collections.abc import Iterable, Sequence

from fastapi.responses import Response

Headers = Sequence[tuple[bytes, bytes]]
"""Names in lower case, and values."""

Reply = tuple[int, bytes, bytes]
"""Status, header lines and body of an answer; each line ends with CR LF."""

NO_STORE = (b"cache-control", b"no-store")


def joined(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return headers as lines, each ended by CR LF."""
    return b"".join([b"%b: %b\r\n" % each for each in headers])


def with_length(head: bytes, body: bytes) -> bytes:
    """Return header lines, followed by the one with the length of the body."""
    return b"%bcontent-length: %d\r\n" % (head, len(body))


def headers_of(reply: Reply) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer, as a framework or a server takes them (ASGI)."""
    _, head, _ = reply
    lines = (line.partition(b": ") for line in head.split(b"\r\n")[:-1])
    return [(name, value) for name, _, value in lines]


def respond(reply: Reply) -> Response:
    """Return an answer as a response of the framework."""
    status, _, body = reply
    response = Response(body, status)
    response.raw_headers = headers_of(reply)
    return response
