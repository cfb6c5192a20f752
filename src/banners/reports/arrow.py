"""Figures and lineups as Arrow tables, with revenue as an exact decimal, sorted for readers.

Engines and databases count revenue in millionths (docs/adr/0006). This module converts their tables
to decimals, and validates tables of callers before it converts them to millionths.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, repeat
from typing import NamedTuple, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from banners.core.candidates import COLUMNS
from banners.core.figures import FIGURE_NAMES, MICROS, MOST_MICROS, as_decimal
from banners.core.model import LARGEST_ID, Quarter
from banners.core.rule import Choice, choose
from banners.errors import FiguresError
from banners.reports.named import Names

REVENUE = pa.decimal128(19, 6)
"""The type of a revenue: exact, and wide enough for 64 bits of millionths."""

_MICROS = pa.scalar(Decimal(MICROS))
_MICRO = pa.scalar(as_decimal(1))

_CANDIDATES = pa.schema(dict.fromkeys(("campaign_id", *COLUMNS), pa.int64()))


@dataclass(frozen=True, slots=True)
class _Sort:
    """The values that a column of figures may hold."""

    expected: str
    type: pa.DataType
    least: int | Decimal
    most: int | Decimal


_ID = _Sort("ids, which are whole numbers of up to 18 digits above zero", pa.int64(), 1, LARGEST_ID)
_COUNT = _Sort("whole numbers, not below zero", pa.int64(), 0, 2**63 - 1)
_QUARTER = _Sort("quarters of the hour, 1 to 4", pa.int64(), min(Quarter), max(Quarter))
_AMOUNT = _Sort(
    "exact decimals of up to six places, not below zero",
    # Wide enough for whole numbers of 64 bits.
    pa.decimal128(26, 6),
    0,
    as_decimal(MOST_MICROS),
)


class ArrowTable(Protocol):
    """A table of PyArrow, pandas, Polars, DuckDB or any other library that exports Arrow."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the columns: see Arrow's PyCapsule interface."""
        ...


class _Ruled(NamedTuple):
    """What the rule makes of a campaign, and where its candidates are in a table."""

    start: int
    end: int
    converting: int
    choice: Choice


NAME_COLUMNS = ("campaign_name", "banner_name")
"""The columns with what people call campaigns and banners."""


def name_columns(rows: pa.RecordBatch | pa.Table, names: Names) -> dict[str, pa.Array]:
    """Return the columns with the names of campaigns and banners; null where they have none.

    Args:
        rows: have the columns ``campaign_id`` and ``banner_id``.
        names: the names.
    """
    if not names.campaigns:
        return dict.fromkeys(NAME_COLUMNS, pa.nulls(rows.num_rows, pa.string()))
    campaign_ids = rows.column("campaign_id").to_pylist()
    pairs = zip(campaign_ids, rows.column("banner_id").to_pylist(), strict=True)
    none: dict[int, str] = {}
    found = (
        [names.campaigns.get(each) for each in campaign_ids],
        [names.banners.get(campaign, none).get(banner) for campaign, banner in pairs],
    )
    return {
        name: pa.array(texts, pa.string()) for name, texts in zip(NAME_COLUMNS, found, strict=True)
    }


def performance_table(
    batches: Iterable[pa.RecordBatch], quarter: Quarter | None, names: Names | None = None
) -> pa.Table:
    """Return the figures of a quarter as a table.

    Args:
        batches: the columns of ``crunch/sql/candidates.sql``, in its order.
        quarter: the value of the column ``quarter``; None for no such column.
        names: what people call campaigns and banners; None for no columns of names.

    Returns:
        The figures, sorted by campaign: the lineup in its order, then the other candidates by id.
    """
    table = _gather(batches)
    positions: list[int | None] = []
    for start, end, _, choice in _ruled(table):
        positions += range(1, choice.picked + 1)
        positions += repeat(None, end - start - choice.picked)
    table = table.append_column("position", pa.array(positions, pa.int32())).sort_by(
        [("campaign_id", "ascending"), ("position", "ascending"), ("banner_id", "ascending")]
    )
    place = table.schema.get_field_index("revenue_micros")
    revenue = as_revenue(table.column(place))
    table = table.set_column(place, "revenue", revenue)
    for name, column in (name_columns(table, names) if names else {}).items():
        table = table.append_column(name, column)
    return _of_quarter(table, quarter)


def as_revenue(micros: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return revenues in millionths as exact decimals."""
    whole = micros.cast(pa.decimal128(REVENUE.precision, 0))
    return pc.multiply(whole, _MICRO).cast(REVENUE)


def lineups_table(batches: Iterable[pa.RecordBatch], quarter: Quarter | None) -> pa.Table:
    """Return the lineups of a quarter as a table.

    Args:
        batches: the columns of ``crunch/sql/candidates.sql``, in its order.
        quarter: the value of the column ``quarter``; None for no such column.

    Returns:
        A row for each campaign: the case of the rule, the ids of its banners, best first, and the
        ids of the other candidates that a short lineup is filled up from.
    """
    table = _gather(batches)
    ruled = _ruled(table)
    picked = [(start, choice.picked) for start, _, _, choice in ruled]
    others = [(start + choice.picked, choice.others) for start, _, _, choice in ruled]
    lineups = table.select(["campaign_id"]).take(
        pa.array([each.start for each in ruled], pa.int64())
    )
    for name, column in {
        "rule": pa.array([each.choice.rule.value for each in ruled], pa.string()),
        "converting": pa.array([each.converting for each in ruled], pa.int32()),
        "slots": pa.array([each.choice.slots for each in ruled], pa.int32()),
        "banner_ids": _lists(table.column("banner_id"), picked),
        "others": _lists(table.column("banner_id"), others),
    }.items():
        lineups = lineups.append_column(name, column)
    return _of_quarter(lineups, quarter)


def figures_by_quarter(given: ArrowTable) -> dict[Quarter | None, pa.Table]:
    """Validate figures of a caller, and convert their revenue to millionths.

    Args:
        given: see :func:`banners.choose_lineups`.

    Returns:
        For each quarter, the columns of the crunch's step ``performance``. The key is None if the
        figures have no column ``quarter``.

    Raises:
        FiguresError: a column is missing or holds an invalid value, or a candidate occurs twice.
    """
    try:
        table = pa.table(given)
    except pa.ArrowException as error:
        raise FiguresError(f"The figures are not a table: {error}") from error
    columns = {name: _numbers(table, name, _ID) for name in ("campaign_id", "banner_id")}
    *counts, micros = FIGURE_NAMES
    columns |= {name: _numbers(table, name, _COUNT) for name in counts}
    revenue = pc.multiply(_numbers(table, "revenue", _AMOUNT), _MICROS)
    columns[micros] = revenue.cast(pa.int64())
    _check_clicks(columns)
    if "quarter" not in table.column_names:
        return {None: _each_once(pa.table(columns))}
    quarters = _numbers(table, "quarter", _QUARTER)
    figures = pa.table(columns)
    return {
        quarter: _each_once(figures.filter(pc.equal(quarters, int(quarter))))
        # An empty table counts as one of some quarter, so that the result has the column.
        for quarter in sorted(map(Quarter, quarters.unique().to_pylist())) or [Quarter.FIRST]
    }


def _gather(batches: Iterable[pa.RecordBatch]) -> pa.Table:
    """Concatenate batches into one chunk."""
    held = [batch.select(_CANDIDATES.names) for batch in batches]
    table = pa.Table.from_batches(held) if held else _CANDIDATES.empty_table()
    return table.cast(_CANDIDATES).combine_chunks()


def _ruled(table: pa.Table) -> list[_Ruled]:
    """Apply the rule to each campaign of ranked candidates."""
    campaigns = table.column("campaign_id")
    if not len(campaigns):
        return []
    ends = pc.run_end_encode(campaigns.chunk(0)).run_ends.to_pylist()
    counted = (
        pa.table(
            {
                "campaign_id": campaigns,
                "converting": pc.greater(table.column("revenue_micros"), 0).cast(pa.int64()),
                "clicked": pc.greater(table.column("clicks"), 0).cast(pa.int64()),
            }
        )
        # Without threads, the groups are in the order of the rows.
        .group_by("campaign_id", use_threads=False)
        .aggregate([("converting", "sum"), ("clicked", "sum")])
    )
    counts = (counted.column(f"{name}_sum").to_pylist() for name in ("converting", "clicked"))
    return [
        _Ruled(start, end, converting, choose(end - start, converting, clicked))
        for start, end, converting, clicked in zip([0, *ends[:-1]], ends, *counts, strict=True)
    ]


def _of_quarter(table: pa.Table, quarter: Quarter | None) -> pa.Table:
    if quarter is None:
        return table
    quarters = pa.repeat(pa.scalar(int(quarter), pa.int8()), table.num_rows)
    return table.add_column(0, "quarter", quarters)


def _lists(ids: pa.ChunkedArray, spans: Sequence[tuple[int, int]]) -> pa.Array:
    """Return a list of ids for each span, which is the first of its rows and their number."""
    rows = [row for start, length in spans for row in range(start, start + length)]
    offsets = accumulate((length for _, length in spans), initial=0)
    taken = ids.take(pa.array(rows, pa.int64())).combine_chunks()
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), taken)


def _numbers(table: pa.Table, name: str, sort: _Sort) -> pa.ChunkedArray:
    there = table.column_names.count(name)
    if there != 1:
        raise FiguresError(
            f"The figures have {there or 'no'} columns {name}; expected one, of {sort.expected}."
        )
    column = table.column(name)
    # A float may differ from the intended number, and nothing shows that afterwards.
    if pa.types.is_floating(column.type):
        raise _refusal(name, f"floats ({column.type})", sort)
    try:
        numbers = column.cast(sort.type)
    except pa.ArrowException as error:
        raise _refusal(name, f"values that do not fit ({error})", sort) from error
    if numbers.null_count:
        raise _refusal(name, f"{numbers.null_count} empty values", sort)
    for found in pc.min_max(numbers).as_py().values():
        if found is not None and not sort.least <= found <= sort.most:
            raise _refusal(name, found, sort)
    return numbers


def _refusal(name: str, found: object, sort: _Sort) -> FiguresError:
    return FiguresError(f"The column {name} holds {found}; expected {sort.expected}.")


def _check_clicks(columns: Mapping[str, pa.ChunkedArray]) -> None:
    """Refuse revenue without a click: the rule ranks by revenue but shows only clicked banners."""
    earned = pc.greater(columns["revenue_micros"], 0)
    wrong = pa.table(dict(columns)).filter(pc.and_(earned, pc.equal(columns["clicks"], 0)))
    if wrong.num_rows:
        first = wrong.slice(0, 1).to_pylist()[0]
        raise FiguresError(
            f"Banner {first['banner_id']} of campaign {first['campaign_id']} has a revenue and no "
            "click; expected clicks of every banner that earned something. Add its clicks."
        )


def _each_once(figures: pa.Table) -> pa.Table:
    candidates = figures.group_by(["campaign_id", "banner_id"]).aggregate([([], "count_all")])
    if candidates.num_rows < figures.num_rows:
        twice = candidates.filter(pc.greater(candidates.column("count_all"), 1)).to_pylist()[0]
        raise FiguresError(
            f"Banner {twice['banner_id']} occurs {twice['count_all']} times in campaign "
            f"{twice['campaign_id']}; expected each banner of a campaign once. Add up its rows."
        )
    return figures
