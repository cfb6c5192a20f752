"""Reads generations from the database, the tier that all others are filled from."""

import json
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.candidates import Candidates
from banners.core.model import Generation, Quarter, RuleName
from banners.core.outcome import Published, QuarterOutcome, parse_outcome
from banners.core.rule import case_of
from banners.errors import DamagedRecord, StoreError, StoreUnavailable
from banners.serve.packed import check_record, decode_candidates
from banners.store.dialects.dialect import Rows
from banners.store.read.queries import Breaker, Queries
from banners.store.schema import (
    ACTIVE_GENERATIONS,
    CANDIDATES,
    GENERATION_QUARTERS,
    GENERATIONS,
    INVENTORY,
)

OF_GENERATION = (
    sa.select(GENERATIONS.c.generation)
    .where(
        GENERATIONS.c.generation == sa.bindparam("generation"),
        GENERATIONS.c.started_at == sa.bindparam("stamp"),
    )
    .scalar_subquery()
)
"""The number of a generation, if it is kept. The stamp is compared too: in a database that was
recreated, another generation may have this number."""

_PACKED = sa.select(CANDIDATES.c.campaign_id, CANDIDATES.c.packed).where(
    CANDIDATES.c.generation == OF_GENERATION, CANDIDATES.c.quarter == sa.bindparam("quarter")
)
_SOME = _PACKED.where(CANDIDATES.c.campaign_id.in_(sa.bindparam("campaigns", expanding=True)))
_INVENTORY = sa.select(INVENTORY.c.part, INVENTORY.c.banner_ids).where(
    INVENTORY.c.generation == OF_GENERATION, INVENTORY.c.quarter == sa.bindparam("quarter")
)
_CAMPAIGNS = _PACKED.with_only_columns(CANDIDATES.c.campaign_id)
_SUMMARY = sa.select(GENERATION_QUARTERS.c.summary).where(
    GENERATION_QUARTERS.c.generation == OF_GENERATION,
    GENERATION_QUARTERS.c.quarter == sa.bindparam("quarter"),
)
_KEPT = _SUMMARY.with_only_columns(GENERATION_QUARTERS.c.generation)
_LARGEST_OF_FOUR_BYTES = 2**32 - 1

ROWS_AT_ONCE = 10_000
"""Maximum number of rows per query, so that one takes little memory and blocks others briefly."""

_FIRST_ROWS = 64
_BYTES_AT_ONCE = 4_000_000
"""Size of the records of a query, by which the number of its rows is chosen: a campaign may have
very many candidates. The first query knows no size, and reads few rows."""

PARTS_AT_ONCE = 100
"""Maximum number of parts of the inventory per query; each has up to 3,000 ids."""


@dataclass(frozen=True, slots=True)
class ActiveQuarter:
    """What is live in a quarter, and what it was made from.

    Args:
        quarter: the quarter of the hour.
        generation: the live generation.
        source: the folder that its event files were in.
        digest: SHA-256 over its event files.
        rows: the number of rows in these.
    """

    quarter: Quarter
    generation: Generation
    source: str
    digest: str
    rows: int


class DatabaseReader:
    """A LineupReader over the database, which is closed with it.

    Args:
        database: an open database, which may have no tables yet.
        breaker: keeps queries from waiting while the database does not answer; None for none.
    """

    def __init__(self, database: Engine, breaker: Breaker | None = None) -> None:
        self._queries = Queries(database, breaker)

    def close(self) -> None:
        """Close the database; later queries raise :class:`StoreClosed`."""
        self._queries.close()

    def check_tables(self) -> None:
        """See :meth:`banners.store.read.queries.Queries.check_tables`."""
        self._queries.check_tables()

    def active(self) -> Mapping[Quarter, Generation]:
        """Return the live generation of each quarter; {} if nothing has been published."""
        return read_active(self._queries)

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        """Read the candidates of a campaign; None if the generation does not have the campaign."""
        return read_one(self._queries, generation, quarter, campaign_id)

    def records_of(
        self, generation: Generation, quarter: Quarter, campaign_ids: Sequence[int]
    ) -> Mapping[int, bytes | StoreError]:
        """Read the records of some campaigns with one query; those without one are left out."""
        key = {**key_of(generation, quarter), "campaigns": campaign_ids}
        found: dict[int, bytes | StoreError] = {}
        for row in self._queries.rows(_SOME, key):
            # SQLite has any type in any column.
            record = row.packed if isinstance(row.packed, bytes) else b""
            try:
                check_record(record, generation, quarter, row.campaign_id)
            except DamagedRecord as error:
                found[row.campaign_id] = error
            else:
                found[row.campaign_id] = record
        return found

    def inventory(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Read the ids of all candidates of all campaigns in a quarter, each once, sorted.

        Raises:
            DamagedRecord: they are not what was published.
        """
        pages = _pages(self._queries, _INVENTORY, generation, quarter, PARTS_AT_ONCE)
        parts = (json.loads(row.banner_ids) for rows in pages for row in rows)
        found = _packed(parts, "inventory", generation, quarter)
        if published := self._published(generation, quarter):
            _check_count(len(found), published.banners, "banners", generation, quarter)
        return found

    def campaigns(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Read the ids of all campaigns that have candidates in a quarter, each once, sorted.

        Raises:
            DamagedRecord: there are fewer or more than were published.
        """
        pages = _pages(self._queries, _CAMPAIGNS, generation, quarter, ROWS_AT_ONCE)
        parts = ([row.campaign_id for row in rows] for rows in pages)
        found = _packed(parts, "index of campaigns", generation, quarter)
        if published := self._published(generation, quarter):
            _check_count(len(found), published.campaigns, "campaigns", generation, quarter)
        return found

    def records(self, generation: Generation, quarter: Quarter) -> Iterator[tuple[int, bytes]]:
        """Stream a quarter, sorted by campaign: each campaign with its record.

        Raises:
            DamagedRecord: at the end, if there are fewer or more than were published.
        """
        found = 0
        for found, row in enumerate(read_records(self._queries, generation, quarter), 1):  # noqa: B007
            yield row
        if published := self._published(generation, quarter):
            _check_count(found, published.campaigns, "campaigns", generation, quarter)

    def active_quarters(self) -> list[ActiveQuarter]:
        """Return what is live in each quarter, and what it was made from."""
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

    def outcome(self, generation: Generation, quarter: Quarter) -> QuarterOutcome | None:
        """Return what became of a quarter when it was crunched; None if it is not kept."""
        rows = self._queries.rows(_SUMMARY, key_of(generation, quarter))
        return read_outcome(generation.number, quarter, rows[0].summary) if rows else None

    def served_digest(self, quarter: Quarter) -> str | None:
        """Return the digest of the event files behind the live quarter; None if there is none."""
        digests = {each.quarter: each.digest for each in self.active_quarters()}
        return digests.get(quarter)

    def served_rows(self, quarter: Quarter) -> int | None:
        """Return the number of event rows behind the live quarter; None if there is none."""
        rows = {each.quarter: each.rows for each in self.active_quarters()}
        return rows.get(quarter)

    def first_of_each_rule(self, generation: Generation, quarter: Quarter) -> dict[RuleName, int]:
        """Return the smallest campaign id for each case of the rule that occurs in a quarter."""
        rows = self._queries.rows(
            sa.select(
                CANDIDATES.c.converting, sa.func.min(CANDIDATES.c.campaign_id).label("campaign_id")
            )
            .where(
                CANDIDATES.c.generation == generation.number, CANDIDATES.c.quarter == int(quarter)
            )
            .group_by(CANDIDATES.c.converting)
            .order_by(sa.desc("campaign_id"))
        )
        return {case_of(row.converting): row.campaign_id for row in rows}

    def _published(self, generation: Generation, quarter: Quarter) -> Published | None:
        """Return what was published of a quarter; None if that is not known."""
        try:
            outcome = self.outcome(generation, quarter)
        except DamagedRecord:
            return None  # the account is damaged, and the quarter may be complete
        return outcome.published if outcome else None


def _pages(
    queries: Queries,
    select: sa.Select[*tuple[Any, ...]],
    generation: Generation,
    quarter: Quarter,
    most: int,
) -> Iterator[Rows]:
    """Read rows a page at a time, in the order of their first column.

    Raises:
        StoreUnavailable: the generation was dropped meanwhile. Its row of ``generation_quarters``
            is deleted first (banners.store.write.sweep).
    """
    key, number = key_of(generation, quarter), select.selected_columns[0]
    in_order = select.order_by(number).limit(most)
    rows = queries.rows(in_order, key)
    while rows:
        yield rows
        if len(rows) < most:
            return
        rows = queries.rows(in_order.where(number > rows[-1][0]), key)
        _check_kept(queries, generation, key)


def _packed(
    parts: Iterable[list[int]], what: str, generation: Generation, quarter: Quarter
) -> Sequence[int]:
    """Pack ids into four bytes each, or eight if one of them needs it."""
    found = array("I")
    try:
        for ids in parts:
            if found.typecode == "I" and max(ids, default=0) > _LARGEST_OF_FOUR_BYTES:
                found = array("Q", found)
            found.extend(ids)
    except (ValueError, TypeError, OverflowError) as error:
        raise DamagedRecord(
            f"The {what} of generation {generation.number}, quarter {int(quarter)}, is not a list "
            "of ids. Crunch the quarter again."
        ) from error
    return found


def _check_count(
    found: int, published: int, of_what: str, generation: Generation, quarter: Quarter
) -> None:
    if found != published:
        raise DamagedRecord(
            f"Of generation {generation.number}, quarter {int(quarter)}, the database holds "
            f"{found} {of_what}, and {published} were published. Crunch the quarter again."
        )


def read_active(queries: Queries) -> Mapping[Quarter, Generation]:
    """Return the live generation of each quarter; {} if nothing has been published."""
    rows = queries.rows(
        sa.select(
            ACTIVE_GENERATIONS.c.quarter, GENERATIONS.c.generation, GENERATIONS.c.started_at
        ).join(GENERATIONS, GENERATIONS.c.generation == ACTIVE_GENERATIONS.c.generation)
    )
    return {Quarter(row.quarter): Generation(row.generation, row.started_at) for row in rows}


def read_outcome(generation: int, quarter: Quarter, summary: str) -> QuarterOutcome:
    """Return what the database keeps of a quarter's outcome.

    Args:
        generation: the number of the generation.
        quarter: the quarter of the hour.
        summary: the value of the column ``summary``.

    Raises:
        DamagedRecord: it is not the JSON of an outcome.
    """
    try:
        return parse_outcome(quarter, summary)
    except ValueError as error:
        raise DamagedRecord(
            f"The account that generation {generation} keeps of quarter {int(quarter)} cannot be "
            f"read: {error}. Crunch the quarter again."
        ) from error


def read_one(
    queries: Queries, generation: Generation, quarter: Quarter, campaign_id: int
) -> Candidates | None:
    """Read the candidates of a campaign; None if the generation does not have the campaign."""
    rows = queries.rows(
        _PACKED.where(CANDIDATES.c.campaign_id == campaign_id), key_of(generation, quarter)
    )
    if not rows:
        return None
    return decode_candidates(rows[0].packed, generation, quarter, campaign_id)


def read_records(
    queries: Queries, generation: Generation, quarter: Quarter
) -> Iterator[tuple[int, bytes]]:
    """Stream a quarter, sorted by campaign: each campaign with its record.

    Raises:
        StoreUnavailable: the generation was dropped meanwhile.
    """
    key, most, last = key_of(generation, quarter), min(_FIRST_ROWS, ROWS_AT_ONCE), 0
    some = _PACKED.where(CANDIDATES.c.campaign_id > sa.bindparam("last")).order_by(
        CANDIDATES.c.campaign_id
    )
    while rows := queries.pairs(some.limit(most), {**key, "last": last}):
        if last:
            _check_kept(queries, generation, key)
        yield from rows
        last = rows[-1][0]
        size = 1 + sum(len(packed) for _, packed in rows) // len(rows)
        most = min(ROWS_AT_ONCE, 4 * most, max(1, _BYTES_AT_ONCE // size))
    if last:
        _check_kept(queries, generation, key)


def _check_kept(queries: Queries, generation: Generation, key: Mapping[str, object]) -> None:
    if not queries.rows(_KEPT, key):
        raise StoreUnavailable(
            f"Generation {generation.number} was dropped while it was read. Ask again."
        )


def key_of(generation: Generation, quarter: Quarter) -> dict[str, object]:
    """Return the parameters that select a quarter of a generation in a query."""
    return {
        "generation": generation.number,
        "stamp": generation.stamp,
        "quarter": int(quarter),
    }
