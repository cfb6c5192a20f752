"""The pages for visitors: the form, a campaign's banners, and one banner."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from banners.core.addresses import Route, Site
from banners.core.model import parse_campaign_id
from banners.errors import NothingToShow
from banners.web.hot.recorded import views_of
from banners.web.hot.replies import respond
from banners.web.http.addresses import routed
from banners.web.http.clock import quarter_of, second_of
from banners.web.http.form import Form
from banners.web.http.parameters import CAMPAIGN_ID, CampaignId
from banners.web.http.posted_form import FORM_TYPE, posted_form
from banners.web.http.responses import TO_CANONICAL_ADDRESS, error_pages, redirect
from banners.web.service import Service


def routes(service: Service, form: Form, site: Site) -> APIRouter:
    """Return the routes of the pages for visitors.

    Args:
        service: finds the answers for a campaign.
        form: the form that asks for a campaign.
        site: the application as others reach it.
    """
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get(Route.FORM, tags=["pages"], summary="The form", response_description="The form")
    async def ask(request: Request) -> Response:
        """Show the form that asks for a campaign id."""
        return form.answer(request)

    @router.post(
        Route.CAMPAIGNS,
        tags=["pages"],
        summary="From the form to the campaign",
        status_code=303,
        response_class=RedirectResponse,
        responses={**redirect(303, "Redirect to the campaign"), **error_pages(400, 413, 415)},
        openapi_extra={"requestBody": {"required": True, "content": {FORM_TYPE: _FORM}}},
    )
    async def find(request: Request) -> Response:
        """Redirect from the form to the page of the campaign."""
        entered = (await posted_form(request)).get("campaign_id", "")
        campaign_id = parse_campaign_id(entered)
        return RedirectResponse(site.at(Route.CAMPAIGN, campaign_id=campaign_id), status_code=303)

    @router.get(
        routed(Route.BANNER),
        tags=["pages"],
        summary="One banner",
        status_code=302,
        response_class=RedirectResponse,
        responses={
            200: {
                "description": "With `format=html`: a page with only the banner, for a frame. "
                "Without it, where there is nothing to show: an image of one transparent pixel",
                "content": {"text/html": {"schema": {"type": "string"}}, "image/gif": {}},
            },
            **redirect(302, "Redirect to the image of the banner"),
            **TO_CANONICAL_ADDRESS,
            **error_pages(400, 404, 503),
        },
    )
    def banner(request: Request, campaign_id: CampaignId, kind: _Format = None) -> Response:
        """Redirect to the image of one banner; each in the lineup comes once before any repeats."""
        proper = str(parse_campaign_id(campaign_id))
        if proper != campaign_id:
            query = "?format=html" if kind else ""
            location = site.at(Route.BANNER, campaign_id=proper) + query
            return RedirectResponse(location, status_code=308)
        answers = service.embedded(campaign_id, quarter_of(request), second_of(request))
        views, headers = views_of(request), request.headers.raw
        reply = answers.framed_banner(headers, views) if kind else answers.banner(headers, views)
        if reply is None:
            raise NothingToShow(campaign_id)
        return respond(reply)

    @router.get(
        routed(Route.CAMPAIGN),
        tags=["pages"],
        summary="A campaign's banners",
        response_description="The banners, in random order",
        responses={**TO_CANONICAL_ADDRESS, **error_pages(400, 404, 503)},
    )
    def campaign(request: Request, campaign_id: CampaignId) -> Response:
        """Show the campaign's banners for the current quarter, in random order."""
        proper = str(parse_campaign_id(campaign_id))
        if proper != campaign_id:
            return RedirectResponse(site.at(Route.CAMPAIGN, campaign_id=proper), status_code=308)
        answers = service.answers(campaign_id, quarter_of(request), second_of(request))
        return respond(answers.page(request.headers.raw, views_of(request)))

    return router


_Format = Annotated[
    Literal["html"] | None,
    Query(alias="format", description="`html` for a page with only the banner, for a frame."),
]
_FORM = {
    "schema": {
        "type": "object",
        "properties": {"campaign_id": {**CAMPAIGN_ID, "description": "The campaign."}},
        "required": ["campaign_id"],
    },
    "example": {"campaign_id": "27"},
}
