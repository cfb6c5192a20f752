"""Streams the figures of all candidates of a quarter, as the crunch wrote them."""

from array import array
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING

from banners.core.candidates import COLUMNS, Candidates
from banners.core.model import Generation, Quarter
from banners.core.rule import count_picked
from banners.serve.packed import decode_candidates
from banners.store.read.lineups import read_records
from banners.store.read.queries import Queries

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 20_000
_NAMES = ("campaign_id", *COLUMNS)
_NULL = -1


def stream_performance(
    queries: Queries, generation: Generation, quarter: Quarter
) -> Iterator["pa.RecordBatch"]:
    """Stream the figures of a quarter, by campaign, best first.

    Args:
        queries: the open database.
        generation: the generation; one that is not kept has no figures.
        quarter: the quarter of the hour.

    Yields:
        Batches with a column ``campaign_id``, those of a candidate
        (:data:`banners.core.candidates.COLUMNS`), its ``position`` in the lineup, which is null for
        those that are not in it, and ``of_64``, in how many of the lineups that a policy prepared
        it is, which is null under the rule; all integers.

    Raises:
        StoreUnavailable: the generation was dropped meanwhile.
        DamagedRecord: a record is damaged.
    """
    columns, positions, counts = _empty(), array("i"), array("i")
    for campaign_id, record in read_records(queries, generation, quarter):
        candidates = decode_candidates(record, generation, quarter, campaign_id)
        picked = count_picked(candidates)
        shown = _shown(candidates)
        start = 0
        while start < len(candidates):
            end = min(len(candidates), start + _ROWS_AT_ONCE - len(columns[0]))
            for column, numbers in zip(columns[1:], candidates.columns, strict=True):
                column.extend(numbers[start:end])
            columns[0].extend(repeat(campaign_id, end - start))
            positions.extend(
                place if place <= picked else _NULL for place in range(start + 1, end + 1)
            )
            counts.extend(shown[start:end])
            start = end
            if len(positions) == _ROWS_AT_ONCE:
                yield _batch(columns, positions, counts)
                columns, positions, counts = _empty(), array("i"), array("i")
    if positions:
        yield _batch(columns, positions, counts)


def _shown(candidates: Candidates) -> Sequence[int]:
    """Return in how many prepared lineups each candidate is."""
    if candidates.prepared is None:
        return (_NULL,) * len(candidates)
    return candidates.prepared.counts(len(candidates))


def _empty() -> "list[array[int]]":
    return [array("q") for _ in _NAMES]


def _batch(
    columns: "list[array[int]]", positions: "array[int]", counts: "array[int]"
) -> "pa.RecordBatch":
    import pyarrow as pa
    import pyarrow.compute as pc

    def of(kind: "pa.DataType", numbers: "array[int]") -> "pa.Array":
        return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(numbers)])

    def or_null(numbers: "array[int]") -> "pa.Array":
        found = of(pa.int32(), numbers)
        return pc.if_else(pc.greater(found, _NULL), found, pa.scalar(None, pa.int32()))

    return pa.record_batch(
        [*(of(pa.int64(), each) for each in columns), or_null(positions), or_null(counts)],
        [*_NAMES, "position", "of_64"],
    )
