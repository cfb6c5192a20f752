"""Writes tables as CSV that is safe in a spreadsheet: no cell is evaluated as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from banners.errors import readable

Cell = str | int | Decimal | None

# Characters that begin a formula in spreadsheets (OWASP, "CSV Injection"), including their
# full-width forms.
_FORMULA = {
    *("=", "+", "-", "@", "|", "%"),
    *("\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}"),
    *("\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}"),
}


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table as CSV (RFC 4180), with the cells of :func:`safe_cell`.

    Args:
        header: the names of the columns.
        rows: their cells.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(map(safe_cell, header))
    writer.writerows(map(safe_cell, row) for row in rows)
    return out.getvalue()


def safe_cell(cell: Cell) -> str:
    """Return the text of a cell that neither a spreadsheet nor a terminal takes for a command.

    Args:
        cell: numbers stay numbers. In text, characters that are not printable become escapes (see
            :func:`banners.errors.readable`), and what would be evaluated as a formula gets an
            apostrophe in front, which marks it as text.
    """
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if not isinstance(cell, str):
        return "" if cell is None else str(cell)
    text = readable(cell)
    return f"'{text}" if _begins_formula(text, skipped=" ") else text


def guarded(text: str) -> str:
    """Return a text that no spreadsheet evaluates, and that :func:`unguarded` turns back.

    A text that already has apostrophes before a formula gets one more, so that nothing is lost.
    """
    return f"'{text}" if _begins_formula(text, skipped=" '") else text


def unguarded(text: str) -> str:
    """Return a text without the apostrophe of :func:`guarded`, if it has one."""
    has_guard = text.startswith("'") and _begins_formula(text, skipped=" '")
    return text[1:] if has_guard else text


def _begins_formula(text: str, *, skipped: str) -> bool:
    # Some spreadsheets skip spaces before a formula.
    return text.lstrip(skipped)[:1] in _FORMULA
