"""The pages of a campaign, rendered once by their templates and cut where ids and names go."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from fastapi.templating import Jinja2Templates

from banners.core.addresses import Site
from banners.core.images import USUAL_SIZE
from banners.core.model import Quarter
from banners.web.http.caller import VISITOR, Caller

# Characters that no template contains, to find the places of ids in a rendered page.
_CAMPAIGN, _BANNER, _SIZE, _NAME, _LINK = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
_SEEN = "\ue005"
_ITEM = re.compile(r"\n<li>.*</li>", re.DOTALL)
_PLACES = {
    _CAMPAIGN: "id",
    _BANNER: "id",
    _SIZE: "size",
    _NAME: "name",
    _LINK: "link",
    _SEEN: "seen",
}

Values = Mapping[bytes, bytes]
"""What is written in the places of a :class:`Blank`: ``id``, ``name``, ``link``, ``size``, and
``seen`` for the address of the small image by which a view is counted.

A name and a link are escaped, as HTML text and attributes are.
"""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text cut at the places of an id.

    Args:
        between: the pieces before, between and after these places.
    """

    between: tuple[bytes, ...]

    @classmethod
    def cut(cls, text: str, mark: str) -> Self:
        """Cut a text that has a mark in place of the id."""
        return cls(tuple(piece.encode() for piece in text.split(mark)))

    def of(self, written_id: bytes) -> bytes:
        """Return the text for an id."""
        return written_id.join(self.between)


@dataclass(frozen=True, slots=True)
class Blank:
    """A text with places for several values.

    Args:
        form: the text as a format; each place is named after its value.
    """

    form: bytes

    @classmethod
    def cut(cls, text: str) -> Self:
        """Take a text that has marks in place of the values."""
        text = text.replace("%", "%%")
        for mark, name in _PLACES.items():
            text = text.replace(mark, f"%({name})b")
        return cls(text.encode())

    def filled(self, values: Values) -> bytes:
        """Return the text with its values; marks inside the values are not replaced."""
        return self.form % values


@dataclass(frozen=True, slots=True)
class PageLayout:
    """A campaign's page with banners: what stands before them, each of them, and what follows.

    Args:
        head: up to the banners, cut at the campaign's id.
        item: one banner, cut at its id.
        tail: after the banners, cut at the size of a frame where a snippet names it; each piece is
            cut at the campaign's id.
    """

    head: Pieces
    item: Pieces
    tail: tuple[Pieces, ...]

    @classmethod
    def cut(cls, page: str) -> Self:
        """Cut a page that was rendered for one banner, with marks in place of the ids."""
        head, item, tail = _parts(page)
        return cls(
            Pieces.cut(head, _CAMPAIGN),
            Pieces.cut(item, _BANNER),
            tuple(Pieces.cut(piece, _CAMPAIGN) for piece in tail.split(_SIZE)),
        )

    def around(self, campaign_id: bytes, size: bytes) -> tuple[bytes, bytes]:
        """Return the parts of a campaign's page before and after its banners.

        Args:
            campaign_id: the campaign, as it is written.
            size: the size of a frame for one of them, as :func:`written_size` returns it.
        """
        tail = size.join([piece.of(campaign_id) for piece in self.tail])
        return self.head.of(campaign_id), tail


@dataclass(frozen=True, slots=True)
class NamedPageLayout:
    """The page of a campaign of the catalogue: with names, and with links to the landing pages.

    Args:
        head: up to the banners.
        linked: one banner that is a link.
        unlinked: one banner without a landing page.
        tail: after the banners.
        counted_tail: the same with the small image by which a view is counted.
    """

    head: Blank
    linked: Blank
    unlinked: Blank
    tail: Blank
    counted_tail: Blank

    @classmethod
    def cut(cls, linked: str, unlinked: str, counted: str) -> Self:
        """Cut pages that were rendered for one banner: with a link, without, and counted."""
        head, item, tail = _parts(linked)
        other, counted_tail = _parts(unlinked)[1], _parts(counted)[2]
        return cls(*map(Blank.cut, (head, item, other, tail, counted_tail)))

    def around(self, values: Values) -> tuple[bytes, bytes]:
        """Return the parts of a campaign's page before and after its banners.

        Args:
            values: the campaign's id and name, and the size of a frame for one of the banners.
        """
        return self.head.filled(values), self.tail.filled(values)


def written_size(width: int, height: int) -> bytes:
    """Return a size as the attributes of an element."""
    return b'width="%d" height="%d"' % (width, height)


class Layouts:
    """The layouts of a campaign's pages.

    Args:
        templates: the pages' templates.
        site: the application as others reach it.
        caller: who the pages are for: the same for everybody, since they are rendered once.
    """

    def __init__(self, templates: Jinja2Templates, site: Site, caller: Caller = VISITOR) -> None:
        template = templates.get_template("campaign.html")
        banner: dict[str, Any] = {
            "banner_id": _BANNER,
            "image": site.image_format.replace("%d", _BANNER),
            "name": "",
            "link": "",
        }
        unlinked = {**banner, "name": _NAME}
        linked = {**unlinked, "link": _LINK}
        nothing = dict.fromkeys(banner, "")

        def render(
            quarter: Quarter, *banners: dict[str, Any], name: str = "", seen: str = ""
        ) -> str:
            size = _SIZE if banners or name else written_size(*USUAL_SIZE).decode()
            return template.render(
                campaign_id=_CAMPAIGN,
                name=name,
                quarter=quarter,
                banners=banners,
                size=size,
                caller=caller,
                seen=seen,
            )

        self.filled = {each: PageLayout.cut(render(each, banner)) for each in Quarter}
        """The page with banners, by quarter."""
        self.empty = {each: Pieces.cut(render(each), _CAMPAIGN) for each in Quarter}
        """The page of a campaign that has nothing to show, by quarter."""
        self.named = {
            each: NamedPageLayout.cut(
                render(each, linked, name=_NAME),
                render(each, unlinked, name=_NAME),
                render(each, linked, name=_NAME, seen=_SEEN),
            )
            for each in Quarter
        }
        """The page of a campaign of the catalogue, by quarter."""
        self.named_empty = {each: Blank.cut(render(each, name=_NAME)) for each in Quarter}
        """The page of a campaign of the catalogue that has nothing to show, by quarter."""
        frame = templates.get_template("frame.html")

        def render_frame(shown: dict[str, Any]) -> str:
            # The template engine drops the line break at the end.
            return frame.render({"seen": "", **shown}, size=_SIZE) + "\n"

        before, _, after = render_frame(banner).partition(_SIZE)
        self._frame = Pieces.cut(before, _BANNER), Pieces.cut(after, _BANNER)
        self.linked_frame = Blank.cut(render_frame(linked))
        """The page of one banner alone that is a link, for other sites to frame."""
        self.unlinked_frame = Blank.cut(render_frame(unlinked))
        """The same for a banner of the catalogue without a landing page."""
        self.counted_linked_frame = Blank.cut(render_frame({**linked, "seen": _SEEN}))
        """The page of one banner alone that is a link, with the small image that counts it."""
        self.counted_unlinked_frame = Blank.cut(render_frame({**unlinked, "seen": _SEEN}))
        """The same for a banner of the catalogue without a landing page."""
        self.empty_frame = render_frame(nothing).encode()
        """The empty page for a frame that has nothing to show."""

    def frame_of(self, banner_id: int, size: bytes) -> bytes:
        """Return the page of one banner alone, for other sites to frame.

        Args:
            banner_id: the banner.
            size: the size of its image, as :func:`written_size` returns it.
        """
        before, after = (piece.of(b"%d" % banner_id) for piece in self._frame)
        return before + size + after


def _parts(page: str) -> tuple[str, str, str]:
    """Return what stands in a page before its one banner, the banner, and what follows."""
    found = _ITEM.search(page)
    if found is None:
        raise ValueError("campaign.html holds no <li> for a banner; expected one on a new line")
    return page[: found.start()], found[0], page[found.end() :]
