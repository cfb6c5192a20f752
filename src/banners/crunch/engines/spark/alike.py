"""Files at addresses of Hadoop that have the same header, and their rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from banners.core.events import REVENUE_PATTERN, Kind
from banners.core.views import Group
from banners.crunch.engines.spark.hadoop import HadoopPath, Status, key_of
from banners.crunch.engines.spark.lines import FIELDS, Surveyed
from banners.crunch.engines.spark.tables import Tables
from banners.crunch.files.find import Suspect
from banners.crunch.files.lines import line_of
from banners.crunch.files.plain import picks_of, plain_values
from banners.crunch.statements import columns_in_sql, name_in_sql

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

_PATTERNS = {"revenue": REVENUE_PATTERN, "group": "|".join(Group), "fill": "[01]"}


@dataclass(frozen=True, slots=True)
class HadoopFile:
    """A file at an address of Hadoop that was checked.

    Args:
        path: the file.
        status: its size and time of change, from before it was read.
        sha256: SHA-256 of the counts and hashes of its lines, in hexadecimal; the same for the same
            lines in another form or order.
        lines: what is known about its lines.
    """

    path: HadoopPath
    status: Status
    sha256: str
    lines: Surveyed

    def is_unchanged(self) -> bool:
        """Return whether the file is still the one that was read."""
        try:
            return self.path.status() == self.status
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class AlikeFiles:
    """Files of one kind that have the same header.

    Args:
        kind: the kind of their events.
        columns: the columns that the header names, as
            :func:`banners.crunch.files.header.columns_of` returns them.
        has_header_line: whether the header is the first line of each file, as in CSV.
        files: the files by their names, as :func:`key_of` returns them for the column ``file``.
        lines: the table of their lines (see :mod:`banners.crunch.engines.spark.lines`).
    """

    kind: Kind
    columns: tuple[str, ...]
    has_header_line: bool
    files: Mapping[str, HadoopFile]
    lines: "DataFrame"

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that are read, in order."""
        return self.kind.read_from(self.columns)

    @property
    def rows(self) -> int:
        """The number of rows, without headers and blank lines."""
        return sum(
            each.lines.lines - each.lines.widths.get(0, 0) - self.has_header_line
            for each in self.files.values()
        )

    @property
    def bad_width(self) -> int:
        """The number of rows with another number of fields than the header."""
        kept = (0, len(self.columns))
        widths = (each.lines.widths.items() for each in self.files.values())
        return sum(lines for each in widths for width, lines in each if width not in kept)

    def text(self, *, tagged: bool) -> "DataFrame":
        """Return the relation ``text_<kind>`` of :mod:`banners.crunch.statements`."""
        places = dict(zip(map(name_in_sql, self.columns), range(len(self.columns)), strict=True))
        rows = self.lines.where(f"width = {len(self.columns)} AND {self._is_row()}")
        return rows.selectExpr(f"{FIELDS} AS fields").selectExpr(
            *(
                f"fields[{places[name]}] AS {name}"
                if name in places
                else f"CAST(NULL AS STRING) AS {name}"
                for name in columns_in_sql(self.kind, tagged=tagged)
            )
        )

    def suspects(
        self, session: "SparkSession", tables: Tables, name: str, ids: "pa.Array | None"
    ) -> Iterator[Suspect]:
        """Let executors find the rows that are perhaps not accepted, and yield them in order.

        Args:
            session: the session of the lines.
            tables: where the executors write them.
            name: the name of their table.
            ids: quarantined ids of the kind; None if there are none.
        """
        self.lines.selectExpr("*", f"{FIELDS} AS fields").createOrReplaceTempView(name)
        picks = picks_of(self.kind, self.columns)
        fields = dict(zip(self.read, (f"get(fields, {pick})" for pick in picks), strict=True))
        valid = [
            f"matches({each}, '{_PATTERNS[column]}')" if column in _PATTERNS else f"to_id({each})>0"
            for column, each in fields.items()
        ]
        doubts = [f"width <> {len(self.columns)}", f"NOT coalesce({' AND '.join(valid)}, false)"]
        if ids is not None and self.kind.id_column in fields:
            import pyarrow as pa

            known = session.createDataFrame(pa.table({"id": ids}))
            known.createOrReplaceTempView(f"{name}_ids")
            doubts.append(f"to_id({fields[self.kind.id_column]}) IN (SELECT id FROM {name}_ids)")  # noqa: S608
        found = (
            "SELECT file, block, place, CAST(text AS BINARY) AS line "  # noqa: S608
            f"FROM {name} WHERE width <> 0 AND {self._is_row()} AND ({' OR '.join(doubts)}) "
            "ORDER BY file, block, place"
        )
        for batch in tables.stream(session, name, found):
            for file, block, place, text in zip(
                *(column.to_pylist() for column in batch.columns), strict=True
            ):
                of = self.files[key_of(file)]
                number = of.lines.number(block, place) + (not self.has_header_line)
                line = line_of(number, text, ended=True)
                values = plain_values(line, len(self.columns), picks)
                yield Suspect(of.path, self.read, line, values)

    def _is_row(self) -> str:
        """Return SQL for whether a line is a row, and not the header."""
        if not self.has_header_line:
            return "true"
        first = ", ".join(str(each.lines.starts[0][0]) for each in self.files.values())
        return f"NOT (block = 0 AND place IN ({first}))"


def of_all_kinds(alike: Mapping[Kind, Sequence[AlikeFiles]]) -> Iterator[AlikeFiles]:
    """List the files of all kinds."""
    return chain.from_iterable(alike.values())
