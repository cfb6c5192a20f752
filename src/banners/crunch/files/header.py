"""Reads the header of an event file, which decides where each column is."""

from collections import Counter
from pathlib import Path

from banners.core.events import Kind
from banners.crunch.files.formats import Form, form_of
from banners.crunch.files.lines import Line, after_header, check_utf8, read_blocks
from banners.crunch.files.parquet import check_types
from banners.crunch.files.place import Place
from banners.errors import SourceError, shorten

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


def read_header(kind: Kind, path: Path) -> Line:
    """Read the header of a file and check that it has the columns of its kind.

    Raises:
        SourceError: the file cannot be read, is empty, or lacks a column.
    """
    block = next(read_blocks(path), None)
    if block is None:
        raise without_header(kind, path)
    header, _ = after_header(block)
    columns = check_header(kind, path, header)
    if form_of(path) is Form.PARQUET:
        check_types(path, columns)
    return header


def without_header(kind: Kind, path: Place) -> SourceError:
    """Return the error for a file that is empty."""
    return SourceError(
        f"{path} is empty; expected a header line: {','.join(kind.columns)}. "
        "Deliver the file again."
    )


def check_header(kind: Kind, path: Place, header: Line) -> tuple[str, ...]:
    """Check that a header has the columns of a kind.

    Returns:
        See :func:`columns_of`.

    Raises:
        SourceError: it lacks a column, or is not UTF-8.
    """
    check_utf8(path, 1, header.text)
    columns = columns_of(kind, header)
    if columns is None:
        # The first line is the header, even where it is blank.
        found = f"the header {shorten(header.text.decode())}" if header.text else "a blank line"
        raise SourceError(
            f"{path}, line 1: found {found}; expected a header with the columns "
            f"{', '.join(kind.columns)}, each once, in any order. {_advice(kind, path, header)}"
        )
    return columns


def columns_of(kind: Kind, header: Line) -> tuple[str, ...] | None:
    """Return a name for each column, or None if one of the kind is missing or not clear.

    A column that is read may be written in capitals. If several columns then have its name, it is
    the one that is not in capitals. All other columns are called ``extra_`` and their place,
    whatever they are called in the file.
    """
    names = [name.decode() for name in header.fields or ()]
    known = (*kind.columns, *kind.further)
    exact = Counter(names)
    folded = Counter(name.lower() for name in names)
    columns = [
        name
        if exact[name] == 1 and name in known
        else name.lower()
        if folded[name.lower()] == 1 and name.lower() in known
        else f"extra_{place}"
        for place, name in enumerate(names)
    ]
    return tuple(columns) if set(kind.columns) <= set(columns) else None


def _advice(kind: Kind, path: Place, header: Line) -> str:
    """Return what to do about a wrong header."""
    text = header.text.decode()
    for separator, meaning in _SEPARATORS.items():
        names = [name.strip('"') for name in text.split(separator)]
        if set(kind.columns) <= set(names):
            return f"Its fields are separated by {meaning}: save it with commas."
    if path.name.startswith("part-"):
        return "Write the part files with a header (in Spark: header=True)."
    return "Correct the header."
