"""Translates DuckDB's errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import gettempdir

from banners.crunch.engines.errors import first_line, revenue_overflow
from banners.errors import CrunchError, readable


@contextmanager
def translated() -> Iterator[None]:
    """Translate DuckDB's errors into errors of Banners; others pass unchanged.

    Raises:
        SourceError: the revenues are too large to be added up.
        CrunchError: any other error of DuckDB.
        KeyboardInterrupt: Ctrl-C was pressed; DuckDB raises an error of its own for it.
    """
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise CrunchError(
            f"DuckDB ran out of memory or of disk space for temporary files: {first_line(error)}. "
            f"Raise BANNERS_MEMORY, free disk space in {readable(gettempdir())}, or set TMPDIR to "
            "another folder."
        ) from error
    except duckdb.IOException as error:
        raise CrunchError(
            f"DuckDB failed: {first_line(error)}. If this was a temporary file, free disk space "
            f"in {readable(gettempdir())}, or set TMPDIR to another folder."
        ) from error
    except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        raise revenue_overflow(error) from error
    except duckdb.Error as error:
        raise CrunchError(f"DuckDB failed: {first_line(error)}.") from error
    except RuntimeError as error:
        if "interrupted" in str(error):
            raise KeyboardInterrupt from error
        raise
