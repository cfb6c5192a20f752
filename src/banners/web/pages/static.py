"""What pages and browsers load besides the pages: style sheets, scripts and icons."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from banners.core.addresses import Route
from banners.web.http.files import KEPT_FOR_GOOD, KEPT_LONG, StaticFiles


def routes(static: StaticFiles) -> APIRouter:
    """Return the routes of the files that pages load.

    Args:
        static: the files.
    """
    # No client but a browser needs these, so the OpenAPI document does not list them.
    router = APIRouter(include_in_schema=False)

    def send(request: Request, name: str, kept: dict[str, str]) -> Response:
        file = static.find(name)
        if file is None:
            raise HTTPException(404)
        return file.answer(request.headers, kept)

    @router.get(Route.STATIC_FILE)
    def static_file(request: Request, version: str, name: str) -> Response:
        """Send a file; a browser may cache it only if the address has the file's hash.

        While workers of two releases run, a page of one release may request its files from a worker
        of the other. It gets that worker's file, which must not be cached under this address.
        """
        file = static.find(name)
        is_current = file is not None and file.version == version
        return send(request, name, KEPT_FOR_GOOD if is_current else {})

    @router.get(Route.ICON)
    def icon(request: Request) -> Response:
        """Send the icon that browsers ask for by themselves."""
        return send(request, "favicon.ico", KEPT_LONG)

    return router
