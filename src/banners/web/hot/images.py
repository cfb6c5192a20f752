"""The banners' images: in memory where they fit, from where they are kept where they do not."""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from banners.core.addresses import IMAGE_PATTERN, Route, image_path
from banners.core.images import MEDIA_TYPES, USUAL_SIZE, banners_with_image, find_image
from banners.errors import SettingsError
from banners.images.size import size_of
from banners.web.hot.replies import Headers, Reply, joined
from banners.web.hot.sizes import Sizes
from banners.web.hot.uploads import KEPT_SHORT, Uploads, answer_uploaded
from banners.web.http.files import KEPT, KEPT_LONG
from banners.web.http.parameters import ImageName
from banners.web.http.responses import Responses, error_pages
from banners.web.http.security import IMAGE_SECURITY, IMAGE_SECURITY_HEADERS

_LOG = logging.getLogger(__name__)

ADDRESS = re.compile(IMAGE_PATTERN)

MOST_BYTES = 64 * 2**20
"""Maximum number of bytes of images that each worker holds in memory."""

START_SECONDS = 2.0
"""Maximum number of seconds for which a start waits until the images are read."""

LOOK_SECONDS = 1.0
"""Seconds after which the file of an image in memory is checked for changes."""


_CONDITIONS = {
    b"range",
    b"if-none-match",
    b"if-modified-since",
    b"if-match",
    b"if-unmodified-since",
    b"if-range",
}


@dataclass(slots=True)
class HeldImage:
    """An image in memory.

    Args:
        banner_id: the banner.
        path: the file; None if the image was uploaded.
        changed: the file's modification time in nanoseconds, and its size in bytes; None if the
            image was uploaded.
        digest: what :attr:`banners.web.hot.uploads.Uploads.digest_of` said when it was read.
        reply: the answer whose body is the image; the body is empty where there was no room.
        looked: when the file was last checked, in seconds.
    """

    banner_id: int
    path: Path | None
    changed: tuple[int, int] | None
    digest: str | None
    reply: Reply
    looked: float

    def answer(self, headers: Headers) -> Reply | None:
        """Answer a request for the complete image; None if it has conditions, or wants a part."""
        return None if any(name in _CONDITIONS for name, _ in headers) else self.reply


class HeldImages:
    """The images of a folder, and those that were uploaded, which come before them.

    Args:
        folder: where the images are; it may be missing.
        uploads: the uploaded images.
        sizes: receives the size of each image.
        most_bytes: maximum size in bytes of the images held in memory.
        clock: returns the time in seconds; only differences matter.
    """

    def __init__(
        self,
        folder: Path,
        *,
        uploads: Uploads | None = None,
        sizes: Sizes | None = None,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._uploads = uploads or Uploads()
        self._digest_of = self._uploads.digest_of
        self._sizes = sizes or Sizes()
        self._measured: dict[int, tuple[Path, tuple[int, int]] | str] = {}
        self._room = most_bytes
        self._clock = clock
        self._held: dict[str, HeldImage] = {}
        self._lock = threading.Lock()

    def held(self, path: str) -> HeldImage | None:
        """Return the image at an address; None if it is not held, or its file has changed."""
        image = self._held.get(path)
        if image is None:
            return None
        if image.digest != self._digest_of(image.banner_id):
            self._drop(path)
            return None
        if image.path is None:
            return image
        now = self._clock()
        if now - image.looked > LOOK_SECONDS:
            # The file may have changed, or a file of a preferred type have been added.
            first = find_image(self._folder, image.banner_id)
            if first != image.path or _changed(image.path) != image.changed:
                self._drop(path)
                return None
            image.looked = now
        return image

    def load(self, banner_id: int) -> HeldImage | None:
        """Read the image of a banner, and hold it if there is room; None if it has no image."""
        digest = self._digest_of(banner_id)
        uploaded = self._load_uploaded(banner_id, digest) if digest else None
        return uploaded or self._load_file(banner_id, digest)

    def follow(self, banner_ids: Iterable[int]) -> None:
        """Read the uploaded images of some banners while there is room, and the sizes of all.

        To be called before these banners are shown.
        """
        wanted = {each: digest for each in banner_ids if (digest := self._digest_of(each))}
        changed = {
            each: digest for each, digest in wanted.items() if self._measured.get(each) != digest
        }
        sizes = self._uploads.sizes(changed.values())
        has_room = True
        for banner_id, digest in changed.items():
            if digest in sizes:
                self._measured[banner_id] = digest
                self._sizes.note(banner_id, sizes[digest])
            if has_room:
                self.load(banner_id)
                has_room = image_path(banner_id) in self._held

    def may_be_replaced(self, banner_id: int) -> bool:
        """Return whether people may upload another image of a banner: the catalogue has it."""
        return self._digest_of(banner_id) is not None

    def _load_uploaded(self, banner_id: int, digest: str) -> HeldImage | None:
        address = image_path(banner_id)
        held = self._held.get(address)
        if held and held.digest == digest:
            return held
        reply = self._uploads.reply(digest)
        if reply is None:
            return None
        if self._measured.get(banner_id) != digest:
            self._sizes.note(banner_id, self._uploads.sizes([digest]).get(digest, USUAL_SIZE))
            self._measured[banner_id] = digest
        image = HeldImage(banner_id, None, None, digest, reply, self._clock())
        self._hold(address, image)
        return image

    def _load_file(self, banner_id: int, digest: str | None) -> HeldImage | None:
        path = find_image(self._folder, banner_id)
        if path is None:
            if self._measured.pop(banner_id, None):
                self._sizes.note(banner_id, USUAL_SIZE)
            return None
        try:
            with path.open("rb") as file:
                stat = os.fstat(file.fileno())
                changed = stat.st_mtime_ns, stat.st_size
                held = self._held.get(image_path(banner_id))
                if held and (held.path, held.changed, held.digest) == (path, changed, digest):
                    return held
                # One byte more, to notice that the file is growing.
                body = file.read(stat.st_size + 1) if stat.st_size <= self._room else b""
        except OSError as error:
            _LOG.warning("The image %s cannot be read: %s", path, error.strerror)
            return None
        self._measure(banner_id, path, changed)
        kind = MEDIA_TYPES[path.suffix]
        kept = KEPT_LONG if digest is None else KEPT_SHORT
        headers = FileResponse(path, headers=kept, media_type=kind, stat_result=stat).raw_headers
        reply = 200, joined([*headers, *IMAGE_SECURITY]), body
        image = HeldImage(banner_id, path, changed, digest, reply, self._clock())
        if len(body) != stat.st_size or digest:
            # There is no room, the file is being written, or it stands for an unreadable upload.
            return image
        self._hold(image_path(banner_id), image)
        return image

    def preload(self) -> None:
        """Read images into memory while there is room, and the sizes of all."""
        try:
            banner_ids = sorted(banners_with_image(self._folder))
        except SettingsError as error:
            _LOG.warning("There are no images: %s", error)
            return
        for banner_id in banner_ids:
            self.load(banner_id)

    def _measure(self, banner_id: int, path: Path, changed: tuple[int, int]) -> None:
        """Read the size of an image, unless its file is as it was."""
        if self._measured.get(banner_id) != (path, changed):
            self._sizes.note(banner_id, size_of(path))
            self._measured[banner_id] = path, changed

    def _hold(self, address: str, image: HeldImage) -> None:
        size = len(image.reply[2])
        with self._lock:
            held = self._held.pop(address, None)
            self._room += len(held.reply[2]) if held else 0
            if size <= self._room:
                self._held[address] = image
                self._room -= size

    def _drop(self, address: str) -> None:
        with self._lock:
            held = self._held.pop(address, None)
            self._room += len(held.reply[2]) if held else 0


_IMAGE: dict[str, dict[str, str]] = {kind: {} for kind in MEDIA_TYPES.values()}
_ANSWERS: Responses = {
    200: {
        "description": "The image, or a labelled placeholder of the same size",
        "content": _IMAGE,
        "headers": {
            "Cache-Control": {
                "description": "How long the image may be cached.",
                "schema": {"type": "string", "examples": [KEPT_LONG["Cache-Control"]]},
            },
        },
    },
    206: {
        "description": "The part of the image that `Range` asks for",
        "content": {**_IMAGE, "multipart/byteranges": {}},
    },
    304: {"description": "The image has not changed (`If-None-Match` or `If-Modified-Since`)"},
    416: {
        "description": "`Range` begins after the end of the image",
        "content": {"text/plain": {}},
    },
    **error_pages(404),
}


def routes(
    images: HeldImages, templates: Jinja2Templates, on_placeholder: Callable[[int], None]
) -> APIRouter:
    """Return the route of the images.

    Args:
        images: the images.
        templates: the pages' templates, among them the placeholder.
        on_placeholder: called with the banner for each request that is answered with a placeholder.
    """
    router = APIRouter()
    files = StaticFiles(check_dir=False)

    @router.get(
        Route.IMAGE,
        tags=["pages"],
        summary="A banner's image",
        response_class=Response,
        responses=_ANSWERS,
    )
    def image(request: Request, name: ImageName) -> Response:
        """Send a banner's image, or a labelled placeholder of the same size."""
        wanted = ADDRESS.fullmatch(Route.IMAGE.at(name=name))
        if wanted is None:
            raise HTTPException(404)
        banner_id = int(wanted[1])
        image = images.load(banner_id)
        if image is None:
            on_placeholder(banner_id)
            kept = KEPT_SHORT if images.may_be_replaced(banner_id) else KEPT
            return templates.TemplateResponse(
                request,
                "placeholder.svg",
                {"banner_id": wanted[1]},
                headers={**kept, **IMAGE_SECURITY_HEADERS},
                media_type=MEDIA_TYPES[".svg"],
            )
        if image.path is None:
            return answer_uploaded(image.reply, request.headers.get("if-none-match", ""))
        # The framework's static files answer ranges and conditional requests.
        try:
            stat = image.path.stat()
        except OSError as error:
            raise HTTPException(404) from error
        response = files.file_response(image.path, stat, request.scope)
        kept = KEPT_SHORT if images.may_be_replaced(banner_id) else KEPT_LONG
        response.headers.update({**kept, **IMAGE_SECURITY_HEADERS})
        if "content-type" in response.headers:
            # From our own table, because the lists of types of machines differ.
            response.headers["content-type"] = MEDIA_TYPES[image.path.suffix]
        return response

    return router


def _changed(path: Path) -> tuple[int, int] | None:
    try:
        stat = os.stat(path)  # noqa: PTH116  # called for every image, and twice as fast
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
