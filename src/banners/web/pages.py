"""The pages: the form, a campaign's banners, and their pictures."""

from typing import Annotated, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from banners.errors import NothingToShow
from banners.model import parse_campaign_id
from banners.web.clock import quarter_of
from banners.web.described import PROPER, leads, pages_of
from banners.web.form import Form
from banners.web.parameters import CAMPAIGN_ID, CampaignId
from banners.web.prepared import respond
from banners.web.service import Service

_FORM_TYPE = "application/x-www-form-urlencoded"
_FORM_BYTES = 16_384


def routes(service: Service, form: Form) -> APIRouter:
    """Build the pages over a service.

    Args:
        service: answers which banners a campaign shows.
        form: asks for a campaign.
    """
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/", tags=["pages"], summary="The form", response_description="The form")
    async def ask(request: Request) -> Response:
        """Show the form that asks for a campaign id."""
        return form.answer(request)

    @router.post(
        "/campaigns",
        tags=["pages"],
        summary="From the form to the campaign",
        status_code=303,
        response_class=RedirectResponse,
        responses={**leads(303, "Leads to the campaign"), **pages_of(400, 413, 415)},
        openapi_extra={"requestBody": {"required": True, "content": {_FORM_TYPE: _FORM}}},
    )
    async def find(request: Request) -> Response:
        """Lead from the form to the page of the campaign."""
        entered = (await _form(request)).get("campaign_id", [""])[0]
        return RedirectResponse(f"/campaigns/{parse_campaign_id(entered)}", status_code=303)

    @router.get(
        "/campaigns/{campaign_id:anything}/banner",
        tags=["pages"],
        summary="One banner",
        status_code=302,
        response_class=RedirectResponse,
        responses={
            200: {
                "description": "With `format=html`: a page of the banner alone, to be framed",
                "content": {"text/html": {"schema": {"type": "string"}}},
            },
            **leads(302, "Leads to the picture of the banner"),
            **PROPER,
            **pages_of(400, 404, 503),
        },
    )
    def banner(request: Request, campaign_id: CampaignId, kind: _Format = None) -> Response:
        """Lead to the picture of one banner; each of the lineup comes once before any again."""
        proper = str(parse_campaign_id(campaign_id))
        if proper != campaign_id:
            query = "?format=html" if kind else ""
            return RedirectResponse(f"/campaigns/{proper}/banner{query}", status_code=308)
        answers = service.answers(campaign_id, quarter_of(request))
        shown = answers.framed_banner if kind else answers.banner
        reply = shown(request.headers.raw)
        if reply is None:
            raise NothingToShow(campaign_id)
        return respond(reply)

    @router.get(
        "/campaigns/{campaign_id:anything}",
        tags=["pages"],
        summary="A campaign's banners",
        response_description="The banners, in random order",
        responses={**PROPER, **pages_of(400, 404, 503)},
    )
    def campaign(request: Request, campaign_id: CampaignId) -> Response:
        """Show the campaign's banners for the current quarter, in random order."""
        proper = str(parse_campaign_id(campaign_id))
        if proper != campaign_id:
            return RedirectResponse(f"/campaigns/{proper}", status_code=308)
        answers = service.answers(campaign_id, quarter_of(request))
        return respond(answers.page(request.headers.raw))

    return router


_Format = Annotated[
    Literal["html"] | None,
    Query(alias="format", description="`html` for a page of the banner alone, to be framed."),
]
_FORM = {
    "schema": {
        "type": "object",
        "properties": {"campaign_id": {**CAMPAIGN_ID, "description": "The campaign."}},
        "required": ["campaign_id"],
    },
    "example": {"campaign_id": "27"},
}


async def _form(request: Request) -> dict[str, list[str]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM_TYPE:
        raise HTTPException(415, f"The form is to be sent as {_FORM_TYPE}")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_BYTES:
            raise HTTPException(413, "The form holds more than a campaign id")
    return parse_qs(body.decode("utf-8", "replace"))
