"""The pages: the form, a campaign's banners, and their pictures."""

from typing import Any, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from banners.errors import NothingToShow
from banners.model import parse_campaign_id
from banners.web.clock import quarter_of
from banners.web.form import Form
from banners.web.prepared import respond
from banners.web.service import Service

_FORM_BYTES = 16_384


def routes(service: Service, form: Form) -> APIRouter:
    """Build the pages over a service.

    Args:
        service: answers which banners a campaign shows.
        form: asks for a campaign.
    """
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/", tags=["pages"], summary="The form")
    async def ask(request: Request) -> Response:
        """Show the form that asks for a campaign id."""
        return form.answer(request)

    @router.post(
        "/campaigns",
        tags=["pages"],
        summary="From the form to the campaign",
        status_code=303,
        responses=pages_of(400, 413, 415),
        openapi_extra={"requestBody": {"content": {"application/x-www-form-urlencoded": _FORM}}},
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
        responses={
            200: {
                "description": "With `format=html`: a page of the banner alone, to be framed",
                "content": {"text/html": {"schema": {"type": "string"}}},
            },
            **pages_of(400, 404, 503),
        },
    )
    def banner(
        request: Request, campaign_id: str, kind: Literal["html"] | None = _FORMAT
    ) -> Response:
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
        responses=pages_of(400, 404, 503),
    )
    def campaign(request: Request, campaign_id: str) -> Response:
        """Show the campaign's banners for the current quarter, in random order."""
        proper = str(parse_campaign_id(campaign_id.rstrip("/")))
        if proper != campaign_id:
            return RedirectResponse(f"/campaigns/{proper}", status_code=308)
        answers = service.answers(campaign_id, quarter_of(request))
        return respond(answers.page(request.headers.raw))

    return router


_FORMAT = Query(
    None, alias="format", description="`html` for a page of the banner alone, to be framed."
)
_FORM = {
    "schema": {
        "type": "object",
        "properties": {"campaign_id": {"type": "string"}},
        "required": ["campaign_id"],
    }
}


def pages_of(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the errors that are answered with a page: the form again, with a sentence."""
    page = {"text/html": {"schema": {"type": "string"}}}
    return {status: {"description": "The form again", "content": page} for status in statuses}


async def _form(request: Request) -> dict[str, list[str]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "The form is to be sent as application/x-www-form-urlencoded")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_BYTES:
            raise HTTPException(413, "The form holds more than a campaign id")
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        return {}
