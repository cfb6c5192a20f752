"""The shortcut past the server for hot addresses: it answers as the server would, or not at all."""

import re
import socket
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

import pytest
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.web.hot.bounds import MAX_FIELDS, MAX_HEAD_BYTES
from banners.web.hot.delivery import Delivery
from banners.web.hot.refusals import refusal
from banners.web.hot.replies import Headers, Reply, headers_of
from support.answers import SECURITY, Clock, application_over
from support.publishing import publish
from support.running import serving

PATH = b"/api/v1/campaigns/5"
GET = b"GET " + PATH + b" HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /campaigns HTTP/1.1\r\nHost: a\r\n"
LAST = b"GET " + PATH + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
"""A request after which the server closes the connection, so that all of its output can be read."""

CONVERSATIONS = {
    "one request": [GET, LAST],
    "in two pieces": [GET[:20], GET[20:], LAST],
    "in two pieces after the version": [GET.partition(b"\r")[0], GET[GET.index(b"\r") :], LAST],
    "byte by byte": [*(bytes([each]) for each in GET), LAST],
    "several at once": [GET + GET + GET, LAST],
    "one and a half": [GET + GET[:9], GET[9:], LAST],
    "with cookies": [GET.replace(b"Host", b"Cookie: a=b\r\nCookie: c=d\r\nHost"), LAST],
    "with a cookie in small letters": [GET.replace(b"Host", b"cookie: a=b\r\nHost"), LAST],
    "with a cookie that is no text": [GET.replace(b"Host", b"Cookie: a\x00b\r\nHost")],
    "with a cookie in two pieces": [
        GET.replace(b"Host: a\r\n\r\n", b"Host: a\r\nCookie: a"),
        b"=b\r\n\r\n" + LAST,
    ],
    "with a cookie and no host": [b"GET " + PATH + b" HTTP/1.1\r\nCookie: a=b\r\n\r\n", LAST],
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
    "an absolute address": [GET.replace(b"GET /", b"GET http://a/"), LAST],
    "an unknown method": [GET.replace(b"GET", b"BREW")],
    "not HTTP": [b"\x16\x03\x01\x02\x00\x01\x00\x01"],
    "HEAD": [GET.replace(b"GET", b"HEAD"), LAST],
    "bytes beyond ASCII": [GET.replace(b"Host: a", b"Host: a\r\nX: \xff\xe9"), LAST],
}


class Counting(Delivery):
    """Counts the requests that it answers immediately."""

    at_once = 0

    def answer_at_once(self, path: str, query: bytes, headers: Headers) -> Reply | None:
        reply = super().answer_at_once(path, query, headers)
        type(self).at_once += reply is not None
        return reply


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The same application behind our protocol, and behind the server's own."""
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


def refused(status: HTTPStatus) -> bytes:
    """Return how a request is refused that no application can be given."""
    reply = refusal(status)
    lines = [STATUS_LINE[status], b"date: now\r\nserver: uvicorn\r\n"]
    lines += [name + b": " + value + b"\r\n" for name, value in headers_of(reply)]
    return b"".join([*lines, b"\r\n", reply[2]])


THEIR_REFUSAL = (
    b"HTTP/1.1 400 Bad Request\r\ndate: now\r\nserver: uvicorn\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 30\r\nconnection: close\r\n\r\n"
    b"Invalid HTTP request received."
)


@pytest.mark.parametrize("pieces", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_answers_are_those_of_the_server_alone(
    addresses: tuple[str, str], pieces: list[bytes]
) -> None:
    ours, theirs = (talk(address, pieces) for address in addresses)
    theirs = theirs.replace(THEIR_REFUSAL, refused(HTTPStatus.BAD_REQUEST))
    assert sorted(ours.splitlines()) == sorted(theirs.splitlines())


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * MAX_HEAD_BYTES + b" HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * MAX_HEAD_BYTES,
        GET[:-2] + b"X: y\r\n" * MAX_FIELDS + b"\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * MAX_HEAD_BYTES * 2,
        POST + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"x" * MAX_HEAD_BYTES * 2,
    ],
    ids=["a request line", "a header", "many headers", "a trailer", "an extension of a chunk"],
)
def test_what_is_too_large_is_refused_with_431(addresses: tuple[str, str], head: bytes) -> None:
    assert talk(addresses[0], [head]) == refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)


def test_a_large_head_is_answered_up_to_the_limit(addresses: tuple[str, str]) -> None:
    padding = MAX_HEAD_BYTES - len(LAST) - len(b"X: \r\n")
    largest = LAST[:-2] + b"X: " + b"x" * padding + b"\r\n\r\n"
    assert len(largest) == MAX_HEAD_BYTES
    fields = LAST[:-2] + b"X: y\r\n" * (MAX_FIELDS - 2) + b"\r\n"
    for whole in (largest, fields):
        for pieces in ([whole], [whole[:100], whole[100:]]):
            assert talk(addresses[0], pieces).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"Host: a\r\nHost: a\r\n",
        b"Host: a\r\nHost: b\r\n",
        b"Host:\r\n",
        b"Host: a b\r\n",
        b"Host: a/b\r\n",
        b"Host: a@b\r\n",
        b"Host: a:port\r\n",
        b"Host: a:123456\r\n",
        b"Host: [::1\r\n",
        b"Host: \xc3\xa4\r\n",
        b"Host: http://a\r\n",
        b"Host: %zz\r\n",
    ],
)
@pytest.mark.parametrize("path", [PATH, b"/", b"/nowhere", b"/campaigns/5/"])
def test_a_request_without_exactly_one_valid_host_is_refused(
    addresses: tuple[str, str], host: bytes, path: bytes
) -> None:
    sent = b"GET " + path + b" HTTP/1.1\r\nConnection: close\r\n" + host + b"\r\n"
    answer = talk(addresses[0], [sent])
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"application/problem+json" in answer
    assert all(name.encode() in answer for name in SECURITY)


@pytest.mark.parametrize("host", [b"a", b"a:80", b"a:", b"127.0.0.1:8000", b"[::1]:80", b"a_b.c "])
def test_a_valid_host_is_answered_at_once(addresses: tuple[str, str], host: bytes) -> None:
    before = Counting.at_once
    with connected(addresses[0]) as connection:
        connection.sendall(GET.replace(b"Host: a", b"Host: " + host))
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert Counting.at_once == before + 1


def test_earlier_requests_are_answered_before_a_malformed_one_is_refused(
    addresses: tuple[str, str],
) -> None:
    answer = talk(addresses[0], [GET + GET + b"nonsense\r\n\r\n" + GET])
    assert answer.count(b" 200 OK") == 2
    assert answer.endswith(refused(HTTPStatus.BAD_REQUEST))


@pytest.mark.parametrize("pieces", [[b"Cookie: a=b\r\n\r\n"], [b"Cookie: a=b\r\n", b"\r\n"]])
def test_a_cookie_after_the_end_of_a_request_does_not_belong_to_it(
    addresses: tuple[str, str], pieces: list[bytes]
) -> None:
    answer = talk(addresses[0], [GET + pieces[0], *pieces[1:]])
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(refused(HTTPStatus.BAD_REQUEST))


def test_a_request_that_asks_for_another_protocol_is_answered_like_any_other(
    addresses: tuple[str, str],
) -> None:
    upgrade = GET.replace(b"Host", b"Connection: Upgrade\r\nUpgrade: h2c\r\nHost")
    assert talk(addresses[0], [upgrade + GET, LAST]).count(b" 200 OK") == 3


@pytest.mark.parametrize("body", [b"Content-Length: %d", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("before", [b"", GET])
def test_a_body_is_never_taken_for_a_request(
    addresses: tuple[str, str], body: bytes, before: bytes
) -> None:
    length = body % len(GET) if b"%" in body else body
    upgrade = b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + length + b"\r\n\r\n"
    answer = talk(addresses[0], [before + POST + upgrade + GET])
    statuses = re.findall(rb"HTTP/1.1 ([0-9]+)", answer)
    assert statuses == [b"200"] * bool(before) + [b"400"]


def test_many_requests_sent_together_are_all_answered_in_order(addresses: tuple[str, str]) -> None:
    quarters = [b"%d" % (1 + each % 4) for each in range(3_000)]
    sent = b"".join(GET.replace(b"/5 ", b"/5?quarter=" + each + b" ") for each in quarters)
    answer = talk(addresses[0], [sent + LAST])
    assert answer.count(b"HTTP/1.1 ") == len(quarters) + 1
    assert answer.count(b"HTTP/1.1 200 OK") == quarters.count(b"2") + 1


def test_a_form_is_read_to_its_end_before_the_next_request(addresses: tuple[str, str]) -> None:
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n"
    small = POST + kind + b"Content-Length: 13\r\n\r\ncampaign_id=5"
    large = POST + kind + b"Content-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
    answer = talk(addresses[0], [small + large + small + LAST])
    statuses = re.findall(rb"HTTP/1.1 ([0-9]+)", answer)
    assert statuses == [b"303", b"413", b"303", b"200"]


def test_a_plain_request_is_answered_before_the_server_parses_it(
    addresses: tuple[str, str],
) -> None:
    before = Counting.at_once
    for address in addresses:
        assert talk(address, [GET + LAST]).count(b" 200 OK") == 2
    assert Counting.at_once == before
    with connected(addresses[0]) as connection:
        connection.sendall(GET)
        assert b" 200 OK" in connection.recv(65_536)
    assert Counting.at_once == before + 1
