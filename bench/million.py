"""Measure serving a million lineups over MariaDB: ``make bench BENCH=million``."""

from contextlib import ExitStack
from dataclasses import asdict

import click
import data
import scale
import zone
from claims import FOLDER, machine, show_step, write
from serve import claims_of_shared, table_of_sizes

from support.servers import MariaDB, mariadb


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Number of rounds.")
@click.option("--seconds", default=5, show_default=True, help="Duration of each load.")
@click.option("--campaigns", default=1_000_000, show_default=True, help="Number of campaigns.")
def million(rounds: int, seconds: int, campaigns: int) -> None:
    """Measure what workers share over MariaDB."""
    folders = [
        data.make("sample", impressions=150_000, campaigns=50),
        data.make("tenfold", impressions=10 * campaigns, campaigns=campaigns),
    ]
    always_first = zone.variables(FOLDER / "zones")
    found = []
    with ExitStack() as held:
        server: MariaDB = held.enter_context(mariadb())
        for folder in folders:
            url = held.enter_context(server.database(folder.name.replace("-", "_")))
            for _ in range(data.GENERATIONS):
                data.publish(folder, url)
            size = scale.size_of(url)
            show_step(f"Serving {size.lineups:,} lineups")
            found.append(
                scale.serve_and_measure(size, always_first, rounds=rounds, seconds=seconds)
            )
    few, large = found
    result = {
        "machine": machine(),
        "rounds": rounds,
        "seconds": seconds,
        "sizes": [asdict(each) for each in found],
    }
    name = f"{large.lineups:,} lineups, shared, over MariaDB"
    write("million", [table_of_sizes(found)], result, list(claims_of_shared(large, few, name)))
