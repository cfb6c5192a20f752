"""The tables that Spark's executors write, and how their rows reach the driver.

If a worker is lost, tables that are written already are not computed again.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Protocol

from banners.crunch.engines.engine import BATCH_ROWS
from banners.crunch.engines.spark.errors import translated
from banners.crunch.engines.spark.hadoop import HadoopPath, literal
from banners.errors import BannersError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

_PART = "part-"
_DONE = "_SUCCESS"
# Maximum number of rows in a file that the driver reads at a time: about 10 MB.
_MOST_ROWS = 100_000


class Tables(Protocol):
    """A folder of tables that executors write and the driver reads."""

    def write(
        self, session: "SparkSession", name: str, sql: str, *, by: Sequence[str] = ()
    ) -> "DataFrame":
        """Write the result of a statement, if it is not written yet, and return it as a table.

        Args:
            session: the session of the statement.
            name: the name of the table.
            sql: the statement.
            by: columns whose values divide the table into folders.
        """
        ...

    def stream(self, session: "SparkSession", name: str, sql: str) -> "Iterator[pa.RecordBatch]":
        """Write the result of a statement, and read it in order."""
        ...

    def remove(self) -> None:
        """Remove all tables."""
        ...


class SharedTables:
    """Tables in a folder that the driver and all executors see under the same path.

    Args:
        folder: the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(
        self, session: "SparkSession", name: str, sql: str, *, by: Sequence[str] = ()
    ) -> "DataFrame":
        """Write the result of a statement, if it is not written yet, and return it as a table."""
        folder = self._folder / name
        done = (folder / _DONE).exists()
        return _written(session, sql, f"file:{folder.absolute()}", done, rows_per_file=0, by=by)

    def stream(self, session: "SparkSession", name: str, sql: str) -> "Iterator[pa.RecordBatch]":
        """Write the result of a statement, and read it in order."""
        from pyarrow.parquet import ParquetFile

        with translated():
            self.write(session, name, sql)
        for part in sorted((self._folder / name).glob(f"{_PART}*.parquet")):
            with ParquetFile(part) as file:
                yield from file.iter_batches(BATCH_ROWS)

    def remove(self) -> None:
        """Remove all tables."""
        rmtree(self._folder, ignore_errors=True)


class TablesAtAddress:
    """Tables at an address of Hadoop. The driver gets them from executors, file by file.

    Args:
        folder: the address.
    """

    def __init__(self, folder: HadoopPath) -> None:
        self._folder = folder

    def write(
        self, session: "SparkSession", name: str, sql: str, *, by: Sequence[str] = ()
    ) -> "DataFrame":
        """Write the result of a statement, if it is not written yet, and return it as a table."""
        folder = self._folder / name
        done = folder.is_dir() and any(path.name == _DONE for path in folder.iterdir())
        return _written(session, sql, str(folder), done, rows_per_file=_MOST_ROWS, by=by)

    def stream(self, session: "SparkSession", name: str, sql: str) -> "Iterator[pa.RecordBatch]":
        """Write the result of a statement, and read it in order."""
        with translated():
            schema = self.write(session, name, sql).schema
        parts = [each for each in (self._folder / name).iterdir() if each.name.startswith(_PART)]
        for part in sorted(parts):
            with translated():
                table = (
                    session.read.schema(schema).parquet(literal(str(part))).coalesce(1).toArrow()
                )
            yield from table.to_batches(BATCH_ROWS)

    def remove(self) -> None:
        """Remove all tables. If Hadoop refuses, they stay; the result is complete nevertheless."""
        with suppress(OSError, BannersError), translated():
            self._folder.remove()


def _written(
    session: "SparkSession",
    sql: str,
    address: str,
    done: bool,
    *,
    rows_per_file: int,
    by: Sequence[str],
) -> "DataFrame":
    result = session.sql(sql)
    if not done:
        files = result.write.mode("overwrite").option("maxRecordsPerFile", rows_per_file)
        files.partitionBy(*by).parquet(address)
    return session.read.schema(result.schema).parquet(literal(address))
