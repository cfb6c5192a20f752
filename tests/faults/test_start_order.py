"""Each pair of services is started in both orders: none needs another to be started first."""

from contextlib import closing

import httpx
import pytest

from faults.commands import Started, start
from support.running import Workplace
from support.servers import MariaDB, RedisServer, until

PARTS = ("database", "redis", "web application", "job")
# Each part comes first once and last once, and any two come in both orders.
TURNS = [(*PARTS[start:], *PARTS[:start]) for start in range(len(PARTS))]
ORDERS = [*TURNS, *(order[::-1] for order in TURNS)]
CAMPAIGN = 1


class System:
    """The four parts of an installation.

    Args:
        workplace: where the commands run, with the event files.
        mariadb: the database server.
        redis: the cache.
    """

    def __init__(self, workplace: Workplace, mariadb: MariaDB, redis: RedisServer) -> None:
        self._workplace = workplace
        self._mariadb = mariadb
        self._redis = redis
        self._started: dict[str, Started] = {}

    def close(self) -> None:
        for each in self._started.values():
            each.kill()

    def start(self, part: str) -> None:
        """Start a part without waiting for it."""
        if part == "database":
            self._mariadb.start(wait=False)
        elif part == "redis":
            self._redis.start(wait=False)
        else:
            words = ("crunch", "events") if part == "job" else ("serve", "--port", "0")
            self._started[part] = start(self._workplace, *words)

    def wait_until_served(self, generation: int) -> None:
        """Wait until the job has succeeded and its generation is served."""
        job = self._started["job"]
        assert job.wait() == 0, job.said
        address = self._started["web application"].address
        path = f"/api/v1/campaigns/{CAMPAIGN}?quarter=1"

        def is_served() -> bool:
            answer = httpx.get(f"{address}{path}", timeout=30)
            return answer.status_code == 200 and answer.json()["generation"] == generation

        until(is_served)


@pytest.mark.slow
def test_every_part_may_start_before_any_other(
    workplace: Workplace, mariadb: MariaDB, mariadb_url: str, redis_server: RedisServer
) -> None:
    assert start(workplace, "sample", "events", "--impressions", "2000").wait() == 0
    workplace.variables["BANNERS_DATABASE_URL"] = mariadb_url
    workplace.variables["BANNERS_REDIS_URL"] = redis_server.url
    for number, order in enumerate(ORDERS, 1):
        mariadb.kill()
        redis_server.kill()
        with closing(System(workplace, mariadb, redis_server)) as system:
            for part in order:
                system.start(part)
            system.wait_until_served(number)
    redis_server.start()
