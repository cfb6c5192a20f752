"""The answers for a campaign, prepared as far as they depend on neither chance nor visitor."""

import json
from collections.abc import Callable, Sequence
from math import inf

from banners.core.addresses import Route
from banners.core.candidates import Candidates
from banners.core.images import USUAL_SIZE
from banners.core.model import Lineup
from banners.core.rotation import BANNER_COOKIE, PAGE_COOKIE
from banners.core.selection import Selection
from banners.core.showing import OwnedBanner
from banners.core.taking import PreparedSelection, ShownLineup
from banners.reports.json_object import as_json
from banners.reports.lineup_json import lineup_answer
from banners.web.hot.counted import CountedNames
from banners.web.hot.layouts import written_size
from banners.web.hot.replies import NO_STORE, Headers, Reply, joined, with_length
from banners.web.hot.serving import Serving
from banners.web.hot.writing import ByIds, Writing
from banners.web.http.security import EMBEDDABLE, READABLE, SECURITY
from banners.web.recording.view_tokens import ViewTokens

_HTML = [(b"content-type", b"text/html; charset=utf-8"), NO_STORE]
_JSON = [(b"content-type", b"application/json"), NO_STORE]
_PAGE_HEAD = joined([*_HTML, *SECURITY])
_FRAME_HEAD = joined([*_HTML, *EMBEDDABLE])
_FIGURES_HEAD = joined([*_JSON, *SECURITY])
_SERVED_HEAD = joined([*_JSON, *READABLE])
_REDIRECT_HEAD = joined([NO_STORE, *SECURITY])
_IMAGE_HEAD = joined([(b"content-type", b"image/gif"), NO_STORE, *SECURITY])
_PAGE, _ONE = PAGE_COOKIE.encode(), BANNER_COOKIE.encode()
_PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b"
)
SMALL_IMAGE: Reply = 200, with_length(_IMAGE_HEAD, _PIXEL), _PIXEL
"""A GIF of one transparent pixel: the small image of a view, and that of an empty embed."""


class CampaignAnswers:
    """Writes every answer for a campaign in a quarter.

    Args:
        lineup: what the rule picked.
        inventory: returns what the fill may draw from besides the campaign's own banners; called
            once, and only if the fill may draw from it.
        serving: how all campaigns are served.
        writing: how the campaign is written; by ids alone if not given.
        until: the first second, since 1970 in UTC, at which the answers are no longer valid.
        is_paused: whether the lineup lacks banners that are off now, which views are to say.
        lineups: the lineups that a policy prepared, as they are shown now; none under the rule.
        ranked: the candidates as they were published, if a policy prepared lineups of them.
    """

    __slots__ = (
        *(
            "_around",
            "_document",
            "_fragments",
            "_items",
            "_largest",
            "_lineup",
            "_path",
            "_ranked",
        ),
        *("_selection", "_serving", "_sized", "_writing", "shows_any", "until"),
    )

    def __init__(
        self,
        lineup: Lineup,
        inventory: Callable[[], Sequence[int]],
        serving: Serving,
        writing: Writing | None = None,
        until: float = inf,
        *,
        is_paused: bool = False,
        lineups: Sequence[ShownLineup] = (),
        ranked: Candidates | None = None,
    ) -> None:
        self._ranked = ranked
        self.until = until
        self._lineup = lineup
        self._serving = serving
        self._writing = writing or ByIds(lineup.campaign_id, lineup.quarter, serving)
        has_catalogue = self._writing.catalogued is not None
        policy = serving.policy(has_catalogue=has_catalogue)
        source = serving.source
        self._selection: Selection | PreparedSelection
        if lineups:
            self._selection = PreparedSelection(lineup, lineups, policy, inventory, source)
        else:
            self._selection = Selection(
                *(lineup, policy, inventory, source), may_change=has_catalogue, is_paused=is_paused
            )
        self.shows_any = self._selection.shows_any
        """Whether there is a banner to show."""
        self._path = serving.site.at(Route.CAMPAIGN, campaign_id=lineup.campaign_id).encode()
        # Each written when it is first asked for: most campaigns are asked for one kind of answer.
        self._fragments: dict[int, bytes] = {}
        self._items: dict[int, bytes] = {}
        self._sized = -1
        self._document: Reply | None = None
        self._largest: tuple[int, bytes] | None = None
        self._around = -1, b"", b""

    def page(self, headers: Headers, views: ViewTokens | None = None) -> Reply:
        """Write the page, with another banner first than last time.

        Args:
            headers: those of the request.
            views: makes the token of the view; None for a page that is not recorded.
        """
        selection = self._selection.take()
        shown, cookie = selection.page(cookie_value(headers, _PAGE))
        writing = self._writing
        if not shown:
            body = writing.empty_page()
            return 200, with_length(_PAGE_HEAD, body), body
        if views is not None and isinstance(writing, CountedNames):
            token = self._token(views, selection, shown)
            body = writing.counted_page(shown, self._largest_size(), token)
        else:
            known = self._fragments or self._prepare_fragments()
            sized = self._serving.sizes.version
            _, head, tail = self._around if self._around[0] == sized else self._prepare_around()
            fragments = [known.get(each) or writing.item(each) for each in shown]
            body = b"".join((head, *fragments, tail))
        return 200, self._head(_PAGE_HEAD, body, _PAGE, cookie), body

    def banner(self, headers: Headers, views: ViewTokens | None = None) -> Reply | None:
        """Redirect to the image of one banner; None if there is nothing to show.

        Args:
            headers: those of the request.
            views: counts the redirect, which is no view; None if nothing is recorded.
        """
        cookie = cookie_value(headers, _ONE)
        chosen = self._selection.take(cookie).one(cookie)
        if chosen is None:
            return None
        if views is not None:
            views.count_bare()
        banner_id, remembered = chosen
        location = b"location: %b\r\n%b" % (self._serving.image % banner_id, _REDIRECT_HEAD)
        return 302, self._head(location, b"", _ONE, remembered), b""

    def framed_banner(self, headers: Headers, views: ViewTokens | None = None) -> Reply | None:
        """Write a page of one banner, for others to frame; None if there is nothing to show.

        Args:
            headers: those of the request.
            views: makes the token of the view; None for a page that is not recorded.
        """
        cookie, writing = cookie_value(headers, _ONE), self._writing
        selection = self._selection.take(cookie)
        chosen = selection.one(cookie)
        if chosen is None:
            return None
        banner_id, remembered = chosen
        if views is not None and isinstance(writing, CountedNames):
            token = self._token(views, selection, (banner_id,))
            body = writing.counted_frame(banner_id, token)
        else:
            body = writing.frame(banner_id)
        return 200, self._head(_FRAME_HEAD, body, _ONE, remembered), body

    def lineup(self, _headers: Headers) -> Reply:
        """Write the lineup and its figures as JSON."""
        if self._document is None:
            catalogued = self._writing.catalogued
            policy = self._serving.policy(has_catalogue=catalogued is not None)
            answer = lineup_answer(
                self._lineup, policy, self._serving.site, catalogued, self._ranked
            )
            body = json.dumps(as_json(answer), separators=(",", ":")).encode()
            self._document = 200, with_length(_FIGURES_HEAD, body), body
        return self._document

    def served(self, _headers: Headers, views: ViewTokens | None = None) -> Reply:
        """Write as JSON what a visitor would be served, in random order.

        Args:
            _headers: those of the request.
            views: makes the token of the view; None for an answer that is not recorded.
        """
        selection, writing = self._selection.take(), self._writing
        shown, _ = selection.page(b"")
        generation = self._lineup.generation
        if views is not None and shown and isinstance(writing, CountedNames):
            token = self._token(views, selection, shown)
            body = writing.counted_document(generation, shown, token)
        else:
            sized = self._serving.sizes.version
            known = self._items if self._sized == sized else self._prepare_items(sized)
            members = [known.get(each) or writing.member(each, filled=True) for each in shown]
            body = writing.document(generation, members)
        return 200, with_length(_SERVED_HEAD, body), body

    def previewed(self, headers: Headers) -> Reply:
        """Write as JSON what a visitor would be served in a quarter that is asked for."""
        return self.served(headers)

    def _token(self, views: ViewTokens, selection: Selection, shown: Sequence[int]) -> bytes:
        """Return the token of a view."""
        lineup = self._lineup
        fill = _owners(lineup.campaign_id, selection.picked, shown) if selection.is_short else ()
        return views.make(
            *(lineup.quarter, lineup.campaign_id, lineup.generation.number, selection.group),
            shown,
            fill,
            paused=selection.is_paused,
        )

    def _largest_size(self) -> bytes:
        """Write the size of a frame that holds each banner of the lineup."""
        sizes = self._serving.sizes
        known = self._largest
        if known is None or known[0] != sizes.version:
            of_each = [sizes.of(each) for each in self._selection.picked] or [USUAL_SIZE]
            width, height = map(max, zip(*of_each, strict=True))
            known = self._largest = sizes.version, written_size(width, height)
        return known[1]

    def _prepare_fragments(self) -> dict[int, bytes]:
        """Write each banner of the lineup as it stands in the page, whatever its place."""
        item = self._writing.item
        self._fragments = {each: item(each) for each in self._selection.picked}
        return self._fragments

    def _prepare_around(self) -> tuple[int, bytes, bytes]:
        """Write the page before and after the banners, with the sizes of images that are known."""
        sized = self._serving.sizes.version
        self._around = sized, *self._writing.around(self._largest_size())
        return self._around

    def _prepare_items(self, sized: int) -> dict[int, bytes]:
        """Write each banner of the lineup as it stands in the JSON, whatever its place."""
        member = self._writing.member
        self._items = {each: member(each, filled=False) for each in self._selection.picked}
        self._sized = sized
        return self._items

    def _head(self, head: bytes, body: bytes, cookie: bytes, value: bytes) -> bytes:
        """Return header lines, the length, and a cookie for the addresses of this campaign alone.

        Args:
            head: the header lines that go before these.
            body: the body of the answer.
            cookie: the name of the cookie.
            value: its value.
        """
        values = head, len(body), cookie, value, self._path, self._serving.cookie
        return b"%bcontent-length: %d\r\nset-cookie: %b=%b; Path=%b%b\r\n" % values


class NothingShown:
    """The answers for a campaign that is off: the framework says why, with the form.

    Args:
        until: the first second, since 1970 in UTC, at which the answers are no longer valid.
    """

    __slots__ = ("until",)

    shows_any = False

    def __init__(self, until: float = inf) -> None:
        self.until = until

    def page(self, _headers: Headers, _views: ViewTokens | None = None) -> None:
        """Return None, as the other methods do."""

    banner = framed_banner = lineup = served = previewed = page


class EmptyEmbed:
    """The answers for embeds with nothing to show: an empty frame, and a transparent image.

    Args:
        serving: how all campaigns are served.
    """

    def __init__(self, serving: Serving) -> None:
        frame = serving.layouts.empty_frame
        self._frame = 200, with_length(_FRAME_HEAD, frame), frame

    def banner(self, _headers: Headers, _views: ViewTokens | None = None) -> Reply:
        """Return an image of one transparent pixel."""
        return SMALL_IMAGE

    def framed_banner(self, _headers: Headers, _views: ViewTokens | None = None) -> Reply:
        """Return an empty page."""
        return self._frame


def cookie_value(headers: Headers, name: bytes) -> bytes:
    """Return the value of a cookie of a request; empty if it was not sent.

    Args:
        headers: names in lower case, and values.
        name: the cookie's name.
    """
    for key, value in headers:
        if key == b"cookie" and name in value:
            # Most visitors send this one cookie alone.
            before, _, content = value.partition(b"=")
            if before == name and b";" not in content:
                return content.strip()
            for pair in value.split(b";"):
                found, _, content = pair.strip().partition(b"=")
                if found == name:
                    return content
    return b""


def _owners(campaign_id: int, picked: Sequence[int], shown: Sequence[int]) -> tuple[int, ...]:
    """Return for each banner the campaign that it belongs to if it is fill, and 0 otherwise."""
    owned = (each.owner if isinstance(each, OwnedBanner) else campaign_id for each in shown)
    pairs = zip(shown, owned, strict=True)
    return tuple(0 if each in picked else owner for each, owner in pairs)
