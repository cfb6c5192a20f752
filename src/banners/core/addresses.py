"""Every address that is served, each written once, and the site whose URL it is part of.

Routes, metrics, templates, the stress test and the JSON documents read their addresses from here. A
test checks that no other source file contains one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from string import Formatter
from urllib.parse import urlsplit

from banners.core.model import CANONICAL_ID

PUBLIC_URL = "http://localhost:8000"
"""The URL of the application as others reach it, unless a setting says otherwise."""

_CAMPAIGNS = "/campaigns"
_CATALOGUE = "/catalogue"
_STATIC = "/static"
_API = "/api/v1"


class Route(StrEnum):
    """The path of each address, with its variable parts in braces."""

    FORM = "/"
    CAMPAIGNS = _CAMPAIGNS
    CAMPAIGN = f"{_CAMPAIGNS}/{{campaign_id}}"
    BANNER = f"{_CAMPAIGNS}/{{campaign_id}}/banner"
    REPORT = f"{_CAMPAIGNS}/{{campaign_id}}/report"
    NEW_CAMPAIGN = _CATALOGUE
    CATALOGUE = f"{_CATALOGUE}/{{campaign_id}}"
    CATALOGUE_EDIT = f"{_CATALOGUE}/{{campaign_id}}/edit"
    CATALOGUE_BANNERS = f"{_CATALOGUE}/{{campaign_id}}/banners"
    CATALOGUE_BANNER = f"{_CATALOGUE}/{{campaign_id}}/banners/{{banner_id}}"
    CATALOGUE_STATE = f"{_CATALOGUE}/{{campaign_id}}/banners/{{banner_id}}/state"
    CATALOGUE_EMBED = f"{_CATALOGUE}/{{campaign_id}}/embed"
    CATALOGUE_IMAGE = f"{_CATALOGUE}/images/{{digest}}"
    CATALOGUE_HISTORY = f"{_CATALOGUE}/{{campaign_id}}/history"
    TOTALS = "/totals"
    STATUS = "/status"
    LIVE = "/status/live"
    STATIC_FILE = f"{_STATIC}/{{version}}/{{name}}"
    IMAGE = f"{_STATIC}/images/{{name}}"
    DOCS = "/docs"
    OPENAPI = "/openapi.json"
    API = _API
    API_CAMPAIGNS = f"{_API}{_CAMPAIGNS}"
    API_CAMPAIGN = f"{_API}{_CAMPAIGNS}/{{campaign_id}}"
    API_BANNERS = f"{_API}{_CAMPAIGNS}/{{campaign_id}}/banners"
    API_CONVERSIONS = f"{_API}/conversions"
    API_REPORT = f"{_API}{_CAMPAIGNS}/{{campaign_id}}/report"
    API_HISTORY = f"{_API}{_CAMPAIGNS}/{{campaign_id}}/history"
    HEALTH = "/healthz"
    READY = "/readyz"
    METRICS = "/metrics"
    ICON = "/favicon.ico"
    ROBOTS = "/robots.txt"
    SIGN_IN = "/sign-in"
    SIGN_OUT = "/sign-out"
    DEMO_LANDING = "/demo/landing/{campaign_id}/{banner_id}"
    # Short, since a page contains them once for each banner.
    SEEN = "/e/{token}"
    CLICK = "/c/{token}/{position}"

    def at(self, **parts: object) -> str:
        """Return a path of this route, as the application serves it.

        Addresses in answers (links, redirects, cookies, JSON) come from :meth:`Site.at` instead.

        Args:
            parts: the value of each variable part, by its name.

        Raises:
            KeyError: a variable part has no value.
        """
        return self.value.format(**parts)

    def pattern(self, **parts: str) -> str:
        """Return a regular expression that matches the addresses of this route.

        Args:
            parts: the regular expression of each variable part, by its name.

        Raises:
            KeyError: a variable part has no expression.
        """
        pieces = Formatter().parse(self.value)
        return "".join(
            re.escape(text) + (parts[name] if name else "") for text, name, _, _ in pieces
        )


IMAGE_FORMAT = Route.IMAGE.at(name="image_%d.png")
"""Address of a banner's image, with ``%d`` for the banner's id, whatever the type of its file."""

IMAGE_PATTERN = Route.IMAGE.pattern(name=rf"image_({CANONICAL_ID})\.png")
"""Regular expression of such an address; its one group is the banner's id."""


def image_path(banner_id: int) -> str:
    """Return the path of a banner's image, as the application serves it."""
    return IMAGE_FORMAT % banner_id


@dataclass(frozen=True)
class Site:
    """The application as others reach it; builds every address that answers contain.

    A proxy may publish the application below a prefix of a host, and may remove that prefix from
    the path of a request or leave it there.

    Args:
        url: the URL of the application without a slash at its end, as in
            ``https://example.com/ads``.
    """

    url: str

    @cached_property
    def prefix(self) -> str:
        """The beginning of all paths, such as ``/ads``; empty at the root of a host."""
        return urlsplit(self.url).path

    @cached_property
    def origin(self) -> str:
        """The part of full URLs before the path, such as ``https://example.com``."""
        return self.url.removesuffix(self.prefix)

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it only by https."""
        return self.url.startswith("https:")

    @cached_property
    def image_format(self) -> str:
        """Address of a banner's image, with ``%d`` for the banner's id."""
        return self.prefix + IMAGE_FORMAT

    @cached_property
    def links(self) -> Mapping[str, "Link"]:
        """Every route by its name, for templates: ``Route.CAMPAIGN.at(campaign_id=7)``."""
        return {route.name: Link(self, route) for route in Route}

    def at(self, route: Route, **parts: object) -> str:
        """Return an address, from the root of the host.

        Args:
            route: the route.
            parts: the value of each variable part, by its name.

        Raises:
            KeyError: a variable part has no value.
        """
        return self.prefix + route.at(**parts)

    def image(self, banner_id: int) -> str:
        """Return the address of a banner's image, from the root of the host."""
        return self.image_format % banner_id


@dataclass(frozen=True, slots=True)
class Link:
    """A route of a site.

    Args:
        site: the site.
        route: the route.
    """

    site: Site
    route: Route

    def at(self, **parts: object) -> str:
        """Return an address; see :meth:`Site.at`."""
        return self.site.at(self.route, **parts)


def leads_to_an_address(prefix: str) -> bool:
    """Return whether an address of the application is a prefix, or begins with it.

    Below such a prefix, a path could be meant with the prefix or without it.

    Args:
        prefix: a path such as ``/ads``, or empty.
    """
    steps = prefix.split("/")
    beginnings = [route.split("/")[: len(steps)] for route in Route]
    return bool(prefix) and any(
        all(
            each == step or each.startswith("{")
            for each, step in zip(beginning, steps, strict=True)
        )
        for beginning in beginnings
        if len(beginning) == len(steps)
    )
