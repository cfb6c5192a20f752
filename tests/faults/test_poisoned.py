"""Nonsense in Redis does not reach visitors of the web application."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banners.core.model import Quarter
from banners.store.connect import open_database
from faults.commands import serving
from support.publishing import LARGEST, publish
from support.running import Workplace
from support.servers import RedisServer, until

FIELDS = ["5", "6", str(LARGEST), "campaigns", "inventory"]


class Poisoned:
    """A web application that keeps nothing in memory, and the Redis that it reads from.

    Args:
        redis: the Redis server.
        client: an HTTP client of the web application.
    """

    def __init__(self, redis: RedisServer, client: httpx.Client) -> None:
        self._redis = redis.client()
        self._client = client

    def keys(self) -> list[bytes]:
        return [key for key in self._redis.scan_iter("banners:*") if key != b"banners:active"]

    def write(self, nonsense: bytes) -> None:
        for key in self.keys():
            self._redis.delete(key)
            self._redis.hset(key, mapping=dict.fromkeys(FIELDS, nonsense))
        self._redis.set("banners:active", nonsense)

    def overwrite(self, nonsense: bytes) -> None:
        """Replace every hash by a plain value."""
        for key in self.keys():
            self._redis.set(key, nonsense)

    def banners(self, campaign: int) -> set[int]:
        answer = self._client.get(f"/api/v1/campaigns/{campaign}/banners?x").raise_for_status()
        return {each["banner_id"] for each in answer.json()["banners"]}

    def counted(self, outcome: str) -> float:
        sample = f'banners_redis_total{{outcome="{outcome}"}} '
        lines = self._client.get("/metrics").text.splitlines()
        return sum(float(line.removeprefix(sample)) for line in lines if line.startswith(sample))


@pytest.fixture(scope="module")
def poisoned(
    redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Poisoned]:
    folder: Path = tmp_path_factory.mktemp("poisoned")
    redis_server.start()
    redis_server.client().flushall()
    url = f"sqlite:///{folder / 'banners.db'}"
    database = open_database(url, create=True)
    publish(database, 1_000, *Quarter)
    database.dispose()
    variables = {"BANNERS_REDIS_URL": redis_server.url, "BANNERS_MEMORY_LINEUPS": "0"}
    variables["BANNERS_SHARED"] = "off"
    workplace = Workplace(folder, {"BANNERS_DATABASE_URL": url, **variables})
    with serving(workplace) as started, httpx.Client(base_url=started.address) as client:
        until(lambda: client.get("/readyz").status_code == 200)
        yield Poisoned(redis_server, client)


@settings(max_examples=50)
@given(nonsense=st.binary(max_size=400))
def test_a_malformed_value_is_a_miss_and_is_counted(poisoned: Poisoned, nonsense: bytes) -> None:
    poisoned.banners(6)
    poisoned.write(nonsense)
    before = poisoned.counted("damaged")
    # The application keeps only the last answer, so each request is for another campaign.
    for campaign in (5, 6, LARGEST):
        assert poisoned.banners(campaign) == {1_000, 1_001, 1_002}
    assert poisoned.counted("damaged") >= before + 3


@settings(max_examples=5)
@given(nonsense=st.binary(max_size=40))
def test_a_key_that_is_not_a_hash_is_a_miss(poisoned: Poisoned, nonsense: bytes) -> None:
    poisoned.banners(6)
    poisoned.overwrite(nonsense)
    for campaign in (5, 6, LARGEST):
        assert poisoned.banners(campaign) == {1_000, 1_001, 1_002}
