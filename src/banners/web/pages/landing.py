"""The landing pages of the demo's banners, on which visitors can buy."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from banners.core.addresses import Route, Site
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.core.model import parse_campaign_id
from banners.web.http.posted_form import posted_form

PRICES = ("9.90", "19.90", "49.90")
"""What can be bought."""

_LONGEST_CLICK = 100

FindCampaign = Callable[[int], CatalogueCampaign | None]
"""Returns the campaign of an id with its banners; None if the catalogue has no such campaign."""

Buy = Callable[[str, str], Awaitable[bool]]
"""Reports what was bought, given the click token and the price; returns whether it was accepted."""


@dataclass(frozen=True, slots=True)
class Shop:
    """What the landing pages need.

    Args:
        find: looks up a campaign; it may raise ``StoreError``.
        buy: reports a conversion; None if nothing is recorded.
    """

    find: FindCampaign
    buy: Buy | None = None


def routes(shop: Shop, templates: Jinja2Templates, site: Site) -> APIRouter:
    """Return the routes.

    Args:
        shop: what the pages need.
        templates: the pages' templates.
        site: the application as others reach it.
    """
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    def look_up(campaign_id: str, banner_id: str) -> tuple[CatalogueCampaign, CatalogueBanner]:
        campaign = shop.find(parse_campaign_id(campaign_id))
        for banner in campaign.banners if campaign else ():
            if campaign and str(banner.banner_id) == banner_id:
                return campaign, banner
        raise HTTPException(404, "This banner is not in the catalogue any more.")

    @router.get(Route.DEMO_LANDING)
    def landing(
        request: Request, campaign_id: str, banner_id: str, click: str = "", bought: str = ""
    ) -> Response:
        """Show which banner of which campaign led here, and offer something to buy."""
        campaign, banner = look_up(campaign_id, banner_id)
        shown = {
            "campaign": campaign,
            "banner": banner,
            "image": site.image(banner.banner_id),
            "click": click[:_LONGEST_CLICK] if shop.buy else "",
            "prices": PRICES,
            "bought": bought if bought in PRICES else "",
            "failed": bought == "failed",
        }
        return templates.TemplateResponse(request, "landing.html", shown)

    @router.post(Route.DEMO_LANDING)
    async def buy(request: Request, campaign_id: str, banner_id: str) -> Response:
        """Report a conversion, and show the page again."""
        fields = await posted_form(request)
        click, price = fields.get("click", "")[:_LONGEST_CLICK], fields.get("price", "")
        is_bought = bool(shop.buy and price in PRICES and await shop.buy(click, price))
        query = urlencode({"click": click, "bought": price if is_bought else "failed"})
        page = site.at(
            Route.DEMO_LANDING,
            campaign_id=parse_campaign_id(campaign_id),
            banner_id=parse_campaign_id(banner_id),
        )
        return RedirectResponse(f"{page}?{query}", HTTPStatus.SEE_OTHER)

    return router
