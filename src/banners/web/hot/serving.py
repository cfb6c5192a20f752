"""How all campaigns are served."""

import json
import random
from collections.abc import Callable
from html import escape

from banners.core.addresses import Route, Site
from banners.core.model import FillPolicy
from banners.core.rotation import COOKIE_SECONDS
from banners.core.showing import fill_policy
from banners.serve.inventory import Pools
from banners.web.hot.layouts import Layouts
from banners.web.hot.sizes import Sizes

_COOKIE = b"; Max-Age=%d; HttpOnly; SameSite=Lax" % COOKIE_SECONDS


class RecordingAddresses:
    """The addresses by which views are recorded, each up to the token.

    Args:
        site: the application as others reach it.
    """

    def __init__(self, site: Site) -> None:
        mark = "\x00"
        seen, _, _ = site.at(Route.SEEN, token=mark).partition(mark)
        click, _, _ = site.at(Route.CLICK, token=mark, position="").partition(mark)
        self.page_seen, self.page_click = (escape(each).encode() for each in (seen, click))
        """As pages contain them, which are on the same host."""
        self.json_seen, self.json_click = (
            json.dumps(site.origin + each)[1:-1].encode() for each in (seen, click)
        )
        """As JSON contains them, which programs on other hosts read."""


class Serving:
    """How all campaigns are served.

    Args:
        fill: where the fill of a short lineup may come from; None for the default, which depends on
            whether there is a catalogue.
        source: where the randomness comes from.
        site: the application as others reach it.
        layouts: how a campaign's pages are written.
        sizes: the sizes of the banners' images.
        count_unknown_embed: called for each embed of a campaign that the catalogue does not have.
        is_recorded: whether views get tokens where there is a catalogue.
    """

    def __init__(
        self,
        fill: FillPolicy | None,
        source: random.Random,
        site: Site,
        layouts: Layouts,
        sizes: Sizes | None = None,
        count_unknown_embed: Callable[[], None] = lambda: None,
        *,
        is_recorded: bool = False,
    ) -> None:
        self.fill = fill
        self.source = source
        self.pools = Pools(source)
        """The banners of all campaigns that pages are filled up with."""
        self.site = site
        self.layouts = layouts
        self.sizes = sizes or Sizes()
        self.count_unknown_embed = count_unknown_embed
        self.recording = RecordingAddresses(site) if is_recorded else None
        """The addresses in views with a token; None if there are no such views."""
        self.image = site.image_format.encode()
        """The address of an image, with ``%d`` for the banner's id."""
        self.served_banner = (
            b'{"banner_id":%%d,"banner_id_text":"%%d","image":"%s","width":%%d,"height":%%d,'
            b'"filled":%%s}' % self.image
        )
        """A banner as JSON, with places for its id, three times, the width and height of its image,
        and whether it was filled in."""
        self.cookie = _COOKIE + (b"; Secure" if site.is_secure else b"")
        """The attributes of every cookie."""

    def policy(self, *, has_catalogue: bool) -> FillPolicy:
        """Return where the fill of a short lineup may come from."""
        return fill_policy(self.fill, has_catalogue=has_catalogue)
