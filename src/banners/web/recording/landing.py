"""Where clicks lead: the landing pages of the catalogue, ready for a redirect."""

from urllib.parse import quote

from banners.catalogue.values import CLICK
from banners.serve.catalogue import Catalogue

MOST_KEPT = 20_000
"""Maximum number of landing pages that are kept ready, up to 2 kB each."""

_ASCII = "".join(map(chr, range(0x21, 0x7F)))

Landing = tuple[bytes, ...]
"""An address, cut where the token of the click goes."""


class LandingPages:
    """The landing pages of a catalogue, each read when it is first asked for.

    They are forgotten with each version of the catalogue.
    """

    def __init__(self) -> None:
        self._catalogue: Catalogue | None = None
        self._kept: dict[tuple[int, int], Landing] = {}

    def find(self, catalogue: Catalogue, campaign_id: int, banner_id: int) -> Landing:
        """Return the landing page of a banner, whether it is on or not.

        Args:
            catalogue: the catalogue that is in force.
            campaign_id: the campaign to which the banner belongs.
            banner_id: the banner.

        Returns:
            Nothing if the catalogue does not have the banner, or no landing page for it.
        """
        if catalogue is not self._catalogue or len(self._kept) >= MOST_KEPT:
            self._catalogue = catalogue
            self._kept.clear()
        found = self._kept.get((campaign_id, banner_id))
        if found is None:
            found = self._kept[campaign_id, banner_id] = _read(catalogue, campaign_id, banner_id)
        return found


def _read(catalogue: Catalogue, campaign_id: int, banner_id: int) -> Landing:
    if campaign_id not in catalogue:
        return ()
    banner = catalogue.record(campaign_id).find(banner_id)
    if banner is None or not banner.landing_url:
        return ()
    # A header holds ASCII alone; a browser reads such an address as that of a link (RFC 3987, 3.1).
    return tuple(
        quote(piece, safe=_ASCII, errors="replace").encode()
        for piece in banner.landing_url.split(CLICK)
    )
