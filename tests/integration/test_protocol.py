"""The way past the server for hot addresses: it answers as the server would, or not at all."""

import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from answers import Clock, application_over
from banners.model import Quarter
from banners.store.connect import open_database
from banners.store.read import DatabaseReader
from banners.web.delivery import Delivery
from banners.web.prepared import Headers, Reply
from publishing import publish
from running import serving

PATH = b"/api/v1/campaigns/5"
GET = b"GET " + PATH + b" HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET " + PATH + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
"""A request after which the server closes the connection, so that all it said can be read."""

CONVERSATIONS = {
    "one request": [GET, LAST],
    "in two pieces": [GET[:20], GET[20:], LAST],
    "byte by byte": [*(bytes([each]) for each in GET), LAST],
    "several at once": [GET + GET + GET, LAST],
    "one and a half": [GET + GET[:9], GET[9:], LAST],
    "with cookies": [GET.replace(b"Host", b"Cookie: a=b\r\nCookie: c=d\r\nHost"), LAST],
    "keep-alive said aloud": [GET.replace(b"Host", b"Connection: Keep-Alive\r\nHost"), LAST],
    "an older protocol": [GET.replace(b"1.1", b"1.0")],
    "a body nobody asked for": [
        GET.replace(b"Host", b"Content-Length: 5\r\nHost") + b"hello",
        LAST,
    ],
    "a body in chunks": [
        GET.replace(b"Host", b"Transfer-Encoding: chunked\r\nHost") + b"2\r\nhi\r\n0\r\n\r\n",
        LAST,
    ],
    "waiting for leave": [
        GET.replace(b"Host", b"Expect: 100-continue\r\nContent-Length: 2\r\nHost"),
        b"hi" + LAST,
    ],
    "a header without a colon": [GET.replace(b"Host: a", b"Host: a\r\nnonsense")],
    "a space before the colon": [GET.replace(b"Host:", b"Host :")],
    "a folded header": [GET.replace(b"Host: a", b"Host: a\r\nX: 1\r\n 2"), LAST],
    "bare line feeds": [GET.replace(b"\r\n", b"\n"), LAST],
    "a control character": [GET.replace(b"Host: a", b"Host: a\x00")],
    "no header at all": [b"GET " + PATH + b" HTTP/1.1\r\n\r\n", LAST],
    "an encoded path": [GET.replace(b"/5", b"/%35"), LAST],
    "a fragment": [GET.replace(b"/5", b"/5#x"), LAST],
    "a query": [GET.replace(b"/5", b"/5?quarter=2"), LAST],
    "an odd query": [GET.replace(b"/5", b"/5?quarter=9"), LAST],
    "a whole address": [GET.replace(b"GET /", b"GET http://a/"), LAST],
    "an unknown method": [GET.replace(b"GET", b"BREW")],
    "not HTTP": [b"\x16\x03\x01\x02\x00\x01\x00\x01"],
    "HEAD": [GET.replace(b"GET", b"HEAD"), LAST],
    "bytes beyond ASCII": [GET.replace(b"Host: a", b"Host: a\r\nX: \xff\xe9"), LAST],
}


class Counting(Delivery):
    """Counts what it was asked to answer at once, and did."""

    at_once = 0

    def answer_at_once(self, path: str, query: bytes, headers: Headers) -> Reply | None:
        reply = super().answer_at_once(path, query, headers)
        type(self).at_once += reply is not None
        return reply


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The same application behind the protocol, and behind the server's own."""
    folder = tmp_path_factory.mktemp("protocol")
    url = f"sqlite:///{folder}/banners.db"
    publish(open_database(url, create=True), 100, Quarter.SECOND)

    def application() -> object:
        reader = DatabaseReader(open_database(url, create=False))
        built = application_over(reader, folder, Clock().now, in_memory=True)
        assert isinstance(built, Delivery)
        built.__class__ = Counting
        return built

    with (
        serving(application()) as ours,  # type: ignore[arg-type]
        serving(application(), HttpToolsProtocol) as theirs,  # type: ignore[arg-type]
    ):
        yield ours, theirs


def connected(address: str) -> socket.socket:
    place = urlsplit(address)
    return socket.create_connection((place.hostname, place.port), timeout=30)


def talk(address: str, pieces: list[bytes]) -> bytes:
    """Send pieces, one segment each, and read until the server closes."""
    with connected(address) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        said = b""
        try:
            while part := connection.recv(65_536):
                said += part
        except ConnectionResetError:
            pass
    return re.sub(rb"date: [^\r]*", b"date: now", said)


@pytest.mark.parametrize("pieces", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_a_conversation_goes_as_with_the_server_alone(
    addresses: tuple[str, str], pieces: list[bytes]
) -> None:
    ours, theirs = (talk(address, pieces) for address in addresses)
    assert sorted(ours.splitlines()) == sorted(theirs.splitlines())


def test_a_plain_request_takes_the_way_past_the_server(addresses: tuple[str, str]) -> None:
    before = Counting.at_once
    for address in addresses:
        assert talk(address, [GET + LAST]).count(b" 200 OK") == 2
    assert Counting.at_once == before
    with connected(addresses[0]) as connection:
        connection.sendall(GET)
        assert b" 200 OK" in connection.recv(65_536)
    assert Counting.at_once == before + 1
