"""Crunches quarters with DuckDB."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.core.events import Kind
from banners.crunch.engines.duckdb.errors import translated
from banners.crunch.engines.duckdb.session import duckdb_session
from banners.crunch.engines.engine import BATCH_ROWS, CrunchedQuarter, Engine
from banners.crunch.files.find import QuarterSources
from banners.crunch.files.plain import PlainFile
from banners.crunch.files.scan import LONGEST_LINE
from banners.crunch.scratch import scratch_folder
from banners.crunch.statements import (
    FUNCTIONS,
    TAG_COLUMNS,
    columns_in_sql,
    name_in_sql,
    own_id,
    parsed,
    statement,
    steps,
)

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@contextmanager
def duckdb_engine(*, memory: str) -> Iterator[Engine]:
    """Provide an engine for quarters that are crunched one after another.

    They share one DuckDB, because opening one takes about as long as reading a small file. It is
    opened when the first quarter is crunched.

    Args:
        memory: memory limit of DuckDB, such as ``2GB``.
    """
    # DuckDB keeps the folder for what does not fit into memory as long as it is open. It is made
    # here, since a signal could interrupt enter_context, which would leave it behind.
    with scratch_folder() as scratch, ExitStack() as opened:

        @cache
        def connection() -> "duckdb.DuckDBPyConnection":
            return opened.enter_context(_session(scratch, memory))

        yield lambda sources, _scratch: _crunched(connection(), sources)


def rank_with_duckdb(performance: "pa.Table", *, memory: str) -> Iterator["pa.RecordBatch"]:
    """Rank the candidates of one quarter.

    Args:
        performance: a table with the columns of the step ``performance``.
        memory: memory limit of DuckDB, such as ``2GB``.

    Yields:
        All candidates with their figures, by campaign, best first.

    Raises:
        CrunchError: DuckDB failed.
    """
    with scratch_folder() as scratch, duckdb_session(scratch, memory) as connection:
        connection.register("performance", performance)
        yield from connection.execute(statement("candidates")).to_arrow_reader(BATCH_ROWS)


@contextmanager
def _session(scratch: Path, memory: str) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open a DuckDB that has the functions of the crunch."""
    with duckdb_session(scratch, memory) as connection:
        connection.execute(
            "CREATE MACRO matches(text, pattern) AS regexp_full_match(text, pattern)"
        )
        for name, parameters in FUNCTIONS.items():
            connection.execute(
                f"CREATE MACRO {name}({', '.join(parameters)}) AS ({statement(name)})"
            )
        yield connection


@contextmanager
def _crunched(
    connection: "duckdb.DuckDBPyConnection", sources: QuarterSources
) -> Iterator[CrunchedQuarter]:
    """Crunch the files of one quarter; the result can be read until the block ends."""
    tagged = sources.tagged
    own = partial(statement, tagged=tagged)
    with translated(), ExitStack() as made:
        for kind in Kind:
            alike = list(_alike(sources.of(kind)))
            text = " UNION ALL ".join(_as_text(files, tagged=tagged) for files in alike)
            values = " UNION ALL ".join(_as_values(files, tagged=tagged) for files in alike)
            connection.execute(f"CREATE OR REPLACE VIEW text_{kind} AS {text}")
            connection.execute(f"CREATE OR REPLACE VIEW read_{kind} AS {values}")
        for step in steps(tagged=tagged):
            connection.execute(f"CREATE TABLE {step} AS {own(step)}")
            made.callback(_drop, connection, step)
        yield CrunchedQuarter(partial(_fetch, connection, own), partial(_stream, connection, own))


def _drop(connection: "duckdb.DuckDBPyConnection", step: str) -> None:
    """Free the memory of a step for the next quarter."""
    import duckdb

    # After some errors DuckDB refuses any statement; the first error is the one to report.
    with suppress(duckdb.Error):
        connection.execute(f"DROP TABLE {step}")


def _fetch(
    connection: "duckdb.DuckDBPyConnection", statement_of: Callable[[str], str], name: str
) -> list[Any]:
    with translated():
        return connection.execute(statement_of(name)).fetchall()


def _stream(
    connection: "duckdb.DuckDBPyConnection", statement_of: Callable[[str], str], name: str
) -> Iterator["pa.RecordBatch"]:
    with translated():
        # A cursor of its own, so that several streams can be read alternately.
        cursor = connection.cursor()
        with cursor:
            yield from cursor.execute(statement_of(name)).to_arrow_reader(BATCH_ROWS)


def _alike(files: Iterable[PlainFile]) -> Iterator[list[PlainFile]]:
    """Group files that are read in the same way: thousands of small ones need one plan."""

    def form(file: PlainFile) -> tuple[tuple[str, ...], bool]:
        return file.columns, file.digits

    return (list(group) for _, group in groupby(sorted(files, key=form), form))


def _as_text(files: Sequence[PlainFile], *, tagged: bool) -> str:
    kind = files[0].kind
    columns = ", ".join(
        f"{_text(files[0], name)} AS {name}" for name in columns_in_sql(kind, tagged=tagged)
    )
    return f"SELECT {columns} FROM {_read_csv(files)}"  # noqa: S608


def _as_values(files: Sequence[PlainFile], *, tagged: bool) -> str:
    first = files[0]
    kind = first.kind
    if not first.digits or "revenue" in kind.columns:
        return f"SELECT {parsed(kind, tagged=tagged)} FROM ({_as_text(files, tagged=tagged)})"  # noqa: S608
    # For such files, reading numbers directly gives the same result several times as fast.
    columns = list(kind.columns)
    if tagged and kind.id_column not in kind.columns:
        has = kind.id_column in first.read
        columns.append(f"{own_id(kind.id_column) if has else 0} AS {kind.id_column}")
    if tagged:
        columns.append(f"tag_of({_text(first, 'group_name')}, {_text(first, 'fill')}) AS tag")
    return f"SELECT {', '.join(columns)} FROM {_read_csv(files, numbers=True)}"  # noqa: S608


def _text(file: PlainFile, name: str) -> str:
    """Return SQL for a column as text: NULL if the file does not have it, and only then."""
    has = name in map(name_in_sql, file.read)
    return f"coalesce({name}, '')" if has else "CAST(NULL AS VARCHAR)"


def _read_csv(files: Sequence[PlainFile], *, numbers: bool = False) -> str:
    """Return a table function that reads plain files literally: no quotes, comments or guesses."""
    columns = ", ".join(
        f"{_literal(name)}: '{'BIGINT' if numbers and name not in TAG_COLUMNS else 'VARCHAR'}'"
        for name in map(name_in_sql, files[0].columns)
    )
    # A view takes no parameters. Only the paths come from outside, and they are quoted. They are
    # absolute, because DuckDB replaces a leading ~ by the home folder.
    paths = ", ".join(_literal(str(file.plain.absolute())) for file in files)
    return (
        f"read_csv([{paths}], columns={{{columns}}}, "
        "auto_detect=false, hive_partitioning=false, header=false, "
        "skip=1, delim=',', new_line='\\n', quote='', escape='', comment='', strict_mode=true, "
        f"max_line_size={LONGEST_LINE})"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
