"""Files as answers that a browser may keep for a while, unlike all that depends on the time."""

import os
from collections.abc import Collection
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

KEPT = {"Cache-Control": "public, max-age=300"}
"""The header of an answer that may be kept for five minutes, and then asked for again."""

KEPT_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}
"""The header of an answer whose address is another one once it changes."""


class KeptFiles(StaticFiles):
    """Files as the framework sends them, with ETag, ranges and 304, that may be kept."""

    kept = KEPT

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Send a file, or say that the one which the browser has is still good."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(self.kept)
        return response


class PackagedFiles(KeptFiles):
    """Files that another package brings, for an address that has its version in it.

    Args:
        package: its name, as it is imported.
        folder: where in it the files are.
        names: those of them that are sent.
    """

    kept = KEPT_FOR_GOOD

    def __init__(self, package: str, folder: str, names: Collection[str]) -> None:
        super().__init__(packages=[(package, folder)])
        self._names = names

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file, of those that are sent."""
        return super().lookup_path(path) if path in self._names else ("", None)
