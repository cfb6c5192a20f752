"""What several unit tests share."""

from collections.abc import Iterator

import duckdb
import pytest


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to an empty database of DuckDB in memory."""
    with duckdb.connect() as opened:
        yield opened
