"""The batch job: crunches event files and publishes the result as a new generation.

It joins the crunch and the store, which do not import each other.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from banners.core.digest import Basis, input_digest
from banners.core.events import Kind
from banners.core.model import Generation, Quarter
from banners.core.outcome import QuarterOutcome
from banners.crunch.engines.engine import Engine
from banners.crunch.files.find import (
    QuarterSources,
    check_quarter,
    check_unchanged,
    find_quarters,
)
from banners.crunch.files.listing import left_out
from banners.crunch.files.place import Place
from banners.crunch.scratch import scratch_folder, sweep
from banners.crunch.window.run import Window
from banners.crunch.window.slots import has_slots
from banners.errors import SourceError, readable
from banners.job.judgement import Judgement
from banners.job.outcome import JobOutcome
from banners.job.result import Destination, Result
from banners.job.spool import spooled
from banners.job.window import ClosedSlots, changed_in, describe_window

if TYPE_CHECKING:
    from banners.job.policies import Policies
    from banners.job.prepared import Preparing

OnStep = Callable[[Quarter, str], None]
"""Called with a quarter and its step: checking, crunching, publishing, and at the end done,
unchanged or refused. An engine that knows its progress appends it after a comma."""

_Files = Mapping[Kind, Iterable[Any]]
"""Event files by kind, all of one class of ``Place``."""

_Found = Mapping[Quarter, _Files]

Check = Callable[[Quarter, _Files, Path], QuarterSources]
"""Checks the files of a quarter, and makes them ready for the engine; the folder is for temporary
files."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Crunches event files, judges the result, and publishes it.

    Args:
        engine: crunches the files.
        judgement: decides what may be published.
        served_digest: returns the digest of the event files behind what is live in a quarter; a
            quarter with the same files is skipped. It returns None for one to crunch in any case.
        on_step: called at each step.
        check: checks the files of a quarter, and makes them ready for the engine.
        prepare: called when event files were found, before any of them is read.
        before_serving: called with each quarter once it is written, before it goes live.
        slots: how event files of closed slots are crunched; None to crunch them like any others.
        basis: returns what decides the result of a quarter besides its events.
        policies: the policies of campaigns; None if the rule picks all lineups. Only where closed
            slots are crunched can another policy pick, since it works from all four quarters.
        preparing: calls the function that prepares lineups, in this process or on executors.
        seconds: a clock in seconds; only differences matter.
    """

    engine: Engine
    judgement: Judgement
    served_digest: Callable[[Quarter], str | None]
    on_step: OnStep
    check: Check = check_quarter
    prepare: Callable[[], None] = lambda: None
    before_serving: Callable[[Generation, Quarter], None] = lambda _generation, _quarter: None
    slots: ClosedSlots | None = None
    basis: BasisOf = _nothing_else
    policies: "Policies | None" = None
    preparing: "Preparing" = map
    seconds: Callable[[], float] = time.perf_counter

    def run(
        self,
        folder: Place,
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
                with_image = self.judgement.with_image()  # before other runs have to wait
                draft = spools.enter_context(drafting)
                generation = self._publish(results, draft, with_image)
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

    def _crunch(self, outcome: QuarterOutcome, found: _Found, spools: ExitStack) -> list[Result]:
        """Crunch one quarter and keep its result; return none if the quarter is unchanged."""
        files = found.get(outcome.quarter, {})
        self.on_step(outcome.quarter, "checking")
        if self.slots and has_slots(files):
            return self._crunch_slots(self.slots, outcome, found, spools)
        with scratch_folder() as scratch:
            sources = self.check(outcome.quarter, files, scratch)
            outcome.skipped = [readable(path) for path in sources.skipped]
            digest = input_digest(sources.digest, self.basis(outcome.quarter, of_slots=False))
            if self._is_unchanged(outcome, digest):
                return []
            self.on_step(outcome.quarter, "crunching")
            with self.engine(sources, scratch) as crunched:
                accounting, first = self.judgement.account(outcome, sources, crunched)
                result = Result(outcome, digest, sources.changed_file, accounting, first)
                self.judgement.ask_gate(outcome, accounting, first)
                result.candidates = spools.enter_context(spooled(crunched.candidates()))
                result.inventory = spools.enter_context(spooled(crunched.inventory()))
            check_unchanged(sources)
        return [result]

    def _crunch_slots(
        self, slots: ClosedSlots, outcome: QuarterOutcome, found: _Found, spools: ExitStack
    ) -> list[Result]:
        """Crunch a quarter of closed slots; each that is kept and unchanged is only added up."""
        quarter = outcome.quarter
        with scratch_folder() as scratch:
            window = self._window(slots, quarter, found, scratch)
            describe_window(outcome, window)
            wanted = self.policies.wanted() if self.policies else None
            basis, others = self.basis(quarter, of_slots=True), list[Window]()
            if wanted and wanted.campaigns:
                asked = [each for each in found if each != quarter and has_slots(found[each])]
                others = [self._window(slots, each, found, scratch) for each in asked]
                basis = wanted.basis(basis, {each.quarter: each.digest for each in others})
            digest = input_digest(window.digest, basis)
            if self._is_unchanged(outcome, digest):
                return []
            self.on_step(quarter, "crunching")
            changed = partial(changed_in, (window, *others))
            result = Result(outcome, digest, changed, window.accounting, ())
            with slots.added_up(window, scratch) as sums:
                candidates = sums.candidates()
                if wanted and wanted.campaigns:
                    from banners.job.lineups import with_lineups

                    with slots.added_up(window, scratch, *others) as all_quarters:
                        arms = list(all_quarters.by_arm())
                    candidates = with_lineups(
                        *(candidates, arms, wanted, quarter, digest), preparing=self.preparing
                    )
                result.candidates = spools.enter_context(spooled(candidates))
                result.inventory = spools.enter_context(spooled(sums.inventory()))
        return [result]

    def _window(self, slots: ClosedSlots, quarter: Quarter, found: _Found, scratch: Path) -> Window:
        """Crunch the slots of a quarter that are new, and return its window."""
        return slots.crunch(
            quarter,
            found.get(quarter, {}),
            engine=self.engine,
            limits=self.judgement.limits,
            accept=self.judgement.accept,
            rejects=self.judgement.rejects,
            scratch=scratch,
            on_slot=lambda place, of: self.on_step(quarter, f"crunching, slot {place} of {of}"),
        )

    def _publish(
        self, results: Collection[Result], draft: Destination, with_image: Collection[int]
    ) -> Generation | None:
        """Write the results while no other run can, and make them live."""
        for result in results:
            with self._taking(result.outcome):
                self._write(result, draft, with_image)
        for result in results:
            if result.outcome.published:
                result.describe(draft)
                self.on_step(result.outcome.quarter, "done")
        for result in results:
            if result.outcome.published and draft.generation:
                self.before_serving(draft.generation, result.outcome.quarter)
        draft.activate()
        return draft.generation

    def _write(self, result: Result, draft: Destination, with_image: Collection[int]) -> None:
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
            self.judgement.ask_gate(result.outcome, result.accounting, result.first)
        self.on_step(result.outcome.quarter, "publishing")
        result.write(draft, with_image, self.slots)

    def _is_unchanged(self, outcome: QuarterOutcome, digest: str) -> bool:
        outcome.unchanged = digest == self.served_digest(outcome.quarter)
        if outcome.unchanged:
            self.on_step(outcome.quarter, "unchanged")
        return outcome.unchanged
