"""The figures of a generation, streamed from every kind of database."""

import pyarrow as pa
import pytest
from sqlalchemy.engine import Engine

from banners.core.model import Generation, Quarter
from banners.store.read import performance
from banners.store.read.reports import DatabaseReports
from support.prepared import prepared, publish_prepared
from support.publishing import LARGEST, campaign, publish

FIRST, SECOND = Quarter.FIRST, Quarter.SECOND
FIGURES = ["campaign_id", "banner_id", "impressions", "clicks", "conversions"]
FIGURES += ["revenue_micros", "position", "of_64"]


def rows_of(batches: list[pa.RecordBatch]) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize("at_once", [1, 2, 4, 9, 10])
def test_every_row_comes_once_by_campaign_and_banner_in_batches_of_bounded_size(
    database: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(performance, "_ROWS_AT_ONCE", at_once)
    publish(database, 10, SECOND)
    generation = publish(database, 20, FIRST, SECOND)
    batches = list(DatabaseReports(other).performance(generation, SECOND))
    written = [
        (*row, position, None)
        for each in (5, 6, LARGEST)
        for row, position in zip(campaign(each, 20), (1, 2, None), strict=True)
    ]
    assert rows_of(batches) == written
    assert max(batch.num_rows for batch in batches) <= at_once
    assert batches[0].schema.names == FIGURES


def test_a_row_says_in_how_many_lineups_of_a_policy_its_banner_is(
    database: Engine, other: Engine
) -> None:
    generation = publish_prepared(database, [5, prepared(6)], FIRST)
    rows = rows_of(list(DatabaseReports(other).performance(generation, FIRST)))
    assert [row[-1] for row in rows] == [*(None,) * 8, 64, 64, 64, 64, 48, 16, 0, 0]


@pytest.mark.parametrize("number", [1, 2])
def test_a_generation_of_another_stamp_or_number_has_no_rows(
    database: Engine, other: Engine, number: int
) -> None:
    publish(database, 10, FIRST)
    assert list(DatabaseReports(other).performance(Generation(number, "never"), FIRST)) == []


def test_a_database_that_is_not_there_has_no_rows(other: Engine) -> None:
    assert list(DatabaseReports(other).performance(Generation(1, "never"), FIRST)) == []
