"""One suite over every tier: what is published is what is read, wherever it comes from."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from banners.core.model import Lineup, Quarter
from banners.core.policy import PolicyName
from banners.errors import NotInQuarter, StoreClosed, UnknownCampaign
from banners.serve.memory import MemoryReader
from banners.serve.reader import LineupReader, LineupSource, read_lineup
from banners.serve.shared_copies import SharedCopies
from banners.store.read.lineups import DatabaseReader
from support.prepared import prepared, publish_prepared
from support.publishing import LARGEST, publish
from support.servers import RedisServer
from support.tiers import lineup_of, redis_reader, the

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
