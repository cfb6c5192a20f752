"""A quarter that was crunched, and where it goes."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from banners.core.account import Accounting
from banners.core.model import Generation, Quarter
from banners.core.outcome import Published, QuarterOutcome, as_json
from banners.crunch.files.place import Place
from banners.crunch.rejects import UnacceptedRow
from banners.store.write.quarter import Written

if TYPE_CHECKING:
    import pyarrow as pa

    from banners.job.window import ClosedSlots


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


@dataclass(slots=True)
class Result:
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
    changed_file: Callable[[], Place | None]
    accounting: Accounting
    first: Sequence[UnacceptedRow]
    candidates: "Iterable[pa.RecordBatch]" = ()
    inventory: "Iterable[pa.RecordBatch]" = ()

    def write(
        self,
        draft: Destination,
        with_image: Collection[int],
        slots: "ClosedSlots | None",
    ) -> None:
        """Write it to a draft, and tell the outcome what was published.

        Args:
            draft: where it goes.
            with_image: ids of the banners that have an image.
            slots: the closed slots, beside which prepared lineups are kept; None to keep none.
        """
        inventory = _Counting(self.inventory, with_image)
        quarter, keeping = self.outcome.quarter, None
        if slots and slots.keep:
            from banners.job.kept_lineups import LineupsTaken

            keeping = LineupsTaken(self.candidates)
        written = draft.write_quarter(quarter, keeping or self.candidates, inventory)
        # Before the generation goes live, so that no view of it is without them.
        if slots and keeping and draft.generation:
            keeping.keep(slots.folder, quarter, draft.generation.number, slots.now)
        self.outcome.published = Published(
            campaigns=written.campaigns,
            candidates=written.candidates,
            rules=dict(sorted(written.rules.items())),
            banners=inventory.banners,
            without_image=inventory.without_image,
        )

    def describe(self, draft: Destination) -> None:
        """Write its outcome to the draft that has taken it.

        Args:
            draft: where it went.
        """
        draft.describe_quarter(
            self.outcome.quarter,
            digest=self.digest,
            rows=self.accounting.rows,
            summary=as_json(self.outcome),
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
            self.without_image += len(ids) - sum(map(self._with_image.__contains__, ids))
            yield batch
