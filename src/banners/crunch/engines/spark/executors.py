"""Runs a function of Banners on Spark's executors, whose Python must therefore have Banners."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.metadata import version
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from banners.crunch.engines.spark.errors import explained
from banners.errors import CrunchError
from banners.version import __version__

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

P = TypeVar("P")
R = TypeVar("R")

# Maximum number of calls whose arguments and results the driver holds in memory at a time.
_MOST_AT_ONCE = 64
_DIFFERS = "Versions differ: "
# The text of Spark's error if Python cannot be started, or cannot import what it needs.
_UNFIT = re.compile(
    rf"No module named '(?:banners|numpy)[\w.]*'|{_DIFFERS}[^\n]+"
    r"|Cannot run program \"[^\"]*\"|Python in worker has different version[^,\n]+"
)


def on_executors(
    session: "SparkSession", function: Callable[[P], R], arguments: Iterable[P]
) -> Iterator[R]:
    """Call a function with each argument on the executors, and yield the results in order.

    Args:
        session: the session of the executors.
        function: a function of a module of Banners.
        arguments: the argument of each call; only some of them are in memory at a time.

    Raises:
        CrunchError: the executors have no Python with this version of Banners, or Spark failed.
    """
    context = session.sparkContext
    call = partial(_call, _versions(), function)
    remaining = iter(arguments)
    while wave := list(islice(remaining, min(2 * context.defaultParallelism, _MOST_AT_ONCE))):
        with explained(_UNFIT, partial(_unfit, context.pythonExec)):
            results = context.parallelize(wave, len(wave)).map(call).collect()
        yield from results


def _call(expected: str, function: Callable[[P], R], argument: P) -> R:
    """Call a function on an executor, if its versions are those of the driver."""
    found = _versions()
    if found != expected:
        raise RuntimeError(f"{_DIFFERS}{found}")
    return function(argument)


def _versions() -> str:
    # Another version of numpy may draw other random numbers.
    return f"Banners {__version__} with numpy {version('numpy')}"


def _unfit(python: str, found: re.Match[str]) -> CrunchError:
    """Say what to install if the Python of the executors does not fit."""
    return CrunchError(
        f"Lineups are prepared on Spark's executors, but their Python ({python}) does not fit: "
        f"found {found[0].removeprefix(_DIFFERS)}, expected {_versions()}. Install that on the "
        "workers, name its Python in PYSPARK_PYTHON, and run again."
    )
