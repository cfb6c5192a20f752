"""Adds up the performance of the slots of a window, with DuckDB whatever engine crunched them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from banners.crunch.engines.duckdb.errors import translated
from banners.crunch.engines.duckdb.session import duckdb_session
from banners.crunch.engines.engine import BATCH_ROWS
from banners.crunch.statements import statement
from banners.crunch.window.kept import figures_schema

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class Sums:
    """The sums over the slots of a window. While they are open, each may be read more than once.

    They are exact, so the order of the slots makes no difference.

    Args:
        connection: a DuckDB that has the relations ``slots`` and ``performance``.
    """

    def __init__(self, connection: "duckdb.DuckDBPyConnection") -> None:
        self._connection = connection

    def candidates(self) -> "Iterator[pa.RecordBatch]":
        """Stream all candidates with their figures, by campaign, best first."""
        return self._stream("candidates")

    def inventory(self) -> "Iterator[pa.RecordBatch]":
        """Stream the ids of the candidates of all campaigns, without repetition, in order."""
        return self._stream("inventory")

    def by_group(self) -> "Iterator[pa.RecordBatch]":
        """Stream the figures of each candidate by group and fill, in order."""
        return self._stream("window_groups")

    def by_arm(self) -> "Iterator[pa.RecordBatch]":
        """Stream the figures of each candidate by quarter and arm of a trial, in any order."""
        return self._stream("policy_window")

    def _stream(self, name: str) -> "Iterator[pa.RecordBatch]":
        with translated():
            cursor = self._connection.cursor()
            with cursor:
                yield from cursor.execute(statement(name)).to_arrow_reader(BATCH_ROWS)


@contextmanager
def added_up(slots: Sequence[Path], scratch: Path, *, memory: str) -> Iterator[Sums]:
    """Add up the performance of slots; the sums can be read until the block ends.

    Args:
        slots: the Parquet files of :mod:`banners.crunch.window.kept`; none for no candidates.
        scratch: an existing folder for data that does not fit into memory.
        memory: memory limit of DuckDB, such as ``2GB``.

    Raises:
        SourceError: the revenues of a banner are too large to be added up.
        CrunchError: DuckDB failed.
    """
    with duckdb_session(scratch, memory) as connection:
        if slots:
            connection.read_parquet(list(map(str, slots))).create_view("slots")
        else:
            connection.register("none", figures_schema().empty_table())
            connection.execute("CREATE TABLE slots AS FROM none")
        connection.execute(f"CREATE TABLE performance AS {statement('window')}")
        yield Sums(connection)
