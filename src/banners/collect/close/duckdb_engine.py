"""Turns the records of a slot into event files with DuckDB."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.collect.close.account import ClosedSlot
from banners.collect.close.arms import arm_sums
from banners.collect.close.closer import (
    account_of,
    other_form,
    quarters_of,
    revenue_overflow,
)
from banners.collect.close.records import divide
from banners.collect.close.statements import COLUMNS, STEPS, VIEWS, rows_of, statement
from banners.collect.close.totals_file import recent_figures, write_totals
from banners.collect.segments.names import Segment
from banners.core.arms import ArmSums
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.totals import RecentFigures
from banners.errors import CollectError

if TYPE_CHECKING:
    import duckdb


class DuckDBCloser:
    """Closes slots as :class:`banners.collect.close.closer.Closer`; adds up the totals of slots.

    Its methods raise errors of DuckDB, which :func:`duckdb_closer` translates.

    Args:
        connection: a DuckDB of its own.
        scratch: an existing folder for temporary files.
    """

    def __init__(self, connection: "duckdb.DuckDBPyConnection", scratch: Path) -> None:
        self._connection = connection
        self._scratch = scratch
        self._records: Mapping[tuple[int, Kind], Path] = {}

    def read(self, segments: Sequence[Segment], slots: Collection[int]) -> int:
        """Read the records of some slots; return the number of damaged bytes."""
        for path in self._records.values():
            path.unlink()
        self._records, torn = divide(segments, slots, self._scratch)
        return torn

    def close(
        self,
        slot: int,
        quarter: Quarter,
        path_of: Mapping[tuple[Kind, Quarter], Path],
        totals: Path,
    ) -> ClosedSlot:
        """Write the event files of a slot whose records were read."""
        self._prepare(slot, quarter)
        quarters = quarters_of(quarter, self._rows("quarters", quarter))
        for each in quarters:
            for kind in Kind:
                target = str(path_of[kind, each]).replace("'", "''")
                self._connection.execute(
                    f"COPY ({rows_of(kind, each)}) TO '{target}' (FORMAT csv, HEADER)"
                )
        self._connection.execute(
            f"CREATE OR REPLACE TABLE totals AS {statement('totals', quarter)}"
        )
        self._connection.execute(f"CREATE OR REPLACE TABLE pages AS {statement('pages', quarter)}")
        write_totals(self._connection, slot, totals)
        return ClosedSlot(
            slot=slot,
            quarters=quarters,
            account=account_of(self._rows("account", quarter)),
            totals=sha256(totals.read_bytes()).hexdigest(),
        )

    def recent(self, paths: Sequence[Path], until: int) -> dict[int, RecentFigures]:
        """Return what counts of each campaign lately: see :func:`recent_figures`."""
        return recent_figures(self._connection, paths, until)

    def arms(self, paths: Sequence[Path]) -> dict[int, list[ArmSums]]:
        """Return the sums of the compared arms: see :func:`arm_sums`."""
        return arm_sums(self._connection, paths)

    def logged(self, slot: int) -> Sequence[tuple[Any, ...]]:
        """Return the rows of ``logged.sql`` of a slot whose records were read."""
        # Any quarter will do: only conversions without a click have it, and no row is made of them.
        self._prepare(slot, Quarter.FIRST)
        return self._rows("logged", Quarter.FIRST)

    def _prepare(self, slot: int, quarter: Quarter) -> None:
        for kind, columns in COLUMNS.items():
            typed = ", ".join(f"'{name}': '{sql_type}'" for name, sql_type in columns.items())
            if path := self._records.get((slot, kind)):
                text = str(path).replace("'", "''")
                source = (
                    f"SELECT * FROM read_csv('{text}', columns={{{typed}}}, auto_detect=false, "  # noqa: S608  # only the path comes from outside, and it is quoted
                    f"header=false, delim=',', quote='', escape='')"
                )
            else:
                nothing = ", ".join(
                    f"CAST(NULL AS {sql_type}) AS {name}" for name, sql_type in columns.items()
                )
                source = f"SELECT {nothing} WHERE false"
            self._connection.execute(f"CREATE OR REPLACE VIEW read_{kind} AS {source}")
        for step in STEPS:
            self._connection.execute(
                f"CREATE OR REPLACE TABLE {step} AS {statement(step, quarter)}"
            )
        for view in VIEWS:
            self._connection.execute(f"CREATE OR REPLACE VIEW {view} AS {statement(view, quarter)}")

    def _rows(self, name: str, quarter: Quarter) -> Sequence[tuple[Any, ...]]:
        return self._connection.execute(statement(name, quarter)).fetchall()


@contextmanager
def duckdb_closer(scratch: Path, memory: str) -> Iterator[DuckDBCloser]:
    """Open a DuckDB to close slots with.

    Args:
        scratch: an existing folder for temporary files.
        memory: memory limit of DuckDB, such as ``2GB``.

    Raises:
        CollectError: DuckDB cannot be opened, or fails in the block.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "temp_directory": str(scratch),
    }
    with _translated(), duckdb.connect(config=config) as connection:
        yield DuckDBCloser(connection, scratch)


@contextmanager
def _translated() -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        said = str(error).partition("\n")[0]
        if isinstance(error, duckdb.ConversionException) and "out of range" in said:
            raise revenue_overflow() from error
        if isinstance(
            error,
            duckdb.ConversionException | duckdb.InvalidInputException | duckdb.OutOfRangeException,
        ):
            raise other_form(said) from error
        raise CollectError(
            f"DuckDB failed: {said}. Free memory and disk space, or raise BANNERS_MEMORY, and "
            "close again."
        ) from error
