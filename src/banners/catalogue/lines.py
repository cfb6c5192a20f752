"""Reads the lines of a catalogue's CSV file, and reports the malformed ones.

Every line is read by itself, since no value may hold a line break: a quotation mark that is not
closed affects only its own line.
"""

import csv
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from banners.catalogue.faults import Faults
from banners.errors import shorten

MOST_FILE_BYTES = 1_000_000_000
"""Maximum size of a file in bytes."""
MOST_LINE_BYTES = 16_384
"""Maximum size of a line in bytes; the longest valid one has fewer."""

_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

Row = tuple[int, list[str]]


def read_rows(
    folder: Path, name: str, columns: Sequence[str], faults: Faults
) -> Iterator[Row] | None:
    """Open a file and check its header.

    Args:
        folder: the folder of the file.
        name: the name of the file.
        columns: the names that its header must have, in this order.
        faults: collects what is wrong.

    Returns:
        The number and the values of each line below the header, those lines left out that are
        blank or no rows; None if no line can be read.
    """
    path = folder / name
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            faults.add(name, None, "", "this is not a file; expected one")
            return None
        if found.st_size > MOST_FILE_BYTES:
            faults.add(
                name,
                None,
                "",
                f"the file has {found.st_size:,} bytes; expected at most {MOST_FILE_BYTES:,}",
            )
            return None
        opened = path.open("rb")
    except OSError as error:
        faults.add(name, None, "", f"the file cannot be read: {error.strerror}")
        return None
    before = faults.total
    rows = _rows(opened, name, len(columns), faults)
    _, header = next(rows, (1, []))
    if [value.lower() for value in header] == list(columns):
        return rows
    if faults.total == before:
        given = shorten(",".join(header), most=120) if header else "empty"
        faults.add(name, 1, "", f"the header is {given}; expected {','.join(columns)}")
    opened.close()
    return None


def _rows(opened: BinaryIO, name: str, width: int, faults: Faults) -> Iterator[Row]:
    with opened:
        for number, raw in enumerate(_lines(opened), start=1):
            values = _values(raw, name, number, faults)
            # The header is compared as a whole.
            if values and number > 1 and len(values) != width:
                faults.add(
                    name, number, "", f"the line has {len(values)} columns; expected {width}"
                )
            elif values:
                yield number, values
            elif number == 1:
                return


def _lines(opened: BinaryIO) -> Iterator[bytes]:
    """Read lines, of which those that are too long are cut off after the limit."""
    while line := opened.readline(MOST_LINE_BYTES + 1):
        rest = line
        while len(rest) > MOST_LINE_BYTES and not rest.endswith(b"\n"):
            rest = opened.readline(MOST_LINE_BYTES + 1)
        yield line


def _values(raw: bytes, name: str, number: int, faults: Faults) -> list[str]:
    """Return the values of a line without the spaces around them; none if it holds no row."""
    if number == 1:
        raw = raw.removeprefix(_BOM)
        if raw.startswith(_UTF_16):
            faults.add(name, 1, "", "the file is UTF-16; save it as UTF-8")
            return []
    if len(raw) > MOST_LINE_BYTES:
        faults.add(
            name, number, "", f"the line is too long; expected at most {MOST_LINE_BYTES:,} bytes"
        )
        return []
    try:
        line = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        faults.add(
            name,
            number,
            "",
            f"byte {error.start + 1} of the line is not UTF-8; save the file as UTF-8",
        )
        return []
    if number > 1 and not line.strip():
        return []
    try:
        return [value.strip() for value in next(csv.reader((line,), strict=True))]
    except csv.Error:
        faults.add(name, number, "", _why_broken(line))
        return []


def _why_broken(line: str) -> str:
    if "\r" in line:
        return "the line holds a carriage return; expected it at the end of lines alone"
    return (
        "the quotation marks do not match; expected a value that holds commas or quotation marks "
        "in a pair of them, with each mark in it doubled, and on one line"
    )
