"""Reads the size of an image from the beginning of its file."""

import re
import struct
import warnings
from pathlib import Path

from banners.core.images import MEDIA_TYPES, USUAL_SIZE, Size

ORIENTATION = 0x0112
"""The tag of the camera's orientation (EXIF 2.3)."""

FIRST_ON_ITS_SIDE = 5
"""The orientation from which on width and height are exchanged."""

_SVG_BYTES = 1 << 14
_SVG_TAG = re.compile(r"<svg\b[^>]*>")
_NUMBER = r"([0-9]{1,5}(?:\.[0-9]+)?)"
_LENGTHS = {
    side: re.compile(rf"\s{side}\s*=\s*[\"']\s*{_NUMBER}\s*(?:px)?\s*[\"']")
    for side in ("width", "height")
}
_VIEW_BOX = re.compile(
    rf"\sviewBox\s*=\s*[\"']\s*[-0-9.]+[\s,]+[-0-9.]+[\s,]+{_NUMBER}[\s,]+{_NUMBER}\s*[\"']"
)


def size_of(path: Path) -> Size:
    """Return the size of an image as browsers show it; the usual size if it does not say.

    Only the beginning of the file is read, and nothing is decoded.

    Args:
        path: the file of an image (banners.core.images).
    """
    try:
        if MEDIA_TYPES[path.suffix] == "image/svg+xml":
            with path.open("rb") as file:
                size = _of_svg(file.read(_SVG_BYTES).decode("utf-8", "replace"))
        else:
            size = size_of_pixels(path)
    except (OSError, ValueError, SyntaxError, struct.error):
        return USUAL_SIZE  # damaged behind its first bytes
    return size if min(size) >= 1 else USUAL_SIZE


def size_of_pixels(file: Path) -> Size:
    """Return the size of an image that is not an SVG, whatever the name of its file.

    Raises:
        OSError: it cannot be read, or is not an image.
        ValueError, SyntaxError, struct.error: it is damaged.
    """
    from PIL import Image

    with warnings.catch_warnings():
        # Nothing is decoded, so that an image of many pixels does no harm.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(file) as image:
                width, height = image.size
                # Without this condition, Pillow decodes all of a PNG in search of an orientation.
                stated = image.getexif() if "exif" in image.info else {}
                turned = stated.get(ORIENTATION, 1) >= FIRST_ON_ITS_SIDE
        except Image.DecompressionBombError:
            return USUAL_SIZE
    return Size(height, width) if turned else Size(width, height)


def _of_svg(text: str) -> Size:
    """Return the size that an SVG states, or the shape of its view box in the usual width."""
    tag = _SVG_TAG.search(text)
    if tag is None:
        return USUAL_SIZE
    lengths = [each.search(tag[0]) for each in _LENGTHS.values()]
    if all(lengths):
        width, height = (float(each[1]) for each in lengths if each)
        return Size(round(width), round(height))
    box = _VIEW_BOX.search(tag[0])
    if box is None or not float(box[1]):
        return USUAL_SIZE
    return Size(USUAL_SIZE.width, round(USUAL_SIZE.width * float(box[2]) / float(box[1])))
