"""What Redis may be: full of nonsense, gone, hung, back again."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from banners.errors import StoreUnavailable
from banners.model import Quarter
from banners.serve.breaker import FAILURES, PAUSE_SECONDS, Breaker
from banners.serve.memory import MemoryReader
from banners.serve.redis import RedisReader
from banners.store.connect import open_database
from banners.store.read import DatabaseReader
from publishing import publish
from servers import RedisServer
from tiers import KEEP_SECONDS, Asked, redis_reader

FIRST = Quarter.FIRST


class Setting:
    """A published database behind Redis, with what was asked of it and what Redis counted."""

    def __init__(self, server: RedisServer, database: Engine) -> None:
        self.server = server
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
        """Read a lineup, and tell its first banner."""
        found = self.reader.lineup(self.generation, FIRST, 5)
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
    assert setting.source.asked.count("lineup") == 1
    assert setting.counted == {"miss": 1, "hit": 4}


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
def test_nonsense_is_a_miss_and_is_counted(setting: Setting, nonsense: bytes) -> None:
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
        client, setting.source, keep_seconds=KEEP_SECONDS, breaker=breaker, count=lambda _: None
    )
    other = client.connection_pool.get_connection()
    other.send_command("BLPOP", "bell", 0)  # type: ignore[no-untyped-call]  # the library's
    setting.server.pause()
    assert reader.lineup(setting.generation, FIRST, 5) is not None
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


def test_without_the_database_redis_tells_what_is_served(setting: Setting) -> None:
    setting.reader.fill(setting.generation, FIRST)
    setting.source.gone = True
    started = redis_reader(setting.server, setting.source)
    assert started.active() == {FIRST: setting.generation}
    assert setting.lineup() == 100
    assert str(started.trouble) == "It is gone."
    setting.source.gone = False
    started.active()
    assert not started.trouble


def test_whoever_has_heard_the_database_does_not_go_by_what_redis_remembers(
    setting: Setting,
) -> None:
    setting.source.gone = True
    with pytest.raises(StoreUnavailable):
        setting.reader.active()


def test_that_what_is_served_is_remembered_is_said_once(
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
def test_what_redis_lacks_is_not_made_up(setting: Setting, field: str) -> None:
    setting.reader.fill(setting.generation, FIRST)
    client = setting.server.client()
    (key,) = (each for each in client.scan_iter() if b":active" not in each)
    client.hdel(key, field)
    setting.source.gone = True
    reads = {"campaigns": setting.reader.campaigns, "inventory": setting.reader.inventory}
    with pytest.raises(StoreUnavailable, match="It is gone"):
        list(reads.get(field, setting.reader.records)(setting.generation, FIRST))


def test_records_that_are_not_whole_are_not_loaded_from_redis(setting: Setting) -> None:
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


def test_something_else_where_ours_should_be_closes_redis_for_nobody(setting: Setting) -> None:
    client = setting.server.client()
    setting.reader.fill(setting.generation, FIRST)
    (key,) = (each for each in client.scan_iter() if b":active" not in each)
    client.set(key, "a string")
    setting.counted.clear()
    assert [setting.lineup() for _ in range(5)] == [100] * 5
    assert setting.counted["damaged"] >= 5
    assert not setting.reader.is_down


def test_a_worker_can_start_on_redis_alone(setting: Setting) -> None:
    setting.reader.fill(setting.generation, FIRST)
    setting.source.gone = True
    memory = MemoryReader(redis_reader(setting.server, setting.source), most_lineups=100)
    memory.load()
    lineup = memory.lineup(setting.generation, FIRST, 6)
    assert lineup is not None
    assert lineup.banners[0].banner_id == 100


def test_without_both_there_is_an_error(setting: Setting) -> None:
    setting.server.kill()
    setting.source.gone = True
    with pytest.raises(StoreUnavailable):
        setting.reader.active()
    with pytest.raises(StoreUnavailable):
        setting.lineup()
