"""Crunches a quarter with Spark."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache, partial, reduce
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.core.events import Kind
from banners.core.model import Quarter
from banners.crunch.engines.engine import BATCH_ROWS, CrunchedQuarter, Engine
from banners.crunch.engines.spark.errors import translated
from banners.crunch.engines.spark.progress import progress_reported
from banners.crunch.engines.spark.session import spark_session
from banners.crunch.files.find import QuarterSources
from banners.crunch.scratch import scratch_folder
from banners.crunch.statements import (
    FUNCTIONS,
    columns_in_sql,
    name_in_sql,
    parsed,
    statement,
    steps,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

OnTasks = Callable[[Quarter, int, int], None]
"""Called with the quarter, the number of tasks done, and the number of tasks known so far."""

# Maximum number of input bytes for each part of a shuffle; Spark joins small parts again.
_PART_BYTES = 1 << 20
_MOST_PARTS = 2000

_OPTIONS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": "16m",
}
# The pattern must match the complete text, but RLIKE also finds it inside. \z, because $ also
# matches before a line break at the end.
_MATCHES = r"text RLIKE concat(r'\A(?:', pattern, r')\z')"


@contextmanager
def spark_engine(
    *,
    master: str,
    memory: str,
    on_tasks: OnTasks | None = None,
    options: Mapping[str, str] | None = None,
) -> Iterator[Engine]:
    """Provide an engine that starts Spark for the first quarter, and ends it with the block.

    Args:
        master: see :func:`~banners.crunch.engines.spark.session.spark_session`, also for memory
            and options.
        memory: memory limit of the driver, such as ``2GB``.
        on_tasks: called with the progress, from a separate thread.
        options: further properties of Spark.
    """
    with ExitStack() as stack:

        @cache
        def session() -> "SparkSession":
            opened = spark_session(master=master, memory=memory, options=options)
            return stack.enter_context(opened)

        yield lambda sources, scratch: crunch_with_spark(
            sources, scratch, session=session(), on_tasks=on_tasks
        )


@contextmanager
def crunch_with_spark(
    sources: QuarterSources,
    scratch: Path,
    *,
    session: "SparkSession",
    on_tasks: OnTasks | None = None,
) -> Iterator[CrunchedQuarter]:
    """Crunch the files of one quarter; the result can be read until the block ends.

    Args:
        sources: the files of the quarter, in plain form, where driver and workers can read them.
        scratch: an existing folder where driver and workers can write.
        session: the Spark session to use.
        on_tasks: called with the progress, from a separate thread.

    Raises:
        SourceError: the revenues are too large to be added up.
        CrunchError: Spark failed.
    """
    report = partial(on_tasks, sources.quarter) if on_tasks else None
    size = sum(file.plain.stat().st_size for file in sources.files)
    statement_of = partial(statement, tagged=sources.tagged)
    parts = min(1 + size // _PART_BYTES, _MOST_PARTS)
    with scratch_folder(inside=scratch) as tables:
        with translated(), progress_reported(session, report):
            own = _own_session(session, parts)
            for kind in Kind:
                # With a single part, nothing has to be exchanged between parts.
                text = _read_csv(own, sources, kind).coalesce(parts)
                text.createOrReplaceTempView(f"text_{kind}")
                columns = parsed(kind, tagged=sources.tagged)
                values = own.sql(f"SELECT {columns} FROM text_{kind}")  # noqa: S608
                values.createOrReplaceTempView(f"read_{kind}")
            for step in steps(tagged=sources.tagged):
                table = _write(own, step, statement_of(step), tables)
                table.coalesce(parts).createOrReplaceTempView(step)
        yield CrunchedQuarter(
            lambda name: _fetch(own, statement_of(name)),
            lambda name: _stream(own, name, statement_of(name), tables),
        )


def _own_session(session: "SparkSession", parts: int) -> "SparkSession":
    """Open a session with the functions of the statements, and names for one quarter only."""
    own = session.newSession()
    for option, text in (_OPTIONS | {"spark.sql.shuffle.partitions": str(parts)}).items():
        own.conf.set(option, text)
    own.sql(
        "CREATE TEMPORARY FUNCTION matches(text STRING, pattern STRING) RETURNS BOOLEAN "
        f"RETURN {_MATCHES}"
    )
    for name, parameters in FUNCTIONS.items():
        typed = ", ".join(f"{parameter} STRING" for parameter in parameters)
        own.sql(
            f"CREATE TEMPORARY FUNCTION {name}({typed}) RETURNS BIGINT RETURN {statement(name)}"
        )
    return own


def _read_csv(session: "SparkSession", sources: QuarterSources, kind: Kind) -> "DataFrame":
    """Read plain files literally.

    Quote, escape and comment are all set to a quotation mark, which no plain file contains, so
    that no other character has a special meaning. Only an empty field is read as NULL.
    """
    by_columns = attrgetter("columns")
    wanted = columns_in_sql(kind, tagged=sources.tagged)
    frames = []
    for columns, files in groupby(sorted(sources.of(kind), key=by_columns), by_columns):
        names = list(map(name_in_sql, columns))
        frame = session.read.csv(
            [_uri(file.plain) for file in files],
            schema=", ".join(f"{name} STRING" for name in names),
            header=True,
            lineSep="\n",
            quote='"',
            escape='"',
            comment='"',
            maxColumns=len(names),
        )
        frames.append(
            frame.na.fill("").selectExpr(
                *(name if name in names else f"CAST(NULL AS STRING) AS {name}" for name in wanted)
            )
        )
    return reduce(lambda one, other: one.union(other), frames)


def _fetch(session: "SparkSession", sql: str) -> list[tuple[Any, ...]]:
    with translated():
        table = session.sql(sql).toArrow()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _write(session: "SparkSession", name: str, sql: str, tables: Path) -> "DataFrame":
    """Write a result to files, so that nothing is computed again if a worker is lost."""
    folder = tables / name
    result = session.sql(sql)
    if not (folder / "_SUCCESS").exists():
        result.write.mode("overwrite").parquet(_uri(folder))
    return session.read.schema(result.schema).parquet(_uri(folder))


def _stream(
    session: "SparkSession", name: str, sql: str, tables: Path
) -> "Iterator[pa.RecordBatch]":
    """Read a result in order, from the files that the workers wrote."""
    from pyarrow.parquet import ParquetFile

    with translated():
        _write(session, name, sql, tables)
    for part in sorted((tables / name).glob("part-*.parquet")):
        with ParquetFile(part) as file:
            yield from file.iter_batches(BATCH_ROWS)


def _uri(path: Path) -> str:
    return f"file:{path.absolute()}"
