"""What is answered for a campaign, prepared as far as it depends on neither chance nor visitor."""

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from fastapi.responses import Response
from fastapi.templating import Jinja2Templates

from banners import rule
from banners.answer import image_path, lineup_answer
from banners.model import FillPolicy, Lineup, Quarter
from banners.rotation import BANNER_COOKIE, COOKIE_SECONDS, PAGE_COOKIE, next_banner, order
from banners.web.headers import EMBEDDABLE, SECURITY

Headers = list[tuple[bytes, bytes]]
Reply = tuple[int, Headers, bytes]
"""Status, headers and body of an answer."""

_NO_STORE = (b"cache-control", b"no-store")
_HTML = [(b"content-type", b"text/html; charset=utf-8"), _NO_STORE]
_JSON = [(b"content-type", b"application/json"), _NO_STORE, *SECURITY]
_PAGE, _ONE = PAGE_COOKIE.encode(), BANNER_COOKIE.encode()
# Characters that no template holds, to find again where an id goes.
_CAMPAIGN, _BANNER = "\ue000", "\ue001"
_ITEM = re.compile(r"\n<li>.*</li>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Layout:
    """A page cut into the pieces between its ids.

    Args:
        head: what stands before, between and behind the campaign's ids, up to the banners.
        item: likewise of each banner.
        tail: likewise of the campaign's, from the banners on.
    """

    head: tuple[bytes, ...]
    item: tuple[bytes, ...]
    tail: tuple[bytes, ...]

    @classmethod
    def of(cls, page: str) -> "Layout":
        """Cut a page that was rendered for one banner, with the marks in place of the ids."""
        found = _ITEM.search(page)
        if found is None:
            raise ValueError("the page holds no banner")
        head, item, tail = page[: found.start()], found[0], page[found.end() :]
        return cls(_cut(head, _CAMPAIGN), _cut(item, _BANNER), _cut(tail, _CAMPAIGN))

    def fill_in(self, campaign_id: bytes, banner_ids: Sequence[int]) -> bytes:
        """Write the page of a campaign with these banners, in this order."""
        pieces = [campaign_id.join(self.head)]
        join = self.item
        pieces += [(b"%d" % banner_id).join(join) for banner_id in banner_ids]
        pieces.append(campaign_id.join(self.tail))
        return b"".join(pieces)


def _cut(text: str, mark: str) -> tuple[bytes, ...]:
    return tuple(piece.encode() for piece in text.split(mark))


class Layouts:
    """The campaign's page for each quarter of the hour, with and without banners.

    Args:
        templates: the pages' templates.
        public_url: where the application is reached from outside, for others to link to.
    """

    def __init__(self, templates: Jinja2Templates, public_url: str) -> None:
        template = templates.get_template("campaign.html")

        def render(quarter: Quarter, *banners: str) -> str:
            images = [
                {"banner_id": each, "image": image_path(0).replace("0", each)} for each in banners
            ]
            return template.render(
                campaign_id=_CAMPAIGN, quarter=quarter, banners=images, public_url=public_url
            )

        self.filled = {each: Layout.of(render(each, _BANNER)) for each in Quarter}
        self.empty = {each: _cut(render(each), _CAMPAIGN) for each in Quarter}


@dataclass(frozen=True, slots=True)
class Serving:
    """How all campaigns are served.

    Args:
        policy: where the fill of a short lineup may come from.
        source: where the randomness comes from.
        layouts: how a campaign's page is written.
    """

    policy: FillPolicy
    source: random.Random
    layouts: Layouts


class CampaignAnswers:
    """All that is answered for a campaign in a quarter.

    Args:
        lineup: what the rule picked.
        inventory: gives every candidate of any campaign of the same generation and quarter; asked
            for only where the fill may go there.
        serving: how all campaigns are served.
    """

    __slots__ = ("_document", "_id", "_inventory", "_lineup", "_picked", "_serving", "_short")

    def __init__(
        self, lineup: Lineup, inventory: Callable[[], Sequence[int]], serving: Serving
    ) -> None:
        self._lineup = lineup
        self._serving = serving
        self._id = b"%d" % lineup.campaign_id
        self._picked = tuple(banner.banner_id for banner in lineup.banners)
        self._short = rule.missing(lineup, serving.policy) > 0
        self._document: Reply | None = None
        self._inventory = inventory() if rule.draws_on_inventory(lineup, serving.policy) else ()

    def page(self, headers: Sequence[tuple[bytes, bytes]]) -> Reply:
        """Write the page, with another banner first than last time."""
        cookie = cookie_value(headers, _PAGE)
        shown, cookie = order(cookie, self._shown(), self._serving.source)
        quarter = self._lineup.quarter
        if not shown:
            body = self._id.join(self._serving.layouts.empty[quarter])
            return 200, [*_HTML, *SECURITY, _length(body)], body
        body = self._serving.layouts.filled[quarter].fill_in(self._id, shown)
        cookies = self._remember(_PAGE, cookie)
        return 200, [*_HTML, *SECURITY, _length(body), cookies], body

    def banner(self, headers: Sequence[tuple[bytes, bytes]]) -> Reply | None:
        """Lead to the picture of one banner; None where there is none to show."""
        picked = self._one(headers)
        if picked is None:
            return None
        banner_id, cookie = picked
        location = (b"location", image_path(banner_id).encode())
        return 302, [location, _NO_STORE, *SECURITY, _length(b""), cookie], b""

    def framed_banner(self, headers: Sequence[tuple[bytes, bytes]]) -> Reply | None:
        """Write a page of one banner alone, to be framed by others; None where there is none."""
        picked = self._one(headers)
        if picked is None:
            return None
        banner_id, cookie = picked
        body = _FRAMED.replace(b"%d", b"%d" % banner_id)
        return 200, [*_HTML, *EMBEDDABLE, _length(body), cookie], body

    def lineup(self, _headers: Sequence[tuple[bytes, bytes]]) -> Reply:
        """Write the lineup and its figures as JSON."""
        if self._document is None:
            answer = asdict(lineup_answer(self._lineup, self._serving.policy))
            body = json.dumps(answer, separators=(",", ":")).encode()
            self._document = 200, [*_JSON, _length(body)], body
        return self._document

    def served(self, _headers: Sequence[tuple[bytes, bytes]]) -> Reply:
        """Write as JSON what a visitor would be served, in random order."""
        shown, _ = order(b"", self._shown(), self._serving.source)
        picked = set(self._picked)
        banners = b",".join(
            b'{"banner_id":%d,"image":"%s","filled":%s}'
            % (each, image_path(each).encode(), b"false" if each in picked else b"true")
            for each in shown
        )
        body = b'{"campaign_id":%s,"quarter":%d,"generation":%d,"banners":[%s]}' % (
            self._id,
            self._lineup.quarter,
            self._lineup.generation.number,
            banners,
        )
        return 200, [*_JSON, _length(body)], body

    def _shown(self) -> tuple[int, ...]:
        if not self._short:
            return self._picked
        serving = self._serving
        drawn = rule.fill(self._lineup, serving.policy, self._inventory, serving.source)
        return self._picked + drawn

    def _one(
        self, headers: Sequence[tuple[bytes, bytes]]
    ) -> tuple[int, tuple[bytes, bytes]] | None:
        cookie = cookie_value(headers, _ONE)
        if self._picked:
            generation, quarter = self._lineup.generation.number, int(self._lineup.quarter)
            source = self._serving.source
            banner_id, cookie = next_banner(cookie, self._picked, generation, quarter, source)
        else:
            shown, cookie = order(cookie, self._shown(), self._serving.source)
            if not shown:
                return None
            banner_id = shown[0]
        return banner_id, self._remember(_ONE, cookie)

    def _remember(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        """Set a cookie that only this campaign's addresses are sent."""
        return b"set-cookie", b"%s=%s; Path=/campaigns/%s%s" % (name, value, self._id, _COOKIE)


_COOKIE = b"; Max-Age=%d; HttpOnly; SameSite=Lax" % COOKIE_SECONDS
_PICTURE = image_path(0).replace("0", "%d").encode()
_FRAMED = (
    b'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Banner %d</title>\n'
    b'<link rel="stylesheet" href="/static/framed.css">\n</head>\n<body>\n<main>'
    b'<img src="' + _PICTURE + b'" width="300" height="250" alt="Banner %d"></main>\n'
    b"</body>\n</html>\n"
)


def cookie_value(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> bytes:
    """Find a cookie among the headers of a request; empty where it was not sent.

    Args:
        headers: names in lower case, and values.
        name: the cookie's name.
    """
    for key, value in headers:
        if key == b"cookie" and name in value:
            for pair in value.split(b";"):
                found, _, content = pair.strip().partition(b"=")
                if found == name:
                    return content
    return b""


def respond(reply: Reply) -> Response:
    """Hand a reply to the framework."""
    status, headers, body = reply
    response = Response(body, status)
    response.raw_headers = headers
    return response


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % len(body)
