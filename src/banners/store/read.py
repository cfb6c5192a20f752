"""Reads generations from the database: the tier that all others stand on."""

import json
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.errors import DamagedRecord, StoreUnavailable
from banners.model import Generation, Lineup, Quarter, RuleName
from banners.record import decode_lineup, join_record
from banners.store.dialect import Rows
from banners.store.queries import Queries
from banners.store.schema import (
    ACTIVE_GENERATIONS,
    GENERATION_QUARTERS,
    GENERATIONS,
    INVENTORY,
    LINEUPS,
)

OF_GENERATION = (
    sa.select(GENERATIONS.c.generation)
    .where(
        GENERATIONS.c.generation == sa.bindparam("generation"),
        GENERATIONS.c.started_at == sa.bindparam("stamp"),
    )
    .scalar_subquery()
)
"""The number of a generation, if it is kept. By the stamp too: in a database that was made anew,
another generation has this number."""

_LINEUPS = sa.select(
    LINEUPS.c.campaign_id,
    LINEUPS.c.rule,
    LINEUPS.c.converting,
    LINEUPS.c.slots,
    LINEUPS.c.banner_ids,
    LINEUPS.c.figures,
    LINEUPS.c.fill_ids,
).where(LINEUPS.c.generation == OF_GENERATION, LINEUPS.c.quarter == sa.bindparam("quarter"))
_INVENTORY = sa.select(INVENTORY.c.part, INVENTORY.c.banner_ids).where(
    INVENTORY.c.generation == OF_GENERATION, INVENTORY.c.quarter == sa.bindparam("quarter")
)
_CAMPAIGNS = sa.select(LINEUPS.c.campaign_id).where(
    LINEUPS.c.generation == OF_GENERATION, LINEUPS.c.quarter == sa.bindparam("quarter")
)
_SUMMARY = sa.select(GENERATION_QUARTERS.c.summary).where(
    GENERATION_QUARTERS.c.generation == OF_GENERATION,
    GENERATION_QUARTERS.c.quarter == sa.bindparam("quarter"),
)
_KEPT = _SUMMARY.with_only_columns(GENERATION_QUARTERS.c.generation)
_LARGEST_OF_FOUR_BYTES = 2**32 - 1

ROWS_AT_ONCE = 1_000
"""So many rows are read at a time: a million take much memory, and others wait meanwhile."""

PARTS_AT_ONCE = 10
"""So many parts of the inventory, likewise; each has some thousand ids."""


@dataclass(frozen=True, slots=True)
class ActiveQuarter:
    """What is served in a quarter, and where it came from.

    Args:
        quarter: the quarter of the hour.
        generation: the generation served.
        source: the folder that its event files were in.
        digest: SHA-256 over its event files.
        rows: how many rows these have.
    """

    quarter: Quarter
    generation: Generation
    source: str
    digest: str
    rows: int


class DatabaseReader:
    """A LineupReader over the database, which it closes with itself.

    Args:
        database: an open database; it need not have been published to.
    """

    def __init__(self, database: Engine) -> None:
        self._queries = Queries(database)

    def close(self) -> None:
        """Close the database; whoever reads on is told so by :class:`StoreClosed`."""
        self._queries.close()

    def active(self) -> Mapping[Quarter, Generation]:
        """Tell the generation that is served in each quarter; {} for none."""
        return read_active(self._queries)

    def lineup(self, generation: Generation, quarter: Quarter, campaign_id: int) -> Lineup | None:
        """Read the lineup of a campaign; None where the generation has none of it."""
        return read_one(self._queries, generation, quarter, campaign_id)

    def inventory(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Read the ids of all candidates of all campaigns in a quarter, each once, sorted."""
        pages = self._pages(_INVENTORY, generation, quarter, PARTS_AT_ONCE)
        parts = (json.loads(row.banner_ids) for rows in pages for row in rows)
        return _packed(parts, "inventory", generation, quarter)

    def campaigns(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Read the ids of all campaigns that have a lineup in a quarter, each once, sorted."""
        pages = self._pages(_CAMPAIGNS, generation, quarter, ROWS_AT_ONCE)
        parts = ([row.campaign_id for row in rows] for rows in pages)
        return _packed(parts, "index of campaigns", generation, quarter)

    def records(self, generation: Generation, quarter: Quarter) -> Iterator[tuple[int, bytes]]:
        """Stream all lineups of a quarter, sorted by campaign: each campaign with its record."""
        for rows in self._pages(_LINEUPS, generation, quarter, ROWS_AT_ONCE):
            for row in rows:
                yield row.campaign_id, _record(generation, quarter, row)

    def active_quarters(self) -> list[ActiveQuarter]:
        """Tell what is served in each quarter, and where it came from."""
        rows = self._queries.rows(
            sa.select(
                ACTIVE_GENERATIONS.c.quarter,
                GENERATIONS.c.generation,
                GENERATIONS.c.started_at,
                GENERATIONS.c.source,
                GENERATION_QUARTERS.c.digest,
                GENERATION_QUARTERS.c.event_rows,
            )
            .join(GENERATIONS, GENERATIONS.c.generation == ACTIVE_GENERATIONS.c.generation)
            .join(
                GENERATION_QUARTERS,
                (GENERATION_QUARTERS.c.generation == ACTIVE_GENERATIONS.c.generation)
                & (GENERATION_QUARTERS.c.quarter == ACTIVE_GENERATIONS.c.quarter),
            )
            .order_by(ACTIVE_GENERATIONS.c.quarter)
        )
        return [
            ActiveQuarter(
                quarter=Quarter(row.quarter),
                generation=Generation(row.generation, row.started_at),
                source=row.source,
                digest=row.digest,
                rows=row.event_rows,
            )
            for row in rows
        ]

    def summary(self, generation: Generation, quarter: Quarter) -> dict[str, Any]:
        """Read what the job said of a quarter (banners.job_report.as_json); {} for nothing."""
        rows = self._queries.rows(_SUMMARY, key_of(generation, quarter))
        try:
            return dict(json.loads(rows[0].summary)) if rows else {}
        except (ValueError, TypeError) as error:
            raise DamagedRecord(
                f"What generation {generation.number} says of quarter {int(quarter)} is no JSON. "
                "Crunch the quarter again."
            ) from error

    def digest_served(self, quarter: Quarter) -> str | None:
        """Tell the digest of the event files behind what is served in a quarter; None for none."""
        digests = {each.quarter: each.digest for each in self.active_quarters()}
        return digests.get(quarter)

    def rows_served(self, quarter: Quarter) -> int | None:
        """Tell how many event rows are behind what is served in a quarter; None for nothing."""
        rows = {each.quarter: each.rows for each in self.active_quarters()}
        return rows.get(quarter)

    def first_of_each_rule(self, generation: Generation, quarter: Quarter) -> dict[RuleName, int]:
        """Find a campaign for each case of the rule that occurs in a quarter."""
        rows = self._queries.rows(
            sa.select(LINEUPS.c.rule, sa.func.min(LINEUPS.c.campaign_id).label("campaign_id"))
            .where(LINEUPS.c.generation == generation.number, LINEUPS.c.quarter == int(quarter))
            .group_by(LINEUPS.c.rule)
        )
        return {RuleName(row.rule): row.campaign_id for row in rows}

    def _pages(
        self,
        select: sa.Select[*tuple[Any, ...]],
        generation: Generation,
        quarter: Quarter,
        most: int,
    ) -> Iterator[Rows]:
        """Read rows in pieces, in the order of the number that each begins with.

        Raises:
            StoreUnavailable: the generation was dropped meanwhile. What is dropped loses its row of
                ``generation_quarters`` first (banners.store.sweep).
        """
        key, number = key_of(generation, quarter), select.selected_columns[0]
        in_order = select.order_by(number).limit(most)
        rows = self._queries.rows(in_order, key)
        while rows:
            yield rows
            if len(rows) < most:
                return
            rows = self._queries.rows(in_order.where(number > rows[-1][0]), key)
            if not self._queries.rows(_KEPT, key):
                raise StoreUnavailable(
                    f"Generation {generation.number} was dropped while it was read. Ask again."
                )


def _packed(
    parts: Iterable[list[int]], what: str, generation: Generation, quarter: Quarter
) -> Sequence[int]:
    """Hold ids in four bytes each; in eight where one of them needs it."""
    found = array("I")
    try:
        for ids in parts:
            if found.typecode == "I" and max(ids, default=0) > _LARGEST_OF_FOUR_BYTES:
                found = array("Q", found)
            found.extend(ids)
    except (ValueError, TypeError, OverflowError) as error:
        raise DamagedRecord(
            f"The {what} of generation {generation.number}, quarter {int(quarter)}, is no list of "
            "ids. Crunch the quarter again."
        ) from error
    return found


def read_active(queries: Queries) -> Mapping[Quarter, Generation]:
    """Tell the generation that is served in each quarter; {} for none."""
    rows = queries.rows(
        sa.select(
            ACTIVE_GENERATIONS.c.quarter, GENERATIONS.c.generation, GENERATIONS.c.started_at
        ).join(GENERATIONS, GENERATIONS.c.generation == ACTIVE_GENERATIONS.c.generation)
    )
    return {Quarter(row.quarter): Generation(row.generation, row.started_at) for row in rows}


def read_one(
    queries: Queries, generation: Generation, quarter: Quarter, campaign_id: int
) -> Lineup | None:
    """Read the lineup of a campaign; None where the generation has none of it."""
    rows = queries.rows(
        _LINEUPS.where(LINEUPS.c.campaign_id == campaign_id), key_of(generation, quarter)
    )
    if not rows:
        return None
    record = _record(generation, quarter, rows[0])
    return decode_lineup(record, generation, quarter, campaign_id)


def key_of(generation: Generation, quarter: Quarter) -> dict[str, object]:
    """Write a generation and a quarter as the parameters of a query."""
    return {
        "generation": generation.number,
        "stamp": generation.stamp,
        "quarter": int(quarter),
    }


def _record(generation: Generation, quarter: Quarter, row: Any) -> bytes:
    return join_record(
        generation,
        quarter,
        row.campaign_id,
        rule=row.rule,
        converting=row.converting,
        slots=row.slots,
        banner_ids=row.banner_ids,
        figures=row.figures,
        fill_ids=row.fill_ids,
    )
