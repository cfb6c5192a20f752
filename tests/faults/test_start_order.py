"""The parts started in one order after another: none needs another to be there first."""

from contextlib import closing

import httpx
import pytest

from faults.commands import Started, start
from running import Workplace
from servers import MariaDB, RedisServer, until

PARTS = ("database", "redis", "web application", "job")
# Each part is the first one and the last one, and each two come in either order.
TURNS = [(*PARTS[start:], *PARTS[:start]) for start in range(len(PARTS))]
ORDERS = [*TURNS, *(order[::-1] for order in TURNS)]
CAMPAIGN = 1


class System:
    """The four parts, and what is served once they all run.

    Args:
        workplace: where the commands run, with the event files.
        mariadb: the database's server.
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
        """Start a part, and wait for nothing."""
        if part == "database":
            self._mariadb.start(wait=False)
        elif part == "redis":
            self._redis.start(wait=False)
        else:
            words = ("crunch", "events") if part == "job" else ("serve", "--port", "0")
            self._started[part] = start(self._workplace, *words)

    def wait_until_served(self, generation: int) -> None:
        """Wait until the job has ended well, and what it published is served."""
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
