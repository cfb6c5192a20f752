"""Random forms of operators, with files and without, and random reports of conversions.

A form is right in most fields, since one that is refused early tests nothing else. What only a
running server knows stands as a placeholder in it: see :data:`FORM_TOKEN` and :data:`SEEN`.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from urllib.parse import urlencode

from hypothesis import strategies as st

from banners.core.addresses import Route
from strategies.requests import MARK, Body, mostly, mutated, nonsense, odd, rather
from support.image_files import TYPES, drawing, file_of, moving

FORM_TOKEN = b"__form_token__"
"""Stands for the token of the forms of whoever asks."""

SEEN = b"__seen__"
"""Stands for the number of the version of the catalogue that is in force."""

URLENCODED = b"application/x-www-form-urlencoded"

_NAMES = [b"Spring sale", b"=1+1", b"x" * 200, b"x" * 201, b" ", "Frühling \u202e".encode(), MARK]
_TIMES = [
    *(b"", b"2026-11-27", b"2026-11-27T10:00", b"9999-12-31T23:59:59Z", b"1970-01-01T00:00+23:59"),
    *(b"2030-03-31T02:30", b"2026-13-01", b"0001-01-01", b"9999-12-31T23:59-23:59"),
]
_PAGES = [
    *(b"", b"https://shop.example/?click={click}", b"javascript:alert(1)", b"http://[::1]:80/"),
    *(b"https://shop.example/" + MARK, b"https://a:99999999/", b"//evil.example", b"http://x:0/"),
]
_SEEN = [SEEN] * 20 + [b"0", b"1", b"9" * 18, b"9" * 19, b"-1", "\u0661".encode()]
_ENTRY: Mapping[bytes, Sequence[bytes]] = {b"name": _NAMES, b"starts": _TIMES, b"ends": _TIMES}
_ACTIONS = [b"pause", b"resume", b"end", b"continue", b"remove"]
_NUMBERS = [b"1", b"2", b"3", b"0", b"9" * 18, b"9" * 400]
FORMS: Mapping[Route, Mapping[bytes, Sequence[bytes]]] = {
    Route.CAMPAIGNS: {b"campaign_id": [b"7", b"007", b"9" * 18, MARK, "\u0667".encode()]},
    Route.NEW_CAMPAIGN: {b"name": _NAMES, b"begin": [b"yes", b""]},
    Route.CATALOGUE: {b"seen": _SEEN, b"action": _ACTIONS},
    Route.CATALOGUE_STATE: {b"seen": _SEEN, b"action": _ACTIONS},
    Route.CATALOGUE_EDIT: {b"seen": _SEEN, **_ENTRY},
    Route.CATALOGUE_BANNERS: {**_ENTRY, b"landing_url": _PAGES},
    Route.CATALOGUE_BANNER: {b"seen": _SEEN, **_ENTRY, b"landing_url": _PAGES},
    Route.CATALOGUE_EMBED: {b"seen": _SEEN, b"house": [b"this", b"none"]},
    Route.CATALOGUE_HISTORY: {b"undo": [SEEN, *_NUMBERS]},
    Route.LIVE: {
        b"roll_back": [b"1-1234", b"2-1234", b"2-4", b"1-11", b"9-1", b"9" * 18 + b"-1"],
        b"undo": [b"2-1-1234", b"1-2-1", b"9-9-9"],
        b"release": _NUMBERS,
    },
    Route.SIGN_IN: {
        b"name": [b"anna", MARK, b"x" * 9_000],
        b"password": [b"guess", b"", MARK, b"\xff"],
        b"token": [b"", b"x.y.z", b".."],
        b"next": [b"/status", b"//evil.example", MARK, b"/campaigns/7/report"],
    },
    Route.SIGN_OUT: {},
}
"""The fields of each form, with values of which the first two are right, and others nearly."""

WITH_FILES = {Route.CATALOGUE_BANNERS, Route.CATALOGUE_BANNER}

_IMAGES = [
    *(file_of(kind, drawing(size=(16, 12))) for kind in TYPES),
    moving("GIF", 2, (16, 12)),
    *(b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b""),
]
_FILE_NAMES = [
    *(b"spring_sale.png", b"../../etc/passwd", b"C:\\a\\b.png", b"", b"x" * 300, MARK, b"\xff.gif"),
    "ß\u202e.png".encode(),
]
_DISPOSITIONS = rather(
    b'form-data; name="%b"',
    *(b"form-data; name=%b", b"form-data; name*=utf-8''%b", b'form-data; name="%b\\"', b"%b", b""),
)
_FILES = rather(
    b'form-data; name="image"; filename="%b"',
    *(b"form-data; name=image; filename*=utf-8''%b", b'form-data; filename="%b"'),
    b'form-data; name="image"; filename="%b"; filename="b.png"',
)
_PART_FIELDS = rather(
    b"",
    *(b"Content-Type: image/png\r\n", b"Content-Type: text/plain; charset=zip\r\n"),
    *(b"Content-Transfer-Encoding: base64\r\n", b"x\r\n", b"a: b\r\n" * 20, b": \r\n"),
    b"\0: \0\r\n",
)
_BOUNDARIES = rather(b"b", b"", b"'()+_,-./:=?", b"x" * 70, b"x" * 300, b"\xe9")
_PREAMBLES = rather(b"", b"junk", b"\r\n", b"\r\n--\r\n")
_ENDS = rather(b"--\r\n", b"--", b"", b"\r\n", b"--\r\njunk")
_MULTIPART = rather(
    b"multipart/form-data; boundary=%b",
    b'multipart/form-data; boundary="%b"',
    *(b"multipart/form-data; boundary=%b; " + each for each in (b"charset=utf-7", b"boundary*=x")),
)
_URLENCODED = rather(URLENCODED, URLENCODED + b"; charset=utf-16", b"text/plain", b"")
_JUNK = rather(b"", b"&" * 99, b"&%", b"&=&;", b"&x=\xff")
_TOKENS = rather(FORM_TOKEN, b"", b"AAAA", b"\xff")


def _without_breaks(value: bytes) -> bytes:
    return value.translate(None, b"\r\n")


def _value_of(values: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    right, any_of_them = st.sampled_from(values[:2]), st.sampled_from(values)
    return mostly(right, mostly(any_of_them, odd, 3), 3)


@st.composite
def _pairs(draw: st.DrawFn, route: Route) -> list[tuple[bytes, bytes]]:
    """Generate the fields of a form: each once, or left out, or odd; and perhaps others."""
    pairs = [(b"form_token", draw(_TOKENS))]
    for name, values in FORMS[route].items():
        if draw(st.integers(0, 19)):
            pairs.append((name, draw(_value_of(values))))
    if not draw(st.integers(0, 3)):
        pairs.append((draw(st.sampled_from(list(FORMS[route]) or [b"x"]) | nonsense), draw(odd)))
    return pairs


@st.composite
def _multipart(draw: st.DrawFn, route: Route) -> Body:
    boundary, parts = draw(_BOUNDARIES), []
    for name, value in draw(_pairs(route)):
        parts.append((draw(_DISPOSITIONS).replace(b"%b", _without_breaks(name)), value))
    for _ in range(draw(st.integers(0, 2))):
        name = _without_breaks(draw(st.sampled_from(_FILE_NAMES) | nonsense))
        content = draw(st.sampled_from(_IMAGES) | mutated(st.sampled_from(_IMAGES)))
        parts.append((draw(_FILES).replace(b"%b", name), content))
    whole = draw(_PREAMBLES)
    for disposition, content in parts:
        head = b"Content-Disposition: %b\r\n%b" % (disposition, draw(_PART_FIELDS))
        whole += b"--%b\r\n%b\r\n%b\r\n" % (boundary, head, content)
    whole += b"--%b%b" % (boundary, draw(_ENDS))
    return whole, draw(_MULTIPART).replace(b"%b", boundary)


@st.composite
def _urlencoded(draw: st.DrawFn, route: Route) -> Body:
    return urlencode(draw(_pairs(route))).encode() + draw(_JUNK), draw(_URLENCODED)


def forms(route: Route) -> st.SearchStrategy[Body]:
    """Generate what is sent to the address of a form."""
    usual, other = _urlencoded(route), _multipart(route)
    kind = URLENCODED
    if route in WITH_FILES:
        usual, other, kind = other, usual, b"multipart/form-data; boundary=b"
    changed = mutated(usual.map(lambda body: body[0] or b"")).map(lambda body: (body, kind))
    return st.integers(0, 9).flatmap(lambda number: {0: other, 1: changed}.get(number, usual))


_REVENUES = [
    *(b"12.50", b'"12.50"', b"-1", b"0", b"-0.0", b"1e2", b"1e999999999999999999999", b"NaN"),
    *(b"-Infinity", b"1" * 5_000, b'"1e3"', b"true", b"null", b"[]", b'"\\u0661"', b"0.0000001"),
]
_CONVERSION_IDS = [
    *(b'"order-1"', b'"\\ud800"', b'"\\u0000"', b'""', b"1", b"null", b"{}", b'"%b"' % (b"x" * 65)),
    b'"<script>"',
]
_BODIES = [
    *(b"[]", b"{}", b"[", b"[" * 100_000, b"[" + b"1," * 1_000 + b"1]", b"[[[]]]", b"\xff\xfe[\0"),
    *(b'{"a":' * 50_000, b"", b"null", b"\xef\xbb\xbf[]", b"[1e99999999999999999999]"),
]


_JSON = rather(b"application/json", b"application/json; charset=utf-16", b"text/plain", b"")


@st.composite
def _reported(draw: st.DrawFn, clicks: Sequence[bytes]) -> bytes:
    """Generate a conversion as JSON."""
    members = {
        b"conversion_id": st.sampled_from(_CONVERSION_IDS)
        | st.text("abcxyz", max_size=9).map(lambda text: b'"%b"' % text.encode()),
        b"click": (st.sampled_from(clicks) | mutated(st.sampled_from(clicks))).map(
            partial(bytes.__mod__, b'"%b"')
        ),
        b"revenue": st.sampled_from(_REVENUES),
    }
    kept = [name for name in members if draw(st.integers(0, 9))]
    return b"{%b}" % b",".join(b'"%b":%b' % (name, draw(members[name])) for name in kept)


def reports(clicks: Sequence[bytes]) -> st.SearchStrategy[Body]:
    """Generate what programs report about conversions.

    Args:
        clicks: tokens of clicks.
    """
    listed = st.lists(_reported(clicks), max_size=4).map(lambda each: b"[%b]" % b",".join(each))
    other = mutated(listed) | st.sampled_from(_BODIES)
    return st.tuples(mostly(listed, other, 3), _JSON)
