"""What memory keeps, and when it asks the database behind it, over each kind of database."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.model import Generation, Lineup, Quarter
from banners.errors import StoreError, StoreUnavailable, UnknownCampaign
from banners.serve.lookups import LINEUP_BYTES
from banners.serve.memory import MemoryReader
from banners.serve.reader import LineupSource, read_lineup
from banners.store.read.lineups import DatabaseReader
from banners.store.schema import ACTIVE_GENERATIONS, CANDIDATES, GENERATION_QUARTERS
from support.publishing import (
    LARGEST,
    batches,
    campaign,
    drafting,
    inventory,
    publish,
    publish_counted,
)
from support.tiers import Asked, lineup_of, the

FIRST = Quarter.FIRST


def test_memory_needs_no_other_tier_once_it_has_loaded(database: Engine) -> None:
    publish(database, 100, *Quarter)
    source = Asked(DatabaseReader(database))
    memory = MemoryReader(source, most_lineups=100)
    memory.load()
    source.asked.clear()
    for campaign_id in (5, 6, LARGEST):
        assert read_lineup(memory, campaign_id, FIRST).campaign_id == campaign_id
    for campaign_id in range(7, 200):
        with pytest.raises(UnknownCampaign):
            read_lineup(memory, campaign_id, FIRST)
    assert not source.asked


def test_unknown_ids_cause_no_query_even_where_lineups_do_not_fit(database: Engine) -> None:
    publish(database, 100, *Quarter)
    source = Asked(DatabaseReader(database))
    memory = MemoryReader(source, most_lineups=0)
    memory.load()
    source.asked.clear()
    for campaign_id in range(7, 200):
        with pytest.raises(UnknownCampaign):
            read_lineup(memory, campaign_id, FIRST)
    assert not source.asked


def test_a_lineup_that_many_requests_miss_concurrently_is_read_once(database: Engine) -> None:
    publish(database, 100, FIRST)
    source = Asked(DatabaseReader(database))
    memory = MemoryReader(source, most_lineups=1)
    memory.load()
    generation, together = the(memory), Barrier(50)

    def visit(_: int) -> Lineup | None:
        together.wait()
        return lineup_of(memory, generation, FIRST, 6)

    with ThreadPoolExecutor(50) as visitors:
        found = list(visitors.map(visit, range(1_000)))
    assert len(found) == 1_000
    assert None not in found
    assert source.asked.count("records_of") == 1


def test_a_new_generation_is_loaded_before_it_is_switched_to(database: Engine) -> None:
    publish(database, 100, FIRST)

    class Watched(Asked):
        def records(self, *key: Any) -> Iterable[tuple[int, bytes]]:
            during.append(read_lineup(memory, 5, FIRST).banners[0].banner_id if shown else 0)
            return super().records(*key)

    during: list[int] = []
    shown = False
    memory = MemoryReader(Watched(DatabaseReader(database)), most_lineups=100)
    memory.load()
    shown = True
    publish(database, 200, FIRST)
    memory.load()
    assert during == [0, 100]
    assert read_lineup(memory, 5, FIRST).banners[0].banner_id == 200


def test_at_the_start_all_quarters_appear_together(database: Engine) -> None:
    publish(database, 100, FIRST, Quarter.SECOND)

    class Watched(Asked):
        def records(self, *key: Any) -> Iterable[tuple[int, bytes]]:
            with pytest.raises(StoreUnavailable):
                memory.active()
            return super().records(*key)

    source = Watched(DatabaseReader(database))
    memory = MemoryReader(source, most_lineups=100)
    memory.load()
    assert source.asked.count("records") == 2
    assert set(memory.active()) == {FIRST, Quarter.SECOND}


def test_a_generation_dropped_since_it_was_loaded_is_replaced_by_the_live_one(
    database: Engine,
) -> None:
    publish(database, 100, FIRST)
    memory = MemoryReader(DatabaseReader(database), most_lineups=0)
    memory.load()
    for first in (200, 300, 400, 500):
        publish(database, first, FIRST)
    assert read_lineup(memory, 5, FIRST).banners[0].banner_id == 500


def test_a_lost_lineup_is_an_error_and_not_an_unknown_campaign(database: Engine) -> None:
    publish(database, 100, FIRST)
    source = Asked(DatabaseReader(database))
    memory = MemoryReader(source, most_lineups=0)
    memory.load()
    with database.begin() as connection:
        connection.execute(CANDIDATES.delete())
    with pytest.raises(StoreUnavailable, match="no longer in the database"):
        read_lineup(memory, 5, FIRST)


def test_a_lineup_that_does_not_fit_is_not_held(database: Engine) -> None:
    publish(database, 100, FIRST)
    memory = MemoryReader(DatabaseReader(database), most_lineups=0)
    memory.load()
    held = memory.held(FIRST)
    assert held is not None
    assert 5 in held
    assert held.candidates(5) is None


def test_a_campaign_without_a_lineup_has_no_candidates_in_memory(database: Engine) -> None:
    publish(database, 100, FIRST)
    memory = MemoryReader(DatabaseReader(database), most_lineups=100)
    memory.load()
    held = memory.held(FIRST)
    assert held is not None
    assert 7 not in held
    assert held.candidates(7) is None


def test_candidates_that_are_not_held_are_read_later(database: Engine) -> None:
    publish(database, 100, FIRST)
    memory = MemoryReader(DatabaseReader(database), most_lineups=0)
    memory.load()
    held = memory.held(FIRST)
    assert held is not None
    found = held.read_later(6).result(timeout=60)
    assert found is not None
    assert list(found.banner_ids) == [100, 101, 102]


def publish_large(database: Engine) -> Generation:
    """Publish a campaign whose record takes the room of several lineups, besides small ones."""
    rows = [row for each in (5, 6) for row in campaign(each, 10)]
    rows += campaign(7, 1_000, shown=1, others=800)
    with drafting(database) as begun:
        begun.write_quarter(FIRST, batches(*rows, size=100), inventory(1))
        begun.describe_quarter(FIRST, digest="d", rows=1, summary={})
        begun.activate()
    assert begun.generation is not None
    return begun.generation


@pytest.mark.parametrize(("most", "is_held"), [(9, False), (10, True)])
def test_a_large_campaign_counts_as_several_lineups(
    database: Engine, most: int, *, is_held: bool
) -> None:
    generation = publish_large(database)
    record = dict(DatabaseReader(database).records(generation, FIRST))[7]
    assert 7 * LINEUP_BYTES <= len(record) < 8 * LINEUP_BYTES
    memory = MemoryReader(DatabaseReader(database), most_lineups=most)
    memory.load()
    held = memory.held(FIRST)
    assert held is not None
    assert (held.candidates(5) is not None) == is_held
    for campaign_id in (5, 7):
        found = lineup_of(memory, generation, FIRST, campaign_id)
        assert found == lineup_of(DatabaseReader(database), generation, FIRST, campaign_id)


def test_what_is_read_through_is_kept_within_the_bound(database: Engine) -> None:
    generation = publish_large(database)
    source = Asked(DatabaseReader(database))
    memory = MemoryReader(source, most_lineups=2)
    memory.load()
    source.asked.clear()
    for campaign_id in (5, 7, 7, 5):
        assert lineup_of(memory, generation, FIRST, campaign_id) is not None
    # The large one does not fit, so that it is read each time and displaces no other.
    assert source.asked == ["records_of"] * 3


def test_a_generation_replaced_during_a_request_is_not_loaded_again(database: Engine) -> None:
    publish(database, 100, FIRST)

    class Replaced(Asked):
        def records_of(self, *key: Any) -> Mapping[int, bytes | StoreError]:
            for first in (200, 300, 400, 500):
                publish(database, first, FIRST)
            memory.load()
            self.asked.clear()
            return super().records_of(*key)

    source = Replaced(DatabaseReader(database))
    memory = MemoryReader(source, most_lineups=0)
    memory.load()
    assert lineup_of(memory, the(memory), FIRST, 5) is None
    assert source.asked == ["records_of"]


def test_a_database_that_has_lost_everything_changes_nothing(database: Engine) -> None:
    publish(database, 100, FIRST)
    memory = MemoryReader(DatabaseReader(database), most_lineups=100)
    memory.load()
    with database.begin() as connection:
        connection.execute(ACTIVE_GENERATIONS.delete())
    memory.load()
    assert read_lineup(memory, 5, FIRST).banners[0].banner_id == 100
    assert "has lost everything" in str(memory.source_error)


def test_an_empty_database_is_no_error_and_nothing_is_logged(
    database: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "banners.serve.memory")
    memory = MemoryReader(DatabaseReader(database), most_lineups=100)
    memory.load()
    assert (memory.active(), memory.source_error, caplog.text) == ({}, None, "")


def test_a_pointer_that_vanishes_changes_nothing(database: Engine) -> None:
    publish_counted(database, 100, FIRST, Quarter.SECOND)
    memory = MemoryReader(DatabaseReader(database), most_lineups=100)
    memory.load()
    with database.begin() as connection:
        connection.execute(sa.delete(ACTIVE_GENERATIONS).where(ACTIVE_GENERATIONS.c.quarter == 1))
    memory.load()
    assert set(memory.active()) == {FIRST, Quarter.SECOND}
    assert memory.is_damaged


def test_without_its_account_a_quarter_is_served(database: Engine) -> None:
    publish_counted(database, 100, FIRST)
    with database.begin() as connection:
        connection.execute(sa.update(GENERATION_QUARTERS).values(summary="no JSON"))
    memory = MemoryReader(DatabaseReader(database), most_lineups=100)
    memory.load()
    assert read_lineup(memory, 5, FIRST).banners[0].banner_id == 100
    assert not memory.source_error


class Overtaken(Asked):
    """A tier behind which a generation is dropped, just before it is asked for something."""

    def __init__(self, database: Engine) -> None:
        super().__init__(DatabaseReader(database))
        self._database = database
        self.when = ""

    def _ask(self, name: str) -> LineupSource:
        if name == self.when:
            self.when = ""
            for first in (300, 400, 500):
                publish(self._database, first, FIRST)
        return super()._ask(name)


@pytest.mark.parametrize(
    ("when", "most_lineups"),
    [("campaigns", 0), ("campaigns", 9), ("records", 9), ("inventory", 0), ("inventory", 9)],
)
def test_a_generation_dropped_while_it_is_loaded_is_not_switched_to(
    database: Engine, when: str, most_lineups: int
) -> None:
    publish(database, 100, FIRST)
    source = Overtaken(database)
    memory = MemoryReader(source, most_lineups=most_lineups)
    memory.load()
    publish(database, 200, FIRST)
    source.when = when
    memory.load()
    assert list(memory.inventory(the(memory), FIRST)) == [100, 101, 102]
    memory.load()
    assert list(memory.inventory(the(memory), FIRST)) == [500, 501, 502]


def test_a_source_that_is_gone_changes_nothing(database: Engine) -> None:
    publish(database, 100, FIRST)
    source = Asked(DatabaseReader(database))
    memory = MemoryReader(source, most_lineups=100)
    memory.load()
    assert not memory.source_error
    source.gone = True
    memory.load()
    assert read_lineup(memory, 5, FIRST).banners[0].banner_id == 100
    assert str(memory.source_error) == "It is gone."
    source.gone = False
    memory.load()
    assert not memory.source_error


def test_before_the_first_load_there_is_nothing_to_answer_with(database: Engine) -> None:
    publish(database, 100, FIRST)
    source = Asked(DatabaseReader(database))
    source.gone = True
    memory = MemoryReader(source, most_lineups=100)
    with pytest.raises(StoreUnavailable):
        read_lineup(memory, 5, FIRST)
    memory.load()
    with pytest.raises(StoreUnavailable):
        read_lineup(memory, 5, FIRST)
    source.gone = False
    memory.load()
    assert read_lineup(memory, 5, FIRST).campaign_id == 5
