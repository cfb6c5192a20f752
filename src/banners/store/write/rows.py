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
from banners.serve.packed import as_little_endian, join_record
from banners.store.dialects.dialect import Key

if TYPE_CHECKING:
    import pyarrow as pa

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
            batch: the columns of ``crunch/sql/candidates.sql``; a campaign's candidates are
                adjacent, best first, and may continue in the next batch. A further column
                ``lineups`` may have the lineups that a policy prepared of a campaign, in its first
                row, as :mod:`banners.serve.packed_lineups` encodes them.

        Raises:
            SourceError: a campaign's revenues add up to more than a column can hold, or it has too
                many candidates.
            StoreError: a value is not an integer.
        """
        if not batch.num_rows:
            return []
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
        numbers: the column, of 64 bits each.
    """

    def __init__(self, numbers: "pa.Array") -> None:
        self._numbers = numbers
        self._bytes: dict[int, memoryview] = {}

    def packed(self, width: int, start: int, end: int) -> memoryview:
        """Return the bytes of some numbers, all of which fit the width."""
        if width not in self._bytes:
            self._bytes[width] = self._of_width(width)
        return self._bytes[width][start * width : end * width]

    def _of_width(self, width: int) -> memoryview:
        import pyarrow as pa

        kinds = {1: pa.uint8(), 2: pa.uint16(), 4: pa.uint32(), 8: pa.uint64()}
        # What does not fit is cut off, and is not asked for in this width.
        narrow = self._numbers.cast(kinds[width], safe=False)
        _, values = narrow.buffers()
        start = narrow.offset * width
        view = memoryview(values)[start : start + len(narrow) * width]
        return as_little_endian(view, width)


def _start_of_last(batch: "pa.RecordBatch") -> int:
    """Return the row at which the last campaign of a batch starts."""
    import pyarrow.compute as pc

    ends = pc.run_end_encode(batch.column("campaign_id")).run_ends
    return ends[-2].as_py() if len(ends) > 1 else 0


def _lineups(batches: "list[pa.RecordBatch]") -> list[bytes | None]:
    """Return the prepared lineups in each row; nothing if the batches have no such column."""
    if "lineups" not in batches[0].schema.names:
        return []
    return [each for batch in batches for each in batch.column("lineups").to_pylist()]


def _integers(batches: "list[pa.RecordBatch]") -> "dict[str, pa.Array]":
    """Put batches together, a column at a time."""
    import pyarrow as pa

    try:
        return {
            name: pa.concat_arrays([each.column(name).cast(pa.int64()) for each in batches])
            for name in ("campaign_id", *COLUMNS)
        }
    except pa.ArrowInvalid as error:
        raise StoreError(
            f"The result of the crunch holds a value that is not an integer: {error}"
        ) from error


def _campaigns(columns: "dict[str, pa.Array]") -> "Iterator[_Campaign]":
    import pyarrow as pa
    import pyarrow.compute as pc

    runs = pc.run_end_encode(columns["campaign_id"])
    ends = runs.run_ends.to_pylist()
    revenue = columns["revenue_micros"]
    table = pa.table(
        {
            **columns,
            # A sum of revenues may exceed the 64 bits of its parts.
            "sum": revenue.cast(pa.decimal128(38, 0)),
            "converting": pc.greater(revenue, 0).cast(pa.int64()),
            "clicked": pc.greater(columns["clicks"], 0).cast(pa.int64()),
        }
    )
    *counts, _ = FIGURE_NAMES
    summed = [*counts, "sum", "converting", "clicked"]
    wanted = [(name, "sum") for name in summed] + [(name, "max") for name in COLUMNS]
    # Without threads, the groups are in the order of the rows.
    found = table.group_by("campaign_id", use_threads=False).aggregate(wanted)

    def tuples(names: Iterable[str]) -> Iterator[Any]:
        return zip(*(map(int, found.column(name).to_pylist()) for name in names), strict=True)

    return map(
        _Campaign,
        runs.values.to_pylist(),
        [0, *ends[:-1]],
        ends,
        tuples(f"{name}_sum" for name in (*counts, "sum")),
        tuples(("converting_sum", "clicked_sum")),
        tuples(f"{name}_max" for name in COLUMNS),
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
