"""The banners' pictures: in memory where they fit, from their folder where they do not."""

import logging
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from banners.answer import image_path
from banners.errors import SettingsError
from banners.images import MEDIA_TYPES, find_image, pictured_banners
from banners.web.described import Responses, pages_of
from banners.web.files import KEPT
from banners.web.headers import SECURITY
from banners.web.parameters import PictureName
from banners.web.prepared import Headers, Reply

_LOG = logging.getLogger(__name__)

ADDRESS = re.compile(r"/static/images/image_([1-9][0-9]{0,17})\.png", re.ASCII)

KEPT_LONG = {"Cache-Control": "public, max-age=86400"}
"""The header of a picture: a browser keeps it for a day, and then asks whether it has changed."""

MOST_BYTES = 64 * 2**20
"""So many bytes of pictures each worker holds in memory."""

LOOK_SECONDS = 1.0
"""So long a picture in memory is taken to be what its file still is."""


@dataclass(slots=True)
class Picture:
    """A picture in memory.

    Args:
        banner_id: whose it is.
        path: its file.
        changed: the file's time of change in nanoseconds, and its size in bytes.
        reply: the answer of which it is the body.
        looked: when the file was last looked at, in seconds.
    """

    banner_id: int
    path: Path
    changed: tuple[int, int]
    reply: Reply
    looked: float


class Pictures:
    """The pictures of a folder.

    Args:
        folder: where they are; it need not be there.
        most_bytes: how much of them is held in memory.
        clock: tells the time in seconds; only differences matter.
    """

    def __init__(
        self,
        folder: Path,
        *,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._room = most_bytes
        self._clock = clock
        self._held: dict[str, Picture] = {}
        self._lock = threading.Lock()

    def held(self, path: str) -> Picture | None:
        """Give the picture at an address; None where it is not held, or not what it was."""
        picture = self._held.get(path)
        if picture is None:
            return None
        now = self._clock()
        if now - picture.looked > LOOK_SECONDS:
            # It may have changed, or one of a kind that comes first have been put beside it.
            first = find_image(self._folder, picture.banner_id)
            if first != picture.path or _changed(picture.path) != picture.changed:
                self._drop(path)
                return None
            picture.looked = now
        return picture

    def load(self, banner_id: int) -> Picture | None:
        """Read the picture of a banner, and hold it if there is room; None where there is none."""
        path = find_image(self._folder, banner_id)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                stat = os.fstat(file.fileno())
                body = file.read()
        except OSError as error:
            _LOG.warning("The picture %s cannot be read: %s", path, error.strerror)
            return None
        changed = stat.st_mtime_ns, stat.st_size
        kind = MEDIA_TYPES[path.suffix]
        headers = FileResponse(
            path, headers=KEPT_LONG, media_type=kind, stat_result=stat
        ).raw_headers
        reply = 200, [*headers, *SECURITY], body
        picture = Picture(banner_id, path, changed, reply, self._clock())
        if len(body) != stat.st_size:
            return picture  # it is being written: good for this once, with what its reader says
        self._hold(image_path(banner_id), picture)
        return picture

    def preload(self) -> None:
        """Bring as many pictures into memory as there is room for."""
        try:
            banner_ids = sorted(pictured_banners(self._folder))
        except SettingsError as error:
            _LOG.warning("There are no pictures: %s", error)
            return
        for banner_id in banner_ids:
            if self._room <= 0:
                break
            self.load(banner_id)

    def _hold(self, address: str, picture: Picture) -> None:
        size = len(picture.reply[2])
        with self._lock:
            held = self._held.pop(address, None)
            self._room += len(held.reply[2]) if held else 0
            if size <= self._room:
                self._held[address] = picture
                self._room -= size

    def _drop(self, address: str) -> None:
        with self._lock:
            held = self._held.pop(address, None)
            self._room += len(held.reply[2]) if held else 0


def is_plain(headers: Headers) -> bool:
    """Tell that a request asks for all of a file, whatever the client has of it."""
    return not any(name in _CONDITIONS for name, _ in headers)


_CONDITIONS = {
    b"range",
    b"if-none-match",
    b"if-modified-since",
    b"if-match",
    b"if-unmodified-since",
    b"if-range",
}


_PICTURE: dict[str, dict[str, str]] = {kind: {} for kind in MEDIA_TYPES.values()}
_ANSWERS: Responses = {
    200: {
        "description": "The picture, or a labelled placeholder of the same size",
        "content": _PICTURE,
        "headers": {
            "Cache-Control": {
                "description": "How long it may be kept.",
                "schema": {"type": "string", "examples": [KEPT_LONG["Cache-Control"]]},
            },
        },
    },
    206: {
        "description": "The part of the picture that `Range` asks for",
        "content": {**_PICTURE, "multipart/byteranges": {}},
    },
    304: {"description": "What the client has, by `If-None-Match` or `If-Modified-Since`, is good"},
    416: {"description": "`Range` is beyond the picture's end", "content": {"text/plain": {}}},
    **pages_of(404),
}


def routes(
    pictures: Pictures, templates: Jinja2Templates, on_placeholder: Callable[[], None]
) -> APIRouter:
    """Build the address of the pictures.

    Args:
        pictures: where they are.
        templates: the pages' templates; one is the placeholder.
        on_placeholder: is told of each picture that there is none of.
    """
    router = APIRouter()
    files = StaticFiles(check_dir=False)

    @router.get(
        "/static/images/{name}",
        tags=["pages"],
        summary="A banner's picture",
        response_class=Response,
        responses=_ANSWERS,
    )
    def image(request: Request, name: PictureName) -> Response:
        """Send a banner's picture, or a labelled placeholder of the same size."""
        wanted = ADDRESS.fullmatch(f"/static/images/{name}")
        if wanted is None:
            raise HTTPException(404)
        picture = pictures.load(int(wanted[1]))
        if picture is None:
            on_placeholder()
            return templates.TemplateResponse(
                request,
                "placeholder.svg",
                {"banner_id": wanted[1]},
                headers=KEPT,
                media_type=MEDIA_TYPES[".svg"],
            )
        # Through the framework's own static files, for ranges and for what the client has.
        try:
            stat = picture.path.stat()
        except OSError as error:
            raise HTTPException(404) from error
        response = files.file_response(picture.path, stat, request.scope)
        response.headers.update(KEPT_LONG)
        if "content-type" in response.headers:
            # Of each kind as everywhere else, and not as this machine's list of types has it.
            response.headers["content-type"] = MEDIA_TYPES[picture.path.suffix]
        return response

    return router


def _changed(path: Path) -> tuple[int, int] | None:
    try:
        stat = os.stat(path)  # noqa: PTH116  # on the way of every picture, and half the time
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
