"""Measure how a Spark cluster grows from one worker to two: ``make bench BENCH=spark``.

The workers have one core each, on this machine. The driver is this process and its Java.
"""

import os
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
import data
from claims import machine, show_step, write
from loop_closing import recorded
from rich.table import Table

from banners.collect.close.files import EventFolder, slot_file
from banners.collect.segments.names import log_folder, segments_of
from banners.core.events import Kind
from banners.core.hadoop_address import HadoopAddress
from banners.core.model import Quarter
from banners.core.slots import slot_named
from banners.crunch.engines.spark.crunch import SparkEngine, spark_engine
from banners.crunch.files.find import find_quarters
from banners.job.spark_closer import spark_closer
from support.cluster import cluster

SLOT = slot_named("20261126T1445Z")
_HERE = "127.0.0.1"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Took:
    """What a run took.

    Args:
        seconds: its time.
        driver_seconds: the processor time of the driver.
    """

    seconds: float
    driver_seconds: float


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Number of runs with each cluster.")
@click.option("--scale", default=0.1, show_default=True, help="Fraction of the large data to use.")
def spark(rounds: int, scale: float) -> None:
    """Measure a cluster of one worker, and of two."""
    rows = data.make("large", impressions=int(30_000_000 * scale), campaigns=int(20_000 * scale))
    log, events = recorded("spark-log", [SLOT], int(10_000_000 * scale))
    found: dict[tuple[str, int], list[Took]] = defaultdict(list)
    for _ in range(rounds):
        for workers in (1, 2):
            show_step(f"{workers} of 2 workers")
            for name, took in _run(workers, rows, log):
                found[name, workers].append(took)
    shutil.rmtree(log)
    table = Table("work", "workers", "seconds", "driver's processor seconds", "growth", box=None)
    for (name, workers), each in found.items():
        table.add_row(
            name,
            str(workers),
            f"{median(took.seconds for took in each):.1f}",
            f"{median(took.driver_seconds for took in each):.1f}",
            f"{_growth(found[name, 1], each):.2f}",
        )
    result = {
        "machine": machine(),
        "scale": scale,
        "events": events,
        "runs": {
            f"{name}, {workers}": [[took.seconds, took.driver_seconds] for took in each]
            for (name, workers), each in found.items()
        },
    }
    write("spark", [table], result, [])


def _growth(one: list[Took], more: list[Took]) -> float:
    """Return how many times as fast more workers are as one."""
    return median(few.seconds / many.seconds for few, many in zip(one, more, strict=True))


def _run(workers: int, rows: Path, log: Path) -> Iterator[tuple[str, Took]]:
    """Crunch and close with a new cluster, each twice: Java compiles its code in the first run."""
    options = {"spark.driver.host": _HERE, "spark.driver.bindAddress": _HERE}
    with (
        TemporaryDirectory() as folder,
        cluster(Path(folder), workers=workers) as started,
        spark_engine(master=started.master, memory="500MB", options=options) as engine,
    ):
        for name, work in {
            "crunch": partial(_crunch, engine, rows, Path(folder)),
            "close": partial(_close, engine, log),
        }.items():
            work()
            yield name, _took(engine, work)


def _took(engine: SparkEngine, work: Callable[[], None]) -> Took:
    driver, began = _driver_seconds(engine), time.perf_counter()
    work()
    return Took(time.perf_counter() - began, _driver_seconds(engine) - driver)


def _driver_seconds(engine: SparkEngine) -> float:
    """Return the processor time so far of this process and of its Java."""
    java = engine.session_for(0).sparkContext._gateway.proc.pid  # type: ignore[union-attr]  # noqa: SLF001
    fields = Path(f"/proc/{java}/stat").read_text("ascii").rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / _TICKS


def _crunch(engine: SparkEngine, rows: Path, scratch: Path) -> None:
    folder = engine.folder(HadoopAddress(f"file://{rows.absolute()}"))
    sources = engine.check(data.QUARTER, find_quarters(folder)[data.QUARTER], scratch)
    with engine(sources, scratch) as crunched:
        assert crunched.outcomes()
        assert sum(batch.num_rows for batch in crunched.candidates())


def _close(engine: SparkEngine, log: Path) -> None:
    folder = EventFolder(log)
    (segments,) = (list(segments_of(each)) for each in log_folder(log).iterdir())
    with spark_closer(
        folder.scratch(), engine=lambda: nullcontext(engine), memory="500MB"
    ) as closer:
        closer.read(segments, [SLOT])
        staged = folder.staged(SLOT)
        path_of = {
            (kind, each): staged / slot_file(kind, each, SLOT) for kind in Kind for each in Quarter
        }
        closer.close(SLOT, Quarter.FOURTH, path_of, staged / "totals")
