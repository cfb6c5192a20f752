"""How the banners of a campaign are written: by their ids alone, or with names and links."""

import json
from collections.abc import Iterable
from html import escape
from typing import Protocol

from banners.catalogue.values import CLICK
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.core.images import USUAL_SIZE, Size
from banners.core.model import Generation, Quarter
from banners.core.showing import OwnedBanner
from banners.web.hot.layouts import Blank, NamedPageLayout, written_size
from banners.web.hot.serving import Serving

_SERVED = b'{"campaign_id":%d,"campaign_id_text":"%d","quarter":%d,"generation":%d,"banners":[%s]'


class Writing(Protocol):
    """Writes a campaign and its banners for one quarter of the hour."""

    @property
    def catalogued(self) -> CatalogueCampaign | None:
        """The campaign in the catalogue; None if there is no catalogue."""
        ...

    def around(self, size: bytes) -> tuple[bytes, bytes]:
        """Write the parts of the page before and after the banners.

        Args:
            size: the size of a frame for one of them.
        """
        ...

    def empty_page(self) -> bytes:
        """Write the page of a campaign that has nothing to show."""
        ...

    def item(self, banner_id: int) -> bytes:
        """Write a banner as it stands in the page, whatever its place."""
        ...

    def frame(self, banner_id: int) -> bytes:
        """Write the page of one banner alone, for other sites to frame."""
        ...

    def member(self, banner_id: int, *, filled: bool) -> bytes:
        """Write a banner as it stands in the JSON, whatever its place."""
        ...

    def document(self, generation: Generation, members: Iterable[bytes]) -> bytes:
        """Write the JSON of what a visitor is served, with the banners in their order."""
        ...


class ByIds:
    """Writes a campaign by its id, and its banners by theirs, since there is no catalogue.

    Args:
        campaign_id: the campaign.
        quarter: the quarter of the hour.
        serving: how all campaigns are served.
    """

    __slots__ = ("_id", "_layouts", "_quarter", "_serving")

    catalogued = None

    def __init__(self, campaign_id: int, quarter: Quarter, serving: Serving) -> None:
        self._id = campaign_id
        self._quarter = quarter
        self._serving = serving
        self._layouts = serving.layouts

    def around(self, size: bytes) -> tuple[bytes, bytes]:
        """See :class:`Writing`."""
        return self._layouts.filled[self._quarter].around(b"%d" % self._id, size)

    def empty_page(self) -> bytes:
        """See :class:`Writing`."""
        return self._layouts.empty[self._quarter].of(b"%d" % self._id)

    def item(self, banner_id: int) -> bytes:
        """See :class:`Writing`."""
        return self._layouts.filled[self._quarter].item.of(b"%d" % banner_id)

    def frame(self, banner_id: int) -> bytes:
        """See :class:`Writing`."""
        return self._layouts.frame_of(banner_id, _size_of(banner_id, self._serving))

    def member(self, banner_id: int, *, filled: bool) -> bytes:
        """See :class:`Writing`."""
        return _member(banner_id, self._serving, filled=filled)

    def document(self, generation: Generation, members: Iterable[bytes]) -> bytes:
        """See :class:`Writing`."""
        return _document(self._id, self._quarter, generation, members) + b"}"


class ByNames:
    """Writes a campaign of the catalogue by its name, and its banners by theirs, with links.

    Args:
        campaign: the campaign in the catalogue.
        quarter: the quarter of the hour.
        serving: how all campaigns are served.
    """

    __slots__ = (
        *("_banners", "_escaped_name", "_id", "_layouts", "_name", "_quarter", "_serving"),
        "catalogued",
    )

    def __init__(self, campaign: CatalogueCampaign, quarter: Quarter, serving: Serving) -> None:
        self.catalogued = campaign
        self._banners = {banner.banner_id: banner for banner in campaign.banners}
        self._name = campaign.name or f"Campaign {campaign.campaign_id}"
        self._id, self._escaped_name = b"%d" % campaign.campaign_id, escaped(self._name)
        self._quarter = quarter
        self._serving = serving
        self._layouts = serving.layouts

    def around(self, size: bytes) -> tuple[bytes, bytes]:
        """See :class:`Writing`."""
        return self._layout.around(self._values(size))

    def empty_page(self) -> bytes:
        """See :class:`Writing`."""
        return self._layouts.named_empty[self._quarter].filled(
            self._values(written_size(*USUAL_SIZE))
        )

    def item(self, banner_id: int) -> bytes:
        """See :class:`Writing`."""
        layout = self._layout
        return self._fill(banner_id, layout.linked, layout.unlinked)

    def frame(self, banner_id: int) -> bytes:
        """See :class:`Writing`."""
        layouts = self._layouts
        return self._fill(banner_id, layouts.linked_frame, layouts.unlinked_frame)

    def member(self, banner_id: int, *, filled: bool) -> bytes:
        """See :class:`Writing`."""
        banner = self._banner(banner_id)
        added = json.dumps(
            {
                "name": label_of(banner),
                "alt": label_of(banner),
                "click_url": landing_page(banner) or None,
            },
            separators=(",", ":"),
        )
        return self._plain_member(banner_id, filled=filled)[:-1] + b"," + added[1:].encode()

    def document(self, generation: Generation, members: Iterable[bytes]) -> bytes:
        """See :class:`Writing`."""
        served = _document(self.catalogued.campaign_id, self._quarter, generation, members)
        return served + b',"name":%s}' % json.dumps(self._name).encode()

    @property
    def _layout(self) -> NamedPageLayout:
        return self._layouts.named[self._quarter]

    def _values(self, size: bytes) -> dict[bytes, bytes]:
        return {b"id": self._id, b"name": self._escaped_name, b"size": size}

    def _fill(
        self,
        banner_id: int,
        linked: Blank,
        unlinked: Blank,
        *,
        link: bytes | None = None,
        seen: bytes = b"",
    ) -> bytes:
        """Write a banner.

        Args:
            banner_id: the banner.
            linked: how it is written as a link.
            unlinked: how it is written if it has no landing page.
            link: where the link leads; None for the landing page itself.
            seen: the address of the small image by which a view is counted.
        """
        banner = self._banner(banner_id)
        landing = landing_page(banner)
        values = {
            b"id": b"%d" % banner_id,
            b"name": escaped(label_of(banner)),
            b"link": escaped(landing) if link is None else link,
            b"size": _size_of(banner_id, self._serving),
            b"seen": seen,
        }
        return (linked if landing else unlinked).filled(values)

    def _plain_member(self, banner_id: int, *, filled: bool) -> bytes:
        return _member(banner_id, self._serving, filled=filled)

    def _banner(self, banner_id: int) -> CatalogueBanner:
        if isinstance(banner_id, OwnedBanner):
            return banner_id.banner
        return self._banners[banner_id]


def landing_page(banner: CatalogueBanner) -> str:
    """Return where a click on a banner leads that is not recorded; empty for no link."""
    return banner.landing_url.replace(CLICK, "")


def label_of(banner: CatalogueBanner) -> str:
    """Return what a banner is called on pages."""
    return banner.name or f"Banner {banner.banner_id}"


def escaped(text: str) -> bytes:
    """Return a text as it is written in HTML."""
    # A lone surrogate, which no text of a database or a file has, would stop the page.
    return escape(text).encode("utf-8", "replace")


def _size_of(banner_id: int, serving: Serving) -> bytes:
    return written_size(*serving.sizes.of(banner_id))


def _member(banner_id: int, serving: Serving, *, filled: bool) -> bytes:
    size: Size = serving.sizes.of(banner_id)
    is_filled = b"true" if filled else b"false"
    return serving.served_banner % (banner_id, banner_id, banner_id, *size, is_filled)


def _document(
    campaign_id: int, quarter: Quarter, generation: Generation, members: Iterable[bytes]
) -> bytes:
    values = campaign_id, campaign_id, quarter, generation.number, b",".join(members)
    return _SERVED % values
