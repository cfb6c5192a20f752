"""The snippets by which other pages embed a campaign, and the choice of the house campaign."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from banners.core.addresses import Route
from banners.core.images import USUAL_SIZE, Size
from banners.errors import EditOvertaken
from banners.web.catalogue.editing import Opened
from banners.web.hot.sizes import Sizes
from banners.web.http.parameters import CampaignId
from banners.web.http.security import WITH_FRAME
from banners.web.operators.forms import CheckedForm
from banners.web.pages.editing import Done, Pages, by, seen

_PAGE = "catalogue_embed.html"


def routes(pages: Pages, sizes: Sizes) -> APIRouter:
    """Return the routes of a campaign's snippets.

    Args:
        pages: writes the pages.
        sizes: the sizes of the banners' images.
    """
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    def show(
        request: Request,
        opened: Opened,
        *,
        status: int = 200,
        done: str = "0",
        overtaken: EditOvertaken | None = None,
    ) -> Response:
        house = opened.version.house
        response = pages.show(
            *(request, _PAGE, opened),
            status=status,
            done=done,
            overtaken=overtaken,
            size=_largest(opened, sizes),
            house=pages.editing.catalogue.campaign(opened.version, house) if house else None,
        )
        response.headers.update(WITH_FRAME)
        return response

    @router.get(Route.CATALOGUE_EMBED)
    def embed(request: Request, campaign_id: CampaignId, done: Done = "0") -> Response:
        """Show the snippets, and what they show."""
        return show(request, pages.open(campaign_id), done=done)

    @router.post(Route.CATALOGUE_EMBED)
    def choose_house(request: Request, campaign_id: CampaignId, fields: CheckedForm) -> Response:
        """Make this the house campaign, or have none."""
        opened = pages.open(campaign_id)
        chosen = opened.campaign_id if fields.get("house") == "this" else None
        try:
            made = pages.editing.writer.choose_house(chosen, seen=seen(fields), by=by(request))
        except EditOvertaken as error:
            return show(request, pages.open(campaign_id), status=409, overtaken=error)
        address = pages.site.at(Route.CATALOGUE_EMBED, campaign_id=opened.campaign_id)
        return RedirectResponse(f"{address}?done={made.version.number}", status_code=303)

    return router


def _largest(opened: Opened, sizes: Sizes) -> Size:
    """Return the size of a frame that holds each banner of a campaign."""
    found = [sizes.of(banner.banner_id) for banner in opened.campaign.banners] or [USUAL_SIZE]
    return Size(max(each.width for each in found), max(each.height for each in found))
