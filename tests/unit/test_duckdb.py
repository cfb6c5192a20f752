"""How the errors of DuckDB are translated."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from banners.core.model import Quarter
from banners.crunch.engines.duckdb.crunch import duckdb_engine
from banners.crunch.engines.engine import Engine
from banners.crunch.files.find import QuarterSources, check_quarter, find_quarters
from banners.errors import BannersError, CrunchError, SourceError
from support.deliveries import small_quarter
from support.engines import crunch_with_duckdb


@pytest.fixture
def sources(tmp_path: Path) -> QuarterSources:
    small_quarter(tmp_path)
    paths = find_quarters(tmp_path / "events")[Quarter.SECOND]
    return check_quarter(Quarter.SECOND, paths, tmp_path)


@contextmanager
def crunched(sources: QuarterSources) -> Iterator[None]:
    """Run a block as the reader of DuckDB's result."""
    with (
        TemporaryDirectory() as scratch,
        crunch_with_duckdb(sources, Path(scratch)),
    ):
        yield


def driver_errors() -> list[type[Exception]]:
    """List every error class of DuckDB's."""
    return [
        each
        for each in vars(duckdb).values()
        if inspect.isclass(each) and issubclass(each, duckdb.Error)
    ]


def test_no_error_of_duckdb_is_left_untranslated(sources: QuarterSources) -> None:
    errors = driver_errors()
    assert len(errors) >= 10
    for each in errors:
        with pytest.raises(BannersError, match="broken"), crunched(sources):
            raise each("broken")


def test_the_first_line_of_an_error_is_reported(sources: QuarterSources) -> None:
    with pytest.raises(CrunchError, match=r"^DuckDB failed: It is broken\.$"), crunched(sources):
        raise duckdb.InternalException("It is broken.\nLine 7 of a trace")


def test_lack_of_memory_is_reported_with_what_to_do(sources: QuarterSources) -> None:
    with (
        pytest.raises(CrunchError, match=r"Raise BANNERS_MEMORY, free disk .*TMPDIR"),
        crunched(sources),
    ):
        raise duckdb.OutOfMemoryException("no room")


def test_a_total_that_is_too_large_is_an_error_of_the_source(sources: QuarterSources) -> None:
    with pytest.raises(SourceError, match="add up to more than"), crunched(sources):
        raise duckdb.OutOfRangeException("no INT64")


def test_an_interrupt_of_a_query_is_a_keyboard_interrupt(sources: QuarterSources) -> None:
    with pytest.raises(KeyboardInterrupt), crunched(sources):
        raise RuntimeError("Query interrupted")


def test_an_error_of_the_caller_passes_unchanged(sources: QuarterSources) -> None:
    with pytest.raises(RuntimeError, match="mine"), crunched(sources):
        raise RuntimeError("mine")


def test_a_quarter_leaves_nothing_in_the_duckdb_that_it_shares(
    sources: QuarterSources, tmp_path: Path
) -> None:
    def candidates(engine: Engine) -> list[dict[str, int]]:
        with engine(sources, tmp_path) as crunched:
            return [row for batch in crunched.candidates() for row in batch.to_pylist()]

    with duckdb_engine(memory="512MB") as engine:
        first = candidates(engine)
        with pytest.raises(SourceError, match="refused"), engine(sources, tmp_path):
            raise SourceError("refused")
        assert candidates(engine) == first
