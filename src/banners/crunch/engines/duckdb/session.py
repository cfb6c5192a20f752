"""Opens DuckDB within the memory and the folder that it may use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from banners.crunch.engines.duckdb.errors import translated

if TYPE_CHECKING:
    import duckdb


@contextmanager
def duckdb_session(scratch: Path, memory: str) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open a DuckDB that is closed at the end of the block.

    Args:
        scratch: an existing folder for data that does not fit into memory.
        memory: memory limit of DuckDB, such as ``2GB``.

    Raises:
        SourceError: in the block, revenues are too large to be added up.
        CrunchError: DuckDB fails, here or in the block.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "temp_directory": str(scratch),
        # Statements that need an order ask for it; keeping that of the files costs memory.
        "preserve_insertion_order": False,
    }
    with translated(), duckdb.connect(config=config) as connection:
        yield connection
