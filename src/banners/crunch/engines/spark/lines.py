r"""Reads event files at addresses as lines, on the executors.

A row is a line here: a field may be quoted, but may not hold a line break. A file in which a quoted
field does not end on its line is refused (see :func:`survey`), so no text in quotes is ever read as
rows. Each row of Parquet becomes the line of CSV that it would be.

The tables of lines have the columns

- ``file`` and ``block``: the file, and the byte at which the part begins that a task reads;
- ``place``: a number that rises by one from line to line in a block;
- ``value`` and ``text``: the line as it was read, and without the CR of its end;
- ``width``: the number of its fields; 0 for a blank line, and -1 if text follows a closing quote,
  or -2 if a quoted field does not end;
- ``digest``: a hash of the text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from banners.crunch.engines.spark.hadoop import key_of
from banners.crunch.files.lines import MOST_BYTES, MOST_QUOTED_BYTES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

_LOW = (1 << 32) - 1
# Number of digits of a revenue after its point.
_DECIMALS = 6

BAD_QUOTE = -1
OPEN_QUOTE = -2

# A field that begins with a quote, from there to its end.
_QUOTED = r'(?<![^,])"[^"]*+(?:""[^"]*+)*+"'
_FIELD = r'"[^"]*+(?:""[^"]*+)*+"|(?!")[^,]*+'
_FIELDS = rf"regexp_extract_all(text, r'{_QUOTED}|(?<![^,])[^,]*+', 0)"
FIELDS = f"""CASE
    WHEN NOT contains(text, '"') THEN split(text, ',', -1)
    ELSE transform(
        {_FIELDS},
        field -> CASE
            WHEN startswith(field, '"')
                THEN replace(substr(field, 2, length(field) - 2), '""', '"')
            ELSE field
        END
    )
END"""
"""SQL for the fields of a line of a table of lines, without their quotes."""

_WIDTH = rf"""CASE
    WHEN text = '' THEN 0
    WHEN NOT contains(text, '"')
        THEN octet_length(text) - octet_length(replace(text, ',', '')) + 1
    WHEN regexp_replace(text, r'{_QUOTED}', 'Q') RLIKE r'(?<![^,])"' THEN {OPEN_QUOTE}
    WHEN octet_length(text) > {MOST_QUOTED_BYTES}
        AND exists({_FIELDS}, field -> startswith(field, '"') AND octet_length(field) > {MOST_QUOTED_BYTES})
        THEN {OPEN_QUOTE}
    WHEN NOT text RLIKE r'\A(?:{_FIELD})(?:,(?:{_FIELD}))*+\z' THEN {BAD_QUOTE}
    ELSE size({_FIELDS})
END"""  # noqa: E501
_SURVEY = """
SELECT
    file, block, width,
    count(*) AS lines,
    sum(octet_length(value)) AS bytes,
    min(place) AS first,
    max(place) AS last,
    min(CASE WHEN NOT is_valid_utf8(value) THEN place END) AS not_utf8,
    min_by(digest, place) AS digest_of_first,
    sum(shiftrightunsigned(digest, 32)) AS high,
    sum(digest & 4294967295) AS low
FROM {lines}
GROUP BY file, block, width
"""


def text_lines(session: "SparkSession", addresses: Sequence[str], most_bytes: int) -> "DataFrame":
    """Return the lines of text files with the columns file, block, place and value.

    Args:
        session: a session that always divides files in the same way.
        addresses: the files. The same files in the same order give the same blocks and places.
        most_bytes: maximum number of bytes of a line. Longer ones are left out, and then the bytes
            of the file do not add up.
    """
    limit = {"mapreduce.input.linerecordreader.line.maxlength": str(most_bytes)}
    read = session.read.format("text").options(lineSep="\n", **limit).load(list(addresses))
    return read.selectExpr(
        "_metadata.file_path AS file",
        "_metadata.file_block_start AS block",
        "monotonically_increasing_id() AS place",
        "value",
    )


def csv_lines(session: "SparkSession", addresses: Sequence[str]) -> "DataFrame":
    """Return the table of the lines of CSV files, which may be compressed with gzip.

    Args:
        session: a session that always divides files in the same way.
        addresses: the files. The same ones in the same order have the same blocks and places.
    """
    return (
        text_lines(session, addresses, MOST_BYTES)
        .selectExpr(
            "*",
            r"CASE WHEN endswith(value, '\r') THEN regexp_replace(value, r'\r\r?\z', '') "
            "ELSE value END AS text",
        )
        .selectExpr("*", f"{_WIDTH} AS width", "xxhash64(text) AS digest")
    )


def parquet_lines(
    session: "SparkSession", addresses: Sequence[str], schema: "StructType"
) -> "DataFrame":
    """Return the table of the lines that the rows of Parquet files of one schema would be in CSV.

    Args:
        session: the session.
        addresses: the files.
        schema: the columns of each of them.
    """
    fields = ", ',', ".join(map(_in_csv, schema.fields)) or "''"
    return (
        session.read.schema(schema)
        .parquet(*addresses)
        .selectExpr(
            "_metadata.file_path AS file",
            "0 AS block",
            "_metadata.row_index AS place",
            f"concat({fields}) AS text",
        )
        .selectExpr("*", "text AS value", f"{len(schema)} AS width", "xxhash64(text) AS digest")
    )


def _in_csv(column: Any) -> str:
    """Return SQL for a column of Parquet as a field of CSV."""
    name = f"`{column.name.replace('`', '``')}`"
    kind = column.dataType.typeName()
    text = f"CAST({name} AS STRING)"
    if kind == "decimal" and column.dataType.scale > _DECIMALS:
        # Zeros after the sixth place are left out. A number that is still longer is rejected.
        shorter = rf"regexp_replace({text}, r'([.][0-9]{{{_DECIMALS}}})0+\z', '$1')"
        text = f"CASE WHEN {name} = 0 THEN '0.000000' ELSE {shorter} END"
    if kind == "string":
        text = rf"regexp_replace({text}, r'[\r\n]', ' ')"
        quoted = f"""concat('"', replace({text}, '"', '""'), '"')"""
        text = f"CASE WHEN {text} RLIKE '[,\"]' THEN {quoted} ELSE {text} END"
    return f"coalesce({text}, '')"


@dataclass(slots=True)
class Surveyed:
    """What is known about the lines of a file.

    Args:
        widths: the number of lines of each width.
        bytes: the number of bytes of all lines, without LF.
        digest_of_first: the hash of the first line.
        last_width: the width of the last line.
        starts: for each block, the place of its first line, and the number of lines before it.
        not_utf8: the block and the place of the first line that is not UTF-8; None if all are.
        open_quote: the same for the first line with a quoted field that does not end.
        sums: sums over the hashes of all lines, which do not depend on their order.
    """

    widths: dict[int, int] = field(default_factory=dict)
    bytes: int = 0
    digest_of_first: int = 0
    last_width: int = 0
    starts: dict[int, tuple[int, int]] = field(default_factory=dict)
    not_utf8: tuple[int, int] | None = None
    open_quote: tuple[int, int] | None = None
    sums: tuple[int, int] = (0, 0)

    @property
    def lines(self) -> int:
        """The number of lines."""
        return sum(self.widths.values())

    @property
    def sums_after_first(self) -> tuple[int, int]:
        """The sums without the first line."""
        high, low = self.sums
        return high - (self.digest_of_first >> 32 & _LOW), low - (self.digest_of_first & _LOW)

    def number(self, block: int, place: int) -> int:
        """Return the number of a line, from 1."""
        first, before = self.starts[block]
        return 1 + before + place - first


def survey(session: "SparkSession", lines: "DataFrame") -> Mapping[str, Surveyed]:
    """Count and check the lines of each file, on the executors; the driver adds up their sums.

    Args:
        session: the session of the lines.
        lines: a table of lines.

    Returns:
        What is known about each file that has a line, by its name as :func:`key_of` returns it.
    """
    found = session.sql(_SURVEY, lines=lines).toArrow().to_pylist()
    found.sort(key=lambda row: (row["file"], row["block"], row["first"]))
    files: dict[str, Surveyed] = {}
    last_places: dict[str, tuple[int, int]] = {}
    for row in found:
        file, block = key_of(row["file"]), row["block"]
        known = files.get(file)
        if known is None:
            known = files[file] = Surveyed(digest_of_first=row["digest_of_first"])
        if block not in known.starts:
            known.starts[block] = (row["first"], known.lines)
        known.widths[row["width"]] = known.widths.get(row["width"], 0) + row["lines"]
        known.bytes += row["bytes"]
        known.sums = (known.sums[0] + row["high"], known.sums[1] + row["low"])
        if (block, row["last"]) >= last_places.get(file, (0, 0)):
            last_places[file] = (block, row["last"])
            known.last_width = row["width"]
        if row["not_utf8"] is not None:
            at = block, row["not_utf8"]
            known.not_utf8 = min(known.not_utf8 or at, at)
        if row["width"] == OPEN_QUOTE and known.open_quote is None:
            known.open_quote = block, row["first"]
    return files
