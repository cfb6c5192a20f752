"""Measure how much work of the driver remains if Spark's executors prepare the lineups.

The results of both ways are compared to the byte.
"""

from statistics import median

import click
from policy import random_window, seconds

from banners.core.model import Quarter
from banners.core.policy import PolicyName
from banners.crunch.engines.spark.crunch import spark_engine
from banners.job.prepared import Encoded, Preparing, parts_of, prepare
from banners.policies.settings import PolicySettings

_CANDIDATES = 40
_ROUNDS = 3


@click.command(help=__doc__)
@click.option("--campaigns", default=2_000, show_default=True, help="Number of campaigns.")
@click.option("--master", default="local[2]", show_default=True, help="Where to compute.")
def measure(campaigns: int, master: str) -> None:
    """Print the processor time of this process, compared with preparing all lineups in it."""
    window = random_window(campaigns, _CANDIDATES)
    ranks = {
        campaign: {banner: banner - 1 for banner in range(1, _CANDIDATES + 1)}
        for campaign in range(1, campaigns + 1)
    }
    found: list[list[Encoded]] = []

    def run(preparing: Preparing) -> None:
        parts = parts_of(
            *(window, ranks, PolicyName.LEARNING, Quarter.FIRST, "digest", PolicySettings())
        )
        found.append(list(preparing(prepare, parts)))

    with spark_engine(master=master, memory="500MB") as engine:
        run(engine.on_executors)
        here, there = [], []
        for _ in range(_ROUNDS):
            here.append(seconds(lambda: run(map)))
            there.append(seconds(lambda: run(engine.on_executors)))
    assert all(each == found[0] for each in found)
    click.echo(f"{len(found[0])} parts; driver / here: {median(there) / median(here):.2f}")


if __name__ == "__main__":
    measure()
