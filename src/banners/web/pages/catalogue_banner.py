"""The page on which operators change one banner of a campaign."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from banners.core.addresses import Route
from banners.core.catalogue import CatalogueBanner
from banners.core.model import parse_campaign_id
from banners.errors import EditOvertaken, StoreError
from banners.web.catalogue.editing import Opened
from banners.web.catalogue.forms import Faulty, written_times
from banners.web.http.multipart import SentForm
from banners.web.http.parameters import CampaignId
from banners.web.pages.editing import Pages, by, checked_files, could_not_be_kept, seen

_PAGE = "catalogue_banner.html"


def routes(pages: Pages) -> APIRouter:
    """Return the routes of one banner.

    Args:
        pages: writes the pages.
    """
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
    editing = pages.editing

    @router.get(Route.CATALOGUE_BANNER)
    def edit_banner(request: Request, campaign_id: CampaignId, banner_id: CampaignId) -> Response:
        """Show the form that changes a banner."""
        opened = pages.open(campaign_id)
        banner = opened.banner(parse_campaign_id(banner_id))
        times = written_times(banner, editing.zone)
        fields = {"name": banner.name, "landing_url": banner.landing_url, **times}
        return pages.show(request, _PAGE, opened, banner=banner, fields=fields)

    @router.post(Route.CATALOGUE_BANNER)
    async def change_banner(
        request: Request, campaign_id: CampaignId, banner_id: CampaignId
    ) -> Response:
        """Change a banner, and lead to the banners of the campaign."""
        sent = await checked_files(request)
        opened = await run_in_threadpool(pages.open, campaign_id)
        banner = opened.banner(parse_campaign_id(banner_id))
        return await run_in_threadpool(_change, request, opened, banner, sent)

    def _change(
        request: Request, opened: Opened, banner: CatalogueBanner, sent: SentForm
    ) -> Response:
        version, name = seen(sent.fields), by(request)
        campaign_id = opened.campaign_id
        try:
            made = editing.change_banner(
                *(opened, banner, sent.fields, sent.files), seen=version, by=name
            )
        except EditOvertaken as error:
            again = editing.open(campaign_id)
            return pages.show(
                *(request, _PAGE, again),
                status=409,
                overtaken=error,
                banner=banner,
                fields=sent.fields,
            )
        except Faulty as error:
            faults = error.faults
        except StoreError as error:
            faults = could_not_be_kept(error)
        else:
            return pages.after(made, campaign_id)
        return pages.show(
            *(request, _PAGE, opened),
            status=400,
            banner=banner,
            fields=sent.fields,
            faults=faults,
        )

    return router
