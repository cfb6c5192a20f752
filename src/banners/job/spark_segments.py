"""Reads the segments of the event log on Spark's executors.

A segment counts up to its first damaged record, as in :mod:`banners.collect.segments.read`. The
executors check each line on its own; the driver gets one row for each segment that has damage.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from banners.collect.close.records import KIND_OF
from banners.collect.segments.names import SEALED, Segment
from banners.collect.segments.record import HEAD_BYTES
from banners.crunch.engines.spark.errors import translated
from banners.crunch.engines.spark.hadoop import literal
from banners.crunch.engines.spark.lines import text_lines
from banners.crunch.engines.spark.tables import Tables
from banners.errors import CrunchError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_HEAD = """concat(
    lpad(hex(octet_length(content)), 6, '0'), lpad(hex(crc32(content)), 8, '0'), ' '
)"""
_CHECKED = f"""
SELECT
    file, file_size, block, place, octet_length(line) + 1 AS size,
    split(CAST(content AS STRING), ',', 3) AS parts,
    octet_length(content) > 0
        AND CAST(substring(line, 1, {HEAD_BYTES}) AS STRING) = lower({_HEAD}) AS good
FROM (
    SELECT *, substring(line, {HEAD_BYTES + 1}) AS content
    FROM (SELECT *, CAST(value AS BINARY) AS line FROM lines)
)
"""  # noqa: S608  # nothing in it comes from outside
# Of the lines that do not count only the place is kept, which tells where damage begins.
_RECORDS = """
SELECT
    file, file_size, block, place, size, good,
    CASE WHEN wanted THEN CAST(get(parts, 1) AS BIGINT) END AS slot,
    CASE WHEN wanted THEN get(parts, 0) END AS kind,
    CASE WHEN wanted THEN get(parts, 2) END AS fields
FROM (
    SELECT *, good AND get(parts, 0) IN ({kinds}) AND get(parts, 1) IN ({slots}) AS wanted
    FROM checked
)
"""
# The first damaged record of each segment that has one. A last line without its end is damaged too;
# it is counted with one byte that the file does not have.
_DAMAGE = """
SELECT file, file_size, coalesce(first, last).block AS block, coalesce(first, last).place AS place
FROM (
    SELECT
        file, max(file_size) AS file_size, sum(size) AS bytes,
        min(CASE WHEN NOT good THEN struct(block, place) END) AS first,
        max(struct(block, place)) AS last
    FROM all_records
    GROUP BY file
)
WHERE first IS NOT NULL OR bytes = file_size + 1
"""
_FROM_DAMAGE_ON = """(
    records.file = damage.file AND (
        records.block > damage.block
        OR records.block = damage.block AND records.place >= damage.place
    )
)"""
_TORN = f"""
SELECT max(damage.file) AS file, max(damage.file_size) - coalesce(sum(size), 0) AS torn
FROM damage
LEFT JOIN all_records AS records ON records.file = damage.file AND NOT {_FROM_DAMAGE_ON}
GROUP BY damage.file
"""  # noqa: S608
_WITHOUT_DAMAGE = f"""
SELECT slot, kind, fields
FROM all_records AS records
LEFT ANTI JOIN damage ON {_FROM_DAMAGE_ON}
WHERE slot IS NOT NULL
"""  # noqa: S608


def read_segments(
    session: "SparkSession", tables: Tables, segments: Sequence[Segment], slots: Collection[int]
) -> "tuple[DataFrame, int]":
    """Read the records of some slots.

    Args:
        session: a session of its own.
        tables: where executors write the records.
        segments: the segments that may hold such records, in folders that the executors see.
        slots: the slots.

    Returns:
        A table of the columns ``slot``, ``kind`` and ``fields``, and the number of damaged bytes at
        the ends of sealed segments.

    Raises:
        CrunchError: Spark failed.
    """
    while True:
        paths = [_present(segment) for segment in segments]
        try:
            with translated():
                return _read(session, tables, paths, slots)
        except CrunchError:
            # A segment that was sealed meanwhile has another name.
            if paths == [_present(segment) for segment in segments]:
                raise


def _read(
    session: "SparkSession", tables: Tables, paths: Sequence[Path], slots: Iterable[int]
) -> "tuple[DataFrame, int]":
    addresses = [literal(f"file:{path.absolute()}") for path in paths]
    text_lines(session, addresses, {}).createOrReplaceTempView("lines")
    session.sql(_CHECKED).createOrReplaceTempView("checked")
    records = _RECORDS.format(kinds=_listed(KIND_OF), slots=_listed(map(str, slots)))
    written = tables.write(session, "records", records, by=("slot", "kind"))
    written.createOrReplaceTempView("all_records")
    damage = session.sql(_DAMAGE).toArrow()
    session.createDataFrame(damage).createOrReplaceTempView("damage")
    torn = 0
    if damage.num_rows:
        found = session.sql(_TORN).toArrow().to_pylist()
        torn = sum(row["torn"] for row in found if row["file"].endswith(SEALED))
    return session.sql(_WITHOUT_DAMAGE), torn


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


def _present(segment: Segment) -> Path:
    return segment.path if segment.path.exists() else segment.path.with_suffix(SEALED)
