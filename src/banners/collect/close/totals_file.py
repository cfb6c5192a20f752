"""The file with the totals of a slot, ``closed/<slot>.parquet``.

It has one row for each campaign and group, with its pages (distinct views that were seen and count)
and what counts of its banners in lists. It stays as long as the account of the slot, so that a
database that was out of reach gets the totals later.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from banners.core.figures import FIGURE_NAMES, Figures
from banners.core.totals import RECENT_HOURS, TOTAL_NAMES, CampaignTotals, RecentFigures, Totals
from banners.core.views import Group
from banners.errors import CollectError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_SLOTS_AN_HOUR = 4
_COMPRESSION = "zstd"
_BANNERS = ("banner_id", *(f"net_{name}" for name in FIGURE_NAMES))


def write_totals(connection: "duckdb.DuckDBPyConnection", slot: int, path: Path) -> None:
    """Write the file.

    Args:
        connection: a DuckDB with the tables ``totals`` and ``pages``, which have the rows of the
            statements of these names (banners.collect.close.sql).
        slot: the slot.
        path: where to write it.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import parquet

    sums = ", ".join(f"CAST(coalesce(sum({name}), 0) AS BIGINT) AS {name}" for name in TOTAL_NAMES)
    key = "campaign_id, group_name"
    whole = connection.execute(
        f"SELECT CAST({slot:d} AS BIGINT) AS slot, {key}, {sums}, "  # noqa: S608  # nothing in it comes from outside
        f"CAST(coalesce(max(pages), 0) AS BIGINT) AS pages, "
        # A page that shows only fill of other campaigns has no banner of its own.
        f"CAST(count(banner_id) AS INTEGER) AS rows "
        f"FROM totals FULL JOIN pages USING ({key}) GROUP BY {key} ORDER BY {key}"
    ).to_arrow_table()
    # DuckDB's own sorted lists take many times the memory.
    banners = connection.execute(
        f"SELECT {', '.join(_BANNERS)} FROM totals ORDER BY {key}, banner_id"  # noqa: S608
    ).to_arrow_table()
    ends = pc.cumulative_sum(whole["rows"].combine_chunks())
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    file = whole.drop_columns(["rows"])
    for name in _BANNERS:
        values = banners[name].combine_chunks()
        file = file.append_column(f"banners_{name}", pa.ListArray.from_arrays(offsets, values))
    parquet.write_table(file, path, compression=_COMPRESSION)


def read_totals(path: Path) -> Iterator[CampaignTotals]:
    """Return the totals of a slot by campaign and group, sorted by both.

    Raises:
        CollectError: the file is damaged.
        FileNotFoundError: there is no such file.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches():
                yield from _campaigns(batch)
    except pa.ArrowException as error:
        raise CollectError(
            f"{path} is damaged. Remove it and the file .json of the same name, and close again."
        ) from error


def _campaigns(batch: "pa.RecordBatch") -> Iterator[CampaignTotals]:
    lists = [batch.column(f"banners_{name}") for name in _BANNERS]
    ends = batch.column("banners_banner_id").offsets.to_pylist()
    banners = list(zip(*(each.values.to_pylist() for each in lists), strict=True))
    keys = zip(
        batch.column("campaign_id").to_pylist(), batch.column("group_name").to_pylist(), strict=True
    )
    known = set(batch.schema.names)
    totals = zip(
        *(
            batch.column(name).to_pylist() if name in known else [0] * batch.num_rows
            for name in TOTAL_NAMES
        ),
        strict=True,
    )
    for (campaign_id, group), values, first, end in zip(keys, totals, ends, ends[1:], strict=False):
        counted = {each: Figures(*found) for each, *found in banners[first:end] if any(found)}
        yield CampaignTotals(campaign_id, Group(group), Totals.of(values), counted)


def recent_figures(
    connection: "duckdb.DuckDBPyConnection", paths: Sequence[Path], until: int
) -> dict[int, RecentFigures]:
    """Return what counts of each campaign in the last 24 hours, and in the 24 hours before.

    Args:
        connection: a DuckDB.
        paths: the files of slots; only those of the last 48 hours count.
        until: the slot before which the last 24 hours end.
    """
    if not paths:
        return {}
    day = RECENT_HOURS * _SLOTS_AN_HOUR
    begin = until - 2 * day
    net = [f"net_{name}" for name in FIGURE_NAMES]
    spans = [
        (until - day, until),
        (begin, until - day),
        *((slot, slot + _SLOTS_AN_HOUR) for slot in range(until - day, until, _SLOTS_AN_HOUR)),
    ]
    sums = ", ".join(
        f"coalesce(sum({name}) FILTER (slot >= {first} AND slot < {end}), 0)::BIGINT"
        for first, end in spans
        for name in net
    )
    rows = connection.execute(
        f"SELECT campaign_id, {sums} FROM read_parquet(?) "  # noqa: S608  # names and numbers of this program
        f"WHERE slot >= {begin} AND slot < {until} GROUP BY campaign_id",
        [[str(path) for path in paths]],
    ).fetchall()
    return {campaign_id: _recent(values) for campaign_id, *values in rows}


def _recent(values: Sequence[int]) -> RecentFigures:
    width = len(FIGURE_NAMES)
    last, before, *hours = (
        Figures(*values[start : start + width]) for start in range(0, len(values), width)
    )
    return RecentFigures(last, before, tuple(hours))
