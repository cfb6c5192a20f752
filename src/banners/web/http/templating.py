"""The templates of the pages, and what all of them can use."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from fastapi.templating import Jinja2Templates
from jinja2 import StrictUndefined

from banners.catalogue.values import local_moment
from banners.core.addresses import Site
from banners.web.http.caller import caller_of

_FOLDER = Path(__file__).parents[1] / "templates"


def page_templates(static: Callable[[str], str], site: Site, *, indexed: bool) -> Jinja2Templates:
    """Return the templates of the pages.

    Args:
        static: returns the path of a file that a page loads, by its name.
        site: the application as others reach it.
        indexed: whether search engines may index the pages of campaigns.
    """
    templates = Jinja2Templates(
        _FOLDER, context_processors=[lambda request: {"caller": caller_of(request)}]
    )
    templates.env.globals |= {
        "Route": site.links,
        "site": site,
        "static": lambda name: site.prefix + static(name),
        "indexed": indexed,
        "local_time": local_moment,
        "utc_time": _utc_time,
    }
    templates.env.filters["decimal"] = _as_decimal
    # A misspelled name is an error, instead of missing text on a page.
    templates.env.undefined = StrictUndefined
    return templates


def _as_decimal(share: Fraction) -> Decimal:
    return Decimal(share.numerator) / share.denominator


def _utc_time(second: int) -> str:
    """Return a second since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
