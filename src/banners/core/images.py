"""Finds the images of banners: ``image_<banner id>.png`` (or jpg, webp, gif, svg) in a folder."""

import logging
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from banners.core.model import CANONICAL_ID
from banners.errors import SettingsError, shorten

_LOG = logging.getLogger(__name__)

_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
}
MEDIA_TYPES = {**_TYPES, **{ending.upper(): kind for ending, kind in _TYPES.items()}}
"""Media type by file extension. If a banner has several images, the first extension wins."""

MOST_BYTES = 16 * 2**20
"""Maximum number of bytes of an image; a larger file is not shown."""

# The first bytes of a file of each type.
_BEGINNINGS = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "image/gif": re.compile(rb"GIF8[79]a"),
    # A byte order mark, a declaration, a document type and comments may come first.
    "image/svg+xml": re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<[?!][^>]*>\s*)*<svg\b"),
}
_BEGINNING_BYTES = 1 << 12

_NAME = re.compile(f"image_({CANONICAL_ID})(?:{'|'.join(map(re.escape, MEDIA_TYPES))})")
# Names that were probably meant as those of images.
_LOOKS_LIKE_ONE = re.compile(
    r"image[ _-]?[0-9]+\..*|.*\.(png|jpe?g?|jfif|webp|gif|svgz?|avif|bmp|tiff?|heic|ico)",
    re.IGNORECASE,
)
_NAMES_SHOWN = 10
_REMEMBERED = 10_000


class Size(NamedTuple):
    """The size of an image in pixels."""

    width: int
    height: int


USUAL_SIZE = Size(300, 250)
"""The size of the placeholder, and of an image that does not say how large it is."""


def stem_of(banner_id: int) -> str:
    """Return the name of a banner's image, without the extension."""
    return f"image_{banner_id}"


def banner_of(name: str) -> int | None:
    """Return the banner whose image has this name; None if it is not the name of an image.

    Args:
        name: the name of a file, with its extension.
    """
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def media_type_of(content: bytes) -> str | None:
    """Return the media type of an image by its first bytes; None if it is of no supported type."""
    beginning = content[:_BEGINNING_BYTES]
    return next((kind for kind, form in _BEGINNINGS.items() if form.match(beginning)), None)


def find_image(folder: Path, banner_id: int) -> Path | None:
    """Return the file of a banner's image; None if there is none that can be shown."""
    for ending in MEDIA_TYPES:
        path = folder / f"{stem_of(banner_id)}{ending}"
        if _is_readable(path):
            return path
    return None


def banners_with_image(folder: Path) -> frozenset[int]:
    """Return the ids of the banners that have an image that can be shown.

    Files that look like images and are named otherwise are named in the log.

    Args:
        folder: where the images are; a missing folder has none.

    Raises:
        SettingsError: the folder cannot be read.
    """
    try:
        images = [(banner_of(path.name), path) for path in folder.iterdir()]
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise SettingsError(
            f"BANNERS_IMAGES names {shorten(str(folder))}, which cannot be read: "
            f"{error.strerror}. Make it a folder that can be, or name another one."
        ) from error
    _warn_of_misnamed(
        sorted(
            path.name
            for banner_id, path in images
            if not banner_id and _LOOKS_LIKE_ONE.fullmatch(path.name)
        )
    )
    return frozenset(banner_id for banner_id, path in images if banner_id and _is_readable(path))


def _warn_of_misnamed(names: list[str]) -> None:
    if names:
        shown = ", ".join(map(shorten, names[:_NAMES_SHOWN]))
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        _LOG.warning(
            "Images not shown, since they are named otherwise: %s%s. Name an image "
            "image_<banner id>.png (or jpg, webp, gif, svg).",
            shown,
            more,
        )


def _is_readable(path: Path) -> bool:
    """Return whether a file can be shown; if it exists and cannot, log that once."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            beginning = os.read(file.fileno(), _BEGINNING_BYTES)
    except OSError as error:
        _warn_once(path, str(error.strerror))
        return False
    media_type = MEDIA_TYPES[path.suffix]
    if size > MOST_BYTES:
        reason = f"it has {size / 2**20:,.0f} MiB, and {MOST_BYTES >> 20} are the most"
    elif not beginning:
        reason = "it is empty"
    elif not _BEGINNINGS[media_type].match(beginning):
        reason = f"it does not begin as {media_type} does"
    else:
        return True
    _warn_once(path, reason)
    return False


@lru_cache(_REMEMBERED)
def _warn_once(path: Path, reason: str) -> None:
    # Visitors ask for the same images again and again.
    _LOG.warning("The image %s is not shown: %s. A placeholder stands for it.", path, reason)
