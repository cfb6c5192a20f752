"""Writes tables as CSV that a spreadsheet may open: no cell of it is ever taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

Cell = str | int | Decimal | None

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"), also when it is
# as wide as a Chinese character.
_FORMULA = {
    *("=", "+", "-", "@", "|", "%"),
    *("\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}"),
    *("\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}"),
}
_SKIPPED = {"\t", "\r", "\n"}


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Write a table as RFC 4180 has it.

    Args:
        header: the names of the columns.
        rows: their cells; numbers stay numbers, and text that would be a formula gets an
            apostrophe in front, which spreadsheets take for "this is text".
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_safe(name) for name in header])
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue()


def _safe(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if not isinstance(cell, str):
        return "" if cell is None else str(cell)
    # Spaces, and what cannot be seen, hide a formula from us but not from every spreadsheet.
    seen = next((each for each in cell if each.isprintable() and each != " "), "")
    return f"'{cell}" if seen in _FORMULA or cell[:1] in _SKIPPED else cell
