"""Records are streamed in order and complete, however many fit into one answer of the database."""

from importlib import import_module

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.model import Generation, Quarter
from banners.store.connect import dialect_of
from banners.store.read import lineups
from banners.store.read.lineups import DatabaseReader
from banners.store.schema import CANDIDATES
from support.publishing import campaign, publish_rows

FIRST = Quarter.FIRST
PAIRS = sa.select(CANDIDATES.c.campaign_id, CANDIDATES.c.packed)


@pytest.fixture
def generation(database: Engine) -> Generation:
    """A generation of small campaigns, and one in their middle that is larger."""
    rows = [row for each in range(1, 30) for row in campaign(each, 10 * each)]
    return publish_rows(database, [*rows, *campaign(30, 5_000, others=30)], FIRST, Quarter.SECOND)


def published(database: Engine) -> list[tuple[int, bytes]]:
    with database.connect() as connection:
        where = PAIRS.where(CANDIDATES.c.quarter == int(FIRST))
        rows = connection.execute(where.order_by(CANDIDATES.c.campaign_id)).all()
    return [(row.campaign_id, row.packed) for row in rows]


@pytest.mark.parametrize("rows", [4, 10_000])
@pytest.mark.parametrize("joined", [150, 600, 8_000_000], ids=["less than one", "some", "all"])
def test_every_record_is_streamed_once_and_in_order(
    database: Engine,
    generation: Generation,
    monkeypatch: pytest.MonkeyPatch,
    rows: int,
    joined: int,
) -> None:
    monkeypatch.setattr(lineups, "ROWS_AT_ONCE", rows)
    # The package has a function of the module's name.
    monkeypatch.setattr(import_module("banners.store.dialects.mysql.read"), "_JOINED_BYTES", joined)
    expected = published(database)
    assert [each for each, _ in expected] == list(range(1, 31))
    assert len(expected[-1][1]) > 150 > 3 * len(expected[0][1])
    assert list(DatabaseReader(database).records(generation, FIRST)) == expected


@pytest.mark.usefixtures("generation")
def test_pairs_are_returned_in_the_order_of_the_query(database: Engine) -> None:
    expected = published(database)[::-1]
    of_first = PAIRS.where(CANDIDATES.c.quarter == sa.bindparam("quarter"))
    backwards = of_first.order_by(CANDIDATES.c.campaign_id.desc()).limit(1_000)
    with database.connect() as connection:
        found = dialect_of(database).pairs(connection, backwards, {"quarter": int(FIRST)})
    assert [tuple(each) for each in found] == expected


@pytest.mark.usefixtures("generation")
def test_a_query_without_rows_returns_no_pairs(database: Engine) -> None:
    with database.connect() as connection:
        none = PAIRS.where(CANDIDATES.c.quarter == sa.bindparam("quarter"))
        assert not dialect_of(database).pairs(connection, none, {"quarter": 4})
