"""Figures as Arrow tables for people: revenue as an exact decimal, in an order to read them in.

Engines and databases count revenue in millionths (docs/adr/0006). A table becomes decimal here, and
one that somebody hands over is judged here before it is counted so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from banners.errors import FiguresError
from banners.model import Quarter

REVENUE = pa.decimal128(19, 6)
"""The type of a revenue: exact, and no wider than what 64 bits hold in millionths."""

_MILLION = pa.scalar(Decimal(1_000_000))
_MILLIONTH = pa.scalar(Decimal("0.000001"))

_FIGURES = pa.schema(
    {
        "campaign_id": pa.int64(),
        "banner_id": pa.int64(),
        "impressions": pa.int64(),
        "clicks": pa.int64(),
        "conversions": pa.int64(),
        "revenue_micros": pa.int64(),
        "position": pa.int32(),
    }
)
_RULED = pa.schema(
    [
        *_FIGURES,
        pa.field("other", pa.bool_()),
        pa.field("rule", pa.string()),
        pa.field("converting", pa.int32()),
        pa.field("slots", pa.int32()),
    ]
)


@dataclass(frozen=True, slots=True)
class _Sort:
    """What a column of figures may hold."""

    expected: str
    type: pa.DataType
    least: int | Decimal
    most: int | Decimal


_ID = _Sort("ids, which are whole numbers of up to 18 digits above zero", pa.int64(), 1, 10**18 - 1)
_COUNT = _Sort("whole numbers, not below zero", pa.int64(), 0, 2**63 - 1)
_QUARTER = _Sort("quarters of the hour, 1 to 4", pa.int64(), min(Quarter), max(Quarter))
_AMOUNT = _Sort(
    "exact decimals of up to six places, not below zero",
    # Wide enough for whole numbers of 64 bits.
    pa.decimal128(26, 6),
    0,
    Decimal(2**63 - 1).scaleb(-6),
)


class ArrowTable(Protocol):
    """A table of PyArrow, pandas, Polars, DuckDB, or whatever else gives its columns as Arrow."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Give the columns: see Arrow's PyCapsule interface."""
        ...


def performance_table(batches: Iterable[pa.RecordBatch], quarter: Quarter | None) -> pa.Table:
    """Gather the figures of a quarter.

    Args:
        batches: the columns of the database's table ``performance``, behind its key; others are
            left out.
        quarter: what to write into the column ``quarter``; if None, there is none.

    Returns:
        The figures by campaign: the lineup in its order, and then the other candidates by id.
    """
    table = _gather(batches, _FIGURES).sort_by(
        [("campaign_id", "ascending"), ("position", "ascending"), ("banner_id", "ascending")]
    )
    place = table.schema.get_field_index("revenue_micros")
    whole = table.column(place).cast(pa.decimal128(REVENUE.precision, 0))
    revenue = pc.multiply(whole, _MILLIONTH).cast(REVENUE)
    return _of_quarter(table.set_column(place, "revenue", revenue), quarter)


def lineups_table(batches: Iterable[pa.RecordBatch], quarter: Quarter | None) -> pa.Table:
    """Gather the lineups of a quarter.

    Args:
        batches: the columns of ``crunch/sql/lineup.sql``, in its order.
        quarter: what to write into the column ``quarter``; if None, there is none.

    Returns:
        A row for each campaign: the case of the rule, the ids of its banners, best first, and those
        of the others that a lineup which falls short is filled up from.
    """
    table = _gather(batches, _RULED).combine_chunks()
    # The rows of a campaign stand together; the last tells what all of them say of it.
    ends = pc.run_end_encode(table.column("campaign_id").combine_chunks()).run_ends
    last = pc.subtract(ends, 1)
    lineups = (
        table.select(["campaign_id", "rule", "converting", "slots"])
        .take(last)
        .append_column("banner_ids", _lists(table, pc.is_valid(table.column("position")), last))
        .append_column("others", _lists(table, table.column("other"), last))
    )
    return _of_quarter(lineups, quarter)


def figures_by_quarter(given: ArrowTable) -> dict[Quarter | None, pa.Table]:
    """Judge figures that somebody hands over, and count their revenue in millionths.

    Args:
        given: see :func:`banners.choose_lineups`.

    Returns:
        For each quarter the columns that the crunch's step ``performance`` has; for the quarter
        None, where the figures have no column of that name.

    Raises:
        FiguresError: a column is missing, holds what it cannot, or a candidate is there twice.
    """
    try:
        table = pa.table(given)
    except pa.ArrowException as error:
        raise FiguresError(f"The figures are no table: {error}") from error
    columns = {name: _numbers(table, name, _ID) for name in ("campaign_id", "banner_id")}
    counts = ("impressions", "clicks", "conversions")
    columns |= {name: _numbers(table, name, _COUNT) for name in counts}
    revenue = pc.multiply(_numbers(table, "revenue", _AMOUNT), _MILLION)
    columns["revenue_micros"] = revenue.cast(pa.int64())
    _check_clicks(columns)
    if "quarter" not in table.column_names:
        return {None: _each_once(pa.table(columns))}
    quarters = _numbers(table, "quarter", _QUARTER)
    figures = pa.table(columns)
    return {
        quarter: _each_once(figures.filter(pc.equal(quarters, int(quarter))))
        # Figures of nothing are those of some quarter, so that the answer has the column.
        for quarter in sorted(map(Quarter, quarters.unique().to_pylist())) or [Quarter.FIRST]
    }


def _gather(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    """Put batches together; engines differ in the width of small numbers."""
    held = [batch.select(schema.names) for batch in batches]
    return pa.Table.from_batches(held).cast(schema) if held else schema.empty_table()


def _of_quarter(table: pa.Table, quarter: Quarter | None) -> pa.Table:
    if quarter is None:
        return table
    quarters = pa.repeat(pa.scalar(int(quarter), pa.int8()), table.num_rows)
    return table.add_column(0, "quarter", quarters)


def _lists(table: pa.Table, wanted: pa.ChunkedArray, last: pa.Array) -> pa.Array:
    """Put the wanted banners of each campaign into a list, in the order in which they stand."""
    ends = pc.cumulative_sum(wanted.cast(pa.int32())).combine_chunks().take(last)
    ids = table.filter(wanted).column("banner_id").combine_chunks()
    return pa.ListArray.from_arrays(pa.concat_arrays([pa.array([0], pa.int32()), ends]), ids)


def _numbers(table: pa.Table, name: str, sort: _Sort) -> pa.ChunkedArray:
    there = table.column_names.count(name)
    if there != 1:
        raise FiguresError(
            f"The figures have {there or 'no'} columns {name}; expected one, of {sort.expected}."
        )
    column = table.column(name)
    # A float may be another number than the one that was meant, and nothing tells so any more.
    if pa.types.is_floating(column.type):
        raise _refusal(name, f"floats ({column.type})", sort)
    try:
        numbers = column.cast(sort.type)
    except pa.ArrowException as error:
        raise _refusal(name, f"what is none ({error})", sort) from error
    if numbers.null_count:
        raise _refusal(name, f"{numbers.null_count} empty values", sort)
    for found in pc.min_max(numbers).as_py().values():
        if found is not None and not sort.least <= found <= sort.most:
            raise _refusal(name, found, sort)
    return numbers


def _refusal(name: str, found: object, sort: _Sort) -> FiguresError:
    return FiguresError(f"The column {name} holds {found}; expected {sort.expected}.")


def _check_clicks(columns: Mapping[str, pa.ChunkedArray]) -> None:
    """Refuse a revenue without a click: the rule ranks by revenue, and shows what was clicked."""
    earned = pc.greater(columns["revenue_micros"], 0)
    wrong = pa.table(dict(columns)).filter(pc.and_(earned, pc.equal(columns["clicks"], 0)))
    if wrong.num_rows:
        first = wrong.slice(0, 1).to_pylist()[0]
        raise FiguresError(
            f"Banner {first['banner_id']} of campaign {first['campaign_id']} has a revenue and no "
            "click; expected a click of whatever earned something. Count the clicks too."
        )


def _each_once(figures: pa.Table) -> pa.Table:
    candidates = figures.group_by(["campaign_id", "banner_id"]).aggregate([([], "count_all")])
    if candidates.num_rows < figures.num_rows:
        twice = candidates.filter(pc.greater(candidates.column("count_all"), 1)).to_pylist()[0]
        raise FiguresError(
            f"Banner {twice['banner_id']} is there {twice['count_all']} times in campaign "
            f"{twice['campaign_id']}; expected each banner of a campaign once. Add its rows up."
        )
    return figures
