"""Publishes small results, as a run of the job would."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.account import Account, Accounting, Remarks
from banners.core.events import Kind, Reason
from banners.core.model import Generation, Quarter, RuleName
from banners.core.outcome import Published, QuarterOutcome, as_json
from banners.store.carry_over import OnProgress
from banners.store.schema import GENERATION_QUARTERS
from banners.store.write.publish import WAIT_SECONDS, Draft, draft
from banners.store.write.publisher import Publisher
from banners.store.write.rollback import roll_back
from banners.store.write.turn import prepare, upgrade

COLUMNS = {
    "campaign_id": pa.int64(),
    "banner_id": pa.int64(),
    "impressions": pa.int64(),
    "clicks": pa.int64(),
    "conversions": pa.int64(),
    "revenue_micros": pa.int64(),
}
LARGEST = 10**18 - 1


def batches(*rows: tuple[object, ...], size: int = 2) -> list[pa.RecordBatch]:
    """Candidates as an engine streams them, in batches so small that a campaign spans several."""
    whole = pa.Table.from_pylist(
        [dict(zip(COLUMNS, row, strict=True)) for row in rows], schema=pa.schema(COLUMNS)
    )
    return list(whole.to_batches(max_chunksize=size))


def inventory(*banner_ids: int) -> list[pa.RecordBatch]:
    return [pa.record_batch({"banner_id": pa.array(banner_ids, pa.int64())})]


def campaign(
    campaign_id: int, first: int, *, shown: int = 2, others: int = 1
) -> list[tuple[object, ...]]:
    """The candidates of a campaign: ``shown`` in the lineup, ``others`` to fill it with."""
    lineup = [(campaign_id, first + place, 9, 2, 1, 70_000_001) for place in range(shown)]
    fill = [(campaign_id, first + shown + place, 1, 0, 0, 0) for place in range(others)]
    return [*lineup, *fill]


def rolling_back(
    database: Engine, quarters: Collection[Quarter], to: int | None
) -> Mapping[Quarter, int]:
    """Roll quarters back, and return the generation that is now live in each that was changed."""
    done = roll_back(database, quarters, to, now=lambda: datetime.now(UTC)).generations
    return {quarter: number for quarter, (_, number) in done.items()}


def drafting(
    database: Engine,
    *,
    wait_seconds: float = WAIT_SECONDS,
    publisher: Publisher | None = None,
    keep_generations: int | None = None,
) -> AbstractContextManager[Draft]:
    return draft(
        database,
        source="events",
        engine="test",
        now=lambda: datetime.now(UTC),
        wait_seconds=wait_seconds,
        publisher=publisher,
        keep_generations=keep_generations,
    )


def preparing(
    database: Engine, *, wait_seconds: float = WAIT_SECONDS, publisher: Publisher | None = None
) -> None:
    """Prepare a database as a run does before it crunches."""
    prepare(
        database,
        now=lambda: datetime.now(UTC),
        wait_seconds=wait_seconds,
        publisher=publisher,
    )


def upgrading(
    database: Engine,
    on_progress: OnProgress = lambda _: None,
    *,
    wait_seconds: float = WAIT_SECONDS,
) -> Sequence[int]:
    """Bring the tables of a database up to date."""
    return upgrade(
        database,
        now=lambda: datetime.now(UTC),
        wait_seconds=wait_seconds,
        on_progress=on_progress,
    )


def write(begun: Draft, quarter: Quarter, first: int) -> None:
    """Write a quarter of three campaigns, whose banners have ids from ``first`` on."""
    rows = [row for each in (5, 6, LARGEST) for row in campaign(each, first)]
    begun.write_quarter(quarter, batches(*rows), inventory(first, first + 1, first + 2))
    _describe(begun, quarter, first)


def _describe(begun: Draft, quarter: Quarter, first: int) -> None:
    begun.describe_quarter(
        quarter,
        digest=f"digest {first}",
        rows=first,
        summary=as_json(outcome_of(quarter, rows=first)),
    )


def outcome_of(quarter: Quarter, rows: int) -> QuarterOutcome:
    """What became of a quarter that has such impressions, a row with a bad id, and no more."""
    accounts = (
        Account(Kind.IMPRESSIONS, rows, rows - 1, 0, {Reason.BAD_ID: 1}, {}),
        Account(Kind.CLICKS, 0, 0, 0, {}, {}),
        Account(Kind.CONVERSIONS, 0, 0, 0, {}, {}),
    )
    return QuarterOutcome(quarter, seconds=1.5, accounting=Accounting(accounts, Remarks(0, 0)))


def publish(
    database: Engine,
    first: int,
    *quarters: Quarter,
    publisher: Publisher | None = None,
    keep_generations: int | None = None,
) -> Generation:
    """Publish some quarters, and return their generation."""
    with drafting(database, publisher=publisher, keep_generations=keep_generations) as begun:
        for quarter in quarters:
            write(begun, quarter, first)
        begun.activate()
    assert begun.generation is not None
    return begun.generation


def publish_rows(
    database: Engine, rows: Sequence[tuple[object, ...]], *quarters: Quarter
) -> Generation:
    """Publish the same candidates, made by :func:`campaign`, in some quarters."""
    with drafting(database) as begun:
        for quarter in quarters:
            banners = {int(str(banner_id)) for _, banner_id, *_ in rows}
            begun.write_quarter(quarter, batches(*rows), inventory(*sorted(banners)))
            _describe(begun, quarter, 1)
        begun.activate()
    assert begun.generation is not None
    return begun.generation


def publish_counted(database: Engine, first: int, *quarters: Quarter) -> Generation:
    """Publish some quarters, whose account says how much they hold, as that of a run does."""
    generation = publish(database, first, *quarters)
    rules = {RuleName.REVENUE_THEN_CLICKS: 3}
    published = Published(campaigns=3, candidates=9, rules=rules, banners=3, without_image=0)
    for quarter in quarters:
        outcome = replace(outcome_of(quarter, rows=first), published=published)
        with database.begin() as connection:
            connection.execute(
                sa.update(GENERATION_QUARTERS)
                .where(
                    GENERATION_QUARTERS.c.generation == generation.number,
                    GENERATION_QUARTERS.c.quarter == int(quarter),
                )
                .values(summary=json.dumps(as_json(outcome)))
            )
    return generation


def count(database: Engine, *tables: sa.Table) -> dict[str, int]:
    """Count the rows of some tables."""
    return {table.name: _count(database, table) for table in tables}


def _count(database: Engine, table: sa.Table) -> int:
    with database.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def many(rows: int, batch_rows: int) -> Iterable[pa.RecordBatch]:
    """Stream candidates of campaigns that have fifty banners each."""
    for start in range(0, rows, batch_rows):
        numbers = range(start, start + batch_rows)
        figures = pa.array([7] * batch_rows, pa.int64())
        columns = {
            "campaign_id": pa.array([1 + number // 50 for number in numbers], pa.int64()),
            "banner_id": pa.array([1 + number for number in numbers], pa.int64()),
            "impressions": figures,
            "clicks": figures,
            "conversions": figures,
            "revenue_micros": figures,
        }
        yield pa.record_batch(columns)
