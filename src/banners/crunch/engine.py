"""What an engine is: it crunches the files of a quarter, and answers what came of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.crunch.kinds import Kind, Reason
from banners.crunch.sources import QuarterSources

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Remarks:
    """What is worth a remark though it changes nothing.

    Args:
        unseen_clicks: accepted clicks without an impression of their banner and campaign.
        orphan_revenue_micros: what the orphan conversions carried, in millionths.
    """

    unseen_clicks: int
    orphan_revenue_micros: int


class CrunchedQuarter:
    """The result of one quarter. Each answer may be asked for once or more, while it is open.

    Args:
        fetch: runs one of the statements and gives its rows.
        stream: runs one of them and gives its rows in pieces, of which few are in memory.
    """

    def __init__(
        self,
        fetch: Callable[[str], Iterable[Sequence[Any]]],
        stream: "Callable[[str], Iterator[pa.RecordBatch]]",
    ) -> None:
        self._fetch = fetch
        self._stream = stream

    def outcomes(self) -> dict[tuple[str, str], int]:
        """Count the rows that were read, by kind and outcome."""
        rows = self._fetch("accounting")
        return {(kind, outcome): int(affected) for kind, outcome, affected in rows}

    def remarks(self) -> Remarks:
        """Tell what is worth a remark though it changes nothing."""
        ((unseen_clicks, orphan_revenue_micros),) = self._fetch("remarks")
        return Remarks(int(unseen_clicks), int(orphan_revenue_micros))

    def bad_values(self) -> dict[tuple[Kind, Reason], int]:
        """Count the rows with a bad value, by kind and reason."""
        rows = self._fetch("bad_values")
        return {(Kind(kind), Reason(reason)): int(affected) for kind, reason, affected in rows}

    def quarantined_ids(self) -> Iterator[tuple[Kind, int, Reason]]:
        """Stream the ids whose rows were set aside, and why; those of a kind smallest first."""
        for batch in self._stream("quarantined_ids"):
            kinds, ids, reasons = (column.to_pylist() for column in batch.columns)
            yield from zip(map(Kind, kinds), ids, map(Reason, reasons), strict=True)

    def lineups(self) -> "Iterator[pa.RecordBatch]":
        """Stream every candidate with its figures and place, by campaign, best first."""
        return self._stream("lineup")

    def inventory(self) -> "Iterator[pa.RecordBatch]":
        """Stream the id of every candidate of any campaign, each once, smallest first."""
        return self._stream("inventory")


Engine = Callable[[QuarterSources, Path], AbstractContextManager[CrunchedQuarter]]
"""Crunches the files of a quarter; the folder is for what does not fit into memory.

Raises a SourceError where the events cannot be added up, and a CrunchError where it fails itself.
"""


def totals_do_not_fit(reason: str) -> str:
    """Say that revenues cannot be added up, in the words that every engine uses.

    Args:
        reason: what the engine itself said.
    """
    return (
        "The revenues of a banner add up to more than 9,223,372,036,854.775807, which is the most "
        f"that can be counted exactly ({reason}). Check the revenues."
    )
