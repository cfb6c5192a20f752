"""Events and their files: the kinds, their columns and file names, and what a row must be.

Source: docs/event-files.md. Everything that reads or writes event files takes these from here.
"""

import re
from collections.abc import Collection, Sequence
from enum import StrEnum
from pathlib import Path

from banners.core.model import ID_PATTERN, Quarter
from banners.core.slots import SLOT_NAME
from banners.core.views import Group

REVENUE_PATTERN = "-?[0-9]{1,12}([.][0-9]{1,6})?"
"""Pattern that a complete revenue matches, as a regular expression for Python, RE2 and Java."""


class Kind(StrEnum):
    """The kind of an event."""

    IMPRESSIONS = "impressions"
    CLICKS = "clicks"
    CONVERSIONS = "conversions"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a file of this kind must have, in any order."""
        return _COLUMNS[self]

    @property
    def further(self) -> tuple[str, ...]:
        """The columns that a file of this kind may have, and that are read where it has them."""
        return _FURTHER[self]

    def read_from(self, names: Collection[str]) -> tuple[str, ...]:
        """Return the columns that are read from a file, in order.

        Args:
            names: all columns of the file, among them those of the kind.
        """
        return (*self.columns, *(name for name in self.further if name in names))

    @property
    def id_column(self) -> str:
        """The column that must differ between rows, where a file has it."""
        return _ID_COLUMNS[self]

    def path(self, quarter: Quarter) -> str:
        """Return where a quarter's file lies in the events folder, such as ``2/clicks_2.csv``."""
        return f"{quarter:d}/{self}_{quarter:d}.csv"


_SLOT = re.compile(rf"-({SLOT_NAME})(?:[.][A-Za-z.]+|$)")
_ENDINGS = (".csv", ".csv.gz", ".parquet")

_COLUMNS = {
    Kind.IMPRESSIONS: ("banner_id", "campaign_id"),
    Kind.CLICKS: ("click_id", "banner_id", "campaign_id"),
    Kind.CONVERSIONS: ("conversion_id", "click_id", "revenue"),
}
_FURTHER: dict[Kind, tuple[str, ...]] = {
    Kind.IMPRESSIONS: ("impression_id", "group", "fill"),
    Kind.CLICKS: ("group", "fill"),
    Kind.CONVERSIONS: (),
}
_ID_COLUMNS = {
    Kind.IMPRESSIONS: "impression_id",
    Kind.CLICKS: "click_id",
    Kind.CONVERSIONS: "conversion_id",
}


def kind_of(name: str, quarter: Quarter) -> Kind | None:
    """Return the kind of an event file, or None if it is not an event file of the quarter.

    Args:
        name: the name of the file, without its folder; capitals make no difference.
        quarter: the quarter in whose folder the file lies.
    """
    return kind_meant(name, quarter) if name.lower().endswith(_ENDINGS) else None


def kind_meant(name: str, quarter: Quarter) -> Kind | None:
    """Return the kind with which a name begins, whatever its ending; None if there is none."""
    for kind in Kind:
        if name.lower().startswith(f"{kind}_{quarter:d}"):
            return kind
    return None


def slot_meant(path: Path) -> str | None:
    """Return the slot that the name of an event file, or of a folder of part files, ends in.

    As in ``clicks_4-20261126T1445Z.csv``, which closing the slot has made. None if there is none.
    """
    found = _SLOT.search(path.name) or _SLOT.search(path.parent.name)
    return found[1] if found else None


class Reason(StrEnum):
    """Why a row is not accepted. If several reasons apply, the first in this order counts."""

    BAD_WIDTH = "bad_width"
    BAD_ID = "bad_id"
    BAD_REVENUE = "bad_revenue"
    BAD_GROUP = "bad_group"
    BAD_FILL = "bad_fill"
    CONFLICTING_ID = "conflicting_id"
    REFUND = "refund"
    ORPHAN_CONVERSION = "orphan_conversion"

    @property
    def meaning(self) -> str:
        """What is wrong with such a row, in words for the user."""
        return _MEANINGS[self]


_MEANINGS = {
    Reason.BAD_WIDTH: "not as many fields as the header, or text after a closing quote",
    Reason.BAD_ID: "an id is 1 to 18 digits, above zero",
    Reason.BAD_REVENUE: "a revenue is up to 12 digits, with up to 6 more after a point",
    Reason.BAD_GROUP: f"a group is {', '.join(Group)}",
    Reason.BAD_FILL: "fill is 0 or 1",
    Reason.CONFLICTING_ID: "rows with this id differ",
    Reason.REFUND: "the revenue is negative",
    Reason.ORPHAN_CONVERSION: "its click is not among the accepted ones of the quarter",
}

QUARANTINED = (Reason.CONFLICTING_ID, Reason.REFUND, Reason.ORPHAN_CONVERSION)
"""Reasons for which a row is quarantined; for the others it is rejected."""

_ID = re.compile(ID_PATTERN.encode())
_REVENUE = re.compile(REVENUE_PATTERN.encode())
_GROUPS = {group.encode() for group in Group}
_FILLS = (b"0", b"1")


def bad_value(columns: Sequence[str], values: Sequence[bytes]) -> Reason | None:
    """Return the reason why the values of a row are rejected, or None if they are valid.

    Engines apply the same rules in SQL; this finds the rows that they rejected in a file again.

    Args:
        columns: the columns that are read, as :meth:`Kind.read_from` returns them.
        values: their values, in the same order.
    """
    for column, value in zip(columns, values, strict=True):
        if column == "revenue":
            if not _REVENUE.fullmatch(value):
                return Reason.BAD_REVENUE
        elif column == "group":
            if value not in _GROUPS:
                return Reason.BAD_GROUP
        elif column == "fill":
            if value not in _FILLS:
                return Reason.BAD_FILL
        elif not _ID.fullmatch(value) or int(value) == 0:
            return Reason.BAD_ID
    return None
