"""Measure the crunch against a bare scan of the same files, and against Spark."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click
import data
from claims import FOLDER, Claim, machine, write
from process import Command, Figures, measure, steps
from rich.table import Table

HERE = Path(__file__).parent
ROWS = 41_000_000
"""Approximate rows of the large data: 30 M impressions, 10 M clicks, 1 M conversions."""


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Number of runs of each command.")
@click.option("--spark/--no-spark", default=True, help="Measure Spark too, or not.")
@click.option("--scale", default=1.0, show_default=True, help="Fraction of the large data to use.")
def crunch(rounds: int, spark: bool, scale: float) -> None:
    """Measure the crunch."""
    large = data.make("large", impressions=int(30_000_000 * scale), campaigns=int(20_000 * scale))
    tenth = data.make("tenth", impressions=int(3_000_000 * scale), campaigns=int(2_000 * scale))
    small = data.make("sample", impressions=150_000, campaigns=50)

    fast = {
        "help": Command([data.BANNERS, "--help"], {}),
        "sample": data.crunch(small),
        "show": Command([data.BANNERS, "show", "1", "--quarter", "1", *data.database(small)], {}),
    }
    slow = {
        "bare scan": Command([sys.executable, HERE / "bare_scan.py", large], {}),
        "crunch": data.crunch(large),
        "crunch in 1 GB": data.crunch(large, BANNERS_MEMORY="1GB"),
        "crunch a tenth": data.crunch(tenth),
    }
    figures = measure(fast, rounds + 2) | measure(slow, rounds)
    if spark:
        spark_master = {"BANNERS_SPARK_MASTER": "local[2]"}
        engines = {
            "spark": data.crunch(large, "--engine", "spark", **spark_master),
            "spark sample": data.crunch(small, "--engine", "spark", **spark_master),
        }
        figures |= measure(engines, 1)
    result = {
        "machine": {**machine(), "free_disk_gb": shutil.disk_usage(FOLDER).free // 2**30},
        "figures": {name: asdict(each) for name, each in figures.items()},
        "steps": steps(slow["crunch"]),
    }
    write("crunch", [table(figures)], result, list(claims(figures)))


def claims(figures: dict[str, Figures]) -> Iterator[Claim]:
    """Compare the figures with the bars."""
    seconds = {name: each.typical for name, each in figures.items()}
    yield Claim("crunch / bare scan", seconds["crunch"] / seconds["bare scan"], "x", 3.8)
    yield Claim("ten times the rows", seconds["crunch"] / seconds["crunch a tenth"], "x", 11)
    yield Claim("memory, BANNERS_MEMORY=1GB", figures["crunch in 1 GB"].most_mb, "MB", 1229)
    yield Claim("sample, complete process", seconds["sample"], "s", 1.2)
    yield Claim("banners --help", seconds["help"], "s", 0.3)
    yield Claim("banners show", seconds["show"], "s", 0.3)
    if "spark" in seconds:
        ratio = seconds["spark"] / seconds["crunch"]
        yield Claim("Spark local[2] / DuckDB, large", ratio, "x", 10, at_least=True)
        ratio = seconds["spark sample"] / seconds["sample"]
        yield Claim("Spark local[2] / DuckDB, sample", ratio, "x", 15, at_least=True)


def table(figures: dict[str, Figures]) -> Table:
    """Return a table of the commands."""
    times = Table("command", "median s", "all s", "cpu s", "peak MB", box=None)
    for name, each in figures.items():
        runs = " ".join(f"{run:.2f}" for run in each.seconds)
        cpu = f"{min(each.cpu_seconds):.2f}"
        times.add_row(name, f"{each.typical:.2f}", runs, cpu, f"{each.most_mb:.0f}")
    return times
