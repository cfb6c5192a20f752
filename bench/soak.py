"""Look for leaks in a day of publishes and a million requests: ``make bench BENCH=soak``.

Two workers over MariaDB with Redis in front serve under load while every quarter of a day is
published without a pause; more requests follow. Memory, files and connections before and after are
compared.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import data
import pytest
import sqlalchemy as sa
import zone
from claims import FOLDER, Claim, machine, show_step, write
from ours import Ours, banners, until
from rich.table import Table
from rounds import ADDRESSES
from wrk import Answered, Load, answered, run, start

from support.servers import MariaDB, RedisServer, mariadb, redis_server

WORKERS = 2
_LOAD_SECONDS = 2
_WARM_PUBLISHES = 8
"""Number of publishes after which old generations are dropped and caches are full."""


@dataclass(frozen=True, slots=True)
class Held:
    """The resources of all workers together.

    Args:
        memory_mb: resident memory, in MiB.
        files: open file handles, including sockets.
        database: connections to the database.
        redis: connections to Redis.
    """

    memory_mb: float
    files: int
    database: int
    redis: int


@click.command()
@click.option(
    "--publishes", default=96, show_default=True, help="Number of publishes; a day has 96."
)
@click.option("--requests", default=1_000_000, show_default=True, help="Least number of requests.")
def soak(publishes: int, requests: int) -> None:
    """Look for leaks of memory, file handles and connections."""
    try:
        held, loads = _soaked(publishes, requests)
    except (pytest.skip.Exception, pytest.fail.Exception) as lacking:
        raise SystemExit(str(lacking)) from lacking
    result = {
        "machine": machine(),
        "publishes": publishes,
        "requests": sum(each.requests for each in loads),
        "held": {when: asdict(each) for when, each in held.items()},
    }
    write("soak", [table(held)], result, list(claims(held, loads)))


def claims(held: dict[str, Held], loads: list[Answered]) -> Iterator[Claim]:
    """Compare the figures with the bars."""
    warm, end = held["warm"], held["at the end"]
    yield Claim("failed requests", sum(each.refused + each.broken for each in loads), "", 0)
    yield Claim("memory that two workers gain", end.memory_mb - warm.memory_mb, "MB", 16)
    yield Claim("file handles that they gain", end.files - warm.files, "", 4)
    yield Claim("connections that they gain", _connections(end) - _connections(warm), "", 2)


def table(held: dict[str, Held]) -> Table:
    """Return a table of the resources at each moment."""
    shown = Table("when", "MB", "file handles", "database", "Redis", box=None)
    for when, each in held.items():
        figures = (each.files, each.database, each.redis)
        shown.add_row(when, f"{each.memory_mb:.1f}", *map(str, figures))
    return shown


def _soaked(publishes: int, requests: int) -> tuple[dict[str, Held], list[Answered]]:
    folder = data.make("sample", impressions=150_000, campaigns=50)
    ids = FOLDER / "soak-ids.txt"
    loads: list[Answered] = []
    with ExitStack() as opened:
        database: MariaDB = opened.enter_context(mariadb())
        redis: RedisServer = opened.enter_context(redis_server())
        url = opened.enter_context(database.database("soak"))
        cache = {"BANNERS_REDIS_URL": redis.url}
        data.publish(folder, url, **cache)
        data.write_ids(url, ids)
        first = zone.variables(FOLDER / "zones")
        ours = opened.enter_context(banners(url, workers=WORKERS, **cache, **first))
        load = Load(ours.url + ADDRESSES["page"].format(campaign="@"), _LOAD_SECONDS, ids=ids)
        loads.append(run(load))
        held = {"at first": _held(ours, url, redis)}
        for number in range(1, publishes + 1):
            loading = start(load)
            data.publish(folder, url, **cache)
            until(lambda: len(set(ours.generations())) == 1, "the workers do not agree")
            loads.append(answered(loading))
            if number == min(_WARM_PUBLISHES, publishes):
                held["warm"] = _held(ours, url, redis)
        while sum(each.requests for each in loads) < requests:
            loads.append(run(load))
        show_step(f"{sum(each.requests for each in loads):,} requests were answered.")
        held["at the end"] = _held(ours, url, redis)
    return held, loads


def _held(ours: Ours, url: str, redis: RedisServer) -> Held:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection, redis.client() as client:
        listed = connection.exec_driver_sql("SHOW PROCESSLIST").all()
        clients = client.client_list()
    return Held(
        memory_mb=sum(ours.memory_mb()),
        files=sum(len(list(Path(f"/proc/{each}/fd").iterdir())) for each in ours.workers),
        # Without the connection of this query.
        database=len(listed) - 1,
        redis=len(clients) - 1,
    )


def _connections(held: Held) -> int:
    return held.database + held.redis
