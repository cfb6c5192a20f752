"""Where somebody is led after signing in: to one of the operators' own pages, and nowhere else."""

import re
from string import Formatter

from banners.core.addresses import Route
from banners.core.model import CANONICAL_ID
from banners.web.http.problems import is_for_programs
from banners.web.operators.audience import Audience, audience_of

HOME = Route.CAMPAIGNS
"""The page that comes after signing in, unless another was asked for."""

_PARTS = {"campaign_id": CANONICAL_ID}
_OTHER_PART = "[A-Za-z0-9_.-]+"
_QUERY = r"(?:\?[!-~]{0,1000})?"


def _pattern(route: Route) -> str:
    names = [name for _, name, _, _ in Formatter().parse(route.value) if name]
    return route.pattern(**{name: _PARTS.get(name, _OTHER_PART) for name in names})


_PAGES = [
    route
    for route in Route
    if audience_of("GET", route) is not Audience.EVERYBODY and not is_for_programs(route)
]
_ALLOWED = re.compile(f"(?:{'|'.join(map(_pattern, _PAGES))}){_QUERY}")


def is_next(address: str) -> bool:
    """Return whether somebody may be led to an address after signing in.

    Args:
        address: a path with its query, without the prefix of the site.
    """
    return _ALLOWED.fullmatch(address) is not None


def next_address(text: str) -> str:
    """Return the address to lead to: the one that was asked for if it may be, or else the home.

    Args:
        text: what the request says, as :func:`is_next` takes it.
    """
    return text if is_next(text) else HOME.at()
