"""Measure the live loop against nginx and the plain design: ``make bench BENCH=loop``."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from statistics import median

import click
import pytest
import zone
from claims import FOLDER, Claim, machine, write
from loop_bounds import Bounds, bounds
from loop_closing import ClosingFigures, measure_closing
from loop_rounds import Found, LoopRounds, loop_site
from rich.table import Table

BARS = {"page": 0.4, "seen": 0.5, "click": 0.3}
"""Smallest share of nginx's requests a second that each address is to reach."""
VISIT_BAR = 20
CLOSING_BAR = 5


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Number of rounds.")
@click.option("--seconds", default=5, show_default=True, help="Duration of each load.")
@click.option("--events", default=10_000_000, show_default=True, help="Events of the closed slot.")
@click.option("--connections", default=512, show_default=True, help="Connections that click.")
def loop(rounds: int, seconds: int, events: int, connections: int) -> None:
    """Measure recording and closing."""
    load = os.getloadavg()[0]
    try:
        with loop_site(zone.variables(FOLDER / "zones")) as site:
            measured = LoopRounds(site, seconds, connections)
            measured.run(rounds)
            bounded = bounds(site)
    except (pytest.skip.Exception, pytest.fail.Exception) as lacking:
        raise SystemExit(str(lacking)) from lacking
    closed = measure_closing(events, rounds=min(rounds, 3))
    result = {
        "machine": machine(),
        "load": load,
        "rounds": rounds,
        "seconds": seconds,
        "connections": connections,
        "sync_ms": measured.sync_ms,
        "cases": [asdict(each) for each in measured.found.values()],
        "bounds": asdict(bounded),
        "closing": asdict(closed),
    }
    tables = [_table(measured, seconds), _table_of_closing(closed), _table_of_bounds(bounded)]
    write("loop", tables, result, list(_claims(measured, closed)))


def _claims(measured: LoopRounds, closed: ClosingFigures) -> Iterator[Claim]:
    found = measured.found
    for address, bar in BARS.items():
        share = _ratio(found["ours", address], found["nginx", address])
        yield Claim(f"{address} in the loop / nginx", share, "x", bar, at_least=True)
    visits = _ratio(found["ours", "visit"], found["plain", "visit"])
    yield Claim("visit / plain design", visits, "x", VISIT_BAR, at_least=True)
    failed = sum(sum(each.failed) for each in found.values() if each.server == "ours")
    yield Claim("failed requests in the loop", failed, "", 0)
    both = closed.close_seconds + closed.crunch_seconds
    yield Claim(
        "closing and crunching a slot / bare scan", both / closed.scan_seconds, "x", CLOSING_BAR
    )


def _ratio(one: Found, other: Found) -> float:
    pairs = zip(one.rates, other.rates, strict=True)
    return float(median(above / below for above, below in pairs))


def _table(measured: LoopRounds, seconds: int) -> Table:
    syncs = ", ".join(f"{each:.2f}" for each in measured.sync_ms)
    title = f"Loads of {seconds} s; one fdatasync of the disk takes {syncs} ms (by round)"
    shown = Table("server", "address", title=title, box=None)
    for name in ("a second", "least", "most", "p99 ms", "failed"):
        shown.add_column(name, justify="right")
    for each in measured.found.values():
        shown.add_row(
            each.server,
            each.address,
            f"{median(each.rates):,.0f}",
            f"{min(each.rates):,.0f}",
            f"{max(each.rates):,.0f}",
            f"{median(each.p99_ms):.2f}",
            str(sum(each.failed)),
        )
    return shown


def _table_of_closing(closed: ClosingFigures) -> Table:
    shown = Table(f"{closed.events:,} events of one slot", "s", "peak MB", box=None)
    shown.add_row("bare scan of the event files", f"{closed.scan_seconds:.2f}", "")
    shown.add_row("closing", f"{closed.close_seconds:.2f}", f"{closed.close_mb:.0f}")
    shown.add_row("crunching and publishing", f"{closed.crunch_seconds:.2f}", "")
    shown.add_row(
        f"closing {closed.day_slots} slots of {closed.day_events:,} events in all, after a day",
        f"{closed.day_seconds:.2f}",
        "",
    )
    return shown


def _table_of_bounds(found: Bounds) -> Table:
    shown = Table("what recording takes", "figure", box=None)
    shown.add_row("memory of a worker that records nothing", f"{found.worker_mb:.1f} MB")
    shown.add_row("memory of a worker that records", f"{found.recording_mb:.1f} MB")
    shown.add_row("memory of a connection", f"{found.connection_kb:.1f} kB")
    shown.add_row("open files of a worker, more than without recording", str(found.more_files))
    shown.add_row("bytes of the log for a view that was seen", f"{found.view_bytes:.0f}")
    shown.add_row("bytes of the log for a click", f"{found.click_bytes:.0f}")
    return shown
