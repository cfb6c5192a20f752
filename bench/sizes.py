"""Measure the size of a published result in each tier: ``.venv/bin/python bench/sizes.py``.

The figures in docs/sizing.md come from this. ``--redis`` and ``--database`` name servers whose
contents this may overwrite.
"""

import gc
import statistics
import tracemalloc
from contextlib import closing
from pathlib import Path
from time import perf_counter

import click
import sqlalchemy as sa

from banners import wiring
from banners.core.model import Generation, Quarter
from banners.sample.events import SampleSpec, write_events
from banners.serve.memory import MemoryReader
from banners.settings import Settings, load_settings
from banners.store.read.lineups import DatabaseReader
from banners.store.schema import CANDIDATES

FOLDER = Path("var/bench/sizes")
QUARTER = Quarter.FIRST
_ID_BYTES = 4


def publish(settings: Settings, spec: SampleSpec) -> None:
    """Crunch a sample of one quarter, and publish it."""
    write_events(FOLDER / "events", spec, lambda _: None)
    wiring.crunch(settings, FOLDER / "events", [], lambda _quarter, _step: None, accept=True)


def show_figure(what: str, figure: float, unit: str) -> None:
    """Write one figure."""
    click.echo(f"{what:<44} {figure:>12,.1f} {unit}")


def in_memory(reader: DatabaseReader, generation: Generation) -> int:
    """Measure the records and their memory in a worker; return their number."""
    lengths = [len(record) for _, record in reader.records(generation, QUARTER)]
    show_figure("campaigns", len(lengths), "")
    show_figure("a record, on average", statistics.mean(lengths), "bytes")
    show_figure("the largest record", max(lengths), "bytes")
    show_figure("banners in the inventory", len(reader.inventory(generation, QUARTER)), "")
    for how, most_lineups in (("all lineups", len(lengths)), ("ids alone", 0)):
        held, most = _held(reader, most_lineups)
        ids = len(reader.inventory(generation, QUARTER)) * _ID_BYTES
        show_figure(
            f"in a worker's memory, {how}, a campaign", (held - ids) / len(lengths), "bytes"
        )
        show_figure("  peak while it is loaded", most / len(lengths), "bytes")
    again = MemoryReader(reader, most_lineups=len(lengths))
    start = perf_counter()
    again.load()
    show_figure(
        "loaded by a worker, a second", len(lengths) / (perf_counter() - start), "campaigns"
    )
    return len(lengths)


def _held(reader: DatabaseReader, most_lineups: int) -> tuple[int, int]:
    """Load a generation; return its memory afterwards and the peak, in bytes."""
    memory = MemoryReader(reader, most_lineups=most_lineups)
    tracemalloc.start()
    memory.load()
    gc.collect()
    found = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return found


def in_database(settings: Settings, campaigns: int) -> None:
    """Measure the rows in the database."""
    database = sa.create_engine(settings.database_url)
    with database.connect() as connection:
        found = connection.scalar(sa.select(sa.func.sum(CANDIDATES.c.candidates))) or 0
        show_figure("candidates, a campaign", found / campaigns, "")
        if database.dialect.name == "sqlite":
            lengths = "SELECT name, sum(pgsize) FROM dbstat GROUP BY 1"
        else:
            connection.exec_driver_sql("ANALYZE TABLE candidates")
            lengths = "SELECT table_name, data_length FROM information_schema.tables"
            lengths += " WHERE table_schema = DATABASE()"
        sizes = {name: int(size) for name, size in connection.exec_driver_sql(lengths)}
        size = sizes[CANDIDATES.name]
        show_figure("in the database, a campaign", size / campaigns, "bytes")
        show_figure("in the database, a candidate", size / int(found), "bytes")
    database.dispose()


def in_redis(url: str, generation: Generation, campaigns: int) -> None:
    """Measure the hash of the quarter in Redis."""
    from redis import Redis

    with closing(Redis.from_url(url)) as client:
        key = f"banners:{generation.number}:{generation.stamp}:{int(QUARTER)}"
        whole = client.memory_usage(key, samples=0) or 0
        lists = sum(client.hstrlen(key, field) for field in ("campaigns", "inventory"))
        show_figure("in Redis, a campaign", (whole - lists) / campaigns, "bytes")


@click.command()
@click.option("--campaigns", default=20_000, show_default=True)
@click.option("--impressions", default=2_000_000, show_default=True)
@click.option("--database", default=f"sqlite:///{FOLDER}/banners.db", show_default=True)
@click.option("--redis", default="", help="A Redis to fill and measure as well.")
def main(campaigns: int, impressions: int, database: str, redis: str) -> None:
    """Measure the size of a result in each tier."""
    overrides = {"database_url": database, "redis_url": redis, "rejects": f"{FOLDER}/rejects"}
    settings = load_settings(overrides, env_file=Path("none"), environment={})
    publish(settings, SampleSpec(impressions, campaigns, 1, (QUARTER,)))
    with closing(wiring.reader(settings)) as reader:
        generation = reader.active()[QUARTER]
        found = in_memory(reader, generation)
    in_database(settings, found)
    if redis:
        in_redis(redis, generation, found)


if __name__ == "__main__":
    main()
