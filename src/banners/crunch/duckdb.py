"""The engine for one machine: DuckDB, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.crunch.engine import CrunchedQuarter, totals_do_not_fit
from banners.crunch.kinds import Kind
from banners.crunch.plain import PlainFile
from banners.crunch.scan import LONGEST_LINE
from banners.crunch.scratch import scratch_folder
from banners.crunch.sources import QuarterSources
from banners.crunch.statements import FUNCTIONS, STEPS, parsed, statement
from banners.errors import CrunchError, SourceError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# Enough rows for the publisher to work in strides, few enough to be nothing in memory.
_BATCH_ROWS = 20_000


@contextmanager
def crunch_with_duckdb(
    sources: QuarterSources, scratch: Path, *, memory: str
) -> Iterator[CrunchedQuarter]:
    """Crunch the files of one quarter; the result can be read until the block ends.

    Args:
        sources: the files of the quarter, in plain form.
        scratch: an existing folder for what does not fit into memory.
        memory: what the engine may take, such as ``2GB``.

    Raises:
        SourceError: the revenues cannot be added up.
        CrunchError: DuckDB failed.
    """
    with _translated(), _connect(scratch, memory) as connection:
        connection.execute(
            "CREATE MACRO matches(text, pattern) AS regexp_full_match(text, pattern)"
        )
        for function in FUNCTIONS:
            connection.execute(f"CREATE MACRO {function}(text) AS ({statement(function)})")
        for kind in Kind:
            spelled = " UNION ALL ".join(_as_text(file) for file in sources.of(kind))
            values = " UNION ALL ".join(_as_values(file) for file in sources.of(kind))
            connection.execute(f"CREATE VIEW text_{kind} AS {spelled}")
            connection.execute(f"CREATE VIEW read_{kind} AS {values}")
        for step in STEPS:
            connection.execute(f"CREATE TABLE {step} AS {statement(step)}")
        yield CrunchedQuarter(partial(_fetch, connection), partial(_stream, connection))


def choose_with_duckdb(performance: "pa.Table", *, memory: str) -> Iterator["pa.RecordBatch"]:
    """Apply the rule to figures, wherever they come from.

    Args:
        performance: the columns that the step ``performance`` has, of one quarter.
        memory: what the engine may take, such as ``2GB``.

    Yields:
        Every candidate with its figures and place, by campaign, best first.

    Raises:
        CrunchError: DuckDB failed.
    """
    with scratch_folder() as scratch, _translated(), _connect(scratch, memory) as connection:
        connection.register("performance", performance)
        yield from connection.execute(statement("lineup")).to_arrow_reader(_BATCH_ROWS)


def _connect(scratch: Path, memory: str) -> "duckdb.DuckDBPyConnection":
    import duckdb

    return duckdb.connect(
        config={
            "memory_limit": memory,
            "temp_directory": str(scratch),
            # The statements that need an order ask for it; keeping that of the files costs memory.
            "preserve_insertion_order": False,
        }
    )


def _fetch(connection: "duckdb.DuckDBPyConnection", name: str) -> list[Any]:
    with _translated():
        return connection.execute(statement(name)).fetchall()


def _stream(connection: "duckdb.DuckDBPyConnection", name: str) -> Iterator["pa.RecordBatch"]:
    with _translated():
        # A cursor of its own, so that one stream may be read while another is open.
        cursor = connection.cursor()
        with cursor:
            yield from cursor.execute(statement(name)).to_arrow_reader(_BATCH_ROWS)


def _as_text(file: PlainFile) -> str:
    return f"SELECT {', '.join(file.kind.columns)} FROM {_read_csv(file, 'VARCHAR')}"  # noqa: S608


def _as_values(file: PlainFile) -> str:
    if not file.digits or "revenue" in file.kind.columns:
        return f"SELECT {parsed(file.kind)} FROM ({_as_text(file)})"  # noqa: S608
    # Reading numbers at once is several times as fast, and here it is the same.
    return f"SELECT {', '.join(file.kind.columns)} FROM {_read_csv(file, 'BIGINT')}"  # noqa: S608


def _read_csv(file: PlainFile, column_type: str) -> str:
    """Read a plain file to the letter: no quotes, no comments, no guesses, nothing left out."""
    columns = ", ".join(f"{_literal(name)}: '{column_type}'" for name in file.columns)
    texts = file.columns if column_type == "VARCHAR" else ()
    kept = ", ".join(_literal(name) for name in texts)
    # Nothing here comes from outside but the path, which is quoted; a view takes no parameters.
    # It is absolute, since what begins with ~ would be looked for in the home folder.
    return (
        f"read_csv({_literal(str(file.plain.absolute()))}, columns={{{columns}}}, "
        f"force_not_null=[{kept}], auto_detect=false, hive_partitioning=false, header=false, "
        "skip=1, delim=',', new_line='\\n', quote='', escape='', comment='', strict_mode=true, "
        f"max_line_size={LONGEST_LINE})"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _translated() -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise CrunchError(
            f"DuckDB ran out of memory or of room for temporary files: {_first_line(error)}. "
            "Raise BANNERS_MEMORY, or free disk space where temporary files go (TMPDIR)."
        ) from error
    except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        raise SourceError(totals_do_not_fit(_first_line(error))) from error
    except duckdb.Error as error:
        raise CrunchError(f"DuckDB failed: {_first_line(error)}.") from error
    except RuntimeError as error:
        if "interrupted" in str(error):  # what DuckDB makes of Ctrl-C
            raise KeyboardInterrupt from error
        raise


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")
