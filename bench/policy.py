"""Measure what the learning policy costs: preparing its lineups, and serving them.

Preparing is compared with the gamma draws alone, serving with the same pages of the rule.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import click
import numpy as np
from claims import Claim, machine, show_step, write
from page import connected_to
from rich.table import Table

from banners.core.addresses import Route
from banners.core.model import Quarter
from banners.core.policy import LINEUPS
from banners.policies.learning import Learning
from banners.policies.rule import ranked_candidates
from banners.policies.settings import HOLDOUT, PolicySettings
from banners.policies.window import Window, WindowFigures, measure
from support.catalogued import Held, Web
from support.held_catalogues import banner, campaign, catalogue_of
from support.recorders import recorder_over

SIZES = ((12, 40), (400, 40), (1_000, 20), (50, 300))
"""Campaigns, and candidates of each."""

SERVED = {"page": Route.CAMPAIGN, "JSON": Route.API_BANNERS}

_SHAPES = 3
_REQUESTS = 2_000
"""Number of requests of each round."""


@click.command()
@click.option("--rounds", default=9, show_default=True, help="Number of runs of each.")
@click.option("--served", default=41, show_default=True, help="Number of rounds of requests.")
def policy(rounds: int, served: int) -> None:
    """Measure what the learning policy costs."""
    prepared_table, prepared, claims = measure_preparing(rounds)
    served_table, requests, served_claims = measure_serving(served)
    found = {"machine": machine(), "figures": prepared, "served": requests}
    write("policy", [prepared_table, served_table], found, [*claims, *served_claims])


Measured = tuple[Table, list[dict[str, Any]], list[Claim]]
"""What was measured as a table and as JSON, and the claims about it."""


def measure_preparing(rounds: int) -> Measured:
    """Measure preparing against the draws alone."""
    times = Table(
        "campaigns", "candidates", "draws, us", "prepared, us", "sums, us", "ratio", box=None
    )
    figures, claims = [], []
    for campaigns, candidates in SIZES:
        window = random_window(campaigns, candidates)
        found = {"draws": [0.0] * rounds, "prepared": [0.0] * rounds, "sums": [0.0] * rounds}
        # In turn, so that whatever else the machine does slows all of them down alike.
        for place in range(rounds):
            found["draws"][place] = seconds(lambda: draw_alone(campaigns, candidates))  # noqa: B023
            found["prepared"][place] = seconds(lambda: prepare(window))  # noqa: B023
            found["sums"][place] = seconds(lambda: measure(window.everybody))  # noqa: B023
        ratio = median(
            (prepared + sums) / draws for draws, prepared, sums in zip(*found.values(), strict=True)
        )
        each = {name: 1e6 * min(times) / campaigns for name, times in found.items()}
        row = (f"{campaigns:,}", str(candidates), *(f"{us:,.0f}" for us in each.values()))
        times.add_row(*row, f"{ratio:.2f}")
        figures.append({"campaigns": campaigns, "candidates": candidates, **each, "ratio": ratio})
        what = f"{campaigns:,} campaigns of {candidates}: prepared / draws alone"
        claims.append(Claim(what, ratio, "x", 1.5))
    return times, figures, claims


def measure_serving(rounds: int) -> Measured:
    """Measure pages of 64 lineups against pages of the rule, with as many banners on each."""
    times = Table("address", "recorded", "rule, us", "64 lineups, us", "ratio", box=None)
    figures, claims = [], []
    for recorded in (False, True):
        for name, route in SERVED.items():
            show_step(f"Serving: {name}{', recorded' if recorded else ''}")
            with tempfile.TemporaryDirectory() as folder:
                asked = dict(served_by(Path(folder), route, recorded=recorded))
                found: dict[str, list[float]] = {each: [] for each in asked}
                for place in range(rounds):
                    # Each is the first as often as the other.
                    for each in sorted(asked, reverse=bool(place % 2)):
                        found[each].append(seconds(asked[each]) / _REQUESTS)
            pairs = zip(found["rule"], found["lineups"], strict=True)
            ratio = median(lineups / rule for rule, lineups in pairs)
            us = {each: 1e6 * median(times) for each, times in found.items()}
            times.add_row(
                *(name, "yes" if recorded else "no"),
                *(f"{us['rule']:.1f}", f"{us['lineups']:.1f}", f"{ratio:.3f}"),
            )
            figures.append({"address": name, "recorded": recorded, **us, "ratio": ratio})
            what = f"{name}{', recorded' if recorded else ''}: 64 lineups / rule"
            claims.append(Claim(what, ratio, "x", 1.03))
    return times, figures, claims


def served_by(
    folder: Path, route: Route, *, recorded: bool
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield for the rule, and for the 64 lineups of the learning policy, what asks for a page.

    Args:
        folder: an empty folder.
        route: the address.
        recorded: whether pages have tokens, as where visits are recorded.
    """
    window = random_window(1, 40)
    ((campaign_id, places, ranked),) = ranked_candidates(window, Quarter.FIRST)
    # Ten places, as the rule has where ten banners have revenue.
    settings = PolicySettings(theta=0)
    (prepared,) = Learning().prepare(window, Quarter.FIRST, "digest", settings)
    # Candidates come in the order of the rule, and lineups are indexes into them.
    ranks = {places[each]: rank for rank, each in enumerate(ranked.banner_ids)}
    lineups = tuple(tuple(map(ranks.__getitem__, lineup)) for lineup in prepared.lineups)
    taken = replace(ranked, prepared=replace(prepared, lineups=lineups, expectations=()))
    known = catalogue_of(campaign(campaign_id, *map(banner, ranked.banner_ids)))
    for name, candidates in (("rule", ranked), ("lineups", taken)):
        web = Web(folder, Held(candidates), known)
        if recorded:
            web.recorder = recorder_over(folder / name, web.catalogue)
        connected = connected_to(web.delivery)
        request = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (
            route.at(campaign_id=campaign_id).encode()
        )

        def ask(
            receive: Callable[[bytes], None] = connected.data_received, request: bytes = request
        ) -> None:
            for _ in range(_REQUESTS):
                receive(request)

        ask()
        yield name, ask


def seconds(work: Callable[[], Any]) -> float:
    """Return the seconds of the processor that work takes."""
    start = process_time()
    work()
    return process_time() - start


def random_window(campaigns: int, candidates: int) -> Window:
    """Return campaigns with random figures."""
    random = np.random.default_rng(1)
    shape = (len(Quarter), campaigns * candidates)
    impressions = random.integers(0, 5_000, shape)
    clicks = random.binomial(impressions, 0.02)
    conversions = random.poisson(clicks * 0.1)
    revenue = conversions * random.integers(1, 5_000_000, shape)
    figures = WindowFigures(
        impressions=impressions.astype(float),
        clicks=clicks.astype(float),
        conversions=conversions.astype(float),
        revenue_micros=revenue.astype(float),
    )
    return Window(
        campaign_ids=np.repeat(np.arange(1, campaigns + 1), candidates),
        banner_ids=np.tile(np.arange(1, candidates + 1), campaigns),
        everybody=figures,
        overall=measure(figures),
    )


def prepare(window: Window) -> None:
    """Prepare the lineups of all campaigns, and keep none, as a publish does."""
    for _ in Learning().prepare(window, Quarter.FIRST, "digest", PolicySettings()):
        pass


def draw_alone(campaigns: int, candidates: int) -> None:
    """Make as many draws as the policy does, and nothing else."""
    random = np.random.default_rng(1)
    shapes = 9 * (1 + random.gamma(2, 5, (_SHAPES, candidates)))
    for _ in range(campaigns):
        for each in shapes:
            random.standard_gamma(each, (LINEUPS - HOLDOUT, candidates))
