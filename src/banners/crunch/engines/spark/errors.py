"""Translates Spark's errors."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from banners.crunch.engines.errors import first_line, revenue_overflow
from banners.errors import BannersError, CrunchError


@contextmanager
def translated() -> Iterator[None]:
    """Translate errors of Spark and of its Java process into errors of Banners.

    It may only surround calls of Spark: it also takes a ConnectionError for one of Spark's.

    Raises:
        SourceError: the revenues are too large to be added up.
        CrunchError: any other error of Spark.
    """
    from py4j.protocol import Py4JError, Py4JJavaError
    from pyspark.errors import ArithmeticException, PySparkException

    try:
        yield
    except ArithmeticException as error:
        raise revenue_overflow(error) from error
    except (PySparkException, Py4JJavaError) as error:
        said = _text(error)
        if said is None:
            raise _ended() from error
        if "OutOfMemoryError" in said:
            raise CrunchError(
                "Spark ran out of memory. Raise BANNERS_MEMORY; with spark-submit, raise the "
                "memory of the driver and of the executors."
            ) from error
        raise CrunchError(f"Spark failed: {first_line(error)}.") from error
    except (Py4JError, ConnectionError, EOFError) as error:
        raise _ended() from error


def _text(error: BaseException) -> str | None:
    """Return the text of an error, for which Java is asked; None if Java has ended."""
    from py4j.protocol import Py4JError

    try:
        return str(error)
    except (Py4JError, OSError):
        return None


def _ended() -> CrunchError:
    return CrunchError(
        "Spark's Java process has ended unexpectedly, perhaps because the machine ran out of "
        "memory. Check how much is free beside BANNERS_MEMORY, and run again."
    )


@contextmanager
def explained(
    pattern: re.Pattern[str], explain: Callable[[re.Match[str]], BannersError]
) -> Iterator[None]:
    """Translate errors of Spark, and replace those of one kind by an error that says more.

    Args:
        pattern: what the text of an error of that kind contains.
        explain: returns the error to raise instead, from what the pattern has found.

    Raises:
        BannersError: the error that ``explain`` returned.
        CrunchError: any other error; see :func:`translated`.
    """
    try:
        with translated():
            yield
    except CrunchError as error:
        # Spark's own error is somewhere in the text of the error that it sends to Python.
        found = pattern.search((error.__cause__ and _text(error.__cause__)) or "")
        if found is None:
            raise
        raise explain(found) from error
