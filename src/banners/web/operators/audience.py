"""Who may use each address: one table, which must list every route."""

import re
from collections.abc import Mapping
from enum import Enum, auto
from string import Formatter

from banners.core.addresses import Route
from banners.core.model import parse_campaign_id
from banners.errors import AccessRefused, InvalidCampaignId, NotAllowed, NotSignedIn
from banners.web.http.caller import Caller, Proof, Role


class Audience(Enum):
    """Who may use an address."""

    EVERYBODY = auto()
    """Visitors, and everybody else."""
    OPERATORS = auto()
    """Operators only."""
    READERS_OF_CAMPAIGN = auto()
    """Operators, and readers if the campaign in the address is listed for them."""
    READERS = auto()
    """Operators and all readers; the route itself leaves out what a reader may not see."""
    SIGNED_IN = auto()
    """Operators and all readers; there is nothing that only some of them may see."""
    WITH_KEY = auto()
    """Whoever sends a key, which the route itself checks."""


AUDIENCES: Mapping[Route, Audience] = {
    Route.FORM: Audience.EVERYBODY,
    Route.CAMPAIGNS: Audience.READERS,
    Route.CAMPAIGN: Audience.EVERYBODY,
    Route.BANNER: Audience.EVERYBODY,
    Route.REPORT: Audience.READERS_OF_CAMPAIGN,
    Route.NEW_CAMPAIGN: Audience.OPERATORS,
    Route.CATALOGUE: Audience.OPERATORS,
    Route.CATALOGUE_EDIT: Audience.OPERATORS,
    Route.CATALOGUE_BANNERS: Audience.OPERATORS,
    Route.CATALOGUE_BANNER: Audience.OPERATORS,
    Route.CATALOGUE_STATE: Audience.OPERATORS,
    Route.CATALOGUE_EMBED: Audience.OPERATORS,
    Route.CATALOGUE_IMAGE: Audience.OPERATORS,
    Route.CATALOGUE_HISTORY: Audience.OPERATORS,
    Route.TOTALS: Audience.READERS,
    Route.STATUS: Audience.OPERATORS,
    Route.LIVE: Audience.OPERATORS,
    Route.STATIC_FILE: Audience.EVERYBODY,
    Route.IMAGE: Audience.EVERYBODY,
    Route.DOCS: Audience.EVERYBODY,
    Route.OPENAPI: Audience.EVERYBODY,
    Route.API: Audience.EVERYBODY,
    Route.API_CAMPAIGNS: Audience.READERS,
    Route.API_CAMPAIGN: Audience.READERS_OF_CAMPAIGN,
    Route.API_BANNERS: Audience.EVERYBODY,
    Route.API_CONVERSIONS: Audience.WITH_KEY,
    Route.API_REPORT: Audience.READERS_OF_CAMPAIGN,
    Route.API_HISTORY: Audience.READERS_OF_CAMPAIGN,
    Route.HEALTH: Audience.EVERYBODY,
    Route.READY: Audience.EVERYBODY,
    Route.METRICS: Audience.OPERATORS,
    Route.ICON: Audience.EVERYBODY,
    Route.ROBOTS: Audience.EVERYBODY,
    Route.SIGN_IN: Audience.EVERYBODY,
    Route.SIGN_OUT: Audience.EVERYBODY,
    Route.DEMO_LANDING: Audience.EVERYBODY,
    Route.SEEN: Audience.EVERYBODY,
    Route.CLICK: Audience.EVERYBODY,
}
"""Who may use each route, with every method that is not in ``BY_METHOD``."""

BY_METHOD: Mapping[tuple[str, Route], Audience] = {
    # The form of visitors is sent to the address of the operators' list.
    ("POST", Route.CAMPAIGNS): Audience.EVERYBODY,
}
"""Who may use a route with one method, where that differs."""

_READING = {"GET", "HEAD"}


def audience_of(method: str, route: Route | None) -> Audience:
    """Return who may use an address; everybody, if it is not that of a route (it answers 404).

    Args:
        method: the method of the request.
        route: the route; None for an unknown address.
    """
    if route is None:
        return Audience.EVERYBODY
    # A route that is missing in the table is for operators only.
    return BY_METHOD.get((method, route)) or AUDIENCES.get(route, Audience.OPERATORS)


def addressed(path: str) -> tuple[Route | None, str]:
    """Return the route of a path, and the campaign in it; both as far as there is one.

    Args:
        path: decoded, without the prefix of the site.
    """
    for route, pattern in _PATTERNS:
        if found := pattern.fullmatch(path):
            return route, found.groupdict().get("campaign_id") or ""
    return None, ""


def refusal(audience: Audience, caller: Caller, method: str, campaign: str) -> AccessRefused | None:
    """Return the error that refuses a request; None if it may be answered.

    Args:
        audience: who may use the address.
        caller: who asks.
        method: the method of the request.
        campaign: the campaign in the address, as it is written there; empty if there is none.
    """
    if audience in {Audience.EVERYBODY, Audience.WITH_KEY}:
        return None
    if caller.role is None:
        return NotSignedIn()
    if caller.proof is Proof.BASIC and method not in _READING:
        return NotAllowed(
            "With a name and a password (Basic), a program may only read. To change "
            "something, send the password as a Bearer token."
        )
    if caller.role is Role.OPERATOR or audience in {Audience.READERS, Audience.SIGNED_IN}:
        return None
    if (
        audience is Audience.READERS_OF_CAMPAIGN
        and method in _READING
        and _is_listed(campaign, caller)
    ):
        return None
    return NotAllowed()


def _is_listed(campaign: str, caller: Caller) -> bool:
    try:
        return caller.may_see(parse_campaign_id(campaign))
    except InvalidCampaignId:
        return True  # the route answers that it is malformed, and nothing else


def _pattern(route: Route) -> "re.Pattern[str]":
    names = [name for _, name, _, _ in Formatter().parse(route.value) if name]
    return re.compile(route.pattern(**{name: f"(?P<{name}>.*)" for name in names}), re.DOTALL)


def _literal_characters(route: Route) -> int:
    return sum(len(text) for text, _, _, _ in Formatter().parse(route.value))


# A variable part matches any text, so the route with the most fixed text comes first.
_PATTERNS = [
    (route, _pattern(route)) for route in sorted(Route, key=_literal_characters, reverse=True)
]
