"""Measure the cost of preparing the learning policy's lineups against its gamma draws alone."""

from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

import click
import numpy as np
from claims import Claim, machine, write
from rich.table import Table

from banners.core.model import Quarter
from banners.core.policy import LINEUPS
from banners.policies.learning import Learning
from banners.policies.settings import HOLDOUT, PolicySettings
from banners.policies.window import Window, WindowFigures, measure

SIZES = ((12, 40), (400, 40), (1_000, 20), (50, 300))
"""Campaigns, and candidates of each."""

_SHAPES = 3


@click.command()
@click.option("--rounds", default=9, show_default=True, help="Number of runs of each.")
def policy(rounds: int) -> None:
    """Measure the learning policy."""
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
    write("policy", [times], {"machine": machine(), "figures": figures}, claims)


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
