"""Answers the addresses by which views are recorded, and gives views their tokens."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from starlette.requests import HTTPConnection
from starlette.types import Scope

from banners.collect.token import LONGEST_TOKEN
from banners.core.addresses import Route
from banners.core.views import MOST_PLACES
from banners.web.hot.prepared import SMALL_IMAGE
from banners.web.hot.replies import NO_STORE, Reply, joined, with_length
from banners.web.http.security import SECURITY
from banners.web.metrics import RouteCounter
from banners.web.recording.judging import Asked, Subject
from banners.web.recording.recorder import Recorder
from banners.web.recording.turns import Answer
from banners.web.recording.view_tokens import ViewTokens

NAMED_PREVIEW = frozenset({"quarter", "generation"})
"""Parameters of a query that ask for another lineup than the one that visitors get now: such JSON
is a preview, and no view."""
_POSITIONS = {str(position): position for position in range(1, MOST_PLACES + 1)}
_LATER = b"This page is not made in advance. Ask again when the visitor comes.\n"
_TEXT_HEAD = joined([(b"content-type", b"text/plain; charset=utf-8"), NO_STORE, *SECURITY])
_ASK_AGAIN: Reply = 503, with_length(_TEXT_HEAD, _LATER), _LATER
_REDIRECT_HEAD = with_length(joined([NO_STORE, *SECURITY]), b"")


def with_views(scope: Scope, views: ViewTokens | None) -> Scope:
    """Return the scope of a request (ASGI) with what makes the token of its view."""
    return {**scope, "state": {**scope.get("state", {}), "views": views}}


def views_of(request: HTTPConnection) -> ViewTokens | None:
    """Return what makes the token of the view that a request is for; None if it gets none."""
    views: ViewTokens | None = getattr(request.state, "views", None)
    return views


class Recorded(NamedTuple):
    """The answer to a request by which something may have been recorded.

    Args:
        reply: the answer.
        counter: counts requests of its route.
        wait: called with what sends the answer, which it does once the record is kept; None if
            nothing was recorded, so that the answer can be sent immediately.
    """

    reply: Reply
    counter: RouteCounter
    wait: Callable[[Answer], None] | None

    async def kept(self) -> None:
        """Wait until the record is kept."""
        if self.wait is None:
            return
        done = asyncio.Event()
        self.wait(done.set)
        await done.wait()


class Recording:
    """Answers the small image of a page and the links of its banners.

    Args:
        recorder: records what happens.
        prefix: what may stand before the path of an address, such as ``/ads``; empty for nothing.
        counter: returns what counts the requests of a route.
    """

    def __init__(
        self, recorder: Recorder, prefix: str, counter: Callable[[str], RouteCounter]
    ) -> None:
        self.recorder = recorder
        self._counters = {each: counter(each) for each in (Route.SEEN, Route.CLICK)}
        seen, _, _ = Route.SEEN.partition("{")
        click, _, _ = Route.CLICK.partition("{")
        prefixes = {"", prefix}
        self._seen = tuple(each + seen for each in prefixes)
        self._click = tuple(each + click for each in prefixes)
        self.prefixes = (*self._seen, *self._click)
        """Every path that is answered here begins with one of these."""

    def answer(self, path: str, asked: Asked, second: float) -> Recorded | None:
        """Answer a request, and record what it says; None leaves the answer to the framework.

        Args:
            path: begins with one of :attr:`prefixes`.
            asked: the request.
            second: the time, in seconds since 1970 in UTC.
        """
        # The token and what follows it: no token has a slash.
        if path.startswith(self._seen):
            *_, last = path.rpartition("/")
            if not last or path[: -len(last)] not in self._seen:
                return None
            return self._answer_seen(last, asked, second)
        before, _, position = path.rpartition("/")
        before, _, token = before.rpartition("/")
        if f"{before}/" not in self._click:
            return None
        return self._answer_click(token, position, asked, second)

    def views(
        self, subject: Subject | None, asked: Asked, second: float
    ) -> ViewTokens | Reply | None:
        """Return what makes the token of a view; None if it gets none.

        Args:
            subject: what is asked for; None for a redirect to the image of one banner, which is
                counted but is no view.
            asked: the request.
            second: the time, in seconds since 1970 in UTC.

        Returns:
            An answer that is to be sent in place of the view, if the visitor is to ask again.
        """
        if subject is not None:
            # An answer to HEAD has the length that the one to GET would have.
            as_got = asked if asked.method == "GET" else asked._replace(method="GET")
            verdict = self.recorder.judge(subject, as_got, second)
            if verdict.asks_again:
                return _ASK_AGAIN
            if verdict.traffic is None:
                return None
        return self.recorder.views(asked, second)

    def _answer_seen(self, token: str, asked: Asked, second: float) -> Recorded:
        is_recorded = self.recorder.seen(_bytes_of(token), asked, second)
        turns = self.recorder.turns
        return Recorded(
            SMALL_IMAGE, self._counters[Route.SEEN], turns.seen if is_recorded else None
        )

    def _answer_click(
        self, token: str, position: str, asked: Asked, second: float
    ) -> Recorded | None:
        recorder = self.recorder
        click = recorder.click(*written(token, position), asked, second)
        if click is None:
            return None
        counter = self._counters[Route.CLICK]
        if not click.address:
            return Recorded(_ASK_AGAIN, counter, None)
        head = b"location: %b\r\n%b" % (click.address, _REDIRECT_HEAD)
        wait = recorder.turns.clicked if click.is_recorded else None
        return Recorded((302, head, b""), counter, wait)


def written(token: str, position: str) -> tuple[bytes, int]:
    """Return the token and the position of a click; 0 for a position that is impossible."""
    return _bytes_of(token), _POSITIONS.get(position, 0)


def _bytes_of(token: str) -> bytes:
    """Return a token as bytes; one that is too long is cut, which makes it a bad one."""
    return token[: LONGEST_TOKEN + 1].encode(errors="replace")
