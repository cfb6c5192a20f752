"""The batch job: event files in, a new generation served.

It joins the crunch and the store, which know nothing of each other.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from banners.crunch.engine import CrunchedQuarter, Engine
from banners.crunch.gate import Limits, objections
from banners.crunch.kinds import Kind
from banners.crunch.quality import settle
from banners.crunch.rejects import UnacceptedRow, unaccepted_rows, write_rejects
from banners.crunch.scratch import scratch_folder
from banners.crunch.sources import (
    QuarterSources,
    check_quarter,
    check_unchanged,
    find_quarters,
    unknown_files,
)
from banners.errors import SourceError, readable, shorten
from banners.job_report import JobReport, Published, QuarterReport, as_json
from banners.model import Generation, Quarter
from banners.store.publish import Written

if TYPE_CHECKING:
    import pyarrow as pa

OnStep = Callable[[Quarter, str], None]
"""Is told which quarter is at which step: checking, crunching, publishing, and then done,
unchanged or refused. An engine that knows how far it has come says it behind a comma."""

_SHOWN_ROWS = 3


class Destination(Protocol):
    """Where the results of a run go: into the draft of a generation, or into somebody's memory.

    :class:`banners.store.publish.Draft` says what is asked of each method.
    """

    generation: Generation | None

    def write_quarter(
        self,
        quarter: Quarter,
        lineups: Iterable["pa.RecordBatch"],
        inventory: Iterable["pa.RecordBatch"],
    ) -> Written:
        """Take the result of one quarter."""
        ...

    def describe_quarter(
        self, quarter: Quarter, *, digest: str, rows: int, summary: Mapping[str, Any]
    ) -> None:
        """Take what is to be said of a quarter that was taken."""
        ...

    def activate(self) -> None:
        """Be told that there is no more to come."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What is fit to be published.

    Args:
        limits: beyond which the gate refuses a quarter.
        accept: whether to publish what the gate refuses, and say so.
        served_rows: tells the rows of what is served in a quarter now; None where nothing is.
        rejects: the folder for files of rows that were not accepted.
        pictured: ids of the banners that have a picture.
    """

    limits: Limits
    accept: bool
    served_rows: Callable[[Quarter], int | None]
    rejects: Path
    pictured: Collection[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What crunches event files, judges the result, and publishes it.

    Args:
        engine: what crunches.
        judgement: what is fit to be published.
        served_digest: tells the digest of the event files behind what is served in a quarter; a
            quarter with the same files is left alone. None for nothing, or for never mind.
        on_step: is told of each step.
        before_serving: is told of each quarter that is written whole, just before it is served.
        seconds: tells the time that has passed.
    """

    engine: Engine
    judgement: Judgement
    served_digest: Callable[[Quarter], str | None]
    on_step: OnStep
    before_serving: Callable[[Generation, Quarter], None] = lambda _generation, _quarter: None
    seconds: Callable[[], float] = time.perf_counter

    def run(
        self,
        folder: Path,
        quarters: Collection[Quarter],
        drafting: AbstractContextManager[Destination],
    ) -> JobReport:
        """Crunch the event files in a folder and serve the result.

        A quarter that is not fit is refused, and the others are published all the same.

        Args:
            folder: holds a folder for each quarter.
            quarters: the quarters to crunch; none stands for all that have files.
            drafting: gives the generation to write, or whatever else takes the results, and lets go
                of the database after it.

        Raises:
            SourceError: the folder holds no event files.
            CrunchError: the engine failed; nothing is published.
            StoreError: the database refused or broke; what was served before is served on.
        """
        found = find_quarters(folder)
        reports = []
        with drafting as draft:
            for quarter in Quarter:
                report = QuarterReport(quarter, asked_for=quarter in (quarters or Quarter))
                reports.append(report)
                if not report.asked_for:
                    continue
                start = self.seconds()
                try:
                    report.unknown = unknown_files(folder, quarter)
                    if quarter in (quarters or found):
                        with scratch_folder() as scratch:
                            self._take(report, found.get(quarter, {}), scratch, draft, start)
                except SourceError as error:
                    report.refused = str(error)
                    self.on_step(quarter, "refused")
                report.seconds = self.seconds() - start
            for report in reports:
                if report.published and draft.generation:
                    self.before_serving(draft.generation, report.quarter)
            draft.activate()
        return JobReport(draft.generation.number if draft.generation else None, tuple(reports))

    def _take(
        self,
        report: QuarterReport,
        files: Mapping[Kind, Iterable[Path]],
        scratch: Path,
        draft: Destination,
        start: float,
    ) -> None:
        """Take one quarter all the way, and note in its report what became of it."""
        self.on_step(report.quarter, "checking")
        sources = check_quarter(report.quarter, files, scratch)
        report.skipped = [readable(path) for path in sources.skipped]
        report.unchanged = sources.digest == self.served_digest(report.quarter)
        if report.unchanged:
            self.on_step(report.quarter, "unchanged")
            return
        self.on_step(report.quarter, "crunching")
        with self.engine(sources, scratch) as crunched:
            _judge(report, sources, crunched, self.judgement)
            self.on_step(report.quarter, "publishing")
            _publish(report, sources, crunched, draft, self.judgement.pictured)
        report.seconds = self.seconds() - start
        _describe(report, sources, draft)
        check_unchanged(sources)
        self.on_step(report.quarter, "done")


def _judge(
    report: QuarterReport,
    sources: QuarterSources,
    crunched: CrunchedQuarter,
    judgement: Judgement,
) -> None:
    """Account for every row, write down those not accepted, and ask the gate."""
    accounting = report.accounting = settle(sources, crunched)
    first: list[UnacceptedRow] = []
    if accounting.unaccepted:
        path = judgement.rejects / f"quarter-{int(sources.quarter)}-{sources.digest[:12]}.csv"
        rows = unaccepted_rows(sources, accounting, crunched)
        first = write_rejects(path, rows, shown=_SHOWN_ROWS)
        report.rejects = readable(path)
    served_rows = judgement.served_rows(sources.quarter)
    report.objections = objections(accounting, judgement.limits, served_rows)
    if report.objections and not judgement.accept:
        raise SourceError(_refusal(report, first))


def _refusal(report: QuarterReport, first: Iterable[UnacceptedRow]) -> str:
    shown = "".join(
        f"\n  {row.path}, line {row.line}: {row.reason}: {shorten(row.text)} ({row.reason.meaning})"
        for row in first
    )
    whole = f"\n  All of these rows are in {report.rejects}." if report.rejects else ""
    return (
        f"{'; '.join(report.objections)}.{shown}{whole}\n"
        "  Mend the files and run again, or accept them as they are (--accept, in Python "
        "accept=True)."
    )


def _publish(
    report: QuarterReport,
    sources: QuarterSources,
    crunched: CrunchedQuarter,
    draft: Destination,
    pictured: Collection[int],
) -> None:
    inventory = _Counting(crunched.inventory(), pictured)
    written = draft.write_quarter(sources.quarter, crunched.lineups(), inventory)
    report.published = Published(
        campaigns=written.campaigns,
        candidates=written.candidates,
        rules=dict(sorted(written.rules.items())),
        banners=inventory.banners,
        without_image=inventory.without_image,
    )


def _describe(report: QuarterReport, sources: QuarterSources, draft: Destination) -> None:
    draft.describe_quarter(
        sources.quarter,
        digest=sources.digest,
        rows=report.accounting.rows if report.accounting else 0,
        summary=as_json(report),
    )


class _Counting:
    """Passes the inventory on and counts its banners, since it is streamed only once."""

    def __init__(self, batches: Iterable["pa.RecordBatch"], pictured: Collection[int]) -> None:
        self._batches = batches
        self._pictured = pictured
        self.banners = 0
        self.without_image = 0

    def __iter__(self) -> Iterator["pa.RecordBatch"]:
        for batch in self._batches:
            ids = batch.column("banner_id").to_pylist()
            self.banners += len(ids)
            self.without_image += sum(banner_id not in self._pictured for banner_id in ids)
            yield batch
