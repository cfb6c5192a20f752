"""GIF. Source: https://www.w3.org/Graphics/GIF/spec-gif89a.txt."""

import struct

from banners.core.images import Size
from banners.images.formats.essential import Blocks, Damaged, Essential, largest

_EXTENSION, _IMAGE, _END = b"!", b",", b";"
_HOW_TO_SHOW, _OF_PROGRAM = b"\xf9", b"\xff"
# How often an animation repeats; other extensions of programs hold their data.
_REPEATS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")
_SCREEN = struct.Struct("<6sHHBBB")  # signature, width, height, flags, background, aspect
_PLACE = struct.Struct("<HHHHB")  # left, top, width, height, flags


def essential(content: bytes) -> Essential:
    """Return the blocks that draw, up to the end of the image.

    Raises:
        Damaged: it is not a complete GIF.
    """
    blocks = Blocks(content)
    head = blocks.take(_SCREEN.size)
    _, width, height, flags, _, _ = _SCREEN.unpack(head)
    kept, sizes, frames = [head, blocks.take(_palette_bytes(flags))], [Size(width, height)], 0
    # Some programs leave out the end; every browser shows what they made.
    while not blocks.is_at_end and (kind := blocks.take(1)) != _END:
        if kind == _EXTENSION:
            label, data = blocks.take(1), _sub_blocks(blocks)
            if label == _HOW_TO_SHOW or (label == _OF_PROGRAM and data.startswith(_REPEATS)):
                kept += [kind, label, data]
        elif kind == _IMAGE:
            place = blocks.take(_PLACE.size)
            left, top, width, height, flags = _PLACE.unpack(place)
            frames += 1
            sizes.append(Size(left + width, top + height))
            palette, code_size = blocks.take(_palette_bytes(flags)), blocks.take(1)
            kept += [kind, place, palette, code_size, _sub_blocks(blocks)]
        else:
            raise Damaged("it has a block of an unknown kind")
    if not frames:
        raise Damaged("it has no image")
    return Essential(largest(sizes), frames, b"".join([*kept, _END]))


def _palette_bytes(flags: int) -> int:
    """Return the number of bytes of the palette that follows, of which the flags tell."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks(blocks: Blocks) -> bytes:
    """Read the data of a block, which comes in pieces of up to 255 bytes."""
    pieces = []
    while length := blocks.take(1)[0]:
        pieces += [bytes([length]), blocks.take(length)]
    return b"".join([*pieces, b"\0"])
