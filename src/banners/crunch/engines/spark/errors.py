"""Translates Spark's errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from banners.crunch.engines.errors import first_line, revenue_overflow
from banners.errors import CrunchError


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
        if "OutOfMemoryError" in str(error):
            raise CrunchError(
                "Spark ran out of memory. Raise BANNERS_MEMORY; with spark-submit, raise the "
                "memory of the driver and of the executors."
            ) from error
        raise CrunchError(f"Spark failed: {first_line(error)}.") from error
    except (Py4JError, ConnectionError, EOFError) as error:
        raise CrunchError(
            "Spark's Java process has ended unexpectedly, perhaps because the machine ran out of "
            "memory. Check how much is free beside BANNERS_MEMORY, and run again."
        ) from error
