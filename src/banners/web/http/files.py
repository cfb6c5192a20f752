"""The files that pages load: held in memory, compressed, and cached by browsers for a year.

The address of a file contains a hash of its bytes. A browser that has a file never asks for it
again, and a new release is seen immediately, since its pages name other addresses.
"""

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Self

from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.staticfiles import NotModifiedResponse

from banners.core.addresses import Route

KEPT = {"Cache-Control": "public, max-age=300"}
"""Header of an answer that may be cached for five minutes."""

KEPT_LONG = {"Cache-Control": "public, max-age=86400"}
"""Header of an answer that may be cached for a day."""

KEPT_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Header of an answer that never changes, since its address contains its hash."""

_MEDIA_TYPES = {
    ".css": "text/css",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_HASH_CHARACTERS = 12

# Swagger UI's package has more files, which no page needs.
_SWAGGER_UI = ("swagger-ui-bundle.js", "swagger-ui.css")


@dataclass(frozen=True)
class StaticFile:
    """A file.

    Args:
        name: its name.
        body: its bytes.
    """

    name: str
    body: bytes

    @cached_property
    def version(self) -> str:
        """Hash of the bytes, as text."""
        return sha256(self.body).hexdigest()[:_HASH_CHARACTERS]

    @cached_property
    def compressed(self) -> bytes:
        """The bytes as gzip; calculated when first asked for, since few need the largest files."""
        return gzip.compress(self.body, mtime=0)

    def answer(self, asked: Headers, kept: dict[str, str]) -> Response:
        """Return the file, or 304 if the browser has it.

        Args:
            asked: the headers of the request.
            kept: the headers that say how long the answer may be cached; may be empty.
        """
        # Bytes in another encoding need another tag: RFC 9110, 8.8.3.3.
        body, tag, headers = self.body, self.version, {**kept, "Vary": "Accept-Encoding"}
        if accepts_gzip(asked.get("accept-encoding", "")):
            body, tag = self.compressed, f"{self.version}-gzip"
            headers["Content-Encoding"] = "gzip"
        headers["ETag"] = f'"{tag}"'
        if is_known(headers["ETag"], asked.get("if-none-match", "")):
            return NotModifiedResponse(Headers(headers))
        return Response(body, headers=headers, media_type=_MEDIA_TYPES[Path(self.name).suffix])


class StaticFiles:
    """All files that pages load.

    Args:
        given: the files, each with a name of its own.
    """

    def __init__(self, given: Iterable[StaticFile]) -> None:
        self._files = {each.name: each for each in given}

    @classmethod
    def packaged(cls) -> Self:
        """Read our own files, and those of Swagger UI that its page needs."""
        here, swagger_ui = files("banners.web") / "static", files("fastapi_swagger") / "resources"
        found = [*here.iterdir(), *(swagger_ui / name for name in _SWAGGER_UI)]
        return cls(StaticFile(each.name, each.read_bytes()) for each in found)

    def address(self, name: str) -> str:
        """Return the path of a file, as the application serves it.

        Raises:
            KeyError: there is no file of that name.
        """
        return Route.STATIC_FILE.at(version=self._files[name].version, name=name)

    def find(self, name: str) -> StaticFile | None:
        """Return a file by its name; None if there is none."""
        return self._files.get(name)


def is_known(tag: str, known: str) -> bool:
    """Return whether a client has a version of a file.

    Args:
        tag: the version's ``ETag``.
        known: the tags of the versions that the client has, as in ``If-None-Match``.
    """
    return not {tag, "*"}.isdisjoint(each.strip().removeprefix("W/") for each in known.split(","))


def accepts_gzip(accepted: str) -> bool:
    """Return whether an ``Accept-Encoding`` allows gzip.

    Source: RFC 9110, 12.5.3: a weight of zero forbids, and ``*`` stands for what is not named.
    """
    weights = {}
    for each in accepted.lower().split(","):
        coding, _, written = each.partition(";")
        weights[coding.strip()] = written.replace(" ", "")
    weight = weights.get("gzip", weights.get("*", "q=0"))
    return weight not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
