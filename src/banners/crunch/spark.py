"""The engine for data that outgrows a machine: Spark."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache, partial, reduce
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.crunch.engine import CrunchedQuarter, Engine
from banners.crunch.kinds import Kind
from banners.crunch.scratch import scratch_folder
from banners.crunch.sources import QuarterSources
from banners.crunch.spark_errors import translated
from banners.crunch.spark_progress import progress_told
from banners.crunch.spark_session import spark_session
from banners.crunch.statements import FUNCTIONS, STEPS, parsed, statement
from banners.model import Quarter

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

OnTasks = Callable[[Quarter, int, int], None]
"""Is told how many of how many tasks under way are done; there may be more to come."""

# So many bytes of input are one part of a shuffle, at the most; Spark joins what is small again.
_PART_BYTES = 1 << 20
_MOST_PARTS = 2000
_BATCH_ROWS = 20_000

_OPTIONS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": "16m",
}
# The whole text is to match, whereas RLIKE also finds a part of it; \z, since $ lets a last line
# break pass.
_MATCHES = r"text RLIKE concat(r'\A(?:', pattern, r')\z')"


@contextmanager
def spark_engine(
    *,
    master: str,
    memory: str,
    on_tasks: OnTasks | None = None,
    options: Mapping[str, str] | None = None,
) -> Iterator[Engine]:
    """Provide an engine whose Spark starts with the first quarter, and ends with the block.

    Args:
        master: see :func:`banners.crunch.spark_session.spark_session`, as for memory and options.
        memory: what the driver may take, such as ``2GB``.
        on_tasks: is told of the progress, from a thread of its own.
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
        session: what to crunch with.
        on_tasks: is told of the progress, from a thread of its own.

    Raises:
        SourceError: the revenues cannot be added up.
        CrunchError: Spark failed.
    """
    tell = partial(on_tasks, sources.quarter) if on_tasks else None
    size = sum(file.plain.stat().st_size for file in sources.files)
    parts = min(1 + size // _PART_BYTES, _MOST_PARTS)
    with scratch_folder("spark-", inside=scratch) as tables:
        with translated(), progress_told(session, tell):
            own = _own_session(session, parts)
            for kind in Kind:
                # Where one part is enough, nothing has to be exchanged between parts.
                text = _read_csv(own, sources, kind).coalesce(parts)
                text.createOrReplaceTempView(f"text_{kind}")
                values = own.sql(f"SELECT {parsed(kind)} FROM text_{kind}")  # noqa: S608
                values.createOrReplaceTempView(f"read_{kind}")
            for step in STEPS:
                _write(own, step, tables).coalesce(parts).createOrReplaceTempView(step)
        yield CrunchedQuarter(partial(_fetch, own), partial(_stream, own, tables))


def _own_session(session: "SparkSession", parts: int) -> "SparkSession":
    """Open a session whose names are of one quarter alone, with what the statements ask for."""
    own = session.newSession()
    for name, text in (_OPTIONS | {"spark.sql.shuffle.partitions": str(parts)}).items():
        own.conf.set(name, text)
    own.sql(
        "CREATE TEMPORARY FUNCTION matches(text STRING, pattern STRING) RETURNS BOOLEAN "
        f"RETURN {_MATCHES}"
    )
    for function in FUNCTIONS:
        own.sql(
            f"CREATE TEMPORARY FUNCTION {function}(text STRING) RETURNS BIGINT "
            f"RETURN {statement(function)}"
        )
    return own


def _read_csv(session: "SparkSession", sources: QuarterSources, kind: Kind) -> "DataFrame":
    """Read plain files to the letter.

    What the reader could take for something else, it is told to be a quotation mark, which a plain
    file does not hold. It gives NULL for an empty field, and for nothing else.
    """
    by_columns = attrgetter("columns")
    frames = [
        session.read.csv(
            [_uri(file.plain) for file in files],
            schema=", ".join(f"{name} STRING" for name in columns),
            header=True,
            lineSep="\n",
            quote='"',
            escape='"',
            comment='"',
            maxColumns=len(columns),
        )
        for columns, files in groupby(sorted(sources.of(kind), key=by_columns), by_columns)
    ]
    wanted = [frame.select(*kind.columns).na.fill("") for frame in frames]
    return reduce(lambda one, other: one.union(other), wanted)


def _fetch(session: "SparkSession", name: str) -> list[tuple[Any, ...]]:
    with translated():
        table = session.sql(statement(name)).toArrow()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _write(session: "SparkSession", name: str, tables: Path) -> "DataFrame":
    """Keep a result in files, so that what a lost worker has done need not be done again."""
    folder = tables / name
    result = session.sql(statement(name))
    if not (folder / "_SUCCESS").exists():
        result.write.mode("overwrite").parquet(_uri(folder))
    return session.read.schema(result.schema).parquet(_uri(folder))


def _stream(session: "SparkSession", tables: Path, name: str) -> "Iterator[pa.RecordBatch]":
    """Read a result part by part, in order, from where the workers have written it."""
    from pyarrow.parquet import ParquetFile

    with translated():
        _write(session, name, tables)
    for part in sorted((tables / name).glob("part-*.parquet")):
        with ParquetFile(part) as file:
            yield from file.iter_batches(_BATCH_ROWS)


def _uri(path: Path) -> str:
    return f"file:{path.absolute()}"
