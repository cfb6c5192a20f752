"""Runs the job and keeps its results in memory; nothing is published."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import nullcontext
from typing import Any

import pyarrow as pa

from banners.core.model import Generation, Quarter, RuleName
from banners.crunch.engines.engine import Engine
from banners.crunch.files.find import check_quarter
from banners.crunch.files.place import Place
from banners.job.judgement import Judgement
from banners.job.outcome import JobOutcome
from banners.job.run import Check, Job
from banners.job.window import ClosedSlots
from banners.reports.arrow import lineups_table, performance_table
from banners.store.write.quarter import Written


def crunch_in_memory(
    engine: Engine,
    judgement: Judgement,
    folder: Place,
    quarters: Collection[Quarter],
    slots: ClosedSlots | None = None,
    check: Check = check_quarter,
) -> "tuple[JobOutcome, InMemory]":
    """Run the batch job without a database: see :meth:`banners.job.run.Job.run`.

    Args:
        engine: crunches the files.
        judgement: decides which quarters are refused.
        folder: holds a folder of event files for each quarter.
        quarters: the quarters to crunch; empty for all that have files.
        slots: how event files of closed slots are crunched.
        check: checks the files of a quarter.

    Returns:
        The outcome of the run, and the tables of the quarters that were not refused.
    """
    job = Job(
        engine=engine,
        judgement=judgement,
        served_digest=lambda _: None,
        on_step=lambda _quarter, _step: None,
        check=check,
        slots=slots,
    )
    taken = InMemory()
    return job.run(folder, quarters, nullcontext(taken)), taken


class InMemory:
    """A destination of the job that keeps the tables of each quarter, and writes nothing."""

    def __init__(self) -> None:
        self.generation: Generation | None = None
        """Always None, because nothing is published."""
        self.performance: list[pa.Table] = []
        """The performance of the quarters not refused; see :mod:`banners.reports.arrow`."""
        self.lineups: list[pa.Table] = []
        """The lineups of the same quarters."""

    def write_quarter(
        self,
        quarter: Quarter,
        candidates: Iterable[pa.RecordBatch],
        inventory: Iterable[pa.RecordBatch],  # noqa: ARG002  # the performance has all of it
    ) -> Written:
        """Take the result of one quarter."""
        batches = list(candidates)
        performance = performance_table(batches, quarter)
        ruled = lineups_table(batches, quarter)
        self.performance.append(performance)
        self.lineups.append(ruled)
        rules = Counter(map(RuleName, ruled.column("rule").to_pylist()))
        return Written(candidates=performance.num_rows, rules=rules)

    def describe_quarter(
        self, quarter: Quarter, *, digest: str, rows: int, summary: Mapping[str, Any]
    ) -> None:
        """Do nothing: the outcome of the run has all of it."""

    def activate(self) -> None:
        """Do nothing: nothing is published."""
