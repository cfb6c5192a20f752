"""Reads the rows of event files; only this module knows quotes and blank lines.

Source: docs/event-files.md and RFC 4180. A quote is special only at the start of a field. A quoted
field may hold commas, line breaks and doubled quotes. A blank line is not a row. If text follows
the closing quote, that row is invalid, and no other. A quote that does not close within 64 kB, or
by the end of the file, makes the file invalid.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from banners.crunch.files.content import DAMAGES, damaged, read_content
from banners.crunch.files.place import Place
from banners.errors import SourceError

MOST_BYTES = 16 << 20
"""Maximum number of bytes of a row; a longer one is not an event, and could fill the memory."""

MOST_QUOTED_BYTES = 64 << 10
"""Maximum number of bytes of a quoted field, with its quotes."""

_QUOTED = re.compile(rb'"([^"]*(?:""[^"]*)*)"(?=,|\Z)')
# A quoted field in the midst of rows. The group is empty if its quote does not close.
_QUOTED_FIELD = re.compile(rb'(?<![^,\n])"[^"]*+(?:""[^"]*+)*+("?)')
_ROW = re.compile(rb'(?:(?<![^,\n])"[^"]*+(?:""[^"]*+)*+"|[^"\n]++|")*+\n|.+\Z', re.DOTALL)
# All bytes except those that decide where fields and rows end.
_ORDINARY = bytes(byte for byte in range(256) if byte not in b'",\n')


class Block(NamedTuple):
    """Consecutive rows of an event file, as they are in its content.

    Args:
        number: the number of the first line in the file.
        content: complete rows with their line ends; only the last row of a file may lack one.
    """

    number: int
    content: bytes


class Line(NamedTuple):
    """One row of an event file, or its header; it takes several lines if fields hold line breaks.

    Args:
        number: the number of its first line in the file; the header is line 1.
        text: the row without its line end.
        fields: its fields, unquoted, or None if text follows a closing quote.
        ended: whether it has a line end; only the last one may lack it.
    """

    number: int
    text: bytes
    fields: list[bytes] | None
    ended: bool


def read_blocks(path: Path) -> Iterator[Block]:
    """Read an event file in blocks of complete rows, of about a megabyte each.

    Raises:
        SourceError: the file cannot be read, is damaged, or has a row or a quoted field that is too
            long or does not end.
    """
    number = 1
    begun = b""
    try:
        for piece in read_content(path):
            begun += piece
            end = _end_of_rows(path, number, begun)
            if end:
                yield Block(number, begun[:end])
                number += begun.count(b"\n", 0, end)
                begun = begun[end:]
            if len(begun) > MOST_BYTES:
                raise SourceError(
                    f"{path}, line {number}: the line has more than {MOST_BYTES:,} bytes, "
                    "which is too long for an event. Check the file, and deliver it again."
                )
    except DAMAGES as error:
        where = f" after line {number - 1}" if number > 1 else ""
        raise damaged(path, error, where) from error
    for field in _QUOTED_FIELD.finditer(begun):
        if not field[1]:
            raise _open_quote(path, number, begun, field.start(), "the end of the file")
    if begun:
        yield Block(number, begun)


def _end_of_rows(path: Path, number: int, content: bytes) -> int:
    """Return where the last complete row ends, in bytes."""
    last = content.rfind(b"\n") + 1
    if b'"' not in content or not (_may_divide(content[:last]) or _has_long_line(content)):
        return last
    end = at = 0
    for field in _QUOTED_FIELD.finditer(content):
        start = field.start()
        end = (content.rfind(b"\n", at, start) + 1) or end
        at = field.end()
        if at - start > MOST_QUOTED_BYTES:
            limit = f"{MOST_QUOTED_BYTES:,} bytes"
            raise _open_quote(path, number, content, start, limit)
        if not field[1]:
            return end
    return (content.rfind(b"\n", at) + 1) or end


def _may_divide(rows: bytes) -> bool:
    """Return whether a quoted field may hold a comma or a line break.

    If each piece between these has an even number of quotes, every quoted field ends in the piece
    in which it begins.
    """
    return b'"' in rows.translate(None, _ORDINARY).replace(b'""', b"")


def _has_long_line(content: bytes) -> bool:
    """Return whether a line is so long that a quoted field in it may be too long."""
    at = 0
    while at + MOST_QUOTED_BYTES < len(content):
        at = content.rfind(b"\n", at, at + MOST_QUOTED_BYTES + 1) + 1
        if at == 0:
            return True
    return False


def _open_quote(path: Path, number: int, rows: bytes, place: int, limit: str) -> SourceError:
    line = number + rows.count(b"\n", 0, place)
    return SourceError(
        f"{path}, line {line}: the quote that opens here does not close by {limit}, so where rows "
        "end is unknown. Close the quote, or double it if it is part of the text."
    )


def after_header(block: Block) -> tuple[Line, Block]:
    """Return the header, and the rest of the first block of a file."""
    number, content = block
    first = _ROW.match(content)
    end = first.end() if first else 0
    text = content[:end]
    header = line_of(number, text.removesuffix(b"\n"), ended=text.endswith(b"\n"))
    return header, Block(number + text.count(b"\n"), content[end:])


def divided(block: Block) -> Iterator[Block]:
    """Divide a block into 16 smaller ones, or into fewer if its rows are long."""
    number, content = block
    step = len(content) // 16
    start = 0
    for end in _ends_of_rows(content, step):
        if end - start >= step or end == len(content):
            part = content[start:end]
            yield Block(number, part)
            number += part.count(b"\n")
            start = end


def _ends_of_rows(content: bytes, step: int) -> Iterator[int]:
    """Return where rows end: all of them, or only some that are ``step`` bytes apart."""
    if b'"' in content and _may_divide(content):
        yield from (row.end() for row in _ROW.finditer(content))
        return
    end = 0
    while end < len(content):
        end = content.find(b"\n", end + step) + 1 or len(content)
        yield end


def rows_of(block: Block) -> tuple[Sequence[int], list[bytes]]:
    """Return the numbers of the lines on which rows begin, and the rows without their line ends.

    A blank line is a row here. The last row is empty unless it lacks its line end.
    """
    number, content = block
    if b'"' not in content or not _may_divide(content):
        texts = content.split(b"\n")
        return range(number, number + len(texts)), texts
    rows = _ROW.findall(content)
    numbers = list(accumulate((row.count(b"\n") for row in rows), initial=number))
    texts = [row.removesuffix(b"\n") for row in rows]
    if content.endswith(b"\n"):
        texts.append(b"")
    return numbers[: len(texts)], texts


def read_lines(path: Path) -> Iterator[Line]:
    """Read the header and the rows of an event file, without blank lines.

    Raises:
        SourceError: the file cannot be read, is damaged, or is not UTF-8.
    """
    for block in read_blocks(path):
        yield from lines_of(path, block)


def lines_of(path: Path, block: Block) -> Iterator[Line]:
    """Read the rows of a block, without blank lines.

    Args:
        path: the file of the block.
        block: a block from :func:`read_blocks`.

    Raises:
        SourceError: a row is not UTF-8.
    """
    all_ascii = block.content.isascii()
    numbers, texts = rows_of(block)
    for place, (number, text) in enumerate(zip(numbers, texts, strict=True), 1):
        if not all_ascii:
            check_utf8(path, number, text)
        if text:
            yield line_of(number, text, ended=place < len(texts))


def line_of(number: int, text: bytes, *, ended: bool) -> Line:
    """Split a row into its fields.

    Args:
        number: the number of its first line in the file.
        text: the row without its line end.
        ended: whether it had one.
    """
    return Line(number, text, split_line(text), ended)


def check_utf8(path: Place, number: int, text: bytes) -> None:
    """Check that a row is UTF-8.

    Raises:
        SourceError: it is not.
    """
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = number + text.count(b"\n", 0, error.start)
        raise SourceError(
            f"{path}, line {line}: found the byte 0x{text[error.start]:02x}, "
            "which is not UTF-8. Save the file as UTF-8."
        ) from error


def split_line(text: bytes) -> list[bytes] | None:
    """Return the fields of a row, or None if text follows a closing quote, or it does not close."""
    if b'"' not in text:
        return text.split(b",")
    fields = []
    at = 0
    while True:
        if text.startswith(b'"', at):
            quoted = _QUOTED.match(text, at)
            if quoted is None:
                return None
            fields.append(quoted[1].replace(b'""', b'"'))
            at = quoted.end()
        else:
            comma = text.find(b",", at)
            end = len(text) if comma < 0 else comma
            fields.append(text[at:end])
            at = end
        if at == len(text):
            return fields
        at += 1
