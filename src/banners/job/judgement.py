"""Decides what of the event files may be published."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from banners.core.account import Accounting
from banners.core.model import Quarter
from banners.core.outcome import QuarterOutcome
from banners.crunch.accounting import settle
from banners.crunch.engines.engine import CrunchedQuarter
from banners.crunch.files.find import QuarterSources
from banners.crunch.gate import Limits, objections
from banners.crunch.rejects import UnacceptedRow, unaccepted_rows, write_rejects
from banners.errors import SourceError, readable, shorten

_SHOWN_ROWS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """Decides what may be published.

    Args:
        limits: limits beyond which the gate refuses a quarter.
        accept: whether to publish what the gate objects to; the outcome keeps the objections.
        served_rows: returns the number of event rows behind what is live in a quarter; None if
            nothing is.
        rejects: the folder for the files that list rows that were not accepted.
        with_image: returns the ids of the banners that have an image.
    """

    limits: Limits
    accept: bool
    served_rows: Callable[[Quarter], int | None]
    rejects: Path
    with_image: Callable[[], Collection[int]]

    def account(
        self, outcome: QuarterOutcome, sources: QuarterSources, crunched: CrunchedQuarter
    ) -> tuple[Accounting, Sequence[UnacceptedRow]]:
        """Account for every row, and write those not accepted to a file.

        Args:
            outcome: told the accounting, and the file if one was written.
            sources: the event files of the quarter.
            crunched: what the engine made of them.

        Returns:
            The accounting, and the first rows that were not accepted.
        """
        accounting = outcome.accounting = settle(sources, crunched)
        first: list[UnacceptedRow] = []
        if accounting.unaccepted:
            path = self.rejects / f"quarter-{int(sources.quarter)}-{sources.digest[:12]}.csv"
            rows = unaccepted_rows(sources, accounting, crunched)
            first = write_rejects(path, rows, shown=_SHOWN_ROWS)
            outcome.rejects = readable(path)
        return accounting, first

    def ask_gate(
        self, outcome: QuarterOutcome, accounting: Accounting, first: Iterable[UnacceptedRow]
    ) -> None:
        """Ask the gate whether a quarter may be published.

        Args:
            outcome: told the objections.
            accounting: what became of the rows of the quarter.
            first: the first rows that were not accepted.

        Raises:
            SourceError: the gate objects, and its objections are not accepted.
        """
        served_rows = self.served_rows(outcome.quarter)
        outcome.objections = objections(accounting, self.limits, served_rows)
        if outcome.objections and not self.accept:
            raise SourceError(*_refusal(outcome, first))


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
