"""Publishes small results as an engine would, for the tests of the store."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.model import Generation, Quarter
from banners.store.publish import WAIT_SECONDS, Draft, draft

COLUMNS = {
    "campaign_id": pa.int64(),
    "banner_id": pa.int64(),
    "impressions": pa.int64(),
    "clicks": pa.int64(),
    "conversions": pa.int64(),
    "revenue_micros": pa.int64(),
    "position": pa.int32(),
    "other": pa.bool_(),
    "rule": pa.string(),
    "converting": pa.int32(),
    "slots": pa.int32(),
}
LARGEST = 10**18 - 1


def batches(*rows: tuple[object, ...], size: int = 2) -> list[pa.RecordBatch]:
    """Candidates as an engine streams them, in batches so small that campaigns straddle them."""
    whole = pa.Table.from_pylist(
        [dict(zip(COLUMNS, row, strict=True)) for row in rows], schema=pa.schema(COLUMNS)
    )
    return list(whole.to_batches(max_chunksize=size))


def inventory(*banner_ids: int) -> list[pa.RecordBatch]:
    return [pa.record_batch({"banner_id": pa.array(banner_ids, pa.int64())})]


def campaign(
    campaign_id: int, first: int, *, shown: int = 2, others: int = 1
) -> list[tuple[object, ...]]:
    """The candidates of a campaign: ``shown`` in the lineup, ``others`` to fill it up from."""
    rule = ("revenue_then_clicks", 1, 5)
    lineup = [
        (campaign_id, first + place, 9, 2, 1, 70_000_001, place + 1, False, *rule)
        for place in range(shown)
    ]
    fill = [
        (campaign_id, first + shown + place, 1, 0, 0, 0, None, True, *rule)
        for place in range(others)
    ]
    return [*lineup, *fill]


def drafting(
    database: Engine, *, wait_seconds: float = WAIT_SECONDS
) -> AbstractContextManager[Draft]:
    return draft(
        database,
        source="events",
        engine="test",
        now=lambda: datetime.now(UTC),
        wait_seconds=wait_seconds,
    )


def write(begun: Draft, quarter: Quarter, first: int) -> None:
    """Write a quarter of three campaigns, whose banners have ids from ``first`` on."""
    rows = [row for each in (5, 6, LARGEST) for row in campaign(each, first)]
    begun.write_quarter(quarter, batches(*rows), inventory(first, first + 1, first + 2))
    begun.describe_quarter(quarter, digest=f"digest {first}", rows=first, summary={"a": 1})


def publish(database: Engine, first: int, *quarters: Quarter) -> Generation:
    """Publish such quarters, and tell their generation."""
    with drafting(database) as begun:
        for quarter in quarters:
            write(begun, quarter, first)
        begun.activate()
    assert begun.generation is not None
    return begun.generation


def count(database: Engine, *tables: sa.Table) -> dict[str, int]:
    """Count the rows of some tables."""
    return {table.name: _count(database, table) for table in tables}


def _count(database: Engine, table: sa.Table) -> int:
    with database.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def many(rows: int, batch_rows: int) -> Iterable[pa.RecordBatch]:
    """Stream the candidates of as many campaigns as it takes, fifty banners each."""
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
            "position": pa.array(
                [number % 50 + 1 if number % 50 < 10 else None for number in numbers], pa.int32()
            ),
            "other": pa.array([False] * batch_rows),
            "rule": pa.array(["top_revenue"] * batch_rows),
            "converting": pa.array([50] * batch_rows, pa.int32()),
            "slots": pa.array([10] * batch_rows, pa.int32()),
        }
        yield pa.record_batch(columns)
