"""The addresses by which views are recorded, for requests that the framework answers.

These are clicks on links that lead nowhere, and requests that the framework refuses. All others are
answered before the framework.
"""

from fastapi import APIRouter
from fastapi.exceptions import HTTPException
from fastapi.responses import Response

from banners.core.addresses import Route
from banners.web.hot.prepared import SMALL_IMAGE
from banners.web.hot.recorded import written
from banners.web.hot.replies import respond
from banners.web.recording.recorder import Recorder


def routes(recorder: Recorder) -> APIRouter:
    """Return the routes.

    Args:
        recorder: counts what leads nowhere.
    """
    router = APIRouter(include_in_schema=False)

    @router.get(Route.SEEN)
    async def seen(token: str) -> Response:  # noqa: ARG001  # every answer is the same
        """Send the small image."""
        return respond(SMALL_IMAGE)

    @router.get(Route.CLICK)
    async def click(token: str, position: str) -> Response:
        """Refuse a link that leads nowhere."""
        recorder.click_failed(*written(token, position))
        raise HTTPException(
            404, "This link leads nowhere: it was changed, or the banner has no page any more."
        )

    return router
