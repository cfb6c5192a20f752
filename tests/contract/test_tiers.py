"""One suite over every tier: what is published is what is read, wherever it comes from."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.model import Generation, Lineup, Quarter
from banners.core.policy import PolicyName
from banners.errors import (
    NotInQuarter,
    StoreClosed,
    StoreError,
    StoreUnavailable,
    UnknownCampaign,
)
from banners.serve.lookups import LINEUP_BYTES
from banners.serve.memory import MemoryReader
from banners.serve.reader import LineupReader, LineupSource, read_lineup
from banners.serve.shared_copies import SharedCopies
from banners.store.read.lineups import DatabaseReader
from banners.store.schema import ACTIVE_GENERATIONS, CANDIDATES, GENERATION_QUARTERS
from support.prepared import prepared, publish_prepared
from support.publishing import (
    LARGEST,
    batches,
    campaign,
    drafting,
    inventory,
    publish,
    publish_counted,
)
from support.servers import RedisServer
from support.tiers import Asked, lineup_of, redis_reader

FIRST = Quarter.FIRST


TIERS = ["database", "redis", "memory", "memory of two", "shared copy", "all three", "all four"]


@pytest.fixture(params=TIERS)
def tier(
    request: pytest.FixtureRequest, database: Engine, redis_server: RedisServer, tmp_path: Path
) -> Iterator[LineupReader]:
    """Each tier over a published database, with what it needs behind it."""
    publish(database, 100, FIRST, Quarter.THIRD)
    source: LineupSource = DatabaseReader(database)
    if request.param in {"redis", "all three", "all four"}:
        redis_server.start()
        source = redis_reader(redis_server, source)
    reader: LineupReader = source
    if request.param not in {"database", "redis"}:
        shares = request.param in {"shared copy", "all four"}
        reader = memory = MemoryReader(
            source,
            most_lineups={"memory of two": 2, "shared copy": 0}.get(request.param, 100),
            copies=SharedCopies(tmp_path / "shared", "a database") if shares else None,
        )
        memory.load()
        held = memory.held(FIRST)
        assert held is not None
        assert (held.copy is not None) == shares
    yield reader
    reader.close()


def the(reader: LineupReader, quarter: Quarter = FIRST) -> Generation:
    return reader.active()[quarter]


def test_every_quarter_published_is_active(tier: LineupReader, database: Engine) -> None:
    assert tier.active() == DatabaseReader(database).active()
    assert set(tier.active()) == {Quarter.FIRST, Quarter.THIRD}


def test_a_lineup_is_what_the_database_has(tier: LineupReader, database: Engine) -> None:
    for campaign_id in (5, 6, LARGEST):
        expected = lineup_of(DatabaseReader(database), the(tier), FIRST, campaign_id)
        assert isinstance(expected, Lineup)
        # The first answer may come from the tier behind, the second from this one.
        assert [lineup_of(tier, the(tier), FIRST, campaign_id) for _ in range(2)] == [expected] * 2


def test_a_campaign_that_is_not_there_has_no_lineup(tier: LineupReader) -> None:
    assert lineup_of(tier, the(tier), FIRST, 7) is None
    with pytest.raises(UnknownCampaign):
        read_lineup(tier, 7, FIRST)


def test_a_campaign_of_another_quarter_is_distinguished_from_an_unknown_one(
    tier: LineupReader,
) -> None:
    with pytest.raises(NotInQuarter) as caught:
        read_lineup(tier, 5, Quarter.SECOND)
    assert caught.value.elsewhere == (1, 3)


def test_the_lists_are_sorted_and_complete(tier: LineupReader) -> None:
    for _ in range(2):
        assert list(tier.inventory(the(tier), FIRST)) == [100, 101, 102]
        assert list(tier.campaigns(the(tier), FIRST)) == [5, 6, LARGEST]


def test_all_records_are_streamed(tier: LineupReader, database: Engine) -> None:
    expected = dict(DatabaseReader(database).records(the(tier), FIRST))
    assert list(expected) == [5, 6, LARGEST]
    assert dict(tier.records(the(tier), FIRST)) == expected


@pytest.mark.parametrize("tier", ["database", "redis"], indirect=True)
def test_the_records_of_some_campaigns_are_those_that_are_streamed(tier: LineupSource) -> None:
    expected = dict(tier.records(the(tier), FIRST))
    for ids in ([LARGEST], [6, 7], [LARGEST, 5, 6], [7, 8]):
        # The first answer may come from the tier behind, the second from this one.
        for _ in range(2):
            found = tier.records_of(the(tier), FIRST, ids)
            assert found == {each: expected[each] for each in ids if each in expected}
    assert tier.records_of(the(tier), Quarter.SECOND, [5, 6]) == {}


def test_lineups_of_a_policy_are_what_was_published(tier: LineupReader, database: Engine) -> None:
    fourth = Quarter.FOURTH
    made = [prepared(5), prepared(6, PolicyName.TRIAL), prepared(7, fallback="A figure is odd.")]
    publish_prepared(database, [*made, 8], fourth)
    if isinstance(tier, MemoryReader):
        tier.load()
    for _ in range(2):
        for campaign_id, expected in zip((5, 6, 7, 8), (*made, None), strict=True):
            found = tier.candidates(the(tier, fourth), fourth, campaign_id)
            assert found is not None
            assert found.prepared == expected
            assert list(found.banner_ids) == [10 * campaign_id + place for place in range(8)]


def test_an_older_generation_can_still_be_read(tier: LineupReader, database: Engine) -> None:
    old = the(tier)
    publish(database, 200, FIRST)
    if isinstance(tier, MemoryReader):
        tier.load()
    assert the(tier) != old
    before, after = (lineup_of(tier, each, FIRST, 5) for each in (old, the(tier)))
    assert before is not None
    assert after is not None
    assert [each.banners[0].banner_id for each in (before, after)] == [100, 200]
    assert list(tier.inventory(old, FIRST)) == [100, 101, 102]


def test_a_closed_tier_says_so(tier: LineupReader) -> None:
    tier.close()
    with pytest.raises(StoreClosed, match="open it again"):
        tier.active()


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
