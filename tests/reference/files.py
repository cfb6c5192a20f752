"""From a folder to the rows of its event files: docs/event-files.md, statement by statement.

Each function quotes the statements that it implements, often at greater length than the document.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple


class Refused(Exception):
    """A file of the quarter cannot be used, or a kind is missing.

    Args:
        reason: ``damaged_gzip``, ``damaged_parquet``, ``empty``, ``not_utf8``, ``missing_column``,
            ``not_exact``, ``open_quote``, ``cut`` or ``missing_kind``.
        name: the file's name, or the kind that is missing.
    """

    def __init__(self, reason: str, name: str) -> None:
        self.reason = reason
        self.name = name
        super().__init__(f"{name}: {reason}")


class Impression(NamedTuple):
    banner_id: int
    campaign_id: int


class Click(NamedTuple):
    click_id: int
    banner_id: int
    campaign_id: int


class Conversion(NamedTuple):
    conversion_id: int
    click_id: int
    revenue: Decimal


COLUMNS = {
    "impressions": Impression._fields,
    "clicks": Click._fields,
    "conversions": Conversion._fields,
}

Row = dict[str, str] | None
"""The fields of one row by column name; None if the width is wrong."""


ENDINGS = (".csv", ".csv.gz", ".parquet")


def files_of(folder: Path, quarter: int, kind: str) -> list[Path]:
    """``DIR/<q>/impressions_<q>*.csv[.gz]`` or ``.parquet``, likewise the other kinds.

    "names in capitals, `.CSV`: read"; "or a folder of that name with `part-*` files".
    """
    home = folder / str(quarter)
    found = []
    for path in sorted(home.iterdir()) if home.is_dir() else []:
        if path.name.lower().startswith(f"{kind}_{quarter}"):
            if path.is_dir():
                found += sorted(path.glob("part-*"))
            elif path.name.lower().endswith(ENDINGS):
                found.append(path)
    return found


def copies_among(paths: list[Path]) -> list[Path]:
    """Find "the same content given twice for one quarter": "the second is skipped"."""
    seen: set[str] = set()
    copies = []
    for path in paths:
        content = content_of(path)
        if content in seen:
            copies.append(path)
        seen.add(content)
    return copies


def content_of(path: Path) -> str:
    """Return the content, "whatever the compression, line ends or byte order mark"."""
    if path.suffix.lower() == ".parquet":
        written = io.StringIO()
        table = read_table(path)
        csv.writer(written, lineterminator="\n").writerows([table[0], *table[1]])
        return written.getvalue()
    text = read_text(path)
    lines = (
        text.replace("\r", "\n") if line_ends(path, text) == CR else re.sub("\r\r?\n", "\n", text)
    )
    return lines if lines.endswith("\n") else lines + "\n"


def read_text(path: Path) -> str:
    """Refuse a "file not UTF-8; file empty; [...] damaged gzip"; accept a byte order mark."""
    content = path.read_bytes()
    if path.name.lower().endswith(".gz"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            raise Refused("damaged_gzip", path.name) from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not_utf8", path.name) from None
    text = text.removeprefix("\ufeff")
    if not text:
        raise Refused("empty", path.name)
    return text


def read_rows(path: Path, kind: str) -> list[Row]:
    """Read one file: "the header decides"."""
    if path.suffix.lower() == ".parquet":
        names, table = read_table(path)
        header = name_columns(path, kind, names)
        check_exact(path, header)
        return [fit(header, fields) for fields in table]
    text = read_text(path)
    records = list(split_records(path, text, line_ends(path, text)))
    header = name_columns(path, kind, records[0].fields)
    # It says: "A blank line is not a row."
    rows = [record for record in records[1:] if not record.blank]
    fitted = [fit(header, record.fields) for record in rows]
    # It says: "last line cut (no newline at the end and a wrong width): [...] refused whole"
    if rows and not rows[-1].end and fitted[-1] is None:
        raise Refused("cut", path.name)
    return fitted


def name_columns(path: Path, kind: str, names: list[str] | None) -> list[str]:
    """Name the columns of a file; "header missing a column: [...] the file is refused whole".

    "A column that is not needed (empty name, doubled name): left alone", so its name here says only
    where it is. A needed column may have its name in capitals if no other column has that name.
    """
    columns = []
    for place, name in enumerate(names or ()):
        same = [other for other in names or () if other == name]
        alike = [other for other in names or () if other.lower() == name.lower()]
        if name in COLUMNS[kind] and len(same) == 1:
            columns.append(name)
        elif name.lower() in COLUMNS[kind] and len(alike) == 1:
            columns.append(name.lower())
        else:
            columns.append(f"not needed {place}")
    if not set(COLUMNS[kind]) <= set(columns):
        raise Refused("missing_column", path.name)
    return columns


# Parquet


def read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the names of the columns of a Parquet file, and its rows as text."""
    import pyarrow as pa
    from pyarrow.parquet import read_table

    try:
        table = read_table(path, partitioning=None)
    except (OSError, pa.ArrowException):
        raise Refused("damaged_parquet", path.name) from None
    columns = [[write_value(value) for value in column.to_pylist()] for column in table.columns]
    return table.column_names, [list(fields) for fields in zip(*columns, strict=True)]


def check_exact(path: Path, header: list[str]) -> None:
    """In Parquet, "ids are integers and revenue is a decimal or text; a float [...] is refused"."""
    from pyarrow import types
    from pyarrow.parquet import read_schema

    for name, found in zip(header, read_schema(path).types, strict=True):
        exact = types.is_integer(found)
        if name == "revenue":
            exact = (
                types.is_decimal(found) or types.is_string(found) or types.is_large_string(found)
            )
        if not exact and not name.startswith("not needed"):
            raise Refused("not_exact", path.name)


def write_value(value: object) -> str:
    """Write a value as CSV does: zeros after the sixth place of a decimal do not change it."""
    if value is None:
        return ""
    if not isinstance(value, Decimal):
        return str(value)
    text = f"{value:f}"
    places = len(text.partition(".")[2])
    while places > 6 and text.endswith("0"):
        text, places = text[:-1], places - 1
    return text


# Lines

LF = ("\r\r\n", "\r\n", "\n")
CR = ("\r",)
MOST_QUOTED = 64 * 1024


class Record(NamedTuple):
    """One row.

    Args:
        fields: its fields, or None if text follows a closing quote.
        blank: whether there is nothing on the line.
        end: its line end; empty if it has none.
    """

    fields: list[str] | None
    blank: bool
    end: str


def line_ends(path: Path, text: str) -> tuple[str, ...]:
    """Return what ends the lines of a file; the end of its first line decides."""
    return CR if next(split_records(path, text, (*LF, *CR))).end == "\r" else LF


def split_records(path: Path, text: str, ends: tuple[str, ...]) -> Iterator[Record]:
    """Divide a file into rows.

    "Fields follow RFC 4180: a quoted field may hold line breaks, commas and doubled quotes, and the
    record is one row."
    """
    place = 0
    line_end = re.compile("|".join((*ends, r"\Z")))
    while place < len(text):
        start = place
        found = line_end.search(text, place)
        assert found
        line = text[place : found.start()]
        if '"' not in line:
            place = found.end()
            yield Record(line.split(","), not line, found[0])
            continue
        fields: list[str] = []
        sound = True
        while not fields or text.startswith(",", place):
            place += bool(fields)
            if text.startswith('"', place):
                quoted, place = read_quoted(path, text, place, ends)
                fields.append(quoted)
                rest, place = read_simple(text, place, ends)
                sound = sound and not rest
            else:
                simple, place = read_simple(text, place, ends)
                fields.append(simple)
        end = next((end for end in ends if text.startswith(end, place)), "")
        blank = place == start
        place += len(end)
        yield Record(fields if sound else None, blank, end)


def read_simple(text: str, place: int, ends: tuple[str, ...]) -> tuple[str, int]:
    """Read up to a comma or the end of the line; a quote in the midst is an ordinary character."""
    end = re.compile("|".join((",", *ends, r"\Z"))).search(text, place)
    assert end
    return text[place : end.start()], end.start()


def read_quoted(path: Path, text: str, start: int, ends: tuple[str, ...]) -> tuple[str, int]:
    """Read a quoted field.

    "A quote that does not close within 64 kB, or by the end of the file, refuses the file".
    """
    place = start + 1
    value = ""
    while place < len(text):
        if text.startswith('""', place):
            value += '"'
            place += 2
        elif text[place] == '"':
            field = text[start : place + 1]
            # A line end counts as one byte.
            if (
                len((field if ends == CR else re.sub("\r\r?\n", "\n", field)).encode())
                > MOST_QUOTED
            ):
                break
            return value, place + 1
        else:
            value += text[place]
            place += 1
    raise Refused("open_quote", path.name)


def fit(header: list[str], fields: list[str] | None) -> Row:
    """Return the row, or None for a "row with too few or too many fields: reject (`bad_width`)"."""
    if fields is None or len(fields) != len(header):
        return None
    return dict(zip(header, fields, strict=True))
