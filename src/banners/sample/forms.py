"""The forms in which event files come: how their names, headers and lines are written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from banners.model import Quarter

COLUMNS = {
    "impressions": ("banner_id", "campaign_id"),
    "clicks": ("click_id", "banner_id", "campaign_id"),
    "conversions": ("conversion_id", "click_id", "revenue"),
}
"""The columns of each kind of event file, as they stand in its header."""

# Columns that nobody asked for, and what stands in them: a comma, quotes, and more than ASCII.
_EXTRA = {"country": "NL", "comment": 'café, "back" twice'}


class Shape(Enum):
    """Whether a line is as wide as its header."""

    WHOLE = auto()
    SHORT = auto()
    LONG = auto()
    UNCLOSED = auto()


@dataclass(frozen=True, slots=True)
class Form:
    """A form of event files.

    Args:
        mark: what the name has after kind and quarter.
        blank_lines: how many stand between the rows; where there are any, the last line is too.
        line_end: of every line.
        byte_order_mark: whether the file begins with one.
        quoted: whether every field is, or only those that must be.
        rearranged: whether the columns come backwards, with extra ones around them.
        zipped: whether the file is compressed with gzip.
    """

    mark: str
    blank_lines: int = 0
    line_end: str = "\n"
    byte_order_mark: bool = False
    quoted: bool = False
    rearranged: bool = False
    zipped: bool = False

    def name(self, kind: str, quarter: Quarter) -> str:
        """Name an event file, by its path below the sample's folder."""
        return f"{quarter:d}/{kind}_{quarter:d}{self.mark}"

    def header(self, kind: str, *, lacking: int = 0) -> bytes:
        """Write the header of a kind, if need be without so many of its columns."""
        columns = COLUMNS[kind][: len(COLUMNS[kind]) - lacking]
        line = self._line(self._arranged(columns, _EXTRA), Shape.WHOLE)
        return b"\xef\xbb\xbf" + line if self.byte_order_mark else line

    def line(self, fields: Sequence[str], shape: Shape = Shape.WHOLE) -> bytes:
        """Write a row, whose fields come in the order of COLUMNS."""
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
            case Shape.UNCLOSED:
                return self._joined([*map(self._field, fields[:-1]), f'"{fields[-1]}'])
        return self._joined(map(self._field, fields))

    def _joined(self, fields: Iterable[str]) -> bytes:
        return (",".join(fields) + self.line_end).encode()

    def _field(self, text: str) -> str:
        if self.quoted or "," in text:
            return '"' + text.replace('"', '""') + '"'
        return text


PLAIN = Form(".csv", blank_lines=10)
"""The form of clean files, but for the blank lines."""

SPREADSHEET = Form(
    "_spreadsheet.csv", blank_lines=5, line_end="\r\n", byte_order_mark=True, quoted=True
)
"""What a spreadsheet saves."""

SPREADSHEET_AGAIN = replace(SPREADSHEET, mark="_spreadsheet_again.csv")
"""The same file, delivered a second time."""

WAREHOUSE = Form("_warehouse.csv.gz", rearranged=True, zipped=True)
"""What a data warehouse exports."""
