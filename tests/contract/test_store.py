"""One suite over every database: what is published is what is read."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.model import Performance, Quarter, RuleName
from banners.errors import (
    NothingPublished,
    NotInQuarter,
    PublisherBusy,
    SourceError,
    StoreError,
    UnknownCampaign,
)
from banners.serve.reader import read_lineup
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports
from banners.store.schema import (
    CANDIDATES,
    GENERATION_QUARTERS,
    GENERATIONS,
    RESULT_TABLES,
)
from banners.store.write.sweep import KEPT
from support.publishing import (
    LARGEST,
    batches,
    campaign,
    count,
    drafting,
    inventory,
    many,
    outcome_of,
    publish,
    write,
)


def test_what_is_published_is_read(database: Engine) -> None:
    generation = publish(database, 100, Quarter.SECOND)
    lineup = read_lineup(DatabaseReader(database), LARGEST, Quarter.SECOND)
    assert (lineup.campaign_id, lineup.quarter, lineup.generation) == (LARGEST, 2, generation)
    assert (lineup.rule, lineup.converting, lineup.slots) == (RuleName.REVENUE_THEN_CLICKS, 2, 5)
    assert lineup.banners == (
        Performance(9, 2, 1, 70_000_001, banner_id=100),
        Performance(9, 2, 1, 70_000_001, banner_id=101),
    )
    assert lineup.others == (102,)


def test_a_lineup_without_banners_is_read_as_one(database: Engine) -> None:
    with drafting(database) as begun:
        begun.write_quarter(
            Quarter.FIRST, batches(*campaign(5, 100, shown=0, others=3)), inventory(100)
        )
        begun.describe_quarter(Quarter.FIRST, digest="d", rows=1, summary={})
        begun.activate()
    lineup = read_lineup(DatabaseReader(database), 5, Quarter.FIRST)
    assert (lineup.banners, lineup.others) == ((), (100, 101, 102))


@pytest.mark.parametrize(
    "last",
    [range(10_001, 10_002), range(2**32 - 1, 2**32 + 2), range(LARGEST - 10_000, LARGEST)],
    ids=["small", "about as large as four bytes hold", "large"],
)
def test_the_inventory_is_read_completely_and_in_order(database: Engine, last: range) -> None:
    ids = (*range(1, 10_001), *last)
    with drafting(database) as begun:
        begun.write_quarter(Quarter.FIRST, batches(*campaign(5, 1)), inventory(*ids))
        begun.describe_quarter(Quarter.FIRST, digest="d", rows=1, summary={})
        begun.activate()
    assert begun.generation is not None
    assert tuple(DatabaseReader(database).inventory(begun.generation, Quarter.FIRST)) == ids


def test_a_file_that_is_not_there_yet_has_nothing_published(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    reader = DatabaseReader(open_database(f"sqlite:///{file}", create=False))
    with pytest.raises(NothingPublished):
        read_lineup(reader, 5, Quarter.FIRST)
    assert not file.exists()


def test_an_empty_file_has_nothing_published(tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    file.touch()
    reader = DatabaseReader(open_database(f"sqlite:///{file}", create=False))
    assert reader.active() == {}


def test_a_database_without_tables_has_nothing_published(other: Engine) -> None:
    reader = DatabaseReader(other)
    assert reader.active() == {}
    with pytest.raises(NothingPublished):
        read_lineup(reader, 5, Quarter.FIRST)


def test_a_file_that_is_not_a_database_is_an_error_that_says_so(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    file.write_text("not a database, but a letter of some length to somebody else entirely\n" * 9)
    reader = DatabaseReader(open_database(f"sqlite:///{file}", create=False))
    with pytest.raises(StoreError, match="not a database"):
        reader.active()


def test_a_campaign_of_another_quarter_is_distinguished_from_an_unknown_one(
    database: Engine,
) -> None:
    publish(database, 100, Quarter.SECOND, Quarter.FOURTH)
    reader = DatabaseReader(database)
    with pytest.raises(NotInQuarter) as caught:
        read_lineup(reader, 5, Quarter.FIRST)
    assert caught.value.elsewhere == (2, 4)
    with pytest.raises(UnknownCampaign):
        read_lineup(reader, 7, Quarter.FIRST)


def test_a_new_generation_takes_over_only_the_quarters_it_has(database: Engine) -> None:
    old = publish(database, 100, *Quarter)
    new = publish(database, 200, Quarter.THIRD)
    assert DatabaseReader(database).active() == {1: old, 2: old, 3: new, 4: old}


def test_readers_see_nothing_of_a_generation_before_it_is_activated(database: Engine) -> None:
    old = publish(database, 100, Quarter.FIRST)
    with drafting(database) as begun:
        write(begun, Quarter.FIRST, 200)
        lineup = read_lineup(DatabaseReader(database), 5, Quarter.FIRST)
        assert lineup.generation == old
        assert lineup.banners[0].banner_id == 100


def test_an_interrupted_run_leaves_the_old_generation_served(database: Engine) -> None:
    old = publish(database, 100, Quarter.FIRST)

    class Interrupted(Exception):
        pass

    with pytest.raises(Interrupted), drafting(database) as begun:
        write(begun, Quarter.FIRST, 200)
        raise Interrupted
    assert DatabaseReader(database).active() == {Quarter.FIRST: old}


def test_the_next_run_sweeps_what_an_interrupted_run_left(database: Engine) -> None:
    publish(database, 100, Quarter.FIRST)
    rows = count(database, GENERATIONS, *RESULT_TABLES)
    with drafting(database) as begun:
        write(begun, Quarter.FIRST, 200)
    with drafting(database):
        pass
    assert count(database, GENERATIONS, *RESULT_TABLES) == rows


def test_a_number_is_never_given_twice(database: Engine) -> None:
    with drafting(database) as begun:
        write(begun, Quarter.FIRST, 100)
    unfinished = begun.generation
    assert unfinished is not None
    assert publish(database, 200, Quarter.FIRST).number > unfinished.number


@pytest.mark.parametrize("table", RESULT_TABLES)
def test_a_generation_that_lost_rows_is_not_activated(database: Engine, table: sa.Table) -> None:
    old = publish(database, 100, Quarter.FIRST)
    with drafting(database) as begun:
        write(begun, Quarter.FIRST, 200)
        number = begun.generation.number if begun.generation else None
        with database.begin() as connection:
            written = table.c.generation == number
            if "campaign_id" in table.c:
                written &= table.c.campaign_id == 6
            connection.execute(sa.delete(table).where(written))
        with pytest.raises(StoreError, match=rf"{table.name} holds \d+ rows of the \d+ written"):
            begun.activate()
    assert DatabaseReader(database).active() == {Quarter.FIRST: old}


def test_the_newest_generations_of_each_quarter_are_kept(database: Engine) -> None:
    once = publish(database, 100, Quarter.FIRST, Quarter.SECOND)
    several = [publish(database, 200 + n, Quarter.SECOND) for n in range(KEPT + 2)]
    with database.connect() as connection:
        kept = connection.execute(
            sa.select(CANDIDATES.c.quarter, CANDIDATES.c.generation).distinct()
        ).all()
    newest = [(2, each.number) for each in several[-KEPT:]]
    assert sorted(map(tuple, kept)) == [(1, once.number), *newest]
    assert count(database, GENERATIONS) == {"generations": 1 + KEPT}


def test_a_run_without_a_quarter_leaves_no_generation(database: Engine) -> None:
    with drafting(database) as begun:
        begun.activate()
    assert begun.generation is None
    assert DatabaseReader(database).active() == {}


def test_each_quarter_records_the_source_of_its_result(database: Engine) -> None:
    first = publish(database, 100, Quarter.FIRST)
    second = publish(database, 200, Quarter.SECOND)
    assert [
        (each.quarter, each.generation, each.source, each.digest, each.rows)
        for each in DatabaseReader(database).active_quarters()
    ] == [(1, first, "events", "digest 100", 100), (2, second, "events", "digest 200", 200)]
    assert DatabaseReader(database).served_rows(Quarter.SECOND) == 200
    assert DatabaseReader(database).served_rows(Quarter.THIRD) is None
    assert DatabaseReader(database).served_digest(Quarter.SECOND) == "digest 200"
    assert DatabaseReader(database).served_digest(Quarter.THIRD) is None


def test_the_summary_of_a_quarter_is_read_as_it_was_written(database: Engine) -> None:
    generation = publish(database, 100, Quarter.FIRST)
    reader = DatabaseReader(database)
    assert reader.outcome(generation, Quarter.FIRST) == outcome_of(Quarter.FIRST, rows=100)
    assert reader.outcome(generation, Quarter.SECOND) is None


def test_the_campaign_with_the_smallest_id_is_found_for_each_case_of_the_rule(
    database: Engine,
) -> None:
    nothing_clicked = [(each, 1, 9, 0, 0, 0) for each in (8, 9)]
    with drafting(database) as begun:
        rows = (*campaign(6, 1), *campaign(7, 1), *nothing_clicked)
        begun.write_quarter(Quarter.FIRST, batches(*rows), inventory(1))
        begun.describe_quarter(Quarter.FIRST, digest="d", rows=1, summary={})
        begun.activate()
    assert begun.generation is not None
    found = DatabaseReader(database).first_of_each_rule(begun.generation, Quarter.FIRST)
    assert found == {RuleName.REVENUE_THEN_CLICKS: 6, RuleName.MOST_CLICKS: 8}


def test_two_runs_that_write_at_the_same_time_exclude_each_other(
    database: Engine, another: Engine
) -> None:
    with (
        drafting(database),
        pytest.raises(PublisherBusy, match="Another run is publishing"),
        drafting(another, wait_seconds=0),
    ):
        pass


def test_a_run_that_has_ended_lets_the_next_one_in(database: Engine, another: Engine) -> None:
    old = publish(database, 100, Quarter.FIRST)
    assert publish(another, 200, Quarter.FIRST).number > old.number


def test_a_quarter_that_failed_leaves_no_rows_and_the_others_are_served(
    database: Engine,
) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield from batches(*campaign(5, 300))
        raise SourceError("The revenues cannot be added up.")

    with drafting(database) as begun:
        with pytest.raises(SourceError):
            begun.write_quarter(Quarter.FIRST, broken(), inventory(300))
        write(begun, Quarter.SECOND, 100)
        begun.activate()
    assert DatabaseReader(database).active() == {Quarter.SECOND: begun.generation}
    with database.connect() as connection:
        quarters = connection.execute(sa.select(CANDIDATES.c.quarter).distinct()).scalars().all()
    assert quarters == [2]


def test_a_run_whose_only_quarter_failed_leaves_nothing(database: Engine) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield from batches(*campaign(5, 300))
        raise SourceError("The revenues cannot be added up.")

    with drafting(database) as begun:
        with pytest.raises(SourceError):
            begun.write_quarter(Quarter.FIRST, broken(), inventory(300))
        begun.activate()
    assert begun.generation is None
    assert set(count(database, GENERATIONS, *RESULT_TABLES).values()) == {0}


@pytest.fixture
def small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banners.store.write.quarter.BYTES_AT_ONCE", 100_000)
    monkeypatch.setattr("banners.store.write.sweep.ROWS_AT_ONCE", 500)


@pytest.mark.usefixtures("small_transactions")
def test_a_result_larger_than_a_statement_or_a_transaction_is_published_completely(
    database: Engine,
) -> None:
    with drafting(database) as begun:
        written = begun.write_quarter(Quarter.FIRST, many(45_150, 45_150), inventory(1))
        begun.describe_quarter(Quarter.FIRST, digest="d", rows=1, summary={})
        begun.activate()
    assert (written.candidates, written.campaigns) == (45_150, 903)
    lineup = read_lineup(DatabaseReader(database), 903, Quarter.FIRST)
    assert [each.banner_id for each in lineup.banners] == list(range(45_101, 45_111))


@pytest.mark.usefixtures("small_transactions")
def test_a_result_larger_than_a_transaction_is_swept_completely(database: Engine) -> None:
    with drafting(database) as begun:
        begun.write_quarter(Quarter.FIRST, many(45_150, 45_150), inventory(1))
    with drafting(database):
        pass
    assert set(count(database, GENERATIONS, *RESULT_TABLES).values()) == {0}


def test_a_large_result_takes_no_more_memory_than_a_small_one(database: Engine) -> None:
    publish(database, 100, Quarter.FIRST)

    def peak(rows: int, quarter: Quarter) -> int:
        with drafting(database) as begun:
            tracemalloc.start()
            begun.write_quarter(quarter, many(rows, 5_000), inventory(1))
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return most

    assert peak(60_000, Quarter.SECOND) < 1.5 * peak(10_000, Quarter.FIRST)


def test_a_campaign_may_have_very_many_candidates(database: Engine) -> None:
    rows = 100_000
    ids = pa.array(range(10**17, 10**17 + rows), pa.int64())
    ones, most = pa.array([1] * rows, pa.int64()), pa.array([2**40] * rows, pa.int64())
    columns = [pa.array([5] * rows, pa.int64()), ids, most, ones, ones, most]
    names = ["campaign_id", "banner_id", "impressions", "clicks", "conversions", "revenue_micros"]
    whole = pa.table(columns, names)
    with drafting(database) as begun:
        written = begun.write_quarter(
            Quarter.FIRST, whole.to_batches(max_chunksize=20_000), inventory(1)
        )
        begun.describe_quarter(Quarter.FIRST, digest="d", rows=1, summary={})
        begun.activate()
    assert begun.generation is not None
    assert (written.candidates, written.campaigns) == (rows, 1)
    found = DatabaseReader(database).candidates(begun.generation, Quarter.FIRST, 5)
    assert found is not None
    assert [list(each) for each in found.columns] == [each.to_pylist() for each in columns[1:]]
    reports = DatabaseReports(database)
    streamed = list(reports.performance(begun.generation, Quarter.FIRST))
    assert max(each.num_rows for each in streamed) == 20_000
    table = pa.Table.from_batches(streamed)
    assert table.drop_columns(["position", "of_64"]).equals(whole)
    assert table.column("position").null_count == rows - 10


def test_a_campaign_with_more_candidates_than_a_statement_holds_is_refused(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banners.store.write.rows.MOST_BYTES", 1_000)
    with drafting(database) as begun:
        with pytest.raises(SourceError, match=r"Campaign 7 has 400 banners with events, of 3,6"):
            begun.write_quarter(
                Quarter.FIRST, batches(*campaign(7, 1, others=398), size=50), inventory(1)
            )
        write(begun, Quarter.SECOND, 100)
        begun.activate()
    assert set(DatabaseReader(database).active()) == {Quarter.SECOND}


def test_a_summary_may_be_longer_than_a_short_text_column(database: Engine) -> None:
    with drafting(database) as begun:
        begun.write_quarter(Quarter.FIRST, batches(*campaign(5, 100)), inventory(100))
        begun.describe_quarter(
            Quarter.FIRST, digest="d", rows=1, summary={"skipped": ["file.csv"] * 20_000}
        )
    with database.connect() as connection:
        summary = connection.execute(sa.select(GENERATION_QUARTERS.c.summary)).scalar_one()
    assert len(summary) > 200_000


def test_text_of_any_script_is_kept(database: Engine) -> None:
    with drafting(database) as begun:
        write(begun, Quarter.FIRST, 100)
        begun.describe_quarter(Quarter.SECOND, digest="ключ 🔑 '\\%s", rows=1, summary={})
    with database.connect() as connection:
        digests = connection.execute(sa.select(GENERATION_QUARTERS.c.digest)).scalars().all()
    assert digests == ["digest 100", "ключ 🔑 '\\%s"]


def test_a_value_that_is_not_an_integer_is_never_written(database: Engine) -> None:
    (batch,) = batches(*campaign(5, 100), size=9)
    text = pa.array(["1), (2"] * batch.num_rows)
    spoiled = batch.set_column(1, "banner_id", text)
    with drafting(database) as begun, pytest.raises(StoreError):
        begun.write_quarter(Quarter.FIRST, [spoiled], inventory(100))
    assert count(database, CANDIDATES) == {"candidates": 0}
