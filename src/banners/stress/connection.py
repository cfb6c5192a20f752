"""HTTP over one connection: send a request, receive an answer."""

import asyncio
from typing import Protocol, cast

import httptools

from banners.stress.schedule import PATIENCE_SECONDS
from banners.stress.verify import Address


class Client(Protocol):
    """What sends requests over a connection; the connection calls these methods."""

    def answered(self, connection: "Connection") -> None:
        """Take the complete answer: ``connection`` has its status, body and location."""
        ...

    def malformed(self, connection: "Connection", reason: str) -> None:
        """Called when the answer is not HTTP."""
        ...

    def lost(self, connection: "Connection") -> None:
        """Called when the server or the network has closed the connection."""
        ...


class Connection(asyncio.Protocol):
    """A connection to the server, for one request at a time; see :func:`connect`."""

    client: Client

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self.location = b""
        """The Location header of the answer; read only for the addresses that need it."""
        self.fresh = True
        """Whether no request has been answered yet."""
        self.begun = False
        """Whether part of an answer has arrived."""

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._body.clear()
        self.location = b""
        self.begun = False
        self._transport.write(request)

    def abort(self) -> None:
        """Close the connection immediately."""
        self._transport.abort()

    @property
    def status(self) -> int:
        """The status of the answer."""
        return int(self._parser.get_status_code())

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return b"".join(self._body)

    @property
    def stays(self) -> bool:
        """Whether the server keeps the connection open after this answer."""
        return bool(self._parser.should_keep_alive())

    @property
    def peer(self) -> tuple[str, int]:
        """The address and port at the other end."""
        host, port = self._transport.get_extra_info("peername")[:2]
        return host, port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (called by the event loop)."""
        # TCP transports can be written to, but uvloop has no class that declares it.
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Take a piece of an answer (called by the event loop)."""
        self.begun = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            raise
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.client.malformed(self, f"the answer is not HTTP: {error}")

    def connection_lost(self, _: Exception | None) -> None:
        """End (called by the event loop)."""
        self.client.lost(self)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body (called by the parser)."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Pass on the answer (called by the parser)."""
        self.fresh = False
        self.client.answered(self)


class _WithLocation(Connection):
    """Reads the headers too, which takes time for each of them."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header (called by the parser)."""
        if name.lower() == b"location":
            self.location = value


async def connect(host: str, port: int, address: Address) -> Connection:
    """Open a connection.

    Raises:
        OSError: it cannot be opened.
        TimeoutError: it was not opened within :data:`PATIENCE_SECONDS`.
    """
    kind: type[Connection] = _WithLocation if address is Address.BANNER else Connection
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            _, connection = await asyncio.get_running_loop().create_connection(kind, host, port)
        except UnicodeError as error:
            raise OSError("no host has such a name") from error
    return connection
