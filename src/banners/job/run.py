"""The batch job: crunches event files and publishes the result as a new generation.

It joins the crunch and the store, which do not import each other.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from banners.core.account import Accounting
from banners.core.digest import Basis, input_digest
from banners.core.events import Kind
from banners.core.model import Generation, Quarter
from banners.core.outcome import Published, QuarterOutcome, as_json
from banners.crunch.accounting import settle
from banners.crunch.engines.engine import CrunchedQuarter, Engine
from banners.crunch.files.find import (
    QuarterSources,
    changed_file,
    check_quarter,
    check_unchanged,
    find_quarters,
)
from banners.crunch.files.listing import left_out
from banners.crunch.gate import Limits, objections
from banners.crunch.rejects import UnacceptedRow, unaccepted_rows, write_rejects
from banners.crunch.scratch import scratch_folder, sweep
from banners.crunch.window.slots import has_slots
from banners.errors import SourceError, readable, shorten
from banners.job.outcome import JobOutcome
from banners.job.spool import spooled
from banners.job.window import EventsFolder, Window, changed_in, describe_window
from banners.store.write.quarter import Written

if TYPE_CHECKING:
    import pyarrow as pa

    from banners.job.policies import Policies

OnStep = Callable[[Quarter, str], None]
"""Called with a quarter and its step: checking, crunching, publishing, and at the end done,
unchanged or refused. An engine that knows its progress appends it after a comma."""

_SHOWN_ROWS = 3


_Found = Mapping[Quarter, Mapping[Kind, Iterable[Path]]]
"""The event files of each quarter, by kind."""


class BasisOf(Protocol):
    """Returns what decides the result of a quarter besides its events."""

    def __call__(self, quarter: Quarter, /, *, of_slots: bool) -> Basis:
        """Return what decides the result of a quarter besides its events.

        Args:
            quarter: the quarter of the hour.
            of_slots: whether its events are those of closed slots.
        """
        ...


def _nothing_else(_quarter: Quarter, /, *, of_slots: bool) -> Basis:  # noqa: ARG001
    return Basis()


class Destination(Protocol):
    """Where the results of a run go: into the draft of a generation, or into memory.

    :class:`banners.store.write.publish.Draft` documents each method.
    """

    generation: Generation | None

    def write_quarter(
        self,
        quarter: Quarter,
        candidates: Iterable["pa.RecordBatch"],
        inventory: Iterable["pa.RecordBatch"],
    ) -> Written:
        """Take the result of one quarter."""
        ...

    def describe_quarter(
        self, quarter: Quarter, *, digest: str, rows: int, summary: Mapping[str, Any]
    ) -> None:
        """Take the outcome of a quarter whose result was taken."""
        ...

    def activate(self) -> None:
        """Make the results live; this is called last."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """Decides what may be published.

    Args:
        limits: limits beyond which the gate refuses a quarter.
        accept: whether to publish what the gate objects to; the outcome keeps the objections.
        served_rows: returns the number of event rows behind what is live in a quarter; None if
            nothing is.
        rejects: the folder for the files that list rows that were not accepted.
        with_image: ids of the banners that have an image.
    """

    limits: Limits
    accept: bool
    served_rows: Callable[[Quarter], int | None]
    rejects: Path
    with_image: Collection[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Crunches event files, judges the result, and publishes it.

    Args:
        engine: crunches the files.
        judgement: decides what may be published.
        served_digest: returns the digest of the event files behind what is live in a quarter; a
            quarter with the same files is skipped. None to crunch the quarter in any case.
        on_step: called at each step.
        prepare: called when event files were found, before any of them is read.
        before_serving: called with each quarter once it is written, before it goes live.
        slots: how event files of closed slots are crunched; None to crunch them like any others.
        basis: returns what decides the result of a quarter besides its events.
        policies: the policies of campaigns; None if the rule picks all lineups. Only where closed
            slots are crunched can another policy pick, since it works from all four quarters.
        seconds: a clock in seconds; only differences matter.
    """

    engine: Engine
    judgement: Judgement
    served_digest: Callable[[Quarter], str | None]
    on_step: OnStep
    prepare: Callable[[], None] = lambda: None
    before_serving: Callable[[Generation, Quarter], None] = lambda _generation, _quarter: None
    slots: EventsFolder | None = None
    basis: BasisOf = _nothing_else
    policies: "Policies | None" = None
    seconds: Callable[[], float] = time.perf_counter

    def run(
        self,
        folder: Path,
        quarters: Collection[Quarter],
        drafting: AbstractContextManager[Destination],
    ) -> JobOutcome:
        """Crunch the event files in a folder and publish the result.

        A quarter that fails a check is refused; the others are published nevertheless.

        Args:
            folder: holds a folder for each quarter.
            quarters: the quarters to crunch; empty for all that have files.
            drafting: provides the generation to write, or another destination of the results. It is
                entered when everything has been crunched, because other runs wait from then on.

        Raises:
            SourceError: the folder holds no event files.
            CrunchError: the engine failed; nothing is published.
            StoreError: the database refused or failed; the previous generation stays live.
        """
        found = find_quarters(folder)
        sweep(self.judgement.rejects)
        self.prepare()
        outcomes = [
            QuarterOutcome(each, asked_for=each in (quarters or Quarter)) for each in Quarter
        ]
        generation = None
        with ExitStack() as spools:
            results = []
            for outcome in (each for each in outcomes if each.asked_for):
                with self._taking(outcome):
                    outcome.unknown = left_out(folder, outcome.quarter)
                    if outcome.quarter in (quarters or found):
                        results += self._crunch(outcome, found, spools)
            if results:
                generation = self._publish(results, spools.enter_context(drafting))
        return JobOutcome(generation.number if generation else None, tuple(outcomes))

    @contextmanager
    def _taking(self, outcome: QuarterOutcome) -> Iterator[None]:
        """Add to the time that a quarter took, and record the reason if it is refused."""
        start = self.seconds()
        try:
            yield
        except SourceError as error:
            outcome.refused = str(error)
            self.on_step(outcome.quarter, "refused")
        outcome.seconds += self.seconds() - start

    def _crunch(
        self, outcome: QuarterOutcome, found: "_Found", spools: ExitStack
    ) -> "list[_Result]":
        """Crunch one quarter and keep its result; return none if the quarter is unchanged."""
        files = found.get(outcome.quarter, {})
        self.on_step(outcome.quarter, "checking")
        if self.slots and has_slots(files):
            return self._crunch_slots(self.slots, outcome, found, spools)
        with scratch_folder() as scratch:
            sources = check_quarter(outcome.quarter, files, scratch)
            outcome.skipped = [readable(path) for path in sources.skipped]
            digest = input_digest(sources.digest, self.basis(outcome.quarter, of_slots=False))
            if self._is_unchanged(outcome, digest):
                return []
            self.on_step(outcome.quarter, "crunching")
            with self.engine(sources, scratch) as crunched:
                accounting, first = _account(outcome, sources, crunched, self.judgement.rejects)
                changed = partial(changed_file, sources)
                result = _Result(outcome, digest, changed, accounting, first)
                self._ask_gate(result)
                result.candidates = spools.enter_context(spooled(crunched.candidates()))
                result.inventory = spools.enter_context(spooled(crunched.inventory()))
            check_unchanged(sources)
        return [result]

    def _crunch_slots(
        self, events: EventsFolder, outcome: QuarterOutcome, found: "_Found", spools: ExitStack
    ) -> "list[_Result]":
        """Crunch a quarter of closed slots; each that is kept and unchanged is only added up."""
        quarter = outcome.quarter
        with scratch_folder() as scratch:
            window = self._window(events, quarter, found, scratch)
            describe_window(outcome, window)
            wanted = self.policies.wanted() if self.policies else None
            basis, others = self.basis(quarter, of_slots=True), list[Window]()
            if wanted and wanted.campaigns:
                asked = [each for each in found if each != quarter and has_slots(found[each])]
                others = [self._window(events, each, found, scratch) for each in asked]
                basis = wanted.basis(basis, {each.quarter: each.digest for each in others})
            digest = input_digest(window.digest, basis)
            if self._is_unchanged(outcome, digest):
                return []
            self.on_step(quarter, "crunching")
            changed = partial(changed_in, (window, *others))
            result = _Result(outcome, digest, changed, window.accounting, ())
            with events.added_up(window, scratch) as sums:
                candidates = sums.candidates()
                if wanted and wanted.campaigns:
                    from banners.job.lineups import with_lineups

                    with events.added_up(window, scratch, *others) as all_quarters:
                        arms = list(all_quarters.by_arm())
                    candidates = with_lineups(candidates, arms, wanted, quarter, digest)
                result.candidates = spools.enter_context(spooled(candidates))
                result.inventory = spools.enter_context(spooled(sums.inventory()))
        return [result]

    def _window(
        self, events: EventsFolder, quarter: Quarter, found: "_Found", scratch: Path
    ) -> Window:
        """Crunch the slots of a quarter that are new, and return its window."""
        return events.crunch(
            quarter,
            found.get(quarter, {}),
            engine=self.engine,
            limits=self.judgement.limits,
            accept=self.judgement.accept,
            rejects=self.judgement.rejects,
            scratch=scratch,
            on_slot=lambda place, of: self.on_step(quarter, f"crunching, slot {place} of {of}"),
        )

    def _publish(self, results: "Collection[_Result]", draft: Destination) -> Generation | None:
        """Write the results while no other run can, and make them live."""
        for result in results:
            with self._taking(result.outcome):
                self._write(result, draft)
        for result in results:
            if result.outcome.published:
                _describe(result, draft)
                self.on_step(result.outcome.quarter, "done")
        for result in results:
            if result.outcome.published and draft.generation:
                self.before_serving(draft.generation, result.outcome.quarter)
        draft.activate()
        return draft.generation

    def _write(self, result: "_Result", draft: Destination) -> None:
        # Another run may have published while this one crunched, so both questions are asked again.
        if self._is_unchanged(result.outcome, result.digest):
            return
        if changed := result.changed_file():
            # What the other run has published may be newer than this result.
            raise SourceError(
                f"{changed} changed before its result could be published. Run again when the file "
                "is complete."
            )
        if not result.outcome.slots:
            self._ask_gate(result)
        self.on_step(result.outcome.quarter, "publishing")
        inventory = _Counting(result.inventory, self.judgement.with_image)
        written = draft.write_quarter(result.outcome.quarter, result.candidates, inventory)
        result.outcome.published = Published(
            campaigns=written.campaigns,
            candidates=written.candidates,
            rules=dict(sorted(written.rules.items())),
            banners=inventory.banners,
            without_image=inventory.without_image,
        )

    def _is_unchanged(self, outcome: QuarterOutcome, digest: str) -> bool:
        outcome.unchanged = digest == self.served_digest(outcome.quarter)
        if outcome.unchanged:
            self.on_step(outcome.quarter, "unchanged")
        return outcome.unchanged

    def _ask_gate(self, result: "_Result") -> None:
        outcome, judgement = result.outcome, self.judgement
        served_rows = judgement.served_rows(outcome.quarter)
        outcome.objections = objections(result.accounting, judgement.limits, served_rows)
        if outcome.objections and not judgement.accept:
            raise SourceError(*_refusal(outcome, result.first))


@dataclass(slots=True)
class _Result:
    """A quarter that was crunched and is not yet written.

    Args:
        outcome: what became of the quarter so far.
        digest: its input digest.
        changed_file: returns an event file that has changed since; None if there is none.
        accounting: what became of its rows.
        first: the first rows that were not accepted.
        candidates: see :meth:`banners.crunch.engines.engine.CrunchedQuarter.candidates`.
        inventory: see :meth:`banners.crunch.engines.engine.CrunchedQuarter.inventory`.
    """

    outcome: QuarterOutcome
    digest: str
    changed_file: Callable[[], Path | None]
    accounting: Accounting
    first: Sequence[UnacceptedRow]
    candidates: "Iterable[pa.RecordBatch]" = ()
    inventory: "Iterable[pa.RecordBatch]" = ()


def _account(
    outcome: QuarterOutcome, sources: QuarterSources, crunched: CrunchedQuarter, rejects: Path
) -> tuple[Accounting, Sequence[UnacceptedRow]]:
    """Account for every row, and write those not accepted to a file; return the first of these."""
    accounting = outcome.accounting = settle(sources, crunched)
    first: list[UnacceptedRow] = []
    if accounting.unaccepted:
        path = rejects / f"quarter-{int(sources.quarter)}-{sources.digest[:12]}.csv"
        rows = unaccepted_rows(sources, accounting, crunched)
        first = write_rejects(path, rows, shown=_SHOWN_ROWS)
        outcome.rejects = readable(path)
    return accounting, first


def _refusal(outcome: QuarterOutcome, first: Iterable[UnacceptedRow]) -> Iterator[str]:
    """Yield the lines of the message about a quarter that the gate refuses."""
    yield f"{'; '.join(outcome.objections)}."
    for row in first:
        where = f"  {row.path}, line {row.line}: {row.reason}"
        yield f"{where}: {shorten(row.text)} ({row.reason.meaning})"
    if outcome.rejects:
        yield f"  All of these rows are in {outcome.rejects}."
    yield (
        "  Fix the files and run again, or accept them as they are (--accept, in Python "
        "accept=True)."
    )


def _describe(result: _Result, draft: Destination) -> None:
    draft.describe_quarter(
        result.outcome.quarter,
        digest=result.digest,
        rows=result.accounting.rows,
        summary=as_json(result.outcome),
    )


class _Counting:
    """Passes the inventory on and counts its banners, because it can be streamed only once."""

    def __init__(self, batches: Iterable["pa.RecordBatch"], with_image: Collection[int]) -> None:
        self._batches = batches
        self._with_image = with_image
        self.banners = 0
        self.without_image = 0

    def __iter__(self) -> Iterator["pa.RecordBatch"]:
        for batch in self._batches:
            ids = batch.column("banner_id").to_pylist()
            self.banners += len(ids)
            self.without_image += sum(banner_id not in self._with_image for banner_id in ids)
            yield batch
