"""PNG, with animations. Source: https://www.w3.org/TR/png-3/, sections 5 and 11."""

import struct

from banners.core.images import Size
from banners.images.formats.essential import Blocks, Damaged, Essential, largest

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Pixels, palette, transparency, colours, and the frames of an animation.
_DRAWS = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP"),
    *(b"acTL", b"fcTL", b"fdAT"),
}
_SIZE = struct.Struct(">II")
_FRAME = struct.Struct(">IIIII")  # number, width, height, left, top


def essential(content: bytes) -> Essential:
    """Return the chunks that draw, up to the end of the image.

    Raises:
        Damaged: it is not a complete PNG, or a frame is larger than the image.
    """
    blocks, kept, sizes, frames = Blocks(content), [_SIGNATURE], [], 0
    blocks.take(len(_SIGNATURE))
    name = b""
    while name != b"IEND":
        length, name = struct.unpack(">I4s", blocks.take(8))
        data, checksum = blocks.take(length), blocks.take(4)
        if name in _DRAWS:
            kept += [struct.pack(">I4s", length, name), data, checksum]
        if name == b"IHDR":
            sizes.append(_size(data))
        elif name == b"fcTL":
            frames += 1
            _check_frame(data, largest(sizes))
    return Essential(largest(sizes), max(frames, 1), b"".join(kept))


def _size(header: bytes) -> Size:
    if len(header) < _SIZE.size:
        raise Damaged("it does not say how large it is")
    return Size(*_SIZE.unpack_from(header))


def _check_frame(control: bytes, canvas: Size) -> None:
    if len(control) < _FRAME.size:
        raise Damaged("a frame does not say how large it is")
    _, width, height, left, top = _FRAME.unpack_from(control)
    if left + width > canvas.width or top + height > canvas.height:
        raise Damaged("a frame is larger than the image")
