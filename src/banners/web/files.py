"""Files as answers that a browser may keep for a while, unlike all that depends on the time."""

from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

KEPT = {"Cache-Control": "public, max-age=300"}
"""The header of an answer that may be kept for five minutes, and then asked for again."""


class KeptFiles(StaticFiles):
    """Files as the framework sends them, with ETag, ranges and 304, that may be kept."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Send a file, or say that the one which the browser has is still good."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(KEPT)
        return response
