"""Tells how far Spark has come, from Spark's own status."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from banners.crunch.spark_errors import translated
from banners.errors import BannersError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_TICK_SECONDS = 0.5


@contextmanager
def progress_told(
    session: "SparkSession", on_tasks: Callable[[int, int], None] | None
) -> Iterator[None]:
    """Tell of the progress from a thread of its own, which ends with the block.

    Args:
        session: whose tasks are looked at.
        on_tasks: is told how many of how many tasks under way are done, whenever there are any;
            with None nobody looks.
    """
    if on_tasks is None:
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_tell, args=(session, on_tasks, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _tell(
    session: "SparkSession", on_tasks: Callable[[int, int], None], ended: threading.Event
) -> None:
    # What is wrong with Spark is said where it is asked to do something.
    with suppress(BannersError), translated():
        tracker = session.sparkContext.statusTracker()
        while not ended.wait(_TICK_SECONDS):
            stages = [tracker.getStageInfo(each) for each in tracker.getActiveStageIds()]
            known = [stage for stage in stages if stage]
            if known:
                on_tasks(
                    sum(stage.numCompletedTasks for stage in known),
                    sum(stage.numTasks for stage in known),
                )
