"""HTTP over one connection: a request out, an answer in."""

import asyncio
from typing import Protocol, cast

import httptools

from banners.stress.check import Address
from banners.stress.schedule import PATIENCE_SECONDS


class Asker(Protocol):
    """Whoever asks over a connection, and is told what became of it."""

    def answered(self, connection: "Connection") -> None:
        """Take the answer, which is whole: ``connection`` has its status, body and location."""
        ...

    def spoiled(self, connection: "Connection", reason: str) -> None:
        """Learn that what came is not HTTP."""
        ...

    def lost(self, connection: "Connection") -> None:
        """Learn that the server has closed the connection, or the network has."""
        ...


class Connection(asyncio.Protocol):
    """A connection to the server, for one request at a time; see :func:`connect`."""

    asker: Asker

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self.location = b""
        """Where the answer leads to; known only if it is asked for by :func:`connect`."""
        self.fresh = True
        """Whether no request was answered yet."""
        self.begun = False
        """Whether some of an answer has come."""

    def ask(self, request: bytes) -> None:
        """Send a request."""
        self._body.clear()
        self.location = b""
        self.begun = False
        self._transport.write(request)

    def abort(self) -> None:
        """Close it, and tell nothing more."""
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
        # As TCP's transports are, though uvloop's have no class that says so.
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Take a piece of an answer (called by the event loop)."""
        self.begun = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            raise
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.asker.spoiled(self, f"the answer is not HTTP: {error}")

    def connection_lost(self, _: Exception | None) -> None:
        """End (called by the event loop)."""
        self.asker.lost(self)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body (called by the parser)."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Hand over the answer (called by the parser)."""
        self.fresh = False
        self.asker.answered(self)


class _Leading(Connection):
    """Looks at the headers too, which takes time for each of them."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header (called by the parser)."""
        if name.lower() == b"location":
            self.location = value


async def connect(host: str, port: int, address: Address) -> Connection:
    """Open a connection.

    Raises:
        OSError: it cannot be opened.
        TimeoutError: it could not be opened in time.
    """
    kind: type[Connection] = _Leading if address is Address.BANNER else Connection
    async with asyncio.timeout(PATIENCE_SECONDS):
        _, connection = await asyncio.get_running_loop().create_connection(kind, host, port)
    return connection
