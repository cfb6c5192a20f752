"""Images of a pixel, one of each kind, by the ending of their names."""

import io

from PIL import Image

from banners.core.images import MEDIA_TYPES

_MADE = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP", ".gif": "GIF"}


def _made(kind: str) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (1, 1), "teal").save(content, kind)
    return content.getvalue()


_SMALL = {
    **{ending: _made(kind) for ending, kind in _MADE.items()},
    ".svg": b'<?xml version="1.0"?>\n<!-- a pixel -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
}
_SMALL[".jpeg"] = _SMALL[".jpg"]
IMAGES = {ending: _SMALL[ending.lower()] for ending in MEDIA_TYPES}
