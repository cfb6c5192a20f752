"""Finds the pictures of banners: ``image_<banner id>.png`` (or jpg, webp, gif, svg) in a folder."""

import logging
import re
from pathlib import Path

from banners.errors import SettingsError, shorten

_LOG = logging.getLogger(__name__)

MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
}
"""The kinds of pictures, by the ending of their names; the first one there is shown."""

# What a file of each kind begins with; the bytes that differ from one to the other are left open.
_BEGINNINGS = {
    ".png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    ".jpg": re.compile(rb"\xff\xd8\xff"),
    ".webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
    ".gif": re.compile(rb"GIF8[79]a"),
    # Behind a byte order mark, a declaration, a document type and comments.
    ".svg": re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<[?!][^>]*>\s*)*<svg\b"),
}
_BEGINNING_BYTES = 1 << 12

_STEM = re.compile(r"image_([1-9][0-9]{0,17})", re.ASCII)


def stem_of(banner_id: int) -> str:
    """Name a banner's picture, without the ending."""
    return f"image_{banner_id}"


def banner_of(name: str) -> int | None:
    """Tell whose picture a name is that of; None where it is not that of a picture.

    Args:
        name: with the ending, as of a file.
    """
    stem, dot, ending = name.rpartition(".")
    found = _STEM.fullmatch(stem)
    return int(found[1]) if found and dot + ending in MEDIA_TYPES else None


def find_image(folder: Path, banner_id: int) -> Path | None:
    """Find the picture of a banner; None where it has none that can be read."""
    for ending in MEDIA_TYPES:
        path = folder / f"{stem_of(banner_id)}{ending}"
        if _is_readable(path):
            return path
    return None


def pictured_banners(folder: Path) -> frozenset[int]:
    """List the ids of the banners that have a picture which can be read.

    Args:
        folder: where the pictures are; there are none where it is not there.

    Raises:
        SettingsError: the folder cannot be read.
    """
    try:
        pictures = [(banner_of(path.name), path) for path in folder.iterdir()]
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise SettingsError(
            f"BANNERS_IMAGES names {shorten(str(folder))}, which cannot be read: "
            f"{error.strerror}. Make it a folder that can be, or name another one."
        ) from error
    return frozenset(banner_id for banner_id, path in pictures if banner_id and _is_readable(path))


def _is_readable(path: Path) -> bool:
    """Tell whether a file begins as its kind does, and log where there is one that does not."""
    try:
        if not path.is_file():
            return False
        with path.open("rb", buffering=0) as file:
            beginning = file.read(_BEGINNING_BYTES)
    except OSError as error:
        reason = error.strerror
    else:
        if _BEGINNINGS[path.suffix].match(beginning):
            return True
        media_type = MEDIA_TYPES[path.suffix]
        reason = f"it does not begin as {media_type} does" if beginning else "it is empty"
    _LOG.warning("The picture %s cannot be read: %s. A placeholder stands for it.", path, reason)
    return False
