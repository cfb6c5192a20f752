"""Closes slots with Spark: executors read the segments and make the rows of the event files."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.collect.close.account import ClosedSlot
from banners.collect.close.closer import (
    account_of,
    other_form,
    quarters_of,
    revenue_overflow,
)
from banners.collect.close.duckdb_engine import DuckDBCloser
from banners.collect.close.records import KIND_OF
from banners.collect.close.statements import (
    COLUMNS,
    FILE_COLUMNS,
    STEPS,
    VIEWS,
    rows_of,
    statement,
)
from banners.collect.close.totals_file import write_totals
from banners.collect.segments.names import Segment
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.crunch.engines.duckdb.session import duckdb_session
from banners.crunch.engines.spark.crunch import SparkEngine
from banners.crunch.engines.spark.errors import translated
from banners.crunch.engines.spark.tables import Tables
from banners.errors import CollectError, CrunchError, SourceError
from banners.job.spark_segments import read_segments

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from pyspark.sql import SparkSession

# Spark's errors for a record with another number of fields, and for a field of another form.
_BAD_FIELD = re.compile(
    r"\[(?:USER_RAISED_EXCEPTION|CAST_INVALID_INPUT)\] ([^.]+?) *(?:SQLSTATE|\.)"
)


class SparkCloser:
    """Closes slots as :class:`banners.collect.close.closer.Closer`.

    Its methods raise errors of Spark and DuckDB, which :func:`spark_closer` translates.

    Args:
        engine: the Spark to close them with.
        connection: a DuckDB of its own, which writes the file of totals.
        scratch: an existing folder for temporary files.
    """

    def __init__(
        self, engine: SparkEngine, connection: "duckdb.DuckDBPyConnection", scratch: Path
    ) -> None:
        self._engine = engine
        self._connection = connection
        self._scratch = scratch
        self._session: SparkSession
        self._records: Tables | None = None
        self._slots: frozenset[int] = frozenset()
        # Spark takes seconds for a slot without records.
        self._without_records = DuckDBCloser(connection, scratch)

    def read(self, segments: Sequence[Segment], slots: Collection[int]) -> int:
        """Read the records of some slots; return the number of damaged bytes."""
        self.forget()
        with translated():
            self._session = self._engine.session_for(sum(map(_size_of, segments)))
            self._records = self._engine.tables(self._scratch)
            read = read_segments(self._session, self._records, segments, slots)
            read.records.createOrReplaceTempView("records")
        self._slots = read.slots
        return read.torn

    def close(
        self,
        slot: int,
        quarter: Quarter,
        path_of: Mapping[tuple[Kind, Quarter], Path],
        totals: Path,
    ) -> ClosedSlot:
        """Write the event files of a slot whose records were read."""
        if slot not in self._slots:
            return self._without_records.close(slot, quarter, path_of, totals)
        tables = self._engine.tables(self._scratch)
        try:
            with translated():
                self._prepare(slot, quarter, tables)
            quarters = quarters_of(quarter, self._rows("quarters", quarter))
            for each in quarters:
                for kind in Kind:
                    rows = rows_of(kind, each, mark="`")
                    batches = tables.stream(self._session, f"{kind}-{each:d}", rows)
                    _write_csv(path_of[kind, each], FILE_COLUMNS[kind], batches)
            for name in ("totals", "pages"):
                self._copy(name, tables, statement(name, quarter))
            write_totals(self._connection, slot, totals)
            return ClosedSlot(
                slot=slot,
                quarters=quarters,
                account=account_of(self._rows("account", quarter)),
                totals=sha256(totals.read_bytes()).hexdigest(),
            )
        finally:
            tables.remove()

    def forget(self) -> None:
        """Remove the records that were read."""
        if self._records:
            self._records.remove()

    def _prepare(self, slot: int, quarter: Quarter, tables: Tables) -> None:
        for letter, kind in KIND_OF.items():
            fields = ", ".join(
                f"CAST(fields[{place}] AS {_type(sql_type)}) AS {name}"
                for place, (name, sql_type) in enumerate(COLUMNS[kind].items())
            )
            number = len(COLUMNS[kind])
            rows = self._session.sql(
                f"SELECT {fields} FROM ("  # noqa: S608  # nothing in it comes from outside
                f"SELECT CASE WHEN size(fields) = {number} THEN fields "
                f"ELSE raise_error('A record has other than {number} fields') END AS fields "
                "FROM (SELECT split(fields, ',', -1) AS fields "
                f"FROM records WHERE slot = {slot:d} AND kind = '{letter}'))"
            )
            rows.createOrReplaceTempView(f"read_{kind}")
        for step in STEPS:
            table = tables.write(self._session, step, statement(step, quarter))
            table.createOrReplaceTempView(step)
        for view in VIEWS:
            self._session.sql(statement(view, quarter)).createOrReplaceTempView(view)

    def _rows(self, name: str, quarter: Quarter) -> Sequence[tuple[Any, ...]]:
        with translated():
            return [tuple(row) for row in self._session.sql(statement(name, quarter)).collect()]

    def _copy(self, name: str, tables: Tables, sql: str) -> None:
        """Copy the result of a statement to a table of DuckDB."""
        with translated():
            fields = self._session.sql(sql).schema.fields
        columns = ", ".join(
            f"{field.name} {'VARCHAR' if field.dataType.typeName() == 'string' else 'BIGINT'}"
            for field in fields
        )
        self._connection.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
        for batch in tables.stream(self._session, name, sql):
            self._connection.from_arrow(_table(batch)).insert_into(name)


def _size_of(segment: Segment) -> int:
    try:
        return segment.path.stat().st_size
    except FileNotFoundError:
        return 0  # sealed meanwhile; a rough sum of the sizes is enough


def _table(batch: "pa.RecordBatch") -> "pa.Table":
    import pyarrow as pa

    return pa.Table.from_batches([batch])


def _type(sql_type: str) -> str:
    """Return what Spark calls an SQL type."""
    return "STRING" if sql_type == "VARCHAR" else sql_type


def _write_csv(path: Path, columns: Iterable[str], batches: "Iterable[pa.RecordBatch]") -> None:
    import pyarrow as pa
    from pyarrow import csv

    # Fields are numbers and words of ours.
    options = csv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as file:
        file.write(",".join(columns).encode() + b"\n")
        for batch in batches:
            try:
                csv.write_csv(batch, file, options)
            except pa.ArrowInvalid as error:
                raise other_form(str(error)) from error


@contextmanager
def spark_closer(
    scratch: Path, *, engine: Callable[[], AbstractContextManager[SparkEngine]], memory: str
) -> Iterator[SparkCloser]:
    """Open a Spark to close slots with.

    Args:
        scratch: an existing folder for temporary files; executors see it under the same path.
        engine: opens the engine.
        memory: memory limit of the DuckDB that writes the file of totals, such as ``2GB``.

    Raises:
        CollectError: Spark or DuckDB fails in the block.
        SettingsError: PySpark is missing, or the memory is too small for Spark.
    """
    try:
        with engine() as spark, duckdb_session(scratch, memory) as connection:
            closer = SparkCloser(spark, connection, scratch)
            try:
                yield closer
            finally:
                closer.forget()
    except SourceError as error:
        raise revenue_overflow() from error
    except CrunchError as error:
        if found := _BAD_FIELD.search(str(error)):
            raise other_form(found[1]) from error
        raise CollectError(f"{error} Slots keep their event files; close again.") from error
