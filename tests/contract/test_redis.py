"""The states that Redis may be in: full of nonsense, gone, hanging, back again."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from banners.core.model import Quarter
from banners.errors import DamagedRecord, StoreUnavailable
from banners.serve.breaker import FAILURES, PAUSE_SECONDS, Breaker
from banners.serve.memory import MemoryReader
from banners.serve.redis import REFUSING_SECONDS, RedisReader
from banners.serve.redis_client import connect
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.schema import CANDIDATES
from support.publishing import LARGEST, publish
from support.servers import RedisServer, redis_server
from support.tiers import KEEP_SECONDS, Asked, lineup_of, redis_reader

FIRST = Quarter.FIRST


class Setting:
    """A published database behind Redis, with what was asked of it and what Redis counted."""

    def __init__(self, server: RedisServer, database: Engine) -> None:
        self.server = server
        self.database = database
        self.source = Asked(DatabaseReader(database))
        self.counted: Counter[str] = Counter()
        self.now = 100.0
        self.reader: RedisReader = redis_reader(
            server,
            self.source,
            count=lambda outcome: self.counted.update([outcome]),
            clock=lambda: self.now,
            seconds=0.2,
        )
        self.generation = self.reader.active()[FIRST]

    def lineup(self) -> int:
        """Read a lineup, and return its first banner."""
        found = lineup_of(self.reader, self.generation, FIRST, 5)
        assert found is not None
        return found.banners[0].banner_id


@pytest.fixture
def setting(
    redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Setting]:
    redis_server.start()
    redis_server.client().flushall()
    database = open_database(
        f"sqlite:///{tmp_path_factory.mktemp('redis') / 'banners.db'}", create=True
    )
    publish(database, 100, FIRST)
    yield Setting(redis_server, database)
    redis_server.start()


def test_a_lineup_is_asked_of_the_database_once(setting: Setting) -> None:
    assert [setting.lineup() for _ in range(5)] == [100] * 5
    assert setting.source.asked.count("records_of") == 1
    assert setting.counted == {"miss": 1, "hit": 4}


def test_of_several_campaigns_those_that_redis_lacks_are_read_and_kept_together(
    setting: Setting,
) -> None:
    reader, generation = setting.reader, setting.generation
    expected = dict(DatabaseReader(setting.database).records(generation, FIRST))
    assert list(reader.records_of(generation, FIRST, [6])) == [6]
    client = setting.server.client()
    (key,) = (each for each in client.scan_iter() if b":active" not in each)
    client.hset(key, f"{LARGEST}", client.hget(key, "6"))
    setting.source.asked.clear()
    setting.counted.clear()
    ids = [5, 6, 7, LARGEST]
    assert reader.records_of(generation, FIRST, ids) == expected
    assert setting.counted == {"hit": 1, "damaged": 1, "miss": 3}
    assert setting.source.asked == ["records_of"]
    setting.source.gone = True
    assert reader.records_of(generation, FIRST, list(expected)) == expected
    assert client.ttl(key) > 0


def test_what_redis_has_is_returned_where_the_source_fails(setting: Setting) -> None:
    reader, generation = setting.reader, setting.generation
    setting.lineup()
    setting.source.gone = True
    found = reader.records_of(generation, FIRST, [5, 6])
    assert isinstance(found[5], bytes)
    assert isinstance(found[6], StoreUnavailable)
    with pytest.raises(StoreUnavailable, match="It is gone"):
        reader.candidates(generation, FIRST, 6)


def test_a_record_that_is_damaged_in_the_database_is_not_kept_in_redis(setting: Setting) -> None:
    with setting.database.begin() as connection:
        of_six = CANDIDATES.c.campaign_id == 6
        connection.execute(CANDIDATES.update().where(of_six).values(packed=b"nonsense"))
    for _ in range(2):
        found = setting.reader.records_of(setting.generation, FIRST, [5, 6])
        assert isinstance(found[5], bytes)
        assert isinstance(found[6], DamagedRecord)
        with pytest.raises(DamagedRecord, match="campaign 6"):
            setting.reader.candidates(setting.generation, FIRST, 6)
    (key,) = (each for each in setting.server.client().scan_iter() if b":active" not in each)
    assert setting.server.client().hkeys(key) == [b"5"]


def test_what_was_filled_in_is_not_asked_for(setting: Setting) -> None:
    setting.reader.fill(setting.generation, FIRST)
    setting.source.asked.clear()
    assert setting.lineup() == 100
    assert not setting.source.asked
    setting.source.gone = True
    assert list(setting.reader.campaigns(setting.generation, FIRST))[:2] == [5, 6]
    assert list(setting.reader.inventory(setting.generation, FIRST)) == [100, 101, 102]


def test_everything_has_a_time_to_live(setting: Setting) -> None:
    setting.reader.fill(setting.generation, FIRST)
    client = setting.server.client()
    lives = [client.ttl(key) for key in client.scan_iter() if b":active" not in key]
    assert lives
    assert all(0 < seconds <= KEEP_SECONDS for seconds in lives)


def test_what_is_served_is_kept_alive(setting: Setting) -> None:
    setting.reader.fill(setting.generation, FIRST)
    client = setting.server.client()
    (key,) = (each for each in client.scan_iter() if b":active" not in each)
    client.expire(key, 5)
    setting.reader.active()
    assert client.ttl(key) > 5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nonsense=st.binary(max_size=400))
def test_a_malformed_value_is_a_miss_and_is_counted(setting: Setting, nonsense: bytes) -> None:
    setting.reader.fill(setting.generation, FIRST)
    client = setting.server.client()
    (key,) = (each for each in client.scan_iter() if b":active" not in each)
    client.hset(key, mapping=dict.fromkeys(["5", "campaigns", "inventory"], nonsense))
    client.set("banners:active", nonsense)
    setting.counted.clear()
    assert setting.lineup() == 100
    assert setting.counted["damaged"] == 1
    assert setting.reader.active() == {FIRST: setting.generation}
    assert list(setting.reader.campaigns(setting.generation, FIRST))[:2] == [5, 6]
    assert setting.lineup() == 100
    assert setting.counted["hit"] == 1


def test_without_redis_the_database_answers(setting: Setting) -> None:
    setting.server.kill()
    assert [setting.lineup() for _ in range(10)] == [100] * 10
    assert setting.counted["failed"] == FAILURES
    assert setting.counted["skipped"] > 0
    assert setting.reader.is_down


def test_a_redis_that_hangs_is_soon_left_alone(setting: Setting) -> None:
    setting.server.pause()
    assert [setting.lineup() for _ in range(10)] == [100] * 10
    assert setting.counted["failed"] == FAILURES


def test_a_call_that_fails_leaves_those_of_others_alone(setting: Setting) -> None:
    client = redis.Redis.from_url(setting.server.url, socket_timeout=0.2)
    breaker = Breaker("Redis", lambda: setting.now)
    reader = RedisReader(
        client,
        setting.source,
        keep_seconds=KEEP_SECONDS,
        breaker=breaker,
        count=lambda _: None,
        clock=lambda: setting.now,
    )
    other = client.connection_pool.get_connection()
    other.send_command("BLPOP", "bell", 0)  # type: ignore[no-untyped-call]  # the library's
    setting.server.pause()
    assert lineup_of(reader, setting.generation, FIRST, 5) is not None
    setting.server.resume()
    setting.server.client().rpush("bell", "rung")
    assert other.read_response() == [b"bell", b"rung"]


def test_a_redis_that_is_back_is_used_again(setting: Setting) -> None:
    setting.server.kill()
    for _ in range(5):
        setting.lineup()
    setting.server.start()
    setting.now += PAUSE_SECONDS
    setting.lineup()
    setting.counted.clear()
    assert setting.lineup() == 100
    assert setting.counted == {"hit": 1}


def test_without_the_database_redis_knows_what_is_live(setting: Setting) -> None:
    setting.reader.fill(setting.generation, FIRST)
    setting.source.gone = True
    started = redis_reader(setting.server, setting.source)
    assert started.active() == {FIRST: setting.generation}
    assert setting.lineup() == 100
    assert str(started.source_error) == "It is gone."
    setting.source.gone = False
    started.active()
    assert not started.source_error


def test_a_worker_that_the_database_has_answered_ignores_what_redis_remembers(
    setting: Setting,
) -> None:
    setting.source.gone = True
    with pytest.raises(StoreUnavailable):
        setting.reader.active()


def test_serving_from_what_redis_remembers_is_logged_once(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    setting.source.gone = True
    started = redis_reader(setting.server, setting.source)
    for _ in range(3):
        assert started.active() == {FIRST: setting.generation}
    assert caplog.text.count("Serving what Redis remembers: It is gone.") == 1


def test_a_worker_cannot_start_on_a_redis_that_remembers_nothing(setting: Setting) -> None:
    setting.server.client().flushall()
    setting.source.gone = True
    with pytest.raises(StoreUnavailable, match="It is gone"):
        redis_reader(setting.server, setting.source).active()


def test_where_nothing_is_published_nothing_is_remembered(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    redis_server.start()
    redis_server.client().flushall()
    database = open_database(f"sqlite:///{tmp_path / 'banners.db'}", create=False)
    assert redis_reader(redis_server, DatabaseReader(database)).active() == {}
    assert list(redis_server.client().scan_iter()) == []


@pytest.mark.parametrize("field", ["campaigns", "inventory", "6"])
def test_data_missing_in_redis_is_an_error_while_the_source_is_gone(
    setting: Setting, field: str
) -> None:
    setting.reader.fill(setting.generation, FIRST)
    client = setting.server.client()
    (key,) = (each for each in client.scan_iter() if b":active" not in each)
    client.hdel(key, field)
    setting.source.gone = True
    reads = {"campaigns": setting.reader.campaigns, "inventory": setting.reader.inventory}
    with pytest.raises(StoreUnavailable, match="It is gone"):
        list(reads.get(field, setting.reader.records)(setting.generation, FIRST))


def test_incomplete_records_are_not_loaded_from_redis(setting: Setting) -> None:
    setting.reader.fill(setting.generation, FIRST)
    client = setting.server.client()
    (key,) = (each for each in client.scan_iter() if b":active" not in each)
    client.hset(key, "6", client.hget(key, "5"))
    setting.source.gone = True
    memory = MemoryReader(redis_reader(setting.server, setting.source), most_lineups=100)
    memory.load()
    assert memory.numbers() == {}
    setting.source.gone = False
    memory.load()
    assert memory.numbers() == {1: setting.generation.number}


def test_a_foreign_value_under_our_key_does_not_open_the_breaker(setting: Setting) -> None:
    client = setting.server.client()
    setting.reader.fill(setting.generation, FIRST)
    (key,) = (each for each in client.scan_iter() if b":active" not in each)
    client.set(key, "a string")
    setting.counted.clear()
    assert [setting.lineup() for _ in range(5)] == [100] * 5
    assert setting.counted["damaged"] >= 5
    assert not setting.reader.is_down


def test_an_old_redis_without_a_greeting_is_used(setting: Setting) -> None:
    with redis_server("--rename-command", "HELLO", "") as old:
        counted: Counter[str] = Counter()
        reader = RedisReader(
            connect(old.url, seconds=5),
            setting.source,
            keep_seconds=KEEP_SECONDS,
            breaker=Breaker("Redis", lambda: setting.now),
            count=lambda outcome: counted.update([outcome]),
            clock=lambda: setting.now,
        )
        for _ in range(3):
            assert lineup_of(reader, setting.generation, FIRST, 5) is not None
        assert not reader.refuses
        reader.close()
    assert counted == {"miss": 1, "hit": 2}


def test_refusals_by_redis_are_logged_once_and_end_when_it_accepts_again(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    client = setting.server.client()
    client.config_set("maxmemory", 1)
    try:
        for _ in range(5):
            assert setting.reader.active() == {FIRST: setting.generation}
    finally:
        client.config_set("maxmemory", 0)
    assert setting.reader.refuses
    assert not setting.reader.is_down
    assert caplog.text.count("Redis refuses a command, which is skipped") == 1
    setting.now += REFUSING_SECONDS
    setting.reader.active()
    assert not setting.reader.refuses


def test_a_damaged_value_is_logged_once(setting: Setting, caplog: pytest.LogCaptureFixture) -> None:
    setting.source.gone = True
    setting.server.client().set("banners:active", "nonsense")
    started = redis_reader(setting.server, setting.source)
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            started.active()
    assert caplog.text.count("Redis returned a damaged value") == 1


def test_a_worker_can_start_on_redis_alone(setting: Setting) -> None:
    setting.reader.fill(setting.generation, FIRST)
    setting.source.gone = True
    memory = MemoryReader(redis_reader(setting.server, setting.source), most_lineups=100)
    memory.load()
    lineup = lineup_of(memory, setting.generation, FIRST, 6)
    assert lineup is not None
    assert lineup.banners[0].banner_id == 100


def test_without_both_there_is_an_error(setting: Setting) -> None:
    setting.server.kill()
    setting.source.gone = True
    with pytest.raises(StoreUnavailable):
        setting.reader.active()
    with pytest.raises(StoreUnavailable):
        setting.lineup()


def test_records_are_continued_from_redis_if_the_source_fails(setting: Setting) -> None:
    class Failing(Asked):
        def records(self, *key: Any) -> Iterator[tuple[int, bytes]]:
            yield from islice(super().records(*key), 1)
            raise StoreUnavailable("It fails.")

    setting.reader.fill(setting.generation, FIRST)
    expected = list(setting.source.records(setting.generation, FIRST))
    reader = redis_reader(setting.server, Failing(setting.source))
    assert list(reader.records(setting.generation, FIRST)) == expected
    assert len(expected) > 1
