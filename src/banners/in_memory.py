"""Runs the job to have a look at its results: they stay in memory, and nothing is published."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa

from banners.crunch.engine import Engine
from banners.job import Job, Judgement
from banners.job_report import JobReport
from banners.model import Generation, Quarter, RuleName
from banners.store.publish import Written
from banners.tables import lineups_table, performance_table


def crunch_in_memory(
    engine: Engine, judgement: Judgement, folder: Path, quarters: Collection[Quarter]
) -> "tuple[JobReport, InMemory]":
    """Run the batch job with no database: see :meth:`banners.job.Job.run`.

    Args:
        engine: what crunches.
        judgement: what is fit to be taken.
        folder: holds a folder of event files for each quarter.
        quarters: the quarters to crunch; none stands for all that have files.

    Returns:
        What became of the run, and the tables of the quarters that were not refused.
    """
    job = Job(
        engine=engine,
        judgement=judgement,
        served_digest=lambda _: None,
        on_step=lambda _quarter, _step: None,
    )
    taken = InMemory()
    return job.run(folder, quarters, nullcontext(taken)), taken


class InMemory:
    """A destination of the job that keeps the tables of each quarter, and writes nothing."""

    def __init__(self) -> None:
        self.generation: Generation | None = None
        """None: what is not published is no generation."""
        self.performance: list[pa.Table] = []
        """The performance of each quarter that was taken; see :mod:`banners.tables`."""
        self.lineups: list[pa.Table] = []
        """The lineups of each of these."""

    def write_quarter(
        self,
        quarter: Quarter,
        lineups: Iterable[pa.RecordBatch],
        inventory: Iterable[pa.RecordBatch],  # noqa: ARG002  # all of it is in the performance
    ) -> Written:
        """Take the result of one quarter."""
        batches = list(lineups)
        performance = performance_table(batches, quarter)
        ruled = lineups_table(batches, quarter)
        self.performance.append(performance)
        self.lineups.append(ruled)
        rules = Counter(map(RuleName, ruled.column("rule").to_pylist()))
        return Written(candidates=performance.num_rows, rules=rules)

    def describe_quarter(
        self, quarter: Quarter, *, digest: str, rows: int, summary: Mapping[str, Any]
    ) -> None:
        """Leave it at what the run's report says."""

    def activate(self) -> None:
        """Leave what is served as it is."""
