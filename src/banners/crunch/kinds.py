"""The three kinds of event files, what their values are, and why a row may not be accepted.

Source of the patterns: docs/event-files.md, "What a row must be". Engines and Python know
them alike.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

ID_PATTERN = "[0-9]{1,18}"
"""How an id is written; it is above zero besides."""

REVENUE_PATTERN = "-?[0-9]{1,12}([.][0-9]{1,6})?"
"""How a revenue is written."""


class Kind(StrEnum):
    """A kind of event file."""

    IMPRESSIONS = "impressions"
    CLICKS = "clicks"
    CONVERSIONS = "conversions"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a file of this kind must have, in whatever order."""
        return _COLUMNS[self]


_COLUMNS = {
    Kind.IMPRESSIONS: ("banner_id", "campaign_id"),
    Kind.CLICKS: ("click_id", "banner_id", "campaign_id"),
    Kind.CONVERSIONS: ("conversion_id", "click_id", "revenue"),
}


class Reason(StrEnum):
    """Why a row is not accepted; the first that applies, in this order (docs/event-files.md)."""

    BAD_WIDTH = "bad_width"
    BAD_ID = "bad_id"
    BAD_REVENUE = "bad_revenue"
    CONFLICTING_ID = "conflicting_id"
    REFUND = "refund"
    ORPHAN_CONVERSION = "orphan_conversion"

    @property
    def meaning(self) -> str:
        """What is wrong with such a row, for people."""
        return _MEANINGS[self]


_MEANINGS = {
    Reason.BAD_WIDTH: "not as many fields as the header, or a quote that does not close",
    Reason.BAD_ID: "an id is 1 to 18 digits, above zero",
    Reason.BAD_REVENUE: "a revenue is up to 12 digits, with up to 6 more after a point",
    Reason.CONFLICTING_ID: "rows with this id differ",
    Reason.REFUND: "the revenue is negative",
    Reason.ORPHAN_CONVERSION: "its click is not among the accepted ones of the quarter",
}

QUARANTINED = (Reason.CONFLICTING_ID, Reason.REFUND, Reason.ORPHAN_CONVERSION)
"""The reasons for which a row is quarantined."""

_ID = re.compile(ID_PATTERN.encode())
_REVENUE = re.compile(REVENUE_PATTERN.encode())


def bad_value(kind: Kind, values: Sequence[bytes]) -> Reason | None:
    """Tell why the values of a row are rejected; None where they are not.

    Engines judge the same in SQL; this is how one of their findings is found in a file again.

    Args:
        kind: what the row is of.
        values: in the order of the kind's columns.
    """
    for column, value in zip(kind.columns, values, strict=True):
        if column == "revenue":
            if not _REVENUE.fullmatch(value):
                return Reason.BAD_REVENUE
        elif not _ID.fullmatch(value) or int(value) == 0:
            return Reason.BAD_ID
    return None
