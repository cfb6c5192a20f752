"""What a line of an event file means: the one place that knows quotes, blank lines and line ends.

Source: docs/event-files.md. A blank line is not a row; a quote is special only at the start of a
field; a quote that does not close on its line spoils that line, and that line alone.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from banners.errors import SourceError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

MOST_BYTES = 16 << 20
"""A file with a longer line is refused: it is no event file, and could fill the memory."""

_QUOTED = re.compile(rb'"([^"]*(?:""[^"]*)*)"(?=,|\Z)')

# The first bytes are read for the header alone.
_FIRST_BYTES = 1 << 16
_BYTES = 1 << 20


class Block(NamedTuple):
    """Some lines of an event file as they stand there, without its byte order mark.

    Args:
        number: the number in the file of the first of them.
        content: the lines, whole and with their line ends; only the last of a file may lack one.
    """

    number: int
    content: bytes


class Line(NamedTuple):
    """One line of an event file that is not blank.

    Args:
        number: its number in the file; the header is line 1.
        text: the line without its line end.
        fields: its fields, unquoted, or None where a quote does not close.
        ended: whether a line end follows it; only the last line may lack one.
    """

    number: int
    text: bytes
    fields: list[bytes] | None
    ended: bool


def open_bytes(path: Path) -> BinaryIO:
    """Open an event file for reading, through gzip where its name ends in ``.gz``.

    Raises:
        SourceError: the file cannot be opened.
    """
    try:
        return cast("BinaryIO", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}. Deliver it again.") from error


def read_blocks(path: Path) -> Iterator[Block]:
    """Read an event file in blocks of whole lines, of a megabyte or somewhat more.

    Raises:
        SourceError: the file cannot be read, is damaged, or has a line without end.
    """
    number = 1
    begun = b""
    most = _FIRST_BYTES
    with open_bytes(path) as file:
        try:
            while piece := file.read(most):
                most = _BYTES
                end = piece.rfind(b"\n") + 1
                content, begun = (begun + piece[:end], piece[end:]) if end else (b"", begun + piece)
                if number == 1:
                    content = content.removeprefix(BYTE_ORDER_MARK)
                if content:
                    yield Block(number, content)
                    number += content.count(b"\n")
                if len(begun) > MOST_BYTES:
                    raise SourceError(
                        f"{path}, line {number}: the line has more than {MOST_BYTES:,} bytes, as "
                        "no event has. Deliver the file again."
                    )
        except (EOFError, zlib.error, OSError) as error:
            where = f" after line {number - 1}" if number > 1 else ""
            raise SourceError(
                f"{path} is damaged{where}: {error}. Deliver the file again."
            ) from error
    if number == 1:
        begun = begun.removeprefix(BYTE_ORDER_MARK)
    if begun:
        yield Block(number, begun)


def behind_header(block: Block) -> tuple[bytes, Block]:
    """Take the header, without its LF, off the first block of a file, and give what is left."""
    header, _, content = block.content.partition(b"\n")
    return header, Block(block.number + 1, content)


def divided(block: Block) -> Iterator[Block]:
    """Divide a block into 16 smaller ones; into fewer where lines are long, and one is itself."""
    number, content = block
    step = len(content) // 16
    start = 0
    while start < len(content):
        end = content.find(b"\n", start + step) + 1 or len(content)
        part = content[start:end]
        yield Block(number, part)
        number += part.count(b"\n")
        start = end


def read_lines(path: Path) -> Iterator[Line]:
    """Read the lines of an event file, the header first, blank ones left out.

    Raises:
        SourceError: the file cannot be read, is damaged, or is not UTF-8.
    """
    for block in read_blocks(path):
        yield from lines_of(path, block)


def lines_of(path: Path, block: Block) -> Iterator[Line]:
    """Go through the lines of a block, blank ones left out.

    Args:
        path: the file that it is of.
        block: what :func:`read_blocks` gave.

    Raises:
        SourceError: a line is not UTF-8.
    """
    all_ascii = block.content.isascii()
    *ended, last = block.content.split(b"\n")
    for number, text in enumerate(ended, block.number):
        if not all_ascii:
            _check_utf8(path, number, text)
        line = line_of(number, text, ended=True)
        if line.text:
            yield line
    if last:
        number = block.number + len(ended)
        _check_utf8(path, number, last)
        yield line_of(number, last, ended=False)


def line_of(number: int, text: bytes, *, ended: bool) -> Line:
    """Take a line apart.

    Args:
        number: its number in the file.
        text: the line without its LF.
        ended: whether it had one.
    """
    text = text.removesuffix(b"\r") if ended else text
    return Line(number, text, split_line(text), ended)


def _check_utf8(path: Path, number: int, text: bytes) -> None:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path}, line {number}: found the byte 0x{text[error.start]:02x}, "
            "which is not UTF-8. Save the file as UTF-8."
        ) from error


def split_line(text: bytes) -> list[bytes] | None:
    """Split a line into its fields, or give None where a quote does not close as it should."""
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
