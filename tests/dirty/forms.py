"""The forms in which event files come: how their names, headers and lines are written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from banners.core.events import Kind
from banners.core.model import Quarter

# Columns that are not needed, and their values: with a comma, quotes, non-ASCII characters, and a
# line break with what looks like a row.
_EXTRA = {"country": "NL", "comment": 'café, "back" twice\n1,1,1'}


class Shape(Enum):
    """Whether a line is as wide as its header."""

    WHOLE = auto()
    SHORT = auto()
    LONG = auto()
    MISQUOTED = auto()


@dataclass(frozen=True, slots=True)
class Form:
    """A form of event files.

    Args:
        mark: the end of the name, after kind and quarter.
        blank_lines: number of blank lines between the rows; if there are any, the file also ends
            with one.
        line_end: the end of every line.
        byte_order_mark: whether the file begins with one.
        quoted: whether every field is quoted, or only those that must be.
        rearranged: whether the columns come in reverse order, between extra ones.
        zipped: whether the file is compressed with gzip.
    """

    mark: str
    blank_lines: int = 0
    line_end: str = "\n"
    byte_order_mark: bool = False
    quoted: bool = False
    rearranged: bool = False
    zipped: bool = False

    def path(self, kind: Kind, quarter: Quarter) -> str:
        """Return the path of an event file below the sample's folder."""
        return f"{quarter:d}/{kind}_{quarter:d}{self.mark}"

    def header(self, kind: Kind, *, lacking: int = 0) -> bytes:
        """Write the header of a kind, without the last ``lacking`` of its columns."""
        columns = kind.columns[: len(kind.columns) - lacking]
        line = self._line(self._arranged(columns, _EXTRA), Shape.WHOLE)
        return b"\xef\xbb\xbf" + line if self.byte_order_mark else line

    def line(self, fields: Sequence[str], shape: Shape = Shape.WHOLE) -> bytes:
        """Write a row, whose fields come in the order of the kind's columns."""
        return self._line(self._arranged(fields, _EXTRA.values()), shape)

    @property
    def blank_line(self) -> bytes:
        """A line with nothing on it."""
        return self.line_end.encode()

    def _arranged(self, fields: Sequence[str], extra: Iterable[str]) -> list[str]:
        if not self.rearranged:
            return list(fields)
        before, after = extra
        return [before, *reversed(fields), after]

    def _line(self, fields: list[str], shape: Shape) -> bytes:
        match shape:
            case Shape.WHOLE:
                pass
            case Shape.SHORT:
                fields = fields[:-1]
            case Shape.LONG:
                fields = [*fields, "1"]
            case Shape.MISQUOTED:
                return self._joined([*map(self._field, fields[:-1]), f"{_quoted(fields[-1])}x"])
        return self._joined(map(self._field, fields))

    def _joined(self, fields: Iterable[str]) -> bytes:
        return (",".join(fields) + self.line_end).encode()

    def _field(self, text: str) -> str:
        if self.quoted or "," in text or "\n" in text:
            return _quoted(text)
        return text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


PLAIN = Form(".csv", blank_lines=10)
"""The form of clean files, with blank lines."""

SPREADSHEET = Form(
    "_spreadsheet.csv", blank_lines=5, line_end="\r\n", byte_order_mark=True, quoted=True
)
"""The form in which a spreadsheet saves."""

SPREADSHEET_AGAIN = replace(SPREADSHEET, mark="_spreadsheet_again.csv")
"""The same file, delivered a second time."""

WAREHOUSE = Form("_warehouse.csv.gz", rearranged=True, zipped=True)
"""The form in which a data warehouse exports."""
