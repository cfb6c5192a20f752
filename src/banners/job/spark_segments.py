"""Reads the segments of the event log on Spark's executors.

A segment counts up to its first damaged record, as in :mod:`banners.collect.segments.read`. The
executors check each line on its own, and the driver compares the number of bytes that they have
read with the size of each file. The driver itself reads only a segment that has damage or a record
of another form, to find where the damage begins or to name the record.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.collect.close.records import KIND_OF
from banners.collect.segments.names import SEALED, Segment
from banners.collect.segments.read import Read, check_beginning, read_records
from banners.collect.segments.record import BEGINNING, HEAD_BYTES, MOST_BYTES, RecordKind
from banners.crunch.engines.spark.errors import translated
from banners.crunch.engines.spark.hadoop import literal
from banners.crunch.engines.spark.lines import text_lines
from banners.crunch.engines.spark.tables import Tables
from banners.errors import CrunchError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Spark leaves longer lines out. They are damage: the bytes of the segment do not add up then.
_MOST_LINE_BYTES = MOST_BYTES + 1

_HEAD = """concat(
    lpad(hex(octet_length(content)), 6, '0'), lpad(hex(crc32(content)), 8, '0'), ' '
)"""
_CHECKED = f"""
SELECT
    substring_index(file, '/', -2) AS file, block, place, octet_length(line) + 1 AS size,
    split(CAST(content AS STRING), ',', 3) AS parts,
    octet_length(content) > 0
        AND CAST(substring(line, 1, {HEAD_BYTES}) AS STRING) = lower({_HEAD})
        AND CAST(content AS STRING) RLIKE '^(?:{BEGINNING}|{RecordKind.END},)' AS good
FROM (
    SELECT *, substring(line, {HEAD_BYTES + 1}) AS content
    FROM (SELECT *, CAST(value AS BINARY) AS line FROM lines)
)
"""  # noqa: S608  # nothing in it comes from outside
# Of lines that do not count, only place and size are kept, to tell where damage begins.
_RECORDS = """
SELECT
    file, block, place, size, good,
    CASE WHEN wanted THEN CAST(get(parts, 1) AS BIGINT) END AS slot,
    CASE WHEN wanted THEN get(parts, 0) END AS kind,
    CASE WHEN wanted THEN get(parts, 2) END AS fields
FROM (
    SELECT *, good AND get(parts, 0) IN ({kinds}) AND get(parts, 1) IN ({slots}) AS wanted
    FROM checked
)
"""
_READ = "SELECT file, sum(size) AS bytes, bool_and(good) AS good FROM all_records GROUP BY file"
# The lines of segments that have damage, with the byte at which each ends.
_DAMAGED = """
SELECT
    all_records.*, damage.undamaged,
    sum(size) OVER (PARTITION BY all_records.file ORDER BY block, place) AS until
FROM all_records
JOIN damage ON damage.file = all_records.file
"""
_COVERED = "SELECT file, max(until) AS bytes FROM damaged WHERE until <= undamaged GROUP BY file"
_COUNTED = "SELECT slot, kind, fields FROM all_records WHERE slot IS NOT NULL"
_COUNTED_WITH_DAMAGE = """
SELECT slot, kind, fields
FROM all_records
LEFT ANTI JOIN damage ON damage.file = all_records.file
WHERE slot IS NOT NULL
UNION ALL
SELECT slot, kind, fields FROM damaged WHERE slot IS NOT NULL AND until <= undamaged
"""


@dataclass(frozen=True, slots=True)
class ReadSegments:
    """What segments hold.

    Args:
        records: a table of the columns ``slot``, ``kind`` and ``fields``.
        slots: the slots that it has records of.
        torn: the number of damaged bytes at the ends of sealed segments.
    """

    records: "DataFrame"
    slots: frozenset[int]
    torn: int


def read_segments(
    session: "SparkSession", tables: Tables, segments: Sequence[Segment], slots: Collection[int]
) -> ReadSegments:
    """Read the records of some slots.

    Args:
        session: a session of its own.
        tables: where executors write the records.
        segments: the segments that may hold such records, in folders that the executors see.
        slots: the slots.

    Raises:
        CollectError: a segment has a record of another form.
        CrunchError: Spark failed, or the executors have read less than there is.
        OSError: a segment cannot be read.
    """
    while True:
        paths = [_present(segment) for segment in segments]
        try:
            with translated():
                return _read(session, tables, paths, slots)
        except (CrunchError, FileNotFoundError):
            # A segment that was sealed meanwhile has another name.
            if paths == [_present(segment) for segment in segments]:
                raise


def _read(
    session: "SparkSession", tables: Tables, paths: Sequence[Path], slots: Iterable[int]
) -> ReadSegments:
    sizes = {path: path.stat().st_size for path in paths}
    addresses = [literal(f"file:{path.absolute()}") for path in paths]
    text_lines(session, addresses, _MOST_LINE_BYTES).createOrReplaceTempView("lines")
    session.sql(_CHECKED).createOrReplaceTempView("checked")
    records = _RECORDS.format(kinds=_listed(KIND_OF), slots=_listed(map(str, slots)))
    written = tables.write(session, "records", records, by=("slot", "kind"))
    written.createOrReplaceTempView("all_records")
    damaged = _damage_in(session, sizes)
    counted = session.sql(_COUNTED_WITH_DAMAGE if damaged else _COUNTED)
    counted.createOrReplaceTempView("counted")
    found = session.sql("SELECT DISTINCT slot FROM counted").toArrow().column("slot")
    sealed = [path for path in damaged if path.suffix == SEALED]
    torn = sum(sizes[path] - damaged[path] for path in sealed)
    return ReadSegments(counted, frozenset(found.to_pylist()), torn)


def _damage_in(session: "SparkSession", sizes: Mapping[Path, int]) -> Mapping[Path, int]:
    """Find the segments that have damage; if there are any, make views of them and their lines.

    Args:
        session: the session of ``all_records``.
        sizes: the segments that were read, with their sizes before that.

    Returns:
        How many bytes of each come before its damage.

    Raises:
        CollectError: a segment has a record of another form.
        CrunchError: the executors have read less than there is.
    """
    read = {row["file"]: row for row in session.sql(_READ).toArrow().to_pylist()}
    damaged = {
        path: _bytes_before_damage(path)
        for path, size in sizes.items()
        if not _is_undamaged(read.get(_name_of(path)), size)
    }
    if damaged:
        _make_view(
            session, "damage", {_name_of(path): undamaged for path, undamaged in damaged.items()}
        )
        session.sql(_DAMAGED).createOrReplaceTempView("damaged")
        covered = {row["file"]: row["bytes"] for row in session.sql(_COVERED).toArrow().to_pylist()}
        for path, undamaged in damaged.items():
            known = read.get(_name_of(path), {"bytes": 0})
            # What is written now may be seen by the driver alone.
            expected = undamaged
            if path.suffix != SEALED:
                expected = min(undamaged, sizes[path], known["bytes"])
            _check_covered(path, covered.get(_name_of(path), 0), expected)
    return damaged


def _is_undamaged(read: Mapping[str, Any] | None, size: int) -> bool:
    """Return whether a segment has no damage.

    Args:
        read: what was read of it.
        size: its size in bytes before that; it may have grown since.
    """
    if read is None:
        return size == 0
    # A last line without its end is counted with a byte that the file does not have.
    return bool(read["good"]) and read["bytes"] >= size and read["bytes"] != size + 1


def _bytes_before_damage(path: Path) -> int:
    read = Read()
    with path.open("rb") as file:
        for content in read_records(file, read):
            check_beginning(path, content)
    return read.good


def _check_covered(path: Path, found: int, expected: int) -> None:
    if found < expected:
        raise CrunchError(
            f"Spark's executors have read {found:,} of {expected:,} bytes of {path}. Driver and "
            "executors must see the same files in BANNERS_EVENTS, and in BANNERS_SPARK_TABLES or "
            "the folder of temporary files."
        )


def _make_view(session: "SparkSession", name: str, damaged: Mapping[str, int]) -> None:
    import pyarrow as pa

    columns = {
        "file": pa.array(list(damaged), pa.string()),
        "undamaged": pa.array(list(damaged.values()), pa.int64()),
    }
    session.createDataFrame(pa.table(columns)).createOrReplaceTempView(name)


def _name_of(path: Path) -> str:
    """Return what a segment is called in the table of records: its folder and its name."""
    return f"{path.parent.name}/{path.name}"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


def _present(segment: Segment) -> Path:
    return segment.path if segment.path.exists() else segment.path.with_suffix(SEALED)
