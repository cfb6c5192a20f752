"""WebP. Source: https://developers.google.com/speed/webp/docs/riff_container."""

import struct

from banners.core.images import Size
from banners.images.formats.essential import Blocks, Damaged, Essential, largest

_HEAD_BYTES = 12
_FRAME_HEAD_BYTES = 16
_DRAWS = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_DRAWS_FRAME = {b"VP8 ", b"VP8L", b"ALPH"}
_HAS_METADATA = 0x0C  # the flags of camera data (EXIF) and of XMP


def essential(content: bytes) -> Essential:
    """Return the chunks that draw, up to the end of the image.

    Raises:
        Damaged: it is not a complete WebP.
    """
    blocks = Blocks(content)
    length = int.from_bytes(blocks.take(_HEAD_BYTES)[4:8], "little")
    body = Blocks(blocks.take_to(8 + length))
    body.take(0)
    kept, sizes, frames = [], [], 0
    while not body.is_at_end:
        name, data = _chunk(body)
        if name not in _DRAWS:
            continue
        sizes += _sizes(name, data)
        if name == b"ANMF":
            frames += 1
            data = _frame(data)
        elif name == b"VP8X":
            data = bytes([data[0] & ~_HAS_METADATA]) + data[1:]
        kept.append(_written(name, data))
    chunks = b"".join([b"WEBP", *kept])
    head = struct.pack("<4sI", b"RIFF", len(chunks))
    return Essential(largest(sizes), max(frames, 1), head + chunks)


def _chunk(blocks: Blocks) -> tuple[bytes, bytes]:
    name, length = struct.unpack("<4sI", blocks.take(8))
    data = blocks.take(length)
    if length % 2 and not blocks.is_at_end:
        blocks.take(1)
    return name, data


def _written(name: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", name, len(data)) + data + b"\0" * (len(data) % 2)


def _frame(data: bytes) -> bytes:
    """Return a frame of an animation with nothing but what draws it."""
    blocks = Blocks(data)
    kept = [blocks.take(_FRAME_HEAD_BYTES)]
    while not blocks.is_at_end:
        name, inner = _chunk(blocks)
        if name in _DRAWS_FRAME:
            kept.append(_written(name, inner))
    return b"".join(kept)


def _sizes(name: bytes, data: bytes) -> list[Size]:
    """Return the size that a chunk states; [] if its kind states none."""
    try:
        match name:
            case b"VP8X":
                _, width, height = struct.unpack_from("<4s3s3s", data)
                return [Size(*(1 + int.from_bytes(each, "little") for each in (width, height)))]
            case b"VP8 ":
                width, height = struct.unpack_from("<HH", data, 6)
                return [Size(width & 0x3FFF, height & 0x3FFF)]
            case b"VP8L":
                (bits,) = struct.unpack_from("<I", data, 1)
                return [Size(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))]
            case _:
                return []
    except struct.error as error:
        raise Damaged("it does not say how large it is") from error
