"""What every engine has in common: how it is called, and what can be read from its result."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.core.account import Remarks
from banners.core.events import Kind, Reason
from banners.crunch.files.find import QuarterSources

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 20_000
"""Maximum number of rows in a batch: enough for the publisher, and few enough for the memory."""


class CrunchedQuarter:
    """The result of one quarter. While it is open, each method may be called more than once.

    Args:
        fetch: runs a statement by its name and returns its rows.
        stream: runs a statement by its name and yields its rows in batches, of which only a few
            are in memory.
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
        """Return the remarks, figures that do not change the result."""
        ((unseen_clicks, orphan_revenue_micros),) = self._fetch("remarks")
        return Remarks(int(unseen_clicks), int(orphan_revenue_micros))

    def bad_values(self) -> dict[tuple[Kind, Reason], int]:
        """Count the rows with a bad value, by kind and reason."""
        rows = self._fetch("bad_values")
        return {(Kind(kind), Reason(reason)): int(affected) for kind, reason, affected in rows}

    def quarantined_ids(self) -> Iterator[tuple[Kind, int, Reason]]:
        """Stream the ids whose rows are quarantined, with the reason; in order within a kind."""
        for batch in self._stream("quarantined_ids"):
            kinds, ids, reasons = (column.to_pylist() for column in batch.columns)
            yield from zip(map(Kind, kinds), ids, map(Reason, reasons), strict=True)

    def kept(self) -> "Iterator[pa.RecordBatch]":
        """Stream the figures of each candidate by group and fill, in order.

        Only if a file has further columns.
        """
        return self._stream("kept")

    def candidates(self) -> "Iterator[pa.RecordBatch]":
        """Stream all candidates with their figures, by campaign, best first."""
        return self._stream("candidates")

    def inventory(self) -> "Iterator[pa.RecordBatch]":
        """Stream the ids of the candidates of all campaigns, without repetition, in order."""
        return self._stream("inventory")


Engine = Callable[[QuarterSources, Path], AbstractContextManager[CrunchedQuarter]]
"""Crunches the files of a quarter; the folder is for data that does not fit into memory.

Raises a SourceError if the revenues are too large to be added up, and a CrunchError if the engine
fails.
"""
