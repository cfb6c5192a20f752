"""Translates the errors of Spark, in one place."""

from collections.abc import Iterator
from contextlib import contextmanager

from banners.crunch.engine import totals_do_not_fit
from banners.errors import CrunchError, SourceError


@contextmanager
def translated() -> Iterator[None]:
    """Let only errors of Banners out; none of its caller's own may pass through here.

    Raises:
        SourceError: revenues cannot be added up.
        CrunchError: anything else that Spark says.
    """
    from py4j.protocol import Py4JError, Py4JJavaError
    from pyspark.errors import ArithmeticException, PySparkException

    try:
        yield
    except ArithmeticException as error:
        raise SourceError(totals_do_not_fit(_first_line(error))) from error
    except (PySparkException, Py4JJavaError) as error:
        if "OutOfMemoryError" in str(error):
            raise CrunchError(
                "Spark ran out of memory. Raise BANNERS_MEMORY, or with spark-submit the memory "
                "of the driver and of the executors."
            ) from error
        raise CrunchError(f"Spark failed: {_first_line(error)}.") from error
    except (Py4JError, ConnectionError, EOFError) as error:
        raise CrunchError(
            "Spark's Java process has gone away. Was it killed, perhaps for want of memory? "
            "Look at what this machine has left beside BANNERS_MEMORY, and run again."
        ) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip(": ") for line in str(error).splitlines()]
    # Py4J's own first line only names the call that failed.
    told = [line for line in lines if line and not line.startswith("An error occurred while")]
    return (told[0] if told else type(error).__name__).rstrip(".")
