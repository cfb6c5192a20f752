"""Answers the hot addresses from memory, in front of the framework.

Only well-formed requests for what this worker holds, or knows to exist, are answered here. All
others, errors among them, go on to the framework, which answers the same addresses from the same
:class:`banners.web.hot.prepared.CampaignAnswers`. This stands in front of the framework as
WhiteNoise stands in front of Django.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from banners.core.addresses import Route
from banners.core.model import CANONICAL_ID, Quarter
from banners.errors import StoreError
from banners.serve.reader import HeldQuarter
from banners.web.hot.answering import Answers, HeldCatalogue, WithoutCatalogue
from banners.web.hot.images import HeldImages
from banners.web.hot.kept import MOST_PREPARED, KeptAnswers, Lacking
from banners.web.hot.prepared import EmptyEmbed, NothingShown
from banners.web.hot.recorded import NAMED_PREVIEW, Recorded, Recording, with_views
from banners.web.hot.replies import Headers, Reply, headers_of
from banners.web.hot.serving import Serving
from banners.web.http.clock import Moment, at_moment
from banners.web.http.hosts import has_valid_host
from banners.web.metrics import RouteCounter
from banners.web.recording.judging import Asked, Subject
from banners.web.recording.view_tokens import ViewTokens

ROUTES = {
    "page": Route.CAMPAIGN,
    "banner": Route.BANNER,
    "framed_banner": Route.BANNER,
    "lineup": Route.API_CAMPAIGN,
    "served": Route.API_BANNERS,
    "previewed": Route.API_BANNERS,
    "image": Route.IMAGE,
}
"""The routes answered here, by the method of CampaignAnswers that answers; ``image`` has none."""

_RECORDED = {
    "page": Subject.PAGE,
    "framed_banner": Subject.FRAME,
    "served": Subject.JSON,
    "banner": None,
}
"""The answers that are recorded, as views or, without a subject, only in the metrics."""

_OF_VISITORS = ("page", "banner", "served")
_OF_OPERATORS = ("lineup",)
_LONGEST = len(Route.API_BANNERS.at(campaign_id=10**17))
"""Length of the longest path that is parsed and kept, so that clients cannot fill the memory. Paths
with a token are longer, and are parsed each time."""
_ASKS_FOR_QUARTER = {"lineup", "served"}
_QUARTER = re.compile(rb"quarter=([1-4])")
_FRAMED = b"format=html"
_READING = {"GET", "HEAD"}
_EMBEDDED = {"banner", "framed_banner"}
_NOTHING = NothingShown()

_Known = tuple[Callable[..., Reply | None], RouteCounter, str]
"""What writes an answer, what counts it, and its kind."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Candidates that have to be read before an address can be answered.

    Args:
        kept: where its answers are kept.
        kind: the answer wanted, a method of CampaignAnswers.
        campaign_id: the campaign.
        second: the second of the request, since 1970 in UTC.
    """

    kept: KeptAnswers
    kind: str
    campaign_id: int
    second: float


def _parser(prefix: str, kinds: Iterable[str]) -> Callable[[str], tuple[str, int] | None]:
    """Return a function that takes a path, with or without the prefix.

    It returns the kind of answer and the campaign that the path asks for, and None for other paths.
    This is kept, since matching takes longer than finding the prepared answers.
    """
    patterns = [ROUTES[kind].pattern(campaign_id=f"(?P<{kind}>{CANONICAL_ID})") for kind in kinds]
    addresses = re.compile(f"(?:{re.escape(prefix)})?(?:{'|'.join(patterns)})")

    @lru_cache(MOST_PREPARED)
    def parse(path: str) -> tuple[str, int] | None:
        address = addresses.fullmatch(path)
        if address is None:
            return None
        kind = str(address.lastgroup)
        return kind, int(address[kind])

    return parse


class Delivery:
    """Wraps an application, and answers the hot addresses in its place.

    Args:
        application: the ASGI application to wrap.
        held: returns what is held of a quarter in memory: another object for each generation, and
            None for nothing.
        serving: how all campaigns are served.
        images: the banners' images.
        prefix: what may stand before the path of an address, such as ``/ads``; empty for nothing.
        clock: returns the time.
        counter: returns what counts the requests of a route.
        is_open: whether figures are for everybody; otherwise their addresses are left to the
            application, which knows who asks.
        catalogue: where the catalogue is; if not given, there is none.
        recording: answers the addresses by which views are recorded; None if nothing is recorded.
    """

    def __init__(
        self,
        application: ASGIApp,
        *,
        held: Callable[[Quarter], HeldQuarter | None],
        serving: Serving,
        images: HeldImages,
        prefix: str = "",
        clock: Callable[[], Moment],
        counter: Callable[[str], RouteCounter],
        is_open: bool = False,
        catalogue: HeldCatalogue | None = None,
        recording: Recording | None = None,
    ) -> None:
        self._application = application
        self._held = held
        self._serving = serving
        self._images = images
        self._prefix = prefix
        self._parse = _parser(prefix, [*_OF_VISITORS, *(_OF_OPERATORS if is_open else ())])
        self._longest = len(prefix) + _LONGEST
        self._clock = clock
        self._counters = {kind: counter(route) for kind, route in ROUTES.items()}
        self.recording = recording
        self._catalogue = catalogue or WithoutCatalogue()
        self._empty = EmptyEmbed(serving)
        self._kept = {each: KeptAnswers(each, None, None, serving) for each in Quarter}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        # The clock is read once, so that no answer mixes two quarters of the hour.
        moment = self._clock()
        if scope["method"] in _READING and has_valid_host(scope):
            start = time.perf_counter()
            client = scope.get("client")
            peer = client[0] if client else None
            asked = Asked(scope["headers"], peer, scope["method"], scope["query_string"])
            reply, counter = await self._reply(scope, asked, moment)
            if reply and counter:
                # Without the time for which the client takes no bytes.
                counter.add(reply[0], time.perf_counter() - start)
                await _send(reply, scope["method"], send)
                return
            views = self._decide(scope["path"], asked, moment)
            if isinstance(views, tuple):
                await _send(views, scope["method"], send)
                return
            scope = with_views(scope, views)
        await self._application(at_moment(scope, moment), receive, send)

    def forget_replaced(self) -> None:
        """Drop the answers of replaced generations, also in quarters without requests."""
        for quarter, kept in self._kept.items():
            held = self._held(quarter)
            if kept.held is not held:
                self._kept[quarter] = self._fresh(quarter, held)

    def follow_images(self, banner_ids: Iterable[int]) -> None:
        """Read the uploaded images of banners that are new or have changed."""
        self._images.follow(banner_ids)

    def answer_at_once(self, path: str, query: bytes, headers: Headers) -> Reply | None:
        """Answer a GET request if that needs no waiting; None otherwise. Servers ask this first.

        Where requests are recorded, they ask :meth:`answer_recorded` instead.

        Args:
            path: decoded, without the query.
            query: what follows the question mark, as it was sent.
            headers: those of the request, with names in lower case.
        """
        start = time.perf_counter()
        known = self._find(path, query, self._clock())
        if known is None or isinstance(known, _Wanted):
            return None
        answer, counter, _ = known
        reply = answer(headers)
        if reply is not None:
            counter.add(reply[0], time.perf_counter() - start)
        return reply

    def answer_recorded(self, path: str, asked: Asked) -> Recorded | None:
        """Answer and record a GET request if that needs nothing to be read; None otherwise.

        Args:
            path: decoded, without the query.
            asked: the request.
        """
        recording = self.recording
        if recording is None:
            return None
        start = time.perf_counter()
        moment = self._clock()
        if path.startswith(recording.prefixes):
            recorded = recording.answer(path, asked, moment[0])
            if recorded is not None:
                recorded.counter.add(recorded.reply[0], time.perf_counter() - start)
            return recorded
        known = self._find(path, asked.query, moment)
        if known is None or isinstance(known, _Wanted):
            return None
        reply, counter = self._written(known, asked, moment), known[1]
        if reply is None:
            return None
        counter.add(reply[0], time.perf_counter() - start)
        return Recorded(reply, counter, None)

    async def _reply(
        self, scope: Scope, asked: Asked, moment: Moment
    ) -> tuple[Reply, RouteCounter] | tuple[None, None]:
        """Return the answer to a request (ASGI), and what counts it, as far as it is known here."""
        path = scope["path"]
        if self.recording is not None and path.startswith(self.recording.prefixes):
            recorded = self.recording.answer(path, asked, moment[0])
            if recorded is None:
                return None, None
            await recorded.kept()
            return recorded.reply, recorded.counter
        known = self._find(path, asked.query, moment)
        if isinstance(known, _Wanted):
            known = await self._fetch(known)
        reply = self._written(known, asked, moment) if known else None
        return (reply, known[1]) if known and reply else (None, None)

    def _written(self, known: _Known, asked: Asked, moment: Moment) -> Reply | None:
        """Write an answer, with a token if it is a view that is recorded."""
        answer, _, kind = known
        if self.recording is None or kind not in _RECORDED:
            return answer(asked.headers)
        views = self.recording.views(_RECORDED[kind], asked, moment[0])
        return views if isinstance(views, tuple) else answer(asked.headers, views)

    def _decide(self, path: str, asked: Asked, moment: Moment) -> ViewTokens | Reply | None:
        """Return what makes the token of a view that the framework writes; see Recording.views."""
        kind, _ = (self._parse(path) if len(path) <= self._longest else None) or ("", 0)
        if self.recording is None or kind not in _RECORDED:
            return None
        if asked.query:
            # Read as the framework reads it: %71uarter is quarter.
            names = QueryParams(asked.query)
            if kind == "banner" and "format" in names:
                kind = "framed_banner"
            if kind == "served" and not NAMED_PREVIEW.isdisjoint(names):
                return None
        return self.recording.views(_RECORDED[kind], asked, moment[0])

    def _find(self, path: str, query: bytes, moment: Moment) -> _Known | _Wanted | None:
        """Return what answers an address, or what has to be read first."""
        asked = self._parse(path) if len(path) <= self._longest else None
        if asked is None:
            return self._image(path)
        kind, campaign_id = asked
        second, quarter = moment
        if query:
            meant = _with_query(kind, quarter, query)
            if meant is None:
                return None
            kind, quarter = meant
        held = self._held(quarter)
        kept = self._kept[quarter]
        if kept.held is not held:
            kept = self._kept[quarter] = self._fresh(quarter, held)
        elif kept.catalogue is not self._catalogue.held:
            kept.follow(self._catalogue.held)
        answers = kept.find(campaign_id, second)
        if isinstance(answers, Lacking):
            wanted = _Wanted(kept, kind, campaign_id, second)
            return wanted if answers is Lacking.UNREAD else self._answer_absent(wanted, answers)
        return self._answer(kept, kind, answers, second)

    async def _fetch(self, wanted: _Wanted) -> _Known | None:
        """Read candidates that are not held, without blocking other requests."""
        kept = wanted.kept
        if kept.held is None:
            return None
        try:
            candidates = await asyncio.wrap_future(kept.held.read_later(wanted.campaign_id))
        except StoreError:
            return None  # the framework reads it again, and answers with the error
        if candidates is None:
            return None
        kept.follow(self._catalogue.held)
        answers = kept.keep(candidates, int(wanted.second))
        if isinstance(answers, Lacking):
            return None
        return self._answer(kept, wanted.kind, answers, wanted.second)

    def _answer(
        self, kept: KeptAnswers, kind: str, answers: Answers, second: float
    ) -> _Known | None:
        counter = self._counters[kind]
        if isinstance(answers, NothingShown) and kind not in _EMBEDDED:
            return None  # the framework says why
        if answers.shows_any or kind not in _EMBEDDED:
            return getattr(answers, kind), counter, kind
        catalogue = kept.catalogue
        if catalogue is None or not catalogue.exists:
            return getattr(answers, kind), counter, kind
        # A page of another site must not show an error in this place.
        house = kept.find(catalogue.house, second) if catalogue.house else Lacking.UNKNOWN
        if house is Lacking.UNREAD:
            return None  # the framework reads it
        if isinstance(house, Lacking) or not house.shows_any:
            return getattr(self._empty, kind), counter, kind
        return getattr(house, kind), counter, kind

    def _answer_absent(self, wanted: _Wanted, why: Lacking) -> _Known | None:
        """Answer an embed of a campaign that the catalogue does not have; None for all others."""
        if why is not Lacking.ABSENT or wanted.kind not in _EMBEDDED:
            return None
        found = self._answer(wanted.kept, wanted.kind, _NOTHING, wanted.second)
        if found is not None:
            self._serving.count_unknown_embed()
        return found

    def _fresh(self, quarter: Quarter, held: HeldQuarter | None) -> KeptAnswers:
        return KeptAnswers(quarter, held, self._catalogue.held, self._serving)

    def _image(self, path: str) -> _Known | None:
        image = self._images.held(path.removeprefix(self._prefix))
        if image is None:
            return None
        return image.answer, self._counters["image"], "image"


def _with_query(kind: str, quarter: Quarter, query: bytes) -> tuple[str, Quarter] | None:
    """Return the kind of answer and the quarter that a query asks for; None if it is unusual."""
    if kind in _ASKS_FOR_QUARTER:
        asked_for = _QUARTER.fullmatch(query)
        if asked_for is None:
            return None
        return "previewed" if kind == "served" else kind, Quarter(int(asked_for[1]))
    if kind == "banner":
        return ("framed_banner", quarter) if query == _FRAMED else None
    return kind, quarter


async def _send(reply: Reply, method: str, send: Send) -> None:
    status, _, body = reply
    await send({"type": "http.response.start", "status": status, "headers": headers_of(reply)})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
