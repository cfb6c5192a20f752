"""Many concurrent visitors, and the queries that the database server logs for them."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy as sa

from banners.core.model import Quarter
from banners.store.connect import open_database
from support.publishing import LARGEST, publish
from support.running import Workplace
from support.servers import MariaDB, until

WORKERS = 2
VISITORS = 1_000


class Site:
    """Workers that keep no lineups in memory, and the queries that their database was sent.

    Args:
        address: the address of the workers.
        server: the database server, which logs every statement.
    """

    def __init__(self, address: str, server: MariaDB) -> None:
        self.address = address
        self._database = sa.create_engine(server.url("mysql"), poolclass=sa.NullPool)

    def queries(self) -> Counter[int]:
        """Count the queries for the candidates of each campaign."""
        noted = sa.text("SELECT argument FROM general_log WHERE argument LIKE '%FROM candidates%'")
        with self._database.connect() as connection:
            texts = [str(argument) for (argument,) in connection.execute(noted)]
        found = [re.search(r"candidates\.campaign_id IN \(([0-9, ]+)\)", text) for text in texts]
        return Counter(int(each) for ids in found if ids for each in ids[1].split(", "))


@pytest.fixture
def site(tmp_path: Path, mariadb: MariaDB, mariadb_url: str) -> Iterator[Site]:
    database = open_database(mariadb_url, create=True)
    publish(database, 1_000, *Quarter)
    database.dispose()
    variables = {"BANNERS_DATABASE_URL": mariadb_url, "BANNERS_MEMORY_LINEUPS": "0"}
    variables["BANNERS_SHARED"] = "off"
    with Workplace(tmp_path, variables).serving("--workers", str(WORKERS)) as (address, _):
        until(lambda: httpx.get(f"{address}/readyz", timeout=30).status_code == 200)
        mariadb.execute("SET GLOBAL log_output = 'TABLE'")
        mariadb.execute("TRUNCATE mysql.general_log")
        mariadb.execute("SET GLOBAL general_log = ON")
        yield Site(address, mariadb)
        mariadb.execute("SET GLOBAL general_log = OFF")


def at_once(address: str, paths: list[str]) -> list[int]:
    """Request all paths concurrently, and return the status of each answer."""

    async def ask_all() -> list[int]:
        connections = await asyncio.gather(*(connect() for _ in paths))
        return await asyncio.gather(*map(ask, paths, connections))

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place = urlsplit(address)
        return await asyncio.open_connection(place.hostname, place.port)

    async def ask(path: str, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> int:
        reader, writer = connection
        writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return int(answer.split(b" ", 2)[1])

    return asyncio.run(ask_all())


@pytest.mark.slow
def test_many_concurrent_misses_cause_one_query_per_worker(site: Site) -> None:
    for campaign in (5, 6, LARGEST):
        # Half of them are answered before the framework, and half by it.
        paths = [f"/api/v1/campaigns/{campaign}{end}quarter=1" for end in ("?", "/banners?x&")]
        statuses = at_once(site.address, [paths[each % 2] for each in range(VISITORS)])
        assert statuses == [200] * VISITORS
    queries = site.queries()
    assert set(queries) == {5, 6, LARGEST}
    assert max(queries.values()) <= WORKERS


@pytest.mark.slow
def test_a_flood_of_unknown_ids_causes_no_query(site: Site) -> None:
    kinds = ["/campaigns/{}", "/api/v1/campaigns/{}?quarter=1", "/campaigns/{}/banner"]
    paths = [kinds[each % len(kinds)].format(each) for each in range(7, VISITORS + 7)]
    assert at_once(site.address, paths) == [404] * VISITORS
    assert not site.queries()
