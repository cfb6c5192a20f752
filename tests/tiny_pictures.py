"""Pictures of a pixel, one of each kind, by the ending of their names."""

import io

from PIL import Image

_MADE = {".png": "PNG", ".jpg": "JPEG", ".webp": "WEBP", ".gif": "GIF"}


def _made(kind: str) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (1, 1), "teal").save(content, kind)
    return content.getvalue()


PICTURES = {
    **{ending: _made(kind) for ending, kind in _MADE.items()},
    ".svg": b'<?xml version="1.0"?>\n<!-- a pixel -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
}
