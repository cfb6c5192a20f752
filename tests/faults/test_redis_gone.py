"""Redis is killed, suspended and restarted under load."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from banners.core.model import Quarter
from banners.store.connect import open_database
from faults.commands import serving
from faults.load import Load
from support.publishing import LARGEST, publish
from support.running import Workplace
from support.servers import RedisServer, until

SLOWEST_SECONDS = 0.25
BACK_SECONDS = 5.0
# A query that no page needs bypasses the prepared answers.
PATHS = ["/campaigns/5", "/api/v1/campaigns/6?x", f"/api/v1/campaigns/{LARGEST}/banners?x"]


@dataclass(frozen=True)
class Visited:
    """A web application under load, and a second one without Redis as a control.

    Whatever else the machine does slows both down, so that the slowest answer of the control shows
    how long an answer takes without a fault.
    """

    address: str
    visits: Load
    control: Load

    def wait_until(self, status: str) -> None:
        until(lambda: bool(self.get("/readyz").json()["status"] == status))

    def hits(self) -> float:
        """The number of lineups that came from Redis."""
        lines = self.get("/metrics").text.splitlines()
        outcomes = dict(line.rsplit(" ", 1) for line in lines if line.startswith("banners_redis_t"))
        return float(outcomes.get('banners_redis_total{outcome="hit"}', 0))

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", timeout=30)


@pytest.mark.slow
def test_a_redis_that_refuses_is_reported(tmp_path: Path, redis_server: RedisServer) -> None:
    redis_server.start()
    redis_server.client().flushall()
    url = f"sqlite:///{tmp_path / 'banners.db'}"
    publish(open_database(url, create=True), 1_000, *Quarter)
    workplace = Workplace(
        tmp_path, {"BANNERS_DATABASE_URL": url, "BANNERS_REDIS_URL": redis_server.url}
    )
    with serving(workplace) as started:

        def get(path: str) -> httpx.Response:
            return httpx.get(f"{started.address}{path}", timeout=30)

        until(lambda: bool(get("/readyz").json()["status"] == "ready"))
        redis_server.client().config_set("maxmemory", 1)
        try:
            until(lambda: bool(get("/readyz").json()["status"] == "degraded"))
            assert get("/readyz").json()["impaired"] == {"redis": "refuses commands"}
            assert get("/readyz").json()["out_of_reach"] == []
            assert "<strong>Redis</strong> refuses commands" in get("/status").text
        finally:
            redis_server.client().config_set("maxmemory", 0)
        until(lambda: bool(get("/readyz").json()["status"] == "ready"))
        assert started.said.count("Redis refuses a command") == 1


@pytest.fixture(params=["0", "100"], ids=["read through Redis", "all in memory"])
def visited(
    request: pytest.FixtureRequest, tmp_path: Path, redis_server: RedisServer
) -> Iterator[Visited]:
    redis_server.start()
    redis_server.client().flushall()
    url = f"sqlite:///{tmp_path / 'banners.db'}"
    database = open_database(url, create=True)
    publish(database, 1_000, *Quarter)
    variables = {"BANNERS_DATABASE_URL": url, "BANNERS_MEMORY_LINEUPS": request.param}
    variables["BANNERS_SHARED"] = "off"
    with_redis = Workplace(tmp_path, {**variables, "BANNERS_REDIS_URL": redis_server.url})
    with ExitStack() as stack:
        address = stack.enter_context(serving(with_redis)).address
        other = stack.enter_context(serving(Workplace(tmp_path, variables))).address
        visits = stack.enter_context(Load(address, PATHS, visitors=2))
        yield Visited(address, visits, stack.enter_context(Load(other, PATHS, visitors=2)))
    redis_server.start()


@pytest.mark.slow
@pytest.mark.parametrize("fault", [RedisServer.kill, RedisServer.pause, RedisServer.stop])
def test_no_visitor_notices_that_redis_is_gone(
    visited: Visited, redis_server: RedisServer, fault: Callable[[RedisServer], None]
) -> None:
    visited.wait_until("ready")
    visited.visits.go_on()
    begun = time.monotonic()
    fault(redis_server)
    visited.wait_until("degraded")
    visited.visits.go_on(500)
    redis_server.start()
    visited.wait_until("ready")
    visited.visits.go_on()
    assert not visited.visits.failed
    noise = visited.control.slowest(begun).seconds
    assert visited.visits.slowest(begun).seconds < SLOWEST_SECONDS + noise


@pytest.mark.slow
@pytest.mark.parametrize("visited", ["0"], indirect=True)
def test_redis_is_used_again_soon_after_its_return(
    visited: Visited, redis_server: RedisServer
) -> None:
    visited.wait_until("ready")
    redis_server.kill()
    visited.wait_until("degraded")
    redis_server.start()
    back = time.monotonic()
    before = visited.hits()
    until(lambda: visited.hits() > before)
    assert time.monotonic() - back < BACK_SECONDS
