"""The page about the API: the OpenAPI document for people, and Swagger UI on request."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates
from markdown_it import MarkdownIt

from banners.core.addresses import Route, Site
from banners.core.model import Quarter
from banners.web.api.commands import EXAMPLE_CAMPAIGN, EXAMPLE_VALUES, command, curl
from banners.web.api.openapi import operations
from banners.web.http.clock import quarter_of
from banners.web.http.responses import error_pages
from banners.web.http.security import WITH_SCRIPT

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")

_Try = Annotated[
    Literal["1"] | None,
    Query(alias="try", description="`1` for Swagger UI, which sends requests from the page."),
]


def routes(
    document: Callable[[], Mapping[str, Any]],
    policy: Mapping[str, str],
    templates: Jinja2Templates,
    site: Site,
    known: Callable[[Quarter], Sequence[int]],
) -> APIRouter:
    """Return the route of the page.

    Args:
        document: returns the OpenAPI document.
        policy: the sections of the document's description, by their headings.
        templates: the pages' templates.
        site: the application as others reach it.
        known: returns the ids of the campaigns that have a lineup in a quarter, sorted, as far as
            they are held in memory.
    """
    router = APIRouter()

    @router.get(
        Route.DOCS,
        tags=["pages"],
        summary="The description of the API",
        response_class=HTMLResponse,
        response_description="The page",
        responses=error_pages(400),
    )
    def docs(request: Request, try_it_out: _Try = None) -> Response:
        """Describe the API, with a curl command for each operation that answers programs.

        With `try=1`, load Swagger UI instead. Only that page may run a script.
        """
        quarter = quarter_of(request)
        campaign_id = next(iter(known(quarter)), None)
        values = {
            **EXAMPLE_VALUES,
            "quarter": int(quarter),
            "campaign_id": campaign_id or EXAMPLE_CAMPAIGN,
        }
        if try_it_out:
            return templates.TemplateResponse(request, "swagger.html", values, headers=WITH_SCRIPT)
        context: dict[str, Any] = {
            **values,
            "is_known": campaign_id is not None,
            "document": document(),
            "operations": [
                (path, method, operation, command(site.url, path, operation, values))
                for path, method, operation in operations(document())
            ],
            "openapi": curl(f"{site.url}{Route.OPENAPI}"),
            "policy": policy,
            "markdown": _MARKDOWN.render,
            "inline": _MARKDOWN.renderInline,
        }
        return templates.TemplateResponse(request, "docs.html", context)

    return router
