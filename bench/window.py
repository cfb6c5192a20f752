"""Measure a window of closed slots, one of which is new, against crunching that slot alone."""

import shutil
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import click
import duckdb
from claims import FOLDER, Claim, machine, show_step, write
from rich.table import Table

from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.slots import SLOTS_BETWEEN, slot_name, slot_named
from banners.crunch.engines.duckdb.crunch import duckdb_engine
from banners.crunch.files.find import find_quarters
from banners.crunch.gate import Limits
from banners.crunch.scratch import scratch_folder
from banners.job.window import ClosedSlots

QUARTER = Quarter.FIRST
NEW = slot_named("20261126T1400Z")
LIMITS = Limits(bad_rows=Decimal(1), orphans=Decimal(1), least_rows=Decimal(0))

# Ids differ between slots. Every slot has impressions of every banner, most of them by the policy.
_IMPRESSIONS = """
    SELECT
        1 + n % {banners} AS banner_id, 1 + (n // {banners}) % {campaigns} AS campaign_id,
        16 * (CAST({slot} AS BIGINT) * 100_000_000 + n // 8) + 1 + n % 8 AS impression_id,
        CASE WHEN hash(n) % 10 = 0 THEN 'rule' WHEN hash(n) % 10 = 1 THEN 'probe' ELSE 'policy' END
            AS "group",
        0 AS fill, 8 AS places
    FROM range({rows}) AS numbers(n)
"""
_CLICKS = 'SELECT impression_id AS click_id, banner_id, campaign_id, "group", fill'
_CONVERSIONS = "SELECT impression_id AS conversion_id, impression_id AS click_id, 1.25 AS revenue"


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Number of runs of each.")
@click.option("--rows", default=1_000_000, show_default=True, help="Impressions of the new slot.")
@click.option("--slots", default=72, show_default=True, help="Slots of the window.")
@click.option("--campaigns", default=400, show_default=True, help="Campaigns of 20 banners.")
def window(rounds: int, rows: int, slots: int, campaigns: int) -> None:
    """Measure the crunch of a window."""
    folder = FOLDER / "window"
    shutil.rmtree(folder, ignore_errors=True)
    alone, events = folder / "alone", folder / "events"
    show_step("Making event files.")
    for place in range(slots):
        # What a kept slot costs depends on its banners and groups, and not on its events.
        slot = NEW - place * SLOTS_BETWEEN
        make(events, slot, place, rows if place == 0 else 60 * campaigns, campaigns)
    shutil.copytree(events / "1", alone / "1", ignore=all_but(slot_name(NEW)))
    crunch(events)
    found: dict[str, list[tuple[float, float]]] = {"one slot": [], "window": [], "kept": []}
    for _ in range(rounds):
        # In turn, so that whatever else the machine does slows all of them down alike.
        for path in (events / "performance" / "1").glob(f"{slot_name(NEW)}.*"):
            path.unlink()
        found["window"].append(seconds(events, expected=1))
        found["kept"].append(seconds(events, expected=0))
        shutil.rmtree(alone / "performance", ignore_errors=True)
        found["one slot"].append(seconds(alone, expected=1))
    table = Table("window", "seconds", "of the processor", box=None)
    for name, times in found.items():
        table.add_row(name, *(f"{median(each):.2f}" for each in zip(*times, strict=True)))
    ratio = median(
        whole[1] / one[1] for whole, one in zip(found["window"], found["one slot"], strict=True)
    )
    claims = [Claim(f"window of {slots} slots, one of them new / that slot alone", ratio, "x", 1.5)]
    result = {"machine": machine(), "rows": rows, "campaigns": campaigns, "seconds": found}
    write("window", [table], result, claims)


def make(events: Path, slot: int, place: int, rows: int, campaigns: int) -> None:
    """Write the event files of a slot."""
    (events / "1").mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"threads": 1}) as connection:
        text = _IMPRESSIONS.format(slot=place, rows=rows, campaigns=campaigns, banners=20)
        connection.execute(f"CREATE TABLE impressions AS {text}")
        queries = {
            Kind.IMPRESSIONS: "FROM impressions",
            Kind.CLICKS: f"{_CLICKS} FROM impressions WHERE hash(impression_id) % 9 = 0",
            Kind.CONVERSIONS: f"{_CONVERSIONS} FROM impressions WHERE hash(impression_id) % 99 = 0",
        }
        for kind, query in queries.items():
            path = events / "1" / f"{kind}_1-{slot_name(slot)}.csv"
            connection.execute(f"COPY ({query}) TO '{path}' (FORMAT csv, HEADER)")


def all_but(name: str) -> partial[set[str]]:
    """Return a function that names the files of other slots."""

    def others(_folder: str, names: Iterable[str], *, name: str) -> set[str]:
        return {each for each in names if name not in each}

    return partial(others, name=name)


def seconds(events: Path, *, expected: int) -> tuple[float, float]:
    """Return how long the window of a folder takes, and how much of the processor."""
    start, used = perf_counter(), process_time()
    assert crunch(events) == expected
    return perf_counter() - start, process_time() - used


def crunch(folder: Path) -> int:
    """Crunch the window of a folder up to its candidates; return the number of crunched slots."""
    events = ClosedSlots(folder=folder, keep=True, window=None, now=NEW + 1, memory="2GB")
    with scratch_folder() as scratch, duckdb_engine(memory="2GB") as engine:
        made = events.crunch(
            QUARTER,
            find_quarters(folder)[QUARTER],
            engine=engine,
            limits=LIMITS,
            accept=False,
            rejects=scratch,
            scratch=scratch,
            on_slot=lambda _place, _of: None,
        )
        with events.added_up(made, scratch) as sums:
            for _ in sums.candidates():
                pass
            for _ in sums.inventory():
                pass
    return len(made.crunched)
