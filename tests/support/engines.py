"""The engines that the contract suite runs with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

from banners.crunch.engines.duckdb.crunch import duckdb_engine
from banners.crunch.engines.engine import CrunchedQuarter, Engine
from banners.crunch.files.find import QuarterSources
from support.running import lacking, required

T = TypeVar("T")

ENGINES = ("duckdb", "spark")

QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Makes Java compile faster and optimise less, which is faster for runs of seconds."""


@dataclass(frozen=True)
class Tried:
    """An engine to test.

    Args:
        crunch: the engine.
        examples: how many random examples it is tried on.
    """

    crunch: Engine
    examples: int

    def hold(self, examples: SearchStrategy[T], check: Callable[[T], Any]) -> None:
        """Check random examples."""
        settings(max_examples=self.examples)(given(examples)(check))()


@contextmanager
def crunch_with_duckdb(sources: QuarterSources, scratch: Path) -> Iterator[CrunchedQuarter]:
    """Crunch one quarter with a DuckDB of its own."""
    with duckdb_engine(memory="512MB") as engine, engine(sources, scratch) as crunched:
        yield crunched


@contextmanager
def engine_named(name: str) -> Iterator[Tried]:
    """Open an engine; if Spark cannot run, skip the test, or fail it in CI."""
    if name == "duckdb":
        with duckdb_engine(memory="512MB") as engine:
            yield Tried(engine, examples=60)
        return
    require_spark()
    from banners.crunch.engines.spark.crunch import spark_engine

    options = {
        "spark.driver.extraJavaOptions": QUICK_START,
        # So little that a result has to be streamed.
        "spark.driver.maxResultSize": "1m",
    }
    with spark_engine(master="local[2]", memory="1GB", options=options) as engine:
        yield Tried(engine, examples=3)


def require_spark() -> None:
    """Skip the test if PySpark or Java is missing, or fail it in CI."""
    required("java")
    if find_spec("pyspark") is None:
        lacking("PySpark is not installed. Install it with: pip install 'pyspark>=4,<5'")
