"""JPEG. Source: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B."""

import re
import struct

from banners.core.images import Size
from banners.images.formats.essential import Blocks, Damaged, Essential, largest

MOST_SCANS = 100
"""Maximum number of scans. Each is decoded over the complete image, and programs write about 10."""

_BEGIN, _END, _SCAN = 0xD8, 0xD9, 0xDA
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without data
_TABLES = {0xC4, 0xCC, 0xDB, 0xDD}
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_OF_FILE, _PROFILE, _ADOBE = 0xE0, 0xE2, 0xEE
# The bytes of the head of a file before its thumbnail, whose size comes last.
_FILE_BYTES = 12
_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_AFTER_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)
_SIZE = struct.Struct(">BHH")  # bits of a sample, height, width


def essential(content: bytes) -> Essential:
    """Return the segments that draw, up to the end of the image.

    Raises:
        Damaged: it is not a JPEG, or it has several images or very many scans.
    """
    blocks, kept, sizes, scans = Blocks(content), [b"\xff\xd8"], [], 0
    blocks.take(2)
    while not blocks.is_at_end and (marker := _next_marker(content, blocks)) != _END:
        if marker in _ALONE:
            continue
        data = blocks.take(_length(blocks))
        if marker in _FRAMES:
            sizes.append(_size(data))
        if marker == _SCAN:
            scans += 1
            after = _AFTER_SCAN.search(content, blocks.place)
            kept.append(_segment(marker, data))
            kept.append(blocks.take_to(after.start() if after else len(content)))
        elif marker in _TABLES | _FRAMES:
            kept.append(_segment(marker, data))
        elif marker in {_OF_FILE, _PROFILE, _ADOBE}:
            kept.append(_of_program(marker, data))
    if len(sizes) > 1 or scans > MOST_SCANS:
        raise Damaged("it has several images, or very many scans")
    return Essential(largest(sizes), 1, b"".join([*kept, bytes([0xFF, _END])]))


def with_orientation(content: bytes, exif: bytes) -> bytes:
    """Return a JPEG with the orientation from the camera data, and nothing else of these data.

    Args:
        content: a JPEG without such data.
        exif: the data, beginning with ``Exif``.
    """
    # Behind the head of the file, which must come first where there is one.
    has_head = content[2:4] == bytes([0xFF, _OF_FILE])
    place = 4 + int.from_bytes(content[4:6]) if has_head else 2
    return content[:place] + _segment(0xE1, exif) + content[place:]


def _next_marker(content: bytes, blocks: Blocks) -> int:
    found = _MARKER.match(content, blocks.place)
    if found is None:
        raise Damaged("it has bytes between its segments")
    return blocks.take_to(found.end())[-1]


def _length(blocks: Blocks) -> int:
    length = int.from_bytes(blocks.take(2))
    if length < 2:  # noqa: PLR2004  # its own bytes are counted
        raise Damaged("a segment has no length")
    return length - 2


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _of_program(marker: int, data: bytes) -> bytes:
    """Return the segment if it defines the colours; other data of programs is dropped."""
    if marker == _OF_FILE and data.startswith(b"JFIF\0"):
        return _segment(marker, data[:_FILE_BYTES].ljust(_FILE_BYTES, b"\0") + b"\0\0")
    if (marker == _PROFILE and data.startswith(b"ICC_PROFILE\0")) or (
        marker == _ADOBE and data.startswith(b"Adobe")
    ):
        return _segment(marker, data)
    return b""


def _size(frame: bytes) -> Size:
    if len(frame) < _SIZE.size:
        raise Damaged("it does not say how large it is")
    _, height, width = _SIZE.unpack_from(frame)
    return Size(width, height)
