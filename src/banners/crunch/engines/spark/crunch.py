"""Crunches a quarter with Spark."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache, partial, reduce
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from banners.core.events import Kind
from banners.core.hadoop_address import HadoopAddress
from banners.core.model import Quarter
from banners.crunch.engines.engine import CrunchedQuarter
from banners.crunch.engines.spark.at_address import HadoopSources, check_at_address
from banners.crunch.engines.spark.errors import translated
from banners.crunch.engines.spark.executors import P, R, on_executors
from banners.crunch.engines.spark.hadoop import HadoopPath
from banners.crunch.engines.spark.progress import progress_reported
from banners.crunch.engines.spark.session import spark_session
from banners.crunch.engines.spark.tables import SharedTables, Tables, TablesAtAddress
from banners.crunch.files.find import QuarterSources
from banners.crunch.scratch import PREFIX
from banners.crunch.statements import (
    FUNCTIONS,
    columns_in_sql,
    name_in_sql,
    parsed,
    statement,
    steps,
)

if TYPE_CHECKING:
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
    # Every row is accounted for, so no file may be left out in silence.
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    # Otherwise, each of thousands of small files is looked for by a task of its own.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
}
# The pattern must match the complete text, but RLIKE also finds it inside. \z, because $ also
# matches before a line break at the end.
_MATCHES = r"text RLIKE concat(r'\A(?:', pattern, r')\z')"


class SparkEngine:
    """The engine, which starts Spark when it is first needed; :func:`spark_engine` opens it.

    Args:
        opened: returns the session, which is started by the first call.
        tables: the address where executors write what the driver reads; None for the folder of
            temporary files, which driver and executors then share.
        on_tasks: called with the progress, from a separate thread; None for no reports.
    """

    def __init__(
        self,
        opened: "Callable[[], SparkSession]",
        tables: HadoopAddress | None,
        on_tasks: OnTasks | None,
    ) -> None:
        self._opened = opened
        self._address = tables
        self._on_tasks = on_tasks

    def __call__(
        self, sources: QuarterSources, scratch: Path
    ) -> AbstractContextManager[CrunchedQuarter]:
        """Crunch the files of one quarter: see :func:`crunch_with_spark`."""
        session = self._opened()
        tables = sources.tables if isinstance(sources, HadoopSources) else self.tables(scratch)
        return crunch_with_spark(sources, tables, session=session, on_tasks=self._on_tasks)

    def folder(self, address: HadoopAddress) -> HadoopPath:
        """Return a folder at an address of Hadoop."""
        return HadoopPath(self._opened(), str(address))

    def check(
        self, quarter: Quarter, paths: Mapping[Kind, Iterable[HadoopPath]], scratch: Path
    ) -> HadoopSources:
        """Check the files of one quarter at an address, on the executors.

        Args:
            quarter: the quarter of the files.
            paths: its files by kind.
            scratch: an existing folder for temporary files.

        Raises:
            SourceError: a kind is missing, or a file cannot be used.
            CrunchError: Spark failed.
        """
        report = partial(self._on_tasks, quarter) if self._on_tasks else None
        session = self._opened()
        with progress_reported(session, report):
            return check_at_address(
                quarter,
                paths,
                session_for=self.session_for,
                tables=self.tables(scratch),
            )

    def on_executors(self, function: Callable[[P], R], arguments: Iterable[P]) -> Iterator[R]:
        """Call a function with each argument: see :func:`~.executors.on_executors`."""
        return on_executors(self._opened(), function, arguments)

    def session_for(self, size: int) -> "SparkSession":
        """Open a session of its own for ``size`` bytes of input, with the functions of SQL."""
        return _own_session(self._opened(), _parts(size))

    def tables(self, scratch: Path) -> Tables:
        """Return an empty folder of tables, at the address or in the folder for temporary files."""
        if self._address is None:
            return SharedTables(Path(mkdtemp(prefix="tables-", dir=scratch)))
        return TablesAtAddress(self.folder(self._address) / f"{PREFIX}{uuid4().hex}")


@contextmanager
def spark_engine(
    *,
    master: str,
    memory: str,
    tables: HadoopAddress | None = None,
    on_tasks: OnTasks | None = None,
    options: Mapping[str, str] | None = None,
) -> Iterator[SparkEngine]:
    """Provide an engine that starts Spark for the first quarter, and ends it with the block.

    Args:
        master: see :func:`~banners.crunch.engines.spark.session.spark_session`, also for memory
            and options.
        memory: memory limit of the driver, such as ``2GB``.
        tables: the address where executors write what the driver reads; None for the folder of
            temporary files, which driver and executors then share.
        on_tasks: called with the progress, from a separate thread.
        options: further properties of Spark.
    """
    with ExitStack() as stack:

        @cache
        def session() -> "SparkSession":
            opened = spark_session(master=master, memory=memory, options=options)
            return stack.enter_context(opened)

        yield SparkEngine(session, tables, on_tasks)


@contextmanager
def crunch_with_spark(
    sources: QuarterSources,
    tables: Tables,
    *,
    session: "SparkSession",
    on_tasks: OnTasks | None = None,
) -> Iterator[CrunchedQuarter]:
    """Crunch the files of one quarter; the result can be read until the block ends.

    Args:
        sources: the files of the quarter: at an address, or in plain form where driver and workers
            can read them.
        tables: where executors write what the driver reads; it is removed with the block.
        session: the Spark session to use.
        on_tasks: called with the progress, from a separate thread.

    Raises:
        SourceError: the revenues are too large to be added up.
        CrunchError: Spark failed.
    """
    report = partial(on_tasks, sources.quarter) if on_tasks else None
    tagged = sources.tagged
    statement_of = partial(statement, tagged=tagged)
    try:
        with translated(), progress_reported(session, report):
            if isinstance(sources, HadoopSources):
                own = sources.session
            else:
                size = sum(file.plain.stat().st_size for file in sources.files)
                own = _own_session(session, _parts(size))
            parts = int(own.conf.get("spark.sql.shuffle.partitions") or 1)
            for kind in Kind:
                if isinstance(sources, HadoopSources):
                    read = [each.text(tagged=tagged) for each in sources.alike[kind]]
                else:
                    read = list(_read_csv(own, sources, kind))
                # With a single part, nothing has to be exchanged between parts.
                text = reduce(lambda one, other: one.union(other), read).coalesce(parts)
                text.createOrReplaceTempView(f"text_{kind}")
                columns = parsed(kind, tagged=tagged)
                values = own.sql(f"SELECT {columns} FROM text_{kind}")  # noqa: S608
                values.createOrReplaceTempView(f"read_{kind}")
            for step in steps(tagged=tagged):
                table = tables.write(own, step, statement_of(step))
                table.coalesce(parts).createOrReplaceTempView(step)
        yield CrunchedQuarter(
            lambda name: _fetch(own, statement_of(name)),
            lambda name: tables.stream(own, name, statement_of(name)),
        )
    finally:
        tables.remove()


def _parts(size: int) -> int:
    """Return the number of parts of a shuffle for ``size`` bytes of input."""
    return min(1 + size // _PART_BYTES, _MOST_PARTS)


def _own_session(session: "SparkSession", parts: int) -> "SparkSession":
    """Open a session with the functions of the statements, and names for one quarter only."""
    own = session.newSession()
    # So that a table of lines has the same blocks each time, even if a worker is lost meanwhile.
    own.conf.set("spark.sql.files.minPartitionNum", str(session.sparkContext.defaultParallelism))
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


def _read_csv(
    session: "SparkSession", sources: QuarterSources, kind: Kind
) -> "Iterator[DataFrame]":
    """Read plain files literally, those with the same columns together.

    Quote, escape and comment are all set to a quotation mark, which no plain file contains, so
    that no other character has a special meaning. Only an empty field is read as NULL.
    """
    by_columns = attrgetter("columns")
    wanted = columns_in_sql(kind, tagged=sources.tagged)
    for columns, files in groupby(sorted(sources.of(kind), key=by_columns), by_columns):
        names = list(map(name_in_sql, columns))
        frame = session.read.csv(
            [f"file:{file.plain.absolute()}" for file in files],
            schema=", ".join(f"{name} STRING" for name in names),
            header=True,
            lineSep="\n",
            quote='"',
            escape='"',
            comment='"',
            maxColumns=len(names),
        )
        yield frame.na.fill("").selectExpr(
            *(name if name in names else f"CAST(NULL AS STRING) AS {name}" for name in wanted)
        )


def _fetch(session: "SparkSession", sql: str) -> list[tuple[Any, ...]]:
    with translated():
        table = session.sql(sql).toArrow()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
