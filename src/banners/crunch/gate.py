"""The gate: judges whether a quarter is fit to be published.

Source: docs/event-files.md, "When a quarter is refused".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from banners.crunch.kinds import Kind, Reason
from banners.crunch.quality import Accounting


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond which a quarter is refused; all are shares, 0 to 1.

    Args:
        bad_rows: at most this share of all rows may be rejected or quarantined.
        orphans: at most this share of the conversions may be orphans.
        least_rows: at least this share of the rows of the generation now served must be there.
    """

    bad_rows: Decimal
    orphans: Decimal
    least_rows: Decimal


def objections(accounting: Accounting, limits: Limits, served_rows: int | None) -> list[str]:
    """Say in sentences what speaks against publishing a quarter; none where nothing does.

    Args:
        accounting: what became of its rows.
        limits: what is still fit.
        served_rows: rows of what is served in this quarter now; None where nothing is.
    """
    return list(_objections(accounting, limits, served_rows))


def _percent(share: Decimal) -> str:
    """Write a share exactly: rounded, it could look as if it were kept."""
    return f"{(share * 100).normalize():f}%"


def _objections(accounting: Accounting, limits: Limits, served_rows: int | None) -> Iterator[str]:
    rows, bad = accounting.rows, accounting.unaccepted
    if bad > limits.bad_rows * rows:
        yield (
            f"{bad:,} of {rows:,} rows are rejected or quarantined, which is more than "
            f"{_percent(limits.bad_rows)}"
        )
    conversions = accounting.of(Kind.CONVERSIONS)
    orphans = conversions.quarantined.get(Reason.ORPHAN_CONVERSION, 0)
    if orphans > limits.orphans * conversions.rows:
        yield (
            f"{orphans:,} of {conversions.rows:,} conversions are orphans, which is more than "
            f"{_percent(limits.orphans)}"
        )
    if accounting.of(Kind.IMPRESSIONS).accepted == 0:
        yield "there are no impressions"
    if served_rows is not None and rows < limits.least_rows * served_rows:
        yield (
            f"there are {rows:,} rows, which is less than {_percent(limits.least_rows)} of the "
            f"{served_rows:,} now served"
        )
