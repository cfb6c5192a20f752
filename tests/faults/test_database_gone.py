"""The database is lost, alone or together with Redis, under load or before the first request."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.store.schema import CANDIDATES
from faults.commands import serving
from faults.load import Load
from support.publishing import LARGEST, publish, publish_counted
from support.running import Workplace
from support.servers import PASSWORD, MariaDB, RedisServer, until

SLOWEST_SECONDS = 0.25
HUNG_SECONDS = 2.0
PLACEHOLDER = "/static/images/image_1.png"
# A query that no page needs bypasses the prepared answers.
PATHS = ["/campaigns/5", "/api/v1/campaigns/6?x", f"/api/v1/campaigns/{LARGEST}/banners?x"]


def published(url: str) -> None:
    database = open_database(url, create=True)
    publish(database, 1_000, *Quarter)
    database.dispose()


def get(address: str, path: str) -> httpx.Response:
    return httpx.get(f"{address}{path}", timeout=30)


def out_of_reach(address: str) -> list[str]:
    answer = get(address, "/readyz")
    return list(answer.json()["out_of_reach"]) if answer.status_code == 200 else ["everything"]


@contextmanager
def visited(workplace: Workplace) -> Iterator[tuple[str, Load]]:
    """A warm worker, and visitors."""
    with ExitStack() as stack:
        address = stack.enter_context(serving(workplace)).address
        until(lambda: not out_of_reach(address))
        load = stack.enter_context(Load(address, PATHS, visitors=2))
        load.go_on()
        yield address, load


@pytest.fixture
def workplace(tmp_path: Path, mariadb_url: str, redis_server: RedisServer) -> Iterator[Workplace]:
    """A working folder whose results are in MariaDB, with Redis in front of it."""
    redis_server.start()
    redis_server.client().flushall()
    yield Workplace(
        tmp_path, {"BANNERS_DATABASE_URL": mariadb_url, "BANNERS_REDIS_URL": redis_server.url}
    )
    redis_server.start()


@pytest.fixture
def apart(tmp_path: Path) -> Workplace:
    """Another working folder, with results that need neither MariaDB nor Redis."""
    folder = tmp_path / "apart"
    folder.mkdir()
    url = f"sqlite:///{folder / 'banners.db'}"
    published(url)
    return Workplace(folder, {"BANNERS_DATABASE_URL": url, "BANNERS_SHARED": "off"})


def stale(address: str) -> bool:
    return "banners_stale 1.0" in get(address, "/metrics").text


@pytest.mark.slow
@pytest.mark.parametrize(
    "variables",
    [
        {"BANNERS_SHARED": "off", "BANNERS_MEMORY_LINEUPS": "0"},
        {"BANNERS_SHARED": "off", "BANNERS_MEMORY_LINEUPS": "100"},
        {},
    ],
    ids=["read through Redis", "all in memory", "shared copy"],
)
def test_published_lineups_are_served_without_the_database(
    workplace: Workplace, mariadb_url: str, mariadb: MariaDB, variables: dict[str, str]
) -> None:
    workplace.variables.update(variables)
    published(mariadb_url)
    with visited(workplace) as (address, load):
        mariadb.stop()
        until(lambda: out_of_reach(address) == ["database"])
        load.go_on()
        assert stale(address)
        mariadb.start()
        until(lambda: not out_of_reach(address))
        load.go_on()
        assert not stale(address)
    assert not load.failed


@pytest.mark.slow
def test_the_status_page_works_without_the_database(
    workplace: Workplace, mariadb_url: str, mariadb: MariaDB
) -> None:
    published(mariadb_url)
    with serving(workplace) as started:
        until(lambda: "live in quarters 1, 2, 3 and 4" in get(started.address, "/status").text)
        mariadb.stop()
        until(lambda: out_of_reach(started.address) == ["database"])
        answer = get(started.address, "/status")
        assert answer.status_code == 200
        assert "<strong>Database</strong> cannot be reached" in answer.text
        assert "<strong>Redis</strong> answers" in answer.text
        assert "live in quarters 1, 2, 3 and 4" in answer.text
        assert [secret for secret in ("127.0.0.1", PASSWORD) if secret in answer.text] == []
        assert get(started.address, "/campaigns").status_code == 503
        assert get(started.address, "/api/v1/campaigns").json()["code"] == "store_unavailable"


@pytest.mark.slow
def test_while_the_database_hangs_only_what_needs_it_fails_and_it_fails_soon(
    workplace: Workplace, mariadb_url: str, mariadb: MariaDB
) -> None:
    published(mariadb_url)
    needing = [
        "/campaigns",
        "/campaigns/5/report",
        "/api/v1/campaigns",
        "/api/v1/campaigns/5/report",
    ]
    others = ["/campaigns/5", "/healthz", "/readyz", "/status", "/metrics", PLACEHOLDER]
    with visited(workplace) as (address, load), ThreadPoolExecutor(100) as visitors:
        assert {get(address, path).status_code for path in [*needing, *others]} == {200}
        mariadb.pause()
        begun = time.monotonic()
        hit = [visitors.submit(get, address, path) for path in needing * 25]
        assert {get(address, path).status_code for path in others} == {200}
        assert {each.result().status_code for each in hit} == {503}
        assert time.monotonic() - begun < 10 * HUNG_SECONDS
        assert {get(address, path).status_code for path in others} == {200}
        mariadb.resume()
        until(lambda: {get(address, path).status_code for path in needing} == {200})
    assert not load.failed


@pytest.mark.slow
def test_a_quarter_whose_rows_are_gone_is_reported(workplace: Workplace, mariadb_url: str) -> None:
    database = open_database(mariadb_url, create=True)
    publish_counted(database, 1_000, *Quarter)
    with serving(workplace) as warm:
        until(lambda: len(get(warm.address, "/readyz").json().get("generations", ())) == 4)
        publish_counted(database, 2_000, Quarter.SECOND)
        until(lambda: get(warm.address, "/readyz").json()["generations"]["2"] == 2)
    with database.begin() as connection:
        connection.execute(sa.delete(CANDIDATES).where(CANDIDATES.c.generation == 2))
    database.dispose()
    # The workers of the first server have a sound copy.
    workplace.variables["BANNERS_SHARED"] = f"{workplace.folder / 'of another host'}"
    with serving(workplace) as started:
        until(lambda: get(started.address, "/readyz").status_code == 200)
        ready = get(started.address, "/readyz").json()
        assert (ready["status"], set(ready["generations"])) == ("degraded", {"1", "3", "4"})
        assert ready["impaired"] == {"database": "holds a damaged quarter"}
        page = get(started.address, "/status").text
        assert "<strong>Database</strong> holds a damaged quarter" in page
        assert "the database holds 0 campaigns, and 3 were published" in started.said
        assert get(started.address, "/api/v1/campaigns").status_code == 200
        assert stale(started.address)


@pytest.mark.slow
def test_a_warm_worker_serves_without_the_database_and_redis(
    workplace: Workplace, mariadb_url: str, mariadb: MariaDB, redis_server: RedisServer
) -> None:
    published(mariadb_url)
    with visited(workplace) as (address, load):
        mariadb.kill()
        redis_server.kill()
        until(lambda: out_of_reach(address) == ["redis", "database"])
        load.go_on()
        redis_server.start()
        mariadb.start()
        until(lambda: not out_of_reach(address))
        load.go_on()
    assert not load.failed


@pytest.mark.slow
def test_a_worker_that_starts_without_both_answers_503_and_recovers_by_itself(
    workplace: Workplace,
    apart: Workplace,
    mariadb_url: str,
    mariadb: MariaDB,
    redis_server: RedisServer,
) -> None:
    published(mariadb_url)
    mariadb.stop()
    redis_server.stop()
    with ExitStack() as stack:
        started, other = (stack.enter_context(serving(each)) for each in (workplace, apart))
        until(lambda: not out_of_reach(other.address))
        load = stack.enter_context(Load(started.address, PATHS))
        # Its slowest answer shows the noise of the machine, and not that the worker is blocked.
        control = stack.enter_context(Load(other.address, PATHS, visitors=1))
        load.go_on(1)
        control.go_on(1)
        begun = time.monotonic()
        load.go_on(500)
        mariadb.start()
        until(lambda: get(started.address, PATHS[0]).status_code == 200)
        since = time.monotonic()
        load.go_on()
    assert not control.failed
    assert {answer.status for answer in load.answers} == {200, 503}
    assert {answer.status for answer in load.answers if answer.started > since} == {200}
    noise = control.slowest(begun).seconds
    assert load.slowest(begun).seconds < SLOWEST_SECONDS + noise


@pytest.mark.slow
def test_a_worker_with_nothing_to_serve_sends_retry_after(
    workplace: Workplace, mariadb: MariaDB, redis_server: RedisServer
) -> None:
    mariadb.stop()
    redis_server.stop()
    with serving(workplace) as started:
        for path in [*PATHS, "/readyz"]:
            answer = get(started.address, path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert get(started.address, "/healthz").status_code == 200
