"""Which requests are recognised as plain, against a reference that reads them line by line."""

import gc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from banners.web.hot.bounds import MAX_FIELDS, MAX_HEAD_BYTES
from banners.web.hot.plain import MOST_REMEMBERED, Plain, PlainRequests

LINE = b"GET /campaigns/5 HTTP/1.1\r\n"
FIELDS = [
    b"Host: a\r\n",
    b"host:b:80\r\n",
    b"Host: a b\r\n",
    b"Cookie: rotation_page=5\r\n",
    b"cookie: c=d; e=f\r\n",
    b"COOKIE:g=h\r\n",
    b"Cookie: \r\n",
    b"Cookie: a\x00\r\n",
    b"Cookie: a\rb\r\n",
    b"X-Cookie: a\r\n",
    b"X: wookie: a\r\n",
    b"User-Agent: curl/8\r\n",
    b"DNT: 1\r\n",
    b"Accept: */*\r\n",
    b"If-None-Match: x\r\n",
    b"Connection: keep-alive\r\n",
    b"Connection: close\r\n",
    b"Content-Length: 0\r\n",
    b"Upgrade: h2c\r\n",
    b"Upgrade-Insecure-Requests: 1\r\n",
    b"TE: trailers\r\n",
    b"Tenant: a\r\n",
    b" folded\r\n",
    b"no colon\r\n",
    b"bare: a\n",
    b"\r\n",
    LINE,
    b"Cookie: unfinished",
    b"\r",
    b"\n",
]
READ = {b"cookie", b"user-agent", b"dnt"}
"""Of the fields above, those that are passed on."""
REFUSED = {b"content-length", b"if-none-match", b"te", b"upgrade"}


def reference(data: bytes) -> tuple[str, bytes, list[tuple[bytes, bytes]]] | None:
    """Read a request line by line; None unless it is complete, alone and has nothing unusual."""
    if not data.endswith(b"\r\n\r\n") or data.count(b"\r\n\r\n") > 1:
        return None
    first, *lines = data[:-4].split(b"\r\n")
    if not first.startswith(b"GET /") or not first.endswith(b" HTTP/1.1"):
        return None
    path, _, query = first[4:-9].partition(b"?")
    if not all(map(is_field, lines)):
        return None
    parted = [line.partition(b":") for line in lines]
    found = [(name.lower(), value.lstrip()) for name, _, value in parted]
    names = [name for name, _ in found]
    hosts = [value for name, value in found if name == b"host"]
    connection = [value for name, value in found if name == b"connection"]
    if len(hosts) != 1 or b" " in hosts[0] or not hosts[0]:
        return None
    if REFUSED.intersection(names) or any(each != b"keep-alive" for each in connection):
        return None
    read = [(name, value) for name, value in found if name in READ]
    return path.decode(), query, read


def is_field(line: bytes) -> bool:
    name, _, value = line.partition(b":")
    is_text = all(each >= 32 or each == 9 for each in value)
    return b":" in line and name.replace(b"-", b"").isalnum() and is_text


def of_one_name(headers: object, name: bytes) -> list[bytes]:
    assert isinstance(headers, list | tuple)
    return [value for each, value in headers if each == name]


def agrees(recognised: Plain | None, data: bytes) -> None:
    expected = reference(data)
    if recognised is None:
        # A request may always go the longer way, which is for several cookies and rare spellings.
        is_usual = data.lower().count(b"cookie:") == data.count(b"\r\nCookie: ") <= 1
        assert expected is None or not is_usual
        return
    assert expected is not None
    *asked, headers = recognised
    *expected_asked, read = expected
    assert asked == expected_asked
    for name in READ:
        assert of_one_name(headers, name) == of_one_name(read, name)


@given(
    st.lists(st.lists(st.sampled_from(FIELDS), max_size=6).map(b"".join), min_size=1, max_size=4)
)
@example([b"Host: a\r\n", b"Cookie: rotation_page=5\r\nHost: a\r\n", b"Host: a\r\n"])
@example([b"Host: a\r\n\r\nCookie: rotation_page=5\r\n"])
@example([b"Host: a\r\n\r\nCookie: unfinished"])
def test_a_request_is_recognised_as_the_reference_reads_it(heads: list[bytes]) -> None:
    requests = PlainRequests()
    for head in heads:
        for data in (LINE + head + b"\r\n", LINE + head):
            agrees(requests.recognise(data), data)


@pytest.mark.parametrize("head", [b"Host: a\r\n", b"Cookie: a=b\r\nHost: a\r\n"])
@pytest.mark.parametrize(
    "line",
    [
        b"GET /?a=b HTTP/1.1",
        b"GET /campaigns/5/banner?format=html HTTP/1.1",
        b"GET /e/" + b"x" * 200 + b" HTTP/1.1",
    ],
)
def test_the_request_line_is_read_whatever_its_length(line: bytes, head: bytes) -> None:
    data = line + b"\r\n" + head + b"\r\n"
    agrees(PlainRequests().recognise(data), data)


@pytest.mark.parametrize(
    "line",
    [
        b"POST / HTTP/1.1",
        b"GET / HTTP/1.0",
        b"GET /%35 HTTP/1.1",
        b"GET /#a HTTP/1.1",
        b"GET http://a/ HTTP/1.1",
        b"GET /a\xff HTTP/1.1",
        b"GET  / HTTP/1.1",
        b"",
    ],
)
def test_an_unusual_request_line_is_left_to_the_server(line: bytes) -> None:
    assert PlainRequests().recognise(line + b"\r\nHost: a\r\n\r\n") is None


def test_the_request_of_a_browser_that_follows_a_link_is_plain() -> None:
    agent = b"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/133.0"
    data = LINE + (
        b"Host: localhost:8000\r\nConnection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\n"
        b"User-Agent: " + agent + b"\r\n"
        b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
        b"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\n"
        b"Sec-Fetch-Dest: document\r\nReferer: http://localhost:8000/\r\n"
        b"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: de;q=0.8\r\n"
        b"Cookie: rotation_page=5\r\n\r\n"
    )
    headers = ((b"cookie", b"rotation_page=5"), (b"user-agent", agent))
    assert PlainRequests().recognise(data) == ("/campaigns/5", b"", headers)


def test_the_fields_of_an_earlier_request_are_not_those_of_a_later_one() -> None:
    requests = PlainRequests()
    for agent in (b"a", b"b", b"b", b"x" * MOST_REMEMBERED, b"a"):
        found = requests.recognise(LINE + b"Host: a\r\nUser-Agent: " + agent + b"\r\n\r\n")
        assert found is not None
        assert found[2] == ((b"user-agent", agent),)
    assert requests.recognise(LINE + b"User-Agent: a\r\n\r\n") is None


@pytest.mark.parametrize(
    "earlier",
    [
        b"",
        LINE + b"Host: a\r\nDNT: 1\r\n\r\n",
        LINE + b"Host: a\r\nDNT: 1\r\nUser-Agent: " + b"x" * MOST_REMEMBERED + b"\r\n\r\n",
    ],
)
def test_a_request_that_is_cut_anywhere_is_left_to_the_server(earlier: bytes) -> None:
    whole = LINE + b"Host: a\r\nDNT: 1\r\nCookie: a=b\r\nAccept: */*\r\n\r\n"
    for place in range(len(whole)):
        requests = PlainRequests()
        requests.recognise(earlier)
        assert requests.recognise(whole[:place]) is None


def test_no_large_fields_are_kept_for_a_connection() -> None:
    requests = PlainRequests()
    agent = b"User-Agent: " + b"x" * MOST_REMEMBERED + b"\r\n"
    found = requests.recognise(LINE + b"Host: a\r\n" + agent + b"\r\n")
    assert found is not None
    (_, kept), *_ = found[2]
    del found
    assert not [each for each in gc.get_referrers(kept) if isinstance(each, tuple)]


def test_more_fields_or_bytes_than_are_allowed_are_left_to_the_server() -> None:
    most = b"X: y\r\n" * (MAX_FIELDS - 2)
    assert PlainRequests().recognise(LINE + b"Host: a\r\n" + most + b"\r\n")
    assert PlainRequests().recognise(LINE + b"Host: a\r\n" + most + b"X: y\r\n\r\n") is None
    large = b"X: " + b"y" * MAX_HEAD_BYTES + b"\r\n"
    assert PlainRequests().recognise(LINE + b"Host: a\r\n" + large + b"\r\n") is None
