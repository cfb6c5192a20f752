"""Reports the progress of Spark, from Spark's own status."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from banners.crunch.engines.spark.errors import translated
from banners.errors import BannersError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_INTERVAL_SECONDS = 0.5


@contextmanager
def progress_reported(
    session: "SparkSession", on_tasks: Callable[[int, int], None] | None
) -> Iterator[None]:
    """Report the progress until the block ends, from a separate thread.

    Args:
        session: the session whose tasks are counted.
        on_tasks: called every half second while tasks are running, with the number of tasks done
            and the number of all tasks; None for no reports.
    """
    if on_tasks is None:
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_report, args=(session, on_tasks, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _report(
    session: "SparkSession", on_tasks: Callable[[int, int], None], ended: threading.Event
) -> None:
    # The thread that uses Spark reports its errors.
    with suppress(BannersError), translated():
        tracker = session.sparkContext.statusTracker()
        while not ended.wait(_INTERVAL_SECONDS):
            stages = [tracker.getStageInfo(each) for each in tracker.getActiveStageIds()]
            known = [stage for stage in stages if stage]
            if known:
                on_tasks(
                    sum(stage.numCompletedTasks for stage in known),
                    sum(stage.numTasks for stage in known),
                )
