"""The overview: all campaigns of a quarter, a page at a time."""

from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates

from banners.core.addresses import Route, Site
from banners.core.model import Quarter, RuleName
from banners.reports.reader import CampaignOrder
from banners.web.campaign_list import Asked, AskedList, CampaignList, Found
from banners.web.http.caller import caller_of
from banners.web.http.responses import error_pages
from banners.web.pages.home import AskedHome, Home

# Whoever asks for one of these asks for the campaigns of a generation.
_OF_QUARTER = {"quarter", "search", "sort", "page"}
_NAMES = {
    CampaignOrder.CAMPAIGN: "Campaign",
    CampaignOrder.CONVERTING: "Converting",
    CampaignOrder.BANNERS: "Banners",
    CampaignOrder.REVENUE: "Revenue",
}
_RULES = {
    RuleName.TOP_REVENUE: "most revenue",
    RuleName.ALL_CONVERTING: "all that earned",
    RuleName.REVENUE_THEN_CLICKS: "earned, then clicks",
    RuleName.MOST_CLICKS: "most clicks",
}


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a column that the list can be sorted by.

    Args:
        name: its text.
        address: the overview sorted by this column, or the other way round if it already is.
        sorted: ``ascending`` or ``descending`` if the list is sorted by this column, else None.
    """

    name: str
    address: str
    sorted: str | None


def heading(asked: Asked, order: CampaignOrder, address: str) -> Heading:
    """Return the heading of a column; a first click sorts figures by the largest, ids upwards.

    Args:
        asked: the page of the list that is shown.
        order: the column.
        address: the address of the overview.
    """
    upwards, downwards = order.value, f"-{order}"
    first, other = (upwards, downwards) if order is CampaignOrder.CAMPAIGN else (downwards, upwards)
    turned = replace(asked, page=1, sort=other if asked.sort == first else first)
    direction = {upwards: "ascending", downwards: "descending"}.get(asked.sort)
    return Heading(_NAMES[order], turned.at(address), direction)


def routes(
    campaigns: CampaignList, templates: Jinja2Templates, site: Site, home: Home | None = None
) -> APIRouter:
    """Build the overview.

    Args:
        campaigns: lists the campaigns.
        templates: the pages' templates.
        site: the application as others reach it.
        home: the list of the catalogue, which operators see unless they ask for a quarter; None
            where there is no catalogue to edit.
    """
    router = APIRouter()
    here = site.at(Route.CAMPAIGNS)

    @router.get(
        Route.CAMPAIGNS,
        tags=["pages"],
        summary="All campaigns",
        response_class=HTMLResponse,
        response_description="The campaigns",
        responses=error_pages(400, 503),
    )
    def overview(request: Request, asked: AskedList, of_catalogue: AskedHome) -> Response:
        """Show the campaigns of a quarter, a page at a time."""
        is_for_home = (
            caller_of(request).is_operator and not _OF_QUARTER & request.query_params.keys()
        )
        if home and is_for_home and home.is_to_be_shown():
            return home.answer(request, of_catalogue, asked.quarter)
        found = campaigns.find(asked)
        may_add = home is not None and caller_of(request).is_operator
        context = {
            "asked": asked,
            "found": found,
            "rules": _RULES,
            "headings": {order.name: heading(asked, order, here) for order in CampaignOrder},
            "quarters": {each: replace(asked, quarter=each, page=1).at(here) for each in Quarter},
            "everything": replace(asked, page=1, search="").at(here),
            "turn": _turn(found, here),
            "may_add": may_add,
            "begins_catalogue": may_add and home is not None and not home.has_catalogue(),
        }
        return templates.TemplateResponse(request, "overview.html", context)

    return router


def _turn(found: Found, address: str) -> dict[str, str | None]:
    """Return the addresses of the first, previous, next and last page; None if not another page."""
    page, last = found.asked.page, found.pages
    numbers = {
        "first": 1 if page > 1 else 0,
        "previous": page - 1,
        "next": page + 1,
        "last": last if page != last else 0,
    }
    return {name: found.page_at(address, number) for name, number in numbers.items()}
