"""Checks an uploaded file: it must be an image that browsers show, small enough to be decoded.

The limits are checked before anything is decoded, on what the file states. Then everything is
decoded once, so that what is kept can also be shown. docs/adr says why the pixels stay as they are.
"""

import io
import re
import threading
import warnings
from collections.abc import Callable, Mapping

from banners.core.images import Size, media_type_of
from banners.errors import UploadRefused
from banners.images.formats import gif, jpeg, png, webp
from banners.images.formats.essential import Damaged, Essential
from banners.images.size import FIRST_ON_ITS_SIDE, ORIENTATION
from banners.images.store import UploadedImage

MOST_BYTES = 4 * 2**20
"""Maximum number of bytes of an uploaded image."""

MOST_PIXELS = 16_000_000
"""Maximum number of pixels of a frame, each of four bytes in memory."""

MOST_FRAMES = 500
"""Maximum number of frames of an animation."""

MOST_PIXELS_OF_ALL = 200_000_000
"""Maximum number of pixels of all frames of an animation, which bounds the time of the check."""

_SVG = "image/svg+xml"
_FORMATS: Mapping[str, Callable[[bytes], Essential]] = {
    "image/png": png.essential,
    "image/jpeg": jpeg.essential,
    "image/webp": webp.essential,
    "image/gif": gif.essential,
}
_PILLOW_NAMES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
_EXPORT = "Save it as PNG, JPEG, WebP or GIF, and upload that."
# What people upload by mistake, by its first bytes.
_OTHERS = {
    "a PDF document": re.compile(rb"%PDF-"),
    "an HEIC photograph, which not all browsers show": re.compile(
        rb"....ftyp(heic|heix|mif1)", re.DOTALL
    ),
    "an AVIF image, which not all browsers show": re.compile(rb"....ftypavi[fs]", re.DOTALL),
    "a video": re.compile(rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI ", re.DOTALL),
    "a TIFF image, which browsers do not show": re.compile(rb"II\*\0|MM\0\*"),
    "a Photoshop document": re.compile(rb"8BPS"),
    "a BMP image": re.compile(rb"BM"),
    "an icon": re.compile(rb"\0\0[\x01\x02]\0"),
    "a ZIP archive or an office document": re.compile(rb"PK\x03\x04"),
    "a web page": re.compile(rb"\s*<(!doctype html|html|head|body)\b", re.IGNORECASE),
}
_UPRIGHT, _LAST = 1, 8  # orientations
# One image is decoded at a time, so that uploads take a bounded amount of memory.
_ONE_AT_A_TIME = threading.Lock()


def check(content: bytes) -> UploadedImage:
    """Return an uploaded image without camera data, comments and other data beside the image.

    Args:
        content: the bytes of the file.

    Raises:
        UploadRefused: it is not an image of a known type, too large, or damaged.
    """
    if not content:
        raise UploadRefused("The file is empty. Choose another one.")
    if len(content) > MOST_BYTES:
        raise UploadRefused(
            f"The file has {len(content) / 2**20:.1f} MiB; an image may have up to "
            f"{MOST_BYTES >> 20}. Save it with fewer pixels or stronger compression."
        )
    kind = media_type_of(content)
    if kind is None or kind not in _FORMATS:
        raise UploadRefused(_wrong_type(kind, content))
    try:
        found = _FORMATS[kind](content)
    except Damaged as error:
        raise _damaged(str(error)) from error
    _check_size(found)
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # What Pillow warns of is refused below, or does no harm.
        warnings.simplefilter("ignore")
        return _decoded(content, kind, found)


def _wrong_type(kind: str | None, content: bytes) -> str:
    if kind == _SVG:
        return f"The file is an SVG drawing, which could run scripts. {_EXPORT}"
    found = next((name for name, form in _OTHERS.items() if form.match(content)), "")
    return f"The file is {found or 'not an image that can be shown'}. {_EXPORT}"


def _damaged(reason: str) -> UploadRefused:
    return UploadRefused(
        f"The file is damaged: {reason}. Open it in an image editor and save it again, or choose "
        "another one."
    )


def _check_size(found: Essential) -> None:
    """Refuse an image that would take too much memory or time to decode."""
    width, height = found.size
    pixels = width * height
    if not pixels:
        raise _damaged("it has no pixels")
    if pixels > MOST_PIXELS:
        raise UploadRefused(
            f"The file has {width:,} by {height:,} pixels; an image may have up to "
            f"{MOST_PIXELS / 1e6:.0f} million. Make it smaller: 300 by 250 is usual for a banner."
        )
    most = min(MOST_FRAMES, MOST_PIXELS_OF_ALL // pixels)
    if found.frames > max(most, 1):
        raise UploadRefused(
            f"The file is an animation of {found.frames:,} frames; {most:,} are the most at "
            f"{width:,} by {height:,} pixels. Leave out frames, or make it smaller."
        )


def _decoded(content: bytes, kind: str, found: Essential) -> UploadedImage:
    """Decode every frame, and return the image.

    Raises:
        UploadRefused: a frame is damaged, or the image is to be turned in a way that is not kept.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=[_PILLOW_NAMES[kind]]) as given:
            orientation = given.getexif().get(ORIENTATION) if "exif" in given.info else None
        with Image.open(io.BytesIO(found.content), formats=[_PILLOW_NAMES[kind]]) as image:
            for frame in range(getattr(image, "n_frames", 1)):
                image.seek(frame)
                image.load()
            is_as_stated = image.size == found.size
    except Exception as error:  # damaged files make Pillow raise errors of any type
        raise _damaged(f"{str(error).rstrip('.') or 'it cannot be decoded'}") from error
    if not is_as_stated:
        raise _damaged("it states two sizes")
    if not isinstance(orientation, int) or not _UPRIGHT < orientation <= _LAST:
        return UploadedImage(found.size, found.content)
    if kind != "image/jpeg":
        raise UploadRefused(
            "The file says that it must be rotated, which browsers do only for JPEG. Open it in an "
            "image editor, rotate it, and save it upright."
        )
    turned = Image.Exif()
    turned[ORIENTATION] = orientation
    width, height = found.size
    size = Size(height, width) if orientation >= FIRST_ON_ITS_SIDE else found.size
    return UploadedImage(size, jpeg.with_orientation(found.content, turned.tobytes()))
