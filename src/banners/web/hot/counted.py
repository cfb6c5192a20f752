"""How the banners of a view are written: with links and an image that contain its token."""

import json
from collections.abc import Sequence
from itertools import chain, repeat

from banners.core.catalogue import CatalogueCampaign
from banners.core.model import Generation, Quarter
from banners.core.views import MOST_PLACES
from banners.web.hot.serving import RecordingAddresses, Serving
from banners.web.hot.writing import ByNames, label_of, landing_page

_PLACES = tuple(b"/%d" % place for place in range(1, MOST_PLACES + 1))
_JSON_ENDS = tuple(place + b'"},' for place in _PLACES)
_MARK = b"\x00"  # no name has it


class CountedNames(ByNames):
    """Writes a campaign of the catalogue by its name, also for views that are recorded.

    What is the same in all views is written once. In most views all banners are links and in the
    lineup, and such a view is joined from prepared pieces.

    Args:
        campaign: the campaign in the catalogue.
        quarter: the quarter of the hour.
        serving: how all campaigns are served.
        addresses: those by which views are recorded.
        lineup: the ids of the banners that most views show.
    """

    __slots__ = ("_addresses", "_around", "_ends", "_lineup", "_members", "_opening", "_sized")

    def __init__(
        self,
        campaign: CatalogueCampaign,
        quarter: Quarter,
        serving: Serving,
        addresses: RecordingAddresses,
        lineup: Sequence[int],
    ) -> None:
        super().__init__(campaign, quarter, serving)
        self._addresses = addresses
        self._lineup = lineup
        self._sized = -1
        # Each is written at the first request for it; most campaigns need one kind of answer only.
        self._around = b"", b"", b"", b""
        self._opening = b""
        self._ends: dict[int, bytes] | None = None
        self._members: dict[int, bytes] = {}

    def counted_page(self, shown: Sequence[int], size: bytes, token: bytes) -> bytes:
        """Write the page of a view.

        Args:
            shown: the banners in their order.
            size: the size of a frame for one of them.
            token: the token of the view.
        """
        ends = self._prepare_page() if self._ends is None else self._ends
        address = self._opening + token
        pieces = zip(repeat(address), _PLACES, map(ends.get, shown), strict=False)
        try:
            banners = b"".join(chain.from_iterable(pieces))  # type: ignore[arg-type]
        except TypeError:  # None for one that is not prepared
            banners = self._items(shown, token)
        around = self._around
        if around[0] != size:
            around = self._prepare_around(size)
        _, head, tail, end = around
        return b"".join((head, banners, tail, token, end))

    def counted_frame(self, banner_id: int, token: bytes) -> bytes:
        """Write the page of one banner alone as a view."""
        layouts, addresses = self._layouts, self._addresses
        return self._fill(
            banner_id,
            layouts.counted_linked_frame,
            layouts.counted_unlinked_frame,
            link=addresses.page_click + token + _PLACES[0],
            seen=addresses.page_seen + token,
        )

    def counted_document(self, generation: Generation, shown: Sequence[int], token: bytes) -> bytes:
        """Write the JSON of a view.

        Args:
            generation: the generation that it comes from.
            shown: the banners in their order.
            token: the token of the view.
        """
        sized = self._serving.sizes.version
        members = self._members if self._sized == sized else self._prepare_json(sized)
        address = b'%b","click_url":"%b%b' % (token, self._addresses.json_click, token)
        pieces = zip(map(members.get, shown), repeat(address), _JSON_ENDS, strict=False)
        try:
            banners = b"".join(chain.from_iterable(pieces))[:-1]  # type: ignore[arg-type]
        except TypeError:  # None for one that is not prepared
            banners = self._other_members(shown, token)
        return self.document(generation, [banners])

    def _prepare_page(self) -> dict[int, bytes]:
        """Write each banner of the lineup that is a link, for a page."""
        written = {each: self._item(each).partition(_MARK) for each in self._lineup}
        linked = {each: parts for each, parts in written.items() if parts[1]}
        for self._opening, _, _ in linked.values():
            break  # it is the same for all
        self._ends = {each: end for each, (_, _, end) in linked.items()}
        return self._ends

    def _prepare_around(self, size: bytes) -> tuple[bytes, bytes, bytes, bytes]:
        """Write the page around the banners and the token of its image."""
        layout, values = self._layout, self._values(size)
        values[b"seen"] = self._addresses.page_seen + _MARK
        tail, _, end = layout.counted_tail.filled(values).partition(_MARK)
        self._around = size, layout.head.filled(values), tail, end
        return self._around

    def _prepare_json(self, sized: int) -> dict[int, bytes]:
        """Write each banner of the lineup that is a link, for JSON, up to the token."""
        linked = (each for each in self._lineup if landing_page(self._banner(each)))
        self._members = {each: self._member(each, filled=False) for each in linked}
        self._sized = sized
        return self._members

    def _items(self, shown: Sequence[int], token: bytes) -> bytes:
        """Write the banners of a page if some are not links, or not in the lineup."""
        places = zip(_PLACES, shown, strict=False)
        return b"".join(self._item(each).replace(_MARK, token + place) for place, each in places)

    def _item(self, banner_id: int) -> bytes:
        """Write a banner for a page, with a mark in place of the token."""
        layout, address = self._layout, self._addresses.page_click + _MARK
        return self._fill(banner_id, layout.linked, layout.unlinked, link=address)

    def _other_members(self, shown: Sequence[int], token: bytes) -> bytes:
        """Write the banners of JSON if some are not links, or not in the lineup."""
        written = []
        for place, each in zip(_PLACES, shown, strict=False):
            member = self._member(each, filled=each not in self._lineup)
            link = b"null}"
            if landing_page(self._banner(each)):
                link = b'"%b%b%b"}' % (self._addresses.json_click, token, place)
            written.append(b'%b%b","click_url":%b' % (member, token, link))
        return b",".join(written)

    def _member(self, banner_id: int, *, filled: bool) -> bytes:
        """Write a banner for JSON, up to the token of its impression."""
        label = label_of(self._banner(banner_id))
        added = json.dumps({"name": label, "alt": label}, separators=(",", ":"))
        return b'%b,%b,"impression_url":"%b' % (
            self._plain_member(banner_id, filled=filled)[:-1],
            added[1:-1].encode(),
            self._addresses.json_seen,
        )
