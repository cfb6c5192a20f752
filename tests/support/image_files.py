"""Image files as people upload them, still and moving, with what does not draw."""

import io
import zlib
from typing import Any

from PIL import Image, ImageDraw, PngImagePlugin

TYPES = ("PNG", "JPEG", "WEBP", "GIF")
MOVING = ("PNG", "WEBP", "GIF")
SECRET = b"Where the photographer lives"
ORIENTATION, CAMERA = 0x0112, 0x010F


def drawing(number: int = 0, size: tuple[int, int] = (40, 30)) -> Image.Image:
    """Draw something whose pixels differ, another one for each number."""
    image = Image.new("RGB", size, (200, 30, 60))
    ImageDraw.Draw(image).ellipse((3 + number, 4, size[0] - 9, size[1] - 5), fill=(10, 80, 220))
    return image


def file_of(kind: str, image: Image.Image | None = None, **options: Any) -> bytes:
    """Save an image in a format."""
    content = io.BytesIO()
    (image or drawing()).save(content, kind, **options)
    return content.getvalue()


def moving(kind: str, frames: int = 3, size: tuple[int, int] = (40, 30)) -> bytes:
    """Save an animation in a format."""
    others = [drawing(number, size) for number in range(1, frames)]
    return file_of(
        kind, drawing(0, size), save_all=True, append_images=others, duration=100, loop=0
    )


def telling(kind: str, orientation: int = 1) -> bytes:
    """Save an image that holds, in each place its format has for it, a secret of its maker."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[CAMERA] = orientation, SECRET.decode()
    if kind == "GIF":
        return file_of(kind, comment=SECRET)
    if kind == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Author", SECRET.decode())
        return file_of(kind, pnginfo=texts, exif=exif)
    if kind == "JPEG":
        return file_of(kind, exif=exif, comment=SECRET)
    return file_of(kind, exif=exif, xmp=SECRET)


def frames_of(content: bytes) -> list[tuple[object, bytes]]:
    """Return the duration and the pixels of each frame, as Pillow decodes them."""
    found = []
    with Image.open(io.BytesIO(content)) as image:
        for frame in range(getattr(image, "n_frames", 1)):
            image.seek(frame)
            found.append((image.info.get("duration"), image.convert("RGBA").tobytes()))
    return found


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    checksum = zlib.crc32(name + data)
    return len(data).to_bytes(4) + name + data + checksum.to_bytes(4)
