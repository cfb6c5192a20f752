"""Packs an engine's record batches into rows of the tables."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from banners.core.candidates import COLUMNS
from banners.core.columns import width_of
from banners.core.figures import FIGURE_NAMES, MOST_MICROS, as_decimal
from banners.core.model import RuleName
from banners.core.rule import choose
from banners.errors import SourceError, StoreError
from banners.serve.packed import join_record
from banners.serve.packed_lineups import LINEUPS_COLUMN
from banners.store.dialects.dialect import Key

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    _Numbers = npt.NDArray[np.int64]

Row = tuple[Any, ...]

# With 18 digits each, these fit the smallest text column of any database (64 kB).
IDS_A_PART = 3_000

MOST_BYTES = 7_000_000
"""Maximum size of a record: even if every byte is written as two, it fits a statement of 16 MB,
which any MySQL accepts. That is 175,000 candidates at least, and about 500,000 as a rule."""


class CandidateRows:
    """Collects rows of the table ``candidates`` from the candidates of a quarter.

    Args:
        key: the first two columns of the rows.
    """

    def __init__(self, key: Key) -> None:
        self._key = key
        # Those of the last campaign, which may go on in the next batch.
        self._held: list[pa.RecordBatch] = []
        self._last: int | None = None
        self.rules: Counter[RuleName] = Counter()
        """The number of rows returned so far, by case of the rule."""

    def add(self, batch: "pa.RecordBatch") -> list[Row]:
        """Take more candidates, and return the rows of the campaigns that are complete now.

        Args:
            batch: at least one row, with the columns of ``crunch/sql/candidates.sql``; a campaign's
                candidates are adjacent, best first, and may continue in the next batch. A further
                column ``lineups`` may have the lineups that a policy prepared for a campaign, in
                its first row, as :mod:`banners.serve.packed_lineups` encodes them.

        Raises:
            SourceError: a campaign's revenues add up to more than a column can hold, or it has too
                many candidates.
            StoreError: a value is not an integer.
        """
        start = _start_of_last(batch)
        last = batch.column("campaign_id")[-1].as_py()
        if start == 0 and last == self._last:
            self._held.append(batch)
            return []
        complete = [*self._held, batch.slice(0, start)]
        self._held, self._last = [batch.slice(start)], last
        return self._rows(complete)

    def finish(self) -> list[Row]:
        """Return the row of the last campaign, if there was any."""
        return self._rows(self._held)

    def _rows(self, batches: "list[pa.RecordBatch]") -> list[Row]:
        if not sum(batch.num_rows for batch in batches):
            return []
        columns = _integers(batches)
        packed = [_Column(columns[name]) for name in COLUMNS]
        lineups = _lineups(batches)
        return [
            self._row(campaign, packed, lineups[campaign.start] if lineups else None)
            for campaign in _campaigns(columns)
        ]

    def _row(self, campaign: "_Campaign", columns: "list[_Column]", lineups: bytes | None) -> Row:
        start, end = campaign.start, campaign.end
        if campaign.figures[-1] > MOST_MICROS:
            raise SourceError(
                f"The revenues of campaign {campaign.campaign_id} add up to more than "
                f"{as_decimal(MOST_MICROS):,}, which is the largest sum that can be stored. "
                "Check the revenues."
            )
        choice = choose(end - start, *campaign.counts)
        self.rules[choice.rule] += 1
        widths = [width_of(most) for most in campaign.largest]
        record = join_record(
            *self._key,
            campaign.campaign_id,
            count=end - start,
            widths=widths,
            columns=[
                column.packed(width, start, end)
                for column, width in zip(columns, widths, strict=True)
            ],
            lineups=lineups or b"",
        )
        if len(record) > MOST_BYTES:
            raise SourceError(
                f"Campaign {campaign.campaign_id} has {end - start:,} banners with events, of "
                f"{len(record):,} bytes; at most {MOST_BYTES:,} can be stored. Check the files."
            )
        return (
            *self._key,
            campaign.campaign_id,
            end - start,
            campaign.counts[0],
            choice.picked,
            *campaign.figures,
            record,
        )


class _Campaign(NamedTuple):
    """A campaign, and what is added up over its candidates.

    Args:
        campaign_id: its id.
        start: its first row.
        end: the row after its last one.
        figures: its four figures.
        counts: X, and the number of candidates with a click.
        largest: the largest value of each column.
    """

    campaign_id: int
    start: int
    end: int
    figures: tuple[int, ...]
    counts: tuple[int, int]
    largest: tuple[int, ...]


class _Column:
    """A column of candidates, as bytes in each width that is asked for.

    Args:
        numbers: the column.
    """

    def __init__(self, numbers: "_Numbers") -> None:
        self._numbers = numbers
        self._packed: dict[int, memoryview] = {}

    def packed(self, width: int, start: int, end: int) -> memoryview:
        """Return some numbers, all of which fit the width, little-endian."""
        if width not in self._packed:
            # What does not fit is cut off, and is not asked for in this width.
            self._packed[width] = self._numbers.astype(f"<u{width}").data
        return self._packed[width][start:end]


def _start_of_last(batch: "pa.RecordBatch") -> int:
    """Return the row at which the last campaign of a batch starts."""
    return int(_starts(batch.column("campaign_id").to_numpy())[-1])


def _starts(campaign_ids: "_Numbers") -> "npt.NDArray[np.intp]":
    """Return the rows at which campaigns start; there is one row or more."""
    import numpy as np

    return np.flatnonzero(np.diff(campaign_ids, prepend=campaign_ids[0] - 1))


def _lineups(batches: "list[pa.RecordBatch]") -> list[bytes | None]:
    """Return the prepared lineups in each row; nothing if the batches have no such column."""
    if LINEUPS_COLUMN not in batches[0].schema.names:
        return []
    return [each for batch in batches for each in batch.column(LINEUPS_COLUMN).to_pylist()]


def _integers(batches: "list[pa.RecordBatch]") -> "dict[str, _Numbers]":
    """Put batches together, a column at a time."""
    import numpy as np
    import pyarrow as pa

    def numbers(column: "pa.Array") -> "_Numbers":
        # A cast imports all of Arrow's functions, which takes longer than to write a small quarter.
        integers = column if column.type == pa.int64() else column.cast(pa.int64())
        found: _Numbers = integers.to_numpy()
        return found

    try:
        return {
            name: np.concatenate([numbers(each.column(name)) for each in batches])
            for name in ("campaign_id", *COLUMNS)
        }
    except pa.ArrowInvalid as error:
        raise StoreError(
            f"The result of the crunch holds a value that is not an integer: {error}"
        ) from error


def _campaigns(columns: "dict[str, _Numbers]") -> Iterator[_Campaign]:
    import numpy as np

    starts = _starts(columns["campaign_id"])

    def sums(numbers: "npt.NDArray[Any]") -> list[int]:
        found: list[int] = np.add.reduceat(numbers, starts, dtype=np.int64).tolist()
        return found

    *counts, _ = FIGURE_NAMES
    revenue = columns["revenue_micros"]
    # A sum of revenues may exceed the 64 bits of its parts.
    halves = zip(sums(revenue >> 32), sums(revenue & 0xFFFFFFFF), strict=True)
    figures = [
        *(sums(columns[name]) for name in counts),
        [(high << 32) + low for high, low in halves],
    ]
    largest = (np.maximum.reduceat(columns[name], starts).tolist() for name in COLUMNS)
    first = starts.tolist()
    return map(
        _Campaign,
        columns["campaign_id"][starts].tolist(),
        first,
        [*first[1:], len(revenue)],
        zip(*figures, strict=True),
        zip(sums(revenue > 0), sums(columns["clicks"] > 0), strict=True),
        zip(*largest, strict=True),
    )


def inventory_rows(key: Key, batches: Iterable["pa.RecordBatch"]) -> Iterator[list[Row]]:
    """Convert the ids of a quarter's candidates into rows of the table ``inventory``."""
    part = 0
    for batch in batches:
        ids = batch.column("banner_id").to_pylist()
        rows = []
        for start in range(0, len(ids), IDS_A_PART):
            rows.append((*key, part, _json(ids[start : start + IDS_A_PART])))
            part += 1
        yield rows


def _json(values: object) -> str:
    return json.dumps(values, separators=(",", ":"))
