"""Measure serving against nginx and against the plain design: ``make bench BENCH=serve``."""

from collections.abc import Iterator
from dataclasses import asdict
from statistics import median
from typing import Any

import click
import pytest
import scale
import zone
from claims import FOLDER, Claim, machine, write
from rich.table import Table
from rounds import Case, Figures, Rounds, place

from banners.settings import Settings

LINEUP_BYTES = 600
"""Bytes of memory that a lineup may take in a worker (docs/settings.md)."""

NGINX_BAR = 0.5
"""Smallest share of nginx's requests a second that each address is to reach."""
NGINX_ADDRESSES = ("page", "banner", "JSON", "image")


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Number of rounds.")
@click.option("--seconds", default=5, show_default=True, help="Duration of each load.")
@click.option("--middle", default=20_000, show_default=True, help="Campaigns of the middle result.")
@click.option("--large", default=1_000_000, show_default=True, help="Campaigns of the large one.")
@click.option("--stressed", default=5_000, show_default=True, help="Requests one after another.")
def serve(rounds: int, seconds: int, middle: int, large: int, stressed: int) -> None:
    """Measure serving."""
    try:
        always_first = zone.variables(FOLDER / "zones")
        with place(always_first, campaigns=middle, impressions=500 * middle) as servers:
            measured = Rounds(servers, seconds, stressed)
            measured.run(rounds)
        sizes = scale.measure(
            always_first, rounds=rounds, seconds=seconds, middle=middle, large=large
        )
    except (pytest.skip.Exception, pytest.fail.Exception) as lacking:
        raise SystemExit(str(lacking)) from lacking
    result = {
        "machine": machine(),
        "rounds": rounds,
        "seconds": seconds,
        "cases": [{**case._asdict(), **asdict(each)} for case, each in measured.found.items()],
        "stress": {"requests": stressed, "seconds": dict(measured.stress_seconds)},
        "sizes": [asdict(each) for each in sizes],
    }
    held = [*claims(measured), *claims_of_sizes(sizes)]
    write("serve", [table(measured), table_of_sizes(sizes)], result, held)


def claims(measured: Rounds) -> Iterator[Claim]:
    """Compare the results of the rounds with the bars."""
    found = measured.found

    def ratio(one: Case, other: Case, rates: str = "rates") -> float:
        pairs = zip(getattr(found[one], rates), getattr(found[other], rates), strict=True)
        return float(median(above / below for above, below in pairs))

    for address in NGINX_ADDRESSES:
        one, other = Case("ours", "memory", 2, address), Case("nginx", "", 2, address)
        yield Claim(f"{address} / nginx", ratio(one, other), "x", NGINX_BAR, at_least=True)
    page, plain = Case("ours", "memory", 2, "page"), Case("plain", "", 4, "page")
    yield Claim("page / plain design", ratio(page, plain), "x", 20, at_least=True)
    half = page._replace(pace="half"), Case("nginx", "", 2, "page", "half")
    yield Claim("p99 of the page at half the rate / nginx", ratio(*half, "p99_ms"), "x", 3)
    stress = measured.stress_seconds
    pairs = zip(stress["plain"], stress["ours"], strict=True)
    times = median(plain / ours for plain, ours in pairs)
    what = f"{measured.stressed:,} requests, plain design / ours"
    yield Claim(what, times, "x", 3, at_least=True)
    failed = sum(sum(each.failed) for case, each in found.items() if case.server == "ours")
    yield Claim("failed requests", failed, "", 0)


def claims_of_sizes(sizes: list[scale.Served]) -> Iterator[Claim]:
    """Compare the results of the sizes with the bars."""
    few, large = sizes[0], next(each for each in sizes if not (each.whole or each.shared))
    shared = next(each for each in sizes if each.shared and each.lineups == large.lineups)
    yield from claims_of_shared(shared, few, f"{shared.lineups:,} lineups, shared")
    hot = median(one / other for one, other in zip(large.rates, few.rates, strict=True))
    what = f"hot page, {large.lineups:,} lineups / {few.lineups:,}"
    yield Claim(what, hot, "x", 0.95, at_least=True)
    most = Settings().memory_lineups * LINEUP_BYTES / 2**20
    more = max(large.peak_mb, large.switched_mb) - few.peak_mb
    yield Claim(f"memory that {large.lineups:,} lineups add", more, "MB", round(most))
    yield Claim("failed requests, by size", sum(each.failed for each in sizes), "", 0)
    yield Claim(
        "slowest switch",
        max(max(each.switch_seconds) for each in sizes if each.lineups < large.lineups),
        "s",
        2,
    )


def claims_of_shared(shared: scale.Served, few: scale.Served, name: str) -> Iterator[Claim]:
    """Compare what workers share with the bars.

    Args:
        shared: a large result that workers share a copy of.
        few: a small one.
        name: what the large one is called.
    """
    yield Claim(f"start, {name}", shared.ready_seconds, "s", 3)
    yield Claim(f"slowest switch, {name}", max(shared.switch_seconds), "s", 3)
    further = shared.further_mb - few.further_mb
    yield Claim(f"memory that each further worker adds, {name}", further, "MB", 30)
    first = median(each["requests"] / each["seconds"] for each in shared.cold["full"])
    what = f"pages of campaigns asked for the first time, {name}"
    yield Claim(what, first, "/s", 15_000, at_least=True)
    slowest = median(each["p99_ms"] for each in shared.cold["full"])
    yield Claim(f"their p99, {name}", slowest, "ms", 5)


def table(measured: Rounds) -> Table:
    """Return a table of the rounds."""
    shown = Table("server", "tier", "workers", "address", box=None)
    for name in ("requests/s", "least", "most", "/ nginx", "p99 ms", "busiest", "failed"):
        shown.add_column(name, justify="right")
    for case, each in measured.found.items():
        of = measured.found[Case("nginx", "", 2, case.address)]
        shown.add_row(*row(case, each, of))
    return shown


def row(case: Case, each: Figures, nginx: Figures) -> list[str]:
    """Return the row of a case."""
    pace = "" if case.pace == "full" else ", half rate"
    return [
        case.server,
        case.tier,
        str(case.workers),
        case.address + pace,
        f"{each.rate:,.0f}",
        f"{min(each.rates):,.0f}",
        f"{max(each.rates):,.0f}",
        f"{each.rate / nginx.rate:.2f}",
        f"{each.p99:.2f}",
        f"{max(each.busiest):.0%}" if each.busiest else "",
        str(sum(each.failed)),
    ]


def table_of_sizes(sizes: list[scale.Served]) -> Table:
    """Return a table of the sizes."""
    shown = Table("lineups", "kept", box=None)
    for name in (
        "ready s",
        "MB",
        "peak MB",
        "private MB",
        "switch s",
        "p99 ms",
        "switching",
        "hot/s",
        "cold/s",
        "p99 ms",
    ):
        shown.add_column(name, justify="right")
    for each in sizes:
        cold: list[dict[str, Any]] = each.cold["full"]
        shown.add_row(
            f"{each.lineups:,}",
            "shared" if each.shared else "all in memory" if each.whole else "read through",
            f"{each.ready_seconds:.1f}",
            f"{each.memory_mb:.0f}",
            f"{max(each.peak_mb, each.switched_mb):.0f}",
            f"{each.further_mb:.0f}",
            f"{median(each.switch_seconds):.2f}",
            f"{median(each.calm_p99_ms):.2f}",
            f"{median(each.switch_p99_ms):.2f}",
            f"{each.rate:,.0f}" if each.rates else "",
            f"{median(one['requests'] / one['seconds'] for one in cold):,.0f}" if cold else "",
            f"{median(one['p99_ms'] for one in cold):.2f}" if cold else "",
        )
    return shown
