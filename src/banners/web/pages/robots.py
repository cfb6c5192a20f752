"""What search engines may read and index."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from banners.core.addresses import Route, Site
from banners.web.http.files import KEPT

_ANY = "*"
_OPERATORS = (
    Route.STATUS,
    Route.DOCS,
    Route.OPENAPI,
    Route.API,
    Route.HEALTH,
    Route.READY,
    Route.METRICS,
    Route.SIGN_IN,
    Route.SIGN_OUT,
)


def robots_txt(site: Site, *, indexed: bool, recorded: bool = False) -> str:
    """Return the rules for crawlers: no pages for operators, and those for visitors if allowed.

    Pages that must not be indexed also say so themselves, for crawlers that find them by a link.
    Source: RFC 9309; the longest path that matches decides.

    Args:
        site: the application as others reach it.
        indexed: whether the pages of campaigns may be indexed.
        recorded: whether views and clicks are recorded: crawlers are not to click.
    """
    of_a_campaign = (Route.REPORT, Route.BANNER)
    recording = (Route.SEEN, Route.CLICK) if recorded else ()
    lines = [
        "User-agent: *",
        *(f"Disallow: {site.at(route)}" for route in _OPERATORS),
        *(f"Disallow: {site.at(route, campaign_id=_ANY)}" for route in of_a_campaign),
        *(f"Disallow: {site.at(route, token=_ANY, position=_ANY)}" for route in recording),
        # Every address of a campaign, and the list of all campaigns.
        f"Disallow: {site.at(Route.CAMPAIGNS)}",
    ]
    if indexed:
        lines.append(f"Allow: {site.at(Route.CAMPAIGN, campaign_id='')}")
    else:
        lines.append(f"Disallow: {site.at(Route.IMAGE, name='')}")
    return "\n".join(lines) + "\n"


def routes(site: Site, *, indexed: bool, recorded: bool = False) -> APIRouter:
    """Return the route of the rules for crawlers.

    Args:
        site: the application as others reach it.
        indexed: whether the pages of campaigns may be indexed.
        recorded: whether views and clicks are recorded.
    """
    router = APIRouter(include_in_schema=False)
    text = robots_txt(site, indexed=indexed, recorded=recorded)

    @router.get(Route.ROBOTS)
    async def robots() -> PlainTextResponse:
        """Send the rules for crawlers."""
        return PlainTextResponse(text, headers=KEPT)

    return router
