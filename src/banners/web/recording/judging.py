"""What is decided about each request before something is recorded: whether it counts, and as what.

The rules are those of docs/live.md, "What counts". Whoever builds the web application hands in the
:class:`Judge` that applies them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from banners.core.views import Traffic

FIELDS = (
    b"cookie",
    b"dnt",
    b"purpose",
    b"sec-gpc",
    b"sec-purpose",
    b"user-agent",
    b"x-forwarded-for",
    b"x-moz",
)
"""Names of the header fields that a judge may read: the server passes on no others, since it takes
time to find a field. Add the name of a field here when a judge is to read it."""


class Asked(NamedTuple):
    """A request, as far as it decides what counts.

    Args:
        headers: names in lower case, and values; those of ``FIELDS``, and perhaps others.
        peer: the address at the other end of the connection, which may be a proxy; None for a
            socket without addresses. See :meth:`banners.core.proxies.TrustedProxies.client`.
        method: ``GET`` or ``HEAD``.
        query: what follows the question mark, as it was sent.
    """

    headers: Sequence[tuple[bytes, bytes]]
    peer: str | None = None
    method: str = "GET"
    query: bytes = b""


class Subject(Enum):
    """What a request is for."""

    PAGE = "page"
    """The page of a campaign."""
    FRAME = "frame"
    """The page of one banner, in a frame of another site."""
    JSON = "json"
    """The banners of a campaign as JSON."""
    SEEN = "seen"
    """The small image at the end of a page: ``Route.SEEN``."""
    CLICK = "click"
    """The link around a banner: ``Route.CLICK``."""

    @property
    def is_view(self) -> bool:
        """Whether the answer is a view, which gets a token if it counts."""
        return self not in {Subject.SEEN, Subject.CLICK}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a request is treated.

    Args:
        traffic: as what it is recorded. Of a view, every value means that it gets a token, and what
            is recorded depends on the requests that follow. None if it is not recorded: a view then
            gets no token, its image is answered as always, and a click is redirected as always,
            with nothing in the place of ``{click}``.
        asks_again: whether the answer is a 503 that may not be stored, so that the browser asks
            again when the visitor really comes; nothing is recorded then.
    """

    traffic: Traffic | None
    asks_again: bool = False


CLEAN = Verdict(Traffic.CLEAN)
UNCOUNTED = Verdict(None)
ASK_AGAIN = Verdict(None, asks_again=True)


class Judge(Protocol):
    """Decides how requests are treated, without waiting for anything."""

    def __call__(self, subject: Subject, asked: Asked, second: float, /) -> Verdict:
        """Decide about one request; called by one thread, for each request for a ``Subject``.

        Previews that the address itself names, such as the JSON of another quarter, are not asked
        about, and neither are requests with a bad token.

        Args:
            subject: what it is for.
            asked: the request.
            second: the time, in seconds since 1970 in UTC.
        """
        ...


def everything_counts(subject: Subject, asked: Asked, _second: float) -> Verdict:
    """Count everything as clean except HEAD, by which nothing is seen or clicked."""
    return CLEAN if subject.is_view or asked.method != "HEAD" else UNCOUNTED
