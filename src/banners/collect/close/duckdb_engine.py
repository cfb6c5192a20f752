"""Turns the records of a slot into event files with DuckDB."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.collect.close.account import ClosedSlot
from banners.collect.close.arms import arm_sums
from banners.collect.close.statements import COLUMNS, STEPS, VIEWS, rows_of, statement
from banners.collect.close.totals_file import recent_figures, write_totals
from banners.core.arms import ArmSums
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.totals import RecentFigures
from banners.errors import CollectError

if TYPE_CHECKING:
    import duckdb


class DuckDBCloser:
    """Makes the event files of slots, one after the other.

    Args:
        connection: a DuckDB of its own.
    """

    def __init__(self, connection: "duckdb.DuckDBPyConnection") -> None:
        self._connection = connection

    def close(
        self,
        slot: int,
        quarter: Quarter,
        records: Mapping[Kind, Path],
        path_of: Mapping[tuple[Kind, Quarter], Path],
        totals: Path,
    ) -> ClosedSlot:
        """Write the event files of a slot.

        Args:
            slot: the slot.
            quarter: the quarter that it has by the calendar.
            records: files with the fields of its records; a kind without records has none.
            path_of: where to write the file of each kind and quarter.
            totals: where to write the file of its totals.

        Returns:
            Its quarters and account, and the digest of its totals.

        Raises:
            duckdb.Error: DuckDB fails; :func:`duckdb_closer` translates it.
        """
        self._read(quarter, records)
        quarters = self._quarters(quarter)
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
        write_totals(self._connection, slot, "totals", "pages", totals)
        return ClosedSlot(
            slot=slot,
            quarters=quarters,
            account=self._account(),
            totals=sha256(totals.read_bytes()).hexdigest(),
        )

    def recent(self, paths: Sequence[Path], until: int) -> dict[int, RecentFigures]:
        """Return what counts of each campaign lately: see :func:`recent_figures`.

        Raises:
            duckdb.Error: DuckDB fails; :func:`duckdb_closer` translates it.
        """
        return recent_figures(self._connection, paths, until)

    def arms(self, paths: Sequence[Path]) -> dict[int, list[ArmSums]]:
        """Return the sums of the compared arms: see :func:`arm_sums`.

        Raises:
            duckdb.Error: DuckDB fails; :func:`duckdb_closer` translates it.
        """
        return arm_sums(self._connection, paths)

    def logged(self, quarter: Quarter, records: Mapping[Kind, Path]) -> Sequence[tuple[Any, ...]]:
        """Return the rows of ``logged.sql`` of a slot.

        Args:
            quarter: the quarter that it has by the calendar.
            records: files with the fields of its records; a kind without records has none.

        Raises:
            duckdb.Error: DuckDB fails; :func:`duckdb_closer` translates it.
        """
        self._read(quarter, records)
        return self._connection.execute(statement("logged", quarter)).fetchall()

    def _read(self, quarter: Quarter, records: Mapping[Kind, Path]) -> None:
        for kind, columns in COLUMNS.items():
            typed = ", ".join(f"'{name}': '{of}'" for name, of in columns.items())
            if path := records.get(kind):
                text = str(path).replace("'", "''")
                source = (
                    f"SELECT * FROM read_csv('{text}', columns={{{typed}}}, auto_detect=false, "  # noqa: S608  # only the path comes from outside, and it is quoted
                    f"header=false, delim=',', quote='', escape='')"
                )
            else:
                nothing = ", ".join(f"CAST(NULL AS {of}) AS {name}" for name, of in columns.items())
                source = f"SELECT {nothing} WHERE false"
            self._connection.execute(f"CREATE OR REPLACE VIEW read_{kind} AS {source}")
        for step in STEPS:
            self._connection.execute(
                f"CREATE OR REPLACE TABLE {step} AS {statement(step, quarter)}"
            )
        for view in VIEWS:
            self._connection.execute(f"CREATE OR REPLACE VIEW {view} AS {statement(view, quarter)}")

    def _quarters(self, quarter: Quarter) -> tuple[Quarter, ...]:
        found = self._connection.execute(
            "SELECT quarter FROM views UNION SELECT quarter FROM clicks "
            "UNION SELECT quarter FROM conversions"
        ).fetchall()
        return tuple(sorted({quarter, *(Quarter(each) for (each,) in found)}))

    def _account(self) -> Mapping[Kind, Mapping[str, int]]:
        account: dict[Kind, dict[str, int]] = defaultdict(dict)
        rows = self._connection.execute(statement("account", Quarter.FIRST)).fetchall()
        for kind, outcome, affected in rows:
            if affected:
                account[Kind(kind)][outcome] = int(affected)
        return dict(account)


@contextmanager
def duckdb_closer(scratch: Path, memory: str) -> Iterator[DuckDBCloser]:
    """Open a DuckDB to close slots with.

    Args:
        scratch: an existing folder for data that does not fit into memory.
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
        yield DuckDBCloser(connection)


@contextmanager
def _translated() -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise CollectError(
            f"DuckDB failed: {str(error).partition(chr(10))[0]}. Free memory and disk space, or "
            "raise BANNERS_MEMORY, and close again."
        ) from error
