"""Recognises plain requests: a GET whose head arrived completely, and nothing after it."""

import re
from functools import lru_cache

from banners.web.hot.bounds import MAX_FIELDS, MAX_HEAD_BYTES
from banners.web.hot.replies import Headers
from banners.web.http.hosts import is_valid_host
from banners.web.recording.judging import FIELDS

MOST_REMEMBERED = 1_024
"""Maximum number of bytes of header fields that a connection remembers."""

_MOST_LINES = 4_096
_LONGEST_LINE = 64

# RFC 9112: a request line, and fields of a name, a colon and visible characters.
_LINE = re.compile(rb"GET (/[^\x00-\x20?#%\x7f-\xff]*)(?:\?([^\x00-\x20#\x7f-\xff]*))? HTTP/1\.1")
_FIELDS = re.compile(
    rb"\n(?:[!#$%%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n){1,%d}\r\n" % (MAX_FIELDS - 1)
)
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
# Fields for a body, another protocol, the end of the connection, or a conditional answer; and
# another cookie than the one that was cut out.
_UNUSUAL = re.compile(
    rb"\n(?:(?:content-length|transfer-encoding|expect|upgrade|range|if-[a-z-]+|trailer|te|cookie):"
    rb"|connection:(?![ \t]*keep-alive[ \t]*\r))",
    re.IGNORECASE,
)
_HOST = re.compile(rb"\nhost:[ \t]*([^\r]*)", re.IGNORECASE)
_READ = re.compile(rb"\n(%b):[ \t]*([^\r]*)" % b"|".join(FIELDS), re.IGNORECASE)
_BEFORE_COOKIE = (b"\r\nC", b"\r\nc")


Plain = tuple[str, bytes, Headers]
"""A plain request: its path, in which nothing is encoded; its query as it was sent; its cookie and
its fields that are in ``FIELDS``."""


class PlainRequests:
    """Recognises the plain requests of one connection.

    A client usually sends the same fields again, except the cookie. So the fields of the last
    request are remembered, and are only checked when they have changed.
    """

    __slots__ = ("_fields", "_headers")

    def __init__(self) -> None:
        self._fields: bytes | None = None
        self._headers: Headers = ()

    def recognise(self, data: bytes) -> Plain | None:
        """Return a request; None if it is not plain.

        Args:
            data: what was received.
        """
        if len(data) > MAX_HEAD_BYTES:
            return None
        cookie = None
        before, is_sent, rest = data.partition(b"ookie: ")
        if is_sent and before.endswith(_BEFORE_COOKIE):
            cookie, _, rest = rest.partition(b"\r\n")
            # If nothing follows, the head is incomplete, or it has ended before the cookie.
            if not rest or _VALUE.fullmatch(cookie) is None:
                return None
            data = before[:-1] + rest
        line, _, fields = data.partition(b"\r")
        asked = _target(line) if len(line) <= _LONGEST_LINE else _target.__wrapped__(line)
        if asked is None:
            return None
        headers = self._headers if fields == self._fields else _headers_in(fields)
        if headers is None:
            return None
        if len(fields) <= MOST_REMEMBERED:
            self._fields, self._headers = fields, headers
        path, query = asked
        if cookie is None:
            return path, query, headers
        return path, query, ((b"cookie", cookie), *headers)


@lru_cache(_MOST_LINES)
def _target(line: bytes) -> tuple[str, bytes] | None:
    """Return the path and the query of a request line; None if it is not plain."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    path, query = found.groups(b"")
    return path.decode(), query


def _headers_in(fields: bytes) -> Headers | None:
    """Return the fields of a request that are in ``FIELDS``; None if it is not plain.

    Args:
        fields: its lines after the request line, beginning with the LF that ends the latter.
    """
    if _FIELDS.fullmatch(fields) is None or _UNUSUAL.search(fields):
        return None
    if not is_valid_host(_HOST.findall(fields)):
        return None
    return tuple((name.lower(), value) for name, value in _READ.findall(fields))
