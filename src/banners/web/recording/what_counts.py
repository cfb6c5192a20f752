"""The rules of docs/live.md, "What counts", applied to each request."""

from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl

from banners.core.views import Traffic
from banners.web.recording.crawlers import MOST_READ, is_crawler
from banners.web.recording.floods import Floods
from banners.web.recording.judging import ASK_AGAIN, CLEAN, UNCOUNTED, Asked, Subject, Verdict
from banners.web.recording.sources import Sources

_CRAWLER, _FLOOD = Verdict(Traffic.CRAWLER), Verdict(Traffic.FLOOD)
_YES = b"1"
_PURPOSES = {b"purpose", b"sec-purpose", b"x-moz"}
_OPT_OUTS = {b"sec-gpc", b"dnt"}
_SEEN, _CLICK = Subject.SEEN, Subject.CLICK
_PREVIEW = "preview", "1"
_PREVIEWED = b"preview"

RECORDED_TIMES = 10
"""How many times its limit of one minute an address may fill the event log; what comes after that
is only counted in the metrics, so that nobody can fill the disk."""

Headers = Sequence[tuple[bytes, bytes]]


class WhatCounts:
    """Decides whether requests count, and as what: a :class:`banners.web.recording.judging.Judge`.

    Args:
        honours_opt_out: whether nothing is recorded of visitors whose browser asks for that.
        is_operator: returns whether the headers of a request are those of a signed-in operator.
        sources: finds out where requests come from.
        floods: counts by source; None if there is no limit.
    """

    def __init__(
        self,
        *,
        honours_opt_out: bool,
        is_operator: Callable[[Headers], bool],
        sources: Sources,
        floods: Floods | None,
    ) -> None:
        self._honours_opt_out = honours_opt_out
        self._is_operator = is_operator
        self._sources = sources
        self._floods = floods

    def __call__(self, subject: Subject, asked: Asked, second: float) -> Verdict:
        """See :class:`banners.web.recording.judging.Judge`."""
        user_agent, purpose, opts_out = _read(asked.headers)
        is_event = subject is _SEEN or subject is _CLICK
        if is_event and asked.method == "HEAD":
            return UNCOUNTED
        if purpose and (verdict := _of_purpose(subject, purpose)):
            return verdict
        if opts_out and self._honours_opt_out:
            return UNCOUNTED
        if is_event:
            return self._of_traffic(subject, asked, user_agent, second)
        return UNCOUNTED if asked.query and self._is_preview(asked) else CLEAN

    def _is_preview(self, asked: Asked) -> bool:
        query = asked.query
        # Frames always have a query, and parsing takes as long as all the rest.
        if _PREVIEWED not in query and b"%" not in query:
            return False
        # As text: of bytes, parse_qsl takes only those that are ASCII when they are decoded.
        return _PREVIEW in parse_qsl(query.decode("latin-1")) and self._is_operator(asked.headers)

    def _of_traffic(
        self, subject: Subject, asked: Asked, user_agent: bytes, second: float
    ) -> Verdict:
        # First, since checking a new user agent takes longer, and a flood may have many of them.
        if self._floods is not None:
            network = self._sources.network(asked.peer, asked.headers)
            click = subject is _CLICK
            if network and (times := self._floods.times_above(network, second, click=click)):
                return _FLOOD if times < RECORDED_TIMES else UNCOUNTED
        return _CRAWLER if is_crawler(user_agent[:MOST_READ]) else CLEAN


def _read(headers: Headers) -> tuple[bytes, bytes, bool]:
    """Return the user agent, what the request is for in lower case, and whether it opts out."""
    purpose = user_agent = b""
    opts_out = False
    for name, value in headers:
        if name == b"user-agent":
            user_agent = value
        elif name in _PURPOSES:
            purpose += value.lower()
        elif name in _OPT_OUTS and value.strip() == _YES:
            opts_out = True
    return user_agent, purpose, opts_out


def _of_purpose(subject: Subject, purpose: bytes) -> Verdict | None:
    """Return how a request is treated that a browser makes before its visitor asks for anything.

    Args:
        subject: what it is for.
        purpose: the values of the headers that say so, in lower case.

    Returns:
        None if it is treated like any other.
    """
    is_prerender = b"prerender" in purpose
    if not (is_prerender or b"prefetch" in purpose):
        return None
    if subject is _SEEN:
        return UNCOUNTED
    if subject is _CLICK or (is_prerender and subject is not Subject.JSON):
        return ASK_AGAIN
    return None
