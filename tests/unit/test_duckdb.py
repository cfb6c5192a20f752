"""What becomes of what DuckDB says."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from banners.crunch.duckdb import crunch_with_duckdb
from banners.crunch.sources import QuarterSources, check_quarter, find_quarters
from banners.errors import BannersError, CrunchError, SourceError
from banners.model import Quarter
from deliveries import small_quarter


@pytest.fixture
def sources(tmp_path: Path) -> QuarterSources:
    small_quarter(tmp_path)
    paths = find_quarters(tmp_path / "events")[Quarter.SECOND]
    return check_quarter(Quarter.SECOND, paths, tmp_path)


@contextmanager
def crunched(sources: QuarterSources) -> Iterator[None]:
    """Let a block stand where DuckDB is asked for its result."""
    with (
        TemporaryDirectory() as scratch,
        crunch_with_duckdb(sources, Path(scratch), memory="512MB"),
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


def test_of_what_duckdb_says_the_first_line_is_told(sources: QuarterSources) -> None:
    with pytest.raises(CrunchError, match=r"^DuckDB failed: It is broken\.$"), crunched(sources):
        raise duckdb.InternalException("It is broken.\nLine 7 of a trace")


def test_want_of_memory_is_told_with_what_to_do(sources: QuarterSources) -> None:
    with pytest.raises(CrunchError, match="Raise BANNERS_MEMORY, or free disk"), crunched(sources):
        raise duckdb.OutOfMemoryException("no room")


def test_a_total_that_does_not_fit_is_the_fault_of_the_source(sources: QuarterSources) -> None:
    with pytest.raises(SourceError, match="add up to more than"), crunched(sources):
        raise duckdb.OutOfRangeException("no INT64")


def test_what_duckdb_makes_of_an_interrupt_is_one_again(sources: QuarterSources) -> None:
    with pytest.raises(KeyboardInterrupt), crunched(sources):
        raise RuntimeError("Query interrupted")


def test_a_fault_of_somebody_else_is_let_through(sources: QuarterSources) -> None:
    with pytest.raises(RuntimeError, match="mine"), crunched(sources):
        raise RuntimeError("mine")
