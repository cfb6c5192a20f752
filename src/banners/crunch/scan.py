"""Looks an event file over in large blocks: whether it is plain, and whether it is all digits.

Each question is put to a whole block at once, by deleting or mapping its bytes and comparing what
is left, which is some hundred times as fast as going through the lines.
"""

import codecs
from dataclasses import dataclass
from pathlib import Path

LONGEST_LINE = 2_000_000
"""A plain file has no line of more bytes, its end included."""

# A line that leaves no block without a line end spans less than two.
_BLOCK = LONGEST_LINE // 2
_DIGITS = b"0123456789"
# All bytes but those that decide where fields and lines end.
_ORDINARY = bytes(byte for byte in range(256) if byte not in b',"\r\n')
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found out about the rows of a plain file.

    Args:
        rows: how many there are.
        digits: whether each field is empty, or a number of up to 18 digits.
    """

    rows: int
    digits: bool


def scan_rows(path: Path, offset: int, width: int) -> Scan | None:
    """Look over the rows of a file whose header is plain.

    Args:
        path: the file, not compressed.
        offset: where its rows begin, in bytes.
        width: how many fields its header has, 1 or more.

    Returns:
        What was found out, or None where the file is not plain: see :mod:`banners.crunch.plain`.

    Raises:
        OSError: the file cannot be read.
    """
    pattern = b"," * (width - 1) + b"\n"
    decoder = codecs.getincrementaldecoder("utf-8")()
    marks = 0
    digits = True
    tail = b"\n"
    with path.open("rb") as file:
        file.seek(offset)
        while block := file.read(_BLOCK):
            found = block.translate(None, _DIGITS)
            expected = _repeated(pattern, marks, len(found))
            if digits and (found != expected or _has_long_number(tail + block)):
                digits = False
            if not digits:
                found = block.translate(None, _ORDINARY)
                if found != _repeated(pattern, marks, len(found)) or not _is_utf8(block, decoder):
                    return None
            if b"\n" not in block and len(block) == _BLOCK:
                return None
            marks += len(found)
            tail = block[-_MOST_DIGITS:]
    if decoder.getstate()[0]:
        return None
    rows, over = divmod(marks, width)
    if tail.endswith(b"\n"):
        return Scan(rows, digits)
    # No line end after the last row: it counts if it is whole, and is cut off if it is not.
    return Scan(rows + 1, digits) if over == width - 1 else None


def plain_lines(content: bytes, width: int) -> bytes | None:
    """Give whole lines as a plain file has them; None where that takes a look at each of them.

    Args:
        content: the lines; the last may lack its line end.
        width: how many fields each is to have.
    """
    content = content.replace(b"\r\n", b"\n")
    rows = content.count(b"\n")
    if content.startswith(b'"') and _is_all_quoted(content, rows, width):
        content = content.replace(b'"', b"")
    plain = content.translate(None, _ORDINARY) == (b"," * (width - 1) + b"\n") * rows
    if not plain or content[-1:] not in b"\n" or len(content) > LONGEST_LINE:
        return None
    return content if _is_utf8(content, codecs.getincrementaldecoder("utf-8")()) else None


def _is_all_quoted(content: bytes, rows: int, width: int) -> bool:
    """Tell whether every field is in quotes, and none has a quote or a comma within."""
    return (
        content.translate(None, _ORDINARY) == (b'"",' * (width - 1) + b'""\n') * rows
        and content.count(b'","') == rows * (width - 1)
        and content.count(b'"\n"') == rows - 1
        and content.endswith(b'"\n')
    )


def _repeated(pattern: bytes, start: int, length: int) -> bytes:
    """Give ``length`` bytes of a pattern without end, from its byte ``start`` on."""
    skipped = start % len(pattern)
    return (pattern * (length // len(pattern) + 2))[skipped : skipped + length]


def _has_long_number(rows: bytes) -> bool:
    """Tell whether more than 18 digits stand in a row, where all bytes are digits, commas or LF."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = pa.Array.from_buffers(pa.uint8(), len(rows), [None, pa.py_buffer(rows)])
    digits = pc.greater_equal(values, pa.scalar(ord("0"), pa.uint8())).buffers()[1]
    # One bit a byte; after these steps a bit is left where it and the next 18 were digits.
    run = int.from_bytes(digits, "little")
    for step in (1, 2, 4, 8, 3):
        run &= run >> step
    return run != 0


def _is_utf8(block: bytes, decoder: codecs.IncrementalDecoder) -> bool:
    if block.isascii() and not decoder.getstate()[0]:
        return True
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True
