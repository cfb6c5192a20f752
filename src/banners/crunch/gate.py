"""The gate: decides whether a quarter may be published, and which of its slots count.

Source: docs/event-files.md, "When a quarter is refused", and docs/loop.md, "When a slot is left
out".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from banners.core.account import Accounting
from banners.core.events import Kind, Reason

SLOTS_COMPARED = 24
"""How many earlier slots of the same quarter the rows of a slot are compared with: a day."""

LEAST_JUDGED = 1_000
"""Minimum number of rows of a slot for the share of bad ones to count."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits beyond which a quarter is refused; all are shares from 0 to 1.

    Args:
        bad_rows: maximum share of all rows that may be rejected or quarantined.
        orphans: maximum share of the conversions that may be orphans.
        least_rows: minimum number of rows, as a share of the rows of the live generation.
    """

    bad_rows: Decimal
    orphans: Decimal
    least_rows: Decimal


def objections(accounting: Accounting, limits: Limits, served_rows: int | None) -> list[str]:
    """Return the objections to publishing a quarter as sentences; empty if there are none.

    Args:
        accounting: what became of its rows.
        limits: the limits to check.
        served_rows: number of rows of the live generation in this quarter; None if nothing is
            live.
    """
    return list(_objections(accounting, limits, served_rows))


def slot_objections(
    accounting: Accounting, limits: Limits, earlier: Iterable[int | None]
) -> list[str]:
    """Return the objections to a slot that has ended as sentences; empty if there are none.

    The share of bad rows counts from :data:`LEAST_JUDGED` rows on, because a few bad rows are a
    large share of a few rows. Refunds are not bad rows here: a shop reports them as it reports
    orders, and closing counts them. A slot without events is accepted.

    Args:
        accounting: what became of its rows.
        limits: the limits to check; the least rows are a share of the least of the earlier slots.
        earlier: the number of rows of each of the :data:`SLOTS_COMPARED` slots before it, the
            latest first; None for a slot of which nothing is known. Then, or if there are fewer,
            the number of rows is not judged.
    """
    rows = accounting.rows
    if rows == 0:
        return []
    conversions = accounting.of(Kind.CONVERSIONS).rows
    refunds = accounting.of(Kind.CONVERSIONS).quarantined.get(Reason.REFUND, 0)
    bad = accounting.unaccepted - refunds
    said = [] if rows < LEAST_JUDGED else list(_bad_rows(rows, bad, limits))
    if conversions >= LEAST_JUDGED:
        said += _orphans(accounting, limits)
    least = None
    seen = 0
    for found in earlier:
        if found is None or rows >= limits.least_rows * found:
            return said
        seen += 1
        least = found if least is None else min(least, found)
    if least is not None and seen >= SLOTS_COMPARED:
        said.append(
            f"there are {rows:,} rows, which is less than {_percent(limits.least_rows)} of "
            f"{least:,}, the least of the {SLOTS_COMPARED} slots of this quarter before it"
        )
    return said


def _percent(share: Decimal) -> str:
    """Write a share exactly: a rounded one could look as if the limit were met."""
    return f"{(share * 100).normalize():f}%"


def _objections(accounting: Accounting, limits: Limits, served_rows: int | None) -> Iterator[str]:
    rows = accounting.rows
    yield from _bad_rows(rows, accounting.unaccepted, limits)
    yield from _orphans(accounting, limits)
    if accounting.of(Kind.IMPRESSIONS).accepted == 0:
        yield "there are no impressions"
    if served_rows is not None and rows < limits.least_rows * served_rows:
        yield (
            f"there are {rows:,} rows, which is less than {_percent(limits.least_rows)} of the "
            f"{served_rows:,} rows of the live generation"
        )


def _bad_rows(rows: int, bad: int, limits: Limits) -> Iterator[str]:
    if bad > limits.bad_rows * rows:
        yield (
            f"{bad:,} of {rows:,} rows are rejected or quarantined, which is more than "
            f"{_percent(limits.bad_rows)}"
        )


def _orphans(accounting: Accounting, limits: Limits) -> Iterator[str]:
    conversions = accounting.of(Kind.CONVERSIONS)
    orphans = conversions.quarantined.get(Reason.ORPHAN_CONVERSION, 0)
    if orphans > limits.orphans * conversions.rows:
        yield (
            f"{orphans:,} of {conversions.rows:,} conversions are orphans, which is more than "
            f"{_percent(limits.orphans)}"
        )
