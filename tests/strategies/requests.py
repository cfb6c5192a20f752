"""Random requests to an address, most of them nearly right, so that they are not refused early."""

import os
from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from support.wire import Fields, Sent

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]
IDS = [b"5", b"6", b"7", b"0", b"05", b"image_1000.png", b"-1", b"5/", b"5/banner", b"..", b"%"]
HEADERS = [
    *("Accept", "Accept-Encoding", "Content-Type", "Cookie", "If-None-Match", "If-Modified-Since"),
    *("Range", "Forwarded", "X-Forwarded-For", "Origin", "Referer", "X-HTTP-Method-Override"),
]
VALUES = [
    *("*/*", "text/html", "application/json", "application/x-www-form-urlencoded", "multipart/x"),
    *("bytes=0-1", "bytes=9-1", "bytes=-", "banners=1.2.3", 'W/"x"', "Thu, 01 Jan 1970", ";;="),
]

MARK = b"q7x\"q7x'q7x<q7x>"
"""A text that a page must not contain as it is."""

INJECTED = b"x\r\nX-Injected: 1\r\n\r\n"
"""A text that would add a header to an answer that repeats it in one of its headers."""

_ODD = [
    MARK,
    INJECTED,
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "\u0661ß\u202e\u2028".encode(),
    b"9" * 300,
]
_ODD_HOSTS = [b"[::1]:80", b"[zz]", b"a%5b:99999", MARK, b"", b"a b"]
_MORE_HEADERS = [
    *(b"Authorization", b"Access-Control-Request-Headers", b"Access-Control-Request-Method"),
    *(b"Connection", b"Expect", b"If-Range", b"Sec-Purpose", b"TE", b"Upgrade", b"User-Agent"),
]
_MORE_VALUES = [
    *(b"Bearer x", b"Basic YTpi", b"Basic \xff", b"bytes=0-0,1-1,2-", b"bytes=-1", b"close"),
    *(b"banners_session=x.y.z; banners_form=\xe9", b"100-continue", b"upgrade", b"websocket"),
    *(b"gzip", b"gzip;q=0, *", b"prefetch;prerender", b"http://[/", b"*", b"GET", MARK),
]
# Every parameter that an address takes, with values that it accepts.
_PARAMETERS: Mapping[bytes, Sequence[bytes]] = {
    b"quarter": [b"1", b"4", b"5"],
    b"generation": [b"1", b"2", b"9" * 18],
    b"sort": [b"place", b"-revenue", b"clicks", b"banner_id"],
    b"order": [b"asc", b"desc", b"name", b"-revenue", b"click_rate"],
    b"format": [b"csv", b"html"],
    b"over": [b"24h", b"7d"],
    b"from": [b"2", b"9" * 9, b"2000-01-01", b"2999-12-31", b"2026-02-29"],
    b"to": [b"2000-01-01", b"2024-02-29", b"2999-12-31", b""],
    b"before": [b"20000101T0000Z", b"29991231T2345Z", b"20260131T1015Z"],
    b"search": [b"7", b"name", b"9" * 18],
    b"q": [b"7", b"name", b"%"],
    b"state": [b"on", b"paused", b"ended", b"starts", b""],
    b"page": [b"1", b"2", b"9" * 9],
    b"done": [b"1", b"9" * 18],
    b"live": [b"1"],
    b"undo": [b"2-1-1234"],
    b"undone": [b"1"],
    b"released": [b"1", b"9"],
    b"proof": [b"x"],
    b"next": [b"/status", b"//evil.example", b"/campaigns/7/report?x=1"],
    b"token": [b"x.y.z"],
    b"try": [b"1"],
    b"preview": [b"1"],
}
_PAIRS = [(name, value) for name, values in _PARAMETERS.items() for value in values]
# Everything visible but what ends a path or separates parameters.
_UNCHANGED = frozenset(range(0x21, 0x7F)) - frozenset(b"?#%&")

nonsense = st.binary(max_size=40)
plausible_or_not = st.one_of(st.sampled_from([*IDS, b"1", b"4", b"html", b""]), nonsense)
odd = st.sampled_from(_ODD) | nonsense
_value = nonsense.map(lambda value: value.translate(None, b"\0\r\n"))


def mostly(
    usual: st.SearchStrategy[bytes], other: st.SearchStrategy[bytes], times: int = 9
) -> st.SearchStrategy[bytes]:
    """Generate something usual so many times for each time something else."""
    return st.integers(0, times).flatmap(lambda number: usual if number else other)


def cases(usual: int) -> int:
    """Return the number of requests to each address.

    Args:
        usual: the number, unless ``BANNERS_FUZZ_CASES`` gives another one; before a release, that
            is 10000, with ``--timeout 0``.
    """
    return int(os.environ.get("BANNERS_FUZZ_CASES", usual))


@st.composite
def mutated(draw: st.DrawFn, content: st.SearchStrategy[bytes]) -> bytes:
    """Change a few bytes of something, in up to three places."""
    whole = bytearray(draw(content))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(whole)))
        whole[start : start + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(whole)


def rather(usual: bytes, *others: bytes) -> st.SearchStrategy[bytes]:
    """Generate what is usual, and one time in thirty one of the others."""
    return mostly(st.just(usual), st.sampled_from(others), 29)


def encoded(value: bytes, *, wholly: bool) -> bytes:
    """Percent-encode a part of a target: all of it, or only what would end it."""
    return b"".join(
        b"%%%02X" % each if wholly or each not in _UNCHANGED else bytes([each]) for each in value
    )


_fields: st.SearchStrategy[list[tuple[bytes, bytes]]] = st.lists(
    st.tuples(
        st.sampled_from([*(each.encode() for each in HEADERS), *_MORE_HEADERS]),
        st.sampled_from([*(each.encode() for each in VALUES), *_MORE_VALUES]) | _value,
    ),
    max_size=3,
    unique_by=lambda field: field[0],
)
_host = rather(b"localhost", *_ODD_HOSTS)
Body = tuple[bytes | None, bytes]
"""A body, or None, and its media type; empty for none."""

_no_body: st.SearchStrategy[Body] = st.one_of(
    st.just((None, b"")), st.tuples(nonsense, st.sampled_from([b"", b"text/plain", MARK]))
)


@st.composite
def _queries(draw: st.DrawFn) -> list[tuple[bytes, bytes]]:
    """Generate names and values, most of which some address takes."""
    pairs = []
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.integers(0, 9))
        if kind > 1:
            pairs.append(draw(st.sampled_from(_PAIRS)))
        else:
            name = draw(st.sampled_from(list(_PARAMETERS)) if kind else nonsense)
            pairs.append((name, draw(odd)))
    return pairs


@st.composite
def requests(
    draw: st.DrawFn,
    template: str,
    parts: Mapping[str, st.SearchStrategy[bytes]],
    methods: Sequence[str],
    bodies: st.SearchStrategy[Body] = _no_body,
) -> Sent:
    """Generate requests to an address.

    Args:
        draw: given by hypothesis.
        template: the path, with the names of its variable parts in braces.
        parts: what these are filled with, by name; others with anything.
        methods: the methods that the address accepts; others are used more rarely.
        bodies: what is sent with POST.
    """
    wholly = draw(st.booleans())
    target = b""
    for piece in template.split("{"):
        name, is_part, fixed = piece.rpartition("}")
        if is_part:
            target += encoded(draw(mostly(parts.get(name, plausible_or_not), odd)), wholly=wholly)
        target += fixed.encode()
    pairs = [[encoded(each, wholly=wholly) for each in pair] for pair in draw(_queries())]
    if pairs:
        target += b"?" + b"&".join(map(b"=".join, pairs))
    method = draw(st.sampled_from([*list(methods) * 8, *METHODS]))
    body, kind = draw(bodies) if method == "POST" else draw(_no_body)
    fields: Fields = ((b"Host", draw(_host)), *draw(_fields))
    if kind:
        fields = ((b"Content-Type", kind), *fields)
    return Sent(method, target, fields, body, is_chunked=body is not None and draw(st.booleans()))
