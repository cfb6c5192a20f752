"""Answers the hot addresses from memory, before the framework is troubled.

Only requests that are exactly as they should be, for what this worker holds or knows of, are
answered here; all others, errors among them, go on to the framework, which answers the same
addresses from the same :class:`banners.web.prepared.CampaignAnswers`. It stands in front of the
framework as WhiteNoise stands in front of Django.
"""

import asyncio
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from banners.errors import StoreError
from banners.model import Lineup, Quarter
from banners.serve.reader import HeldQuarter, LineupReader
from banners.web.clock import at_quarter
from banners.web.metrics import Tally
from banners.web.pictures import Pictures, is_plain
from banners.web.prepared import CampaignAnswers, Headers, Reply, Serving

MOST_PREPARED = 10_000
"""So many answers of a quarter are kept prepared, 3 to 5 kB each."""

READING_THREADS = 8
"""So many lineups at a time are read through; whoever waits for them holds up nobody else."""

ROUTES = {
    "page": "/campaigns/{campaign_id}",
    "banner": "/campaigns/{campaign_id}/banner",
    "framed_banner": "/campaigns/{campaign_id}/banner",
    "lineup": "/api/v1/campaigns/{campaign_id}",
    "served": "/api/v1/campaigns/{campaign_id}/banners",
    "picture": "/static/images/{name}",
}
"""The addresses answered here, by what answers them; most are methods of CampaignAnswers."""

_ID = "[1-9][0-9]{0,17}"
_ADDRESS = re.compile(
    f"/campaigns/(?:(?P<page>{_ID})|(?P<banner>{_ID})/banner)"
    f"|/api/v1/campaigns/(?:(?P<lineup>{_ID})|(?P<served>{_ID})/banners)"
)
_QUARTER = re.compile(rb"quarter=([1-4])")
_FRAMED = b"format=html"
_READING = {"GET", "HEAD"}

_Answer = Callable[[Headers], Reply | None]
_Known = tuple[_Answer, Tally]


class _Hot:
    """The answers prepared from what is held of a quarter, by address."""

    def __init__(self, held: HeldQuarter | None) -> None:
        self.held = held
        self.answers: dict[str, _Known] = {}


class Delivery:
    """Wraps an application, and answers in its place what is hot.

    Args:
        application: the ASGI application to wrap.
        reader: the tier that lineups are read from.
        held: gives what is held of a quarter in memory: another object once another generation is
            held, and None for nothing.
        serving: how all campaigns are served.
        pictures: the banners' pictures.
        now: tells the local time, whose minute decides the quarter.
        tally: gives what requests of a route are counted with.
    """

    def __init__(
        self,
        application: ASGIApp,
        *,
        reader: LineupReader,
        held: Callable[[Quarter], HeldQuarter | None],
        serving: Serving,
        pictures: Pictures,
        now: Callable[[], datetime],
        tally: Callable[[str], Tally],
    ) -> None:
        self._application = application
        self._read = reader.lineup
        self._held = held
        self._serving = serving
        self._pictures = pictures
        self._now = now
        self._tallies = {kind: tally(route) for kind, route in ROUTES.items()}
        self._threads = ThreadPoolExecutor(READING_THREADS, thread_name_prefix="read")
        self._hot = {quarter: _Hot(None) for quarter in Quarter}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        # Read once: one answer never tells two quarters of the hour.
        now = Quarter.at(self._now())
        if scope["method"] in _READING:
            start = time.perf_counter()
            known = self._find(scope["path"], scope["query_string"], now)
            if isinstance(known, _Wanted):
                known = await self._fetch(known)
            reply = known[0](scope["headers"]) if known else None
            if known and reply:
                status, headers, body = reply
                await send({"type": "http.response.start", "status": status, "headers": headers})
                if scope["method"] == "HEAD":
                    body = b""
                await send({"type": "http.response.body", "body": body})
                known[1].add(status, time.perf_counter() - start)
                return
        await self._application(at_quarter(scope, now), receive, send)

    def forget_replaced(self) -> None:
        """Let go of what was held before: of a quarter that nobody asks for, too."""
        for quarter, hot in self._hot.items():
            held = self._held(quarter)
            if hot.held is not held:
                self._hot[quarter] = _Hot(held)

    def answer_at_once(self, path: str, query: bytes, headers: Headers) -> Reply | None:
        """Answer a GET, if that takes no waiting: what a server may ask instead of calling this.

        Args:
            path: decoded, without the query.
            query: what stands behind the question mark, as it was sent.
            headers: those of the request, with names in lower case.
        """
        start = time.perf_counter()
        known = self._find(path, query, Quarter.at(self._now()))
        if known is None or isinstance(known, _Wanted):
            return None
        answer, tally = known
        reply = answer(headers)
        if reply is not None:
            tally.add(reply[0], time.perf_counter() - start)
        return reply

    def _find(self, path: str, query: bytes, now: Quarter) -> "_Known | _Wanted | None":
        """Find the answers of an address, or what has to be fetched for them."""
        quarter, key = now, path
        if query and path.startswith("/api/"):
            asked_for = _QUARTER.fullmatch(query)
            if asked_for is None:
                return None
            quarter = Quarter(int(asked_for[1]))
        elif query and path.endswith("/banner"):
            if query != _FRAMED:
                return None
            key = f"{path}?"
        held = self._held(quarter)
        hot = self._hot[quarter]
        if hot.held is not held:
            hot = self._hot[quarter] = _Hot(held)
        return hot.answers.get(key) or self._prepare(path, key, hot) or self._picture(path)

    def _prepare(self, path: str, key: str, hot: _Hot) -> "_Known | _Wanted | None":
        address = _ADDRESS.fullmatch(path)
        if address is None or hot.held is None:
            return None
        kind = str(address.lastgroup)
        campaign_id = int(address[kind])
        if campaign_id not in hot.held:
            return None
        wanted = _Wanted(hot, key, kind if key is path else "framed_banner", campaign_id)
        try:
            found = hot.held.lineup(campaign_id)
        except StoreError:
            return None  # read again, and told as errors are told, by the framework
        return wanted if found is None else self._keep(wanted, found)

    def _picture(self, path: str) -> _Known | None:
        picture = self._pictures.held(path)
        if picture is None:
            return None
        reply = picture.reply
        return lambda headers: reply if is_plain(headers) else None, self._tallies["picture"]

    async def _fetch(self, wanted: "_Wanted") -> _Known | None:
        """Read a lineup that is not held, without holding up other requests."""
        held = wanted.hot.held
        if held is None:
            return None
        try:
            lineup = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._read, held.generation, held.quarter, wanted.campaign_id
            )
        except StoreError:
            return None  # as above
        return self._keep(wanted, lineup) if lineup else None

    def _keep(self, wanted: "_Wanted", lineup: Lineup) -> _Known:
        hot = wanted.hot
        answers = CampaignAnswers(
            lineup, lambda: hot.held.inventory if hot.held else (), self._serving
        )
        known = getattr(answers, wanted.kind), self._tallies[wanted.kind]
        if len(hot.answers) >= MOST_PREPARED:
            hot.answers.clear()
        hot.answers[wanted.key] = known
        return known


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A lineup that has to be read before an address can be answered.

    Args:
        hot: where the answers are kept.
        key: by what they are kept.
        kind: the answer wanted, a method of CampaignAnswers.
        campaign_id: the campaign.
    """

    hot: _Hot
    key: str
    kind: str
    campaign_id: int
