"""``banners generations``: which generations are kept, and which are live."""

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from banners import wiring
from banners.cli.options import database_option, json_option, settings_from
from banners.errors import NothingPublished, readable

if TYPE_CHECKING:
    from banners.reports.reader import KeptQuarter


@click.command(
    epilog="""\b
Examples:
  banners generations
  banners generations --json

The newest three generations of each quarter are kept, 24 where the loop publishes, or as many as
BANNERS_KEEP_GENERATIONS says. To make another one live:
banners rollback --quarter Q --to N

Exit status: 0 listed, 1 nothing is published (with --json an empty list, and 0) or the database
cannot be read, 2 wrong usage.""",
)
@database_option()
@json_option()
def generations(database_url: str | None, as_json: bool) -> None:
    """List the generations that are kept, newest first, and mark those that are live."""
    settings = settings_from(database_url=database_url)
    with closing(wiring.reports(settings)) as reports:
        kept = reports.kept()
    if as_json:
        click.echo(json.dumps({"generations": [_as_json(each) for each in kept]}))
        return
    if not kept:
        raise NothingPublished(wiring.database_name(settings))
    _show(kept, datetime.now(UTC))


def _as_json(each: "KeptQuarter") -> dict[str, Any]:
    return {
        "generation": each.generation,
        "quarter": each.quarter,
        "served": each.served,
        "held_since": each.held_since or None,
        "published_at": each.published_at,
        "engine": each.engine,
        "source": each.source,
        "rows": each.rows,
        "summary": each.summary,
    }


def _show(kept: Sequence["KeptQuarter"], now: datetime) -> None:
    """Print each generation and its quarters, and mark those that are live."""
    from rich.table import Table

    from banners.cli.terminal import console, draw, say

    out = console()
    mark = "*" if out.options.ascii_only else "●"
    # One table for each generation, all with the same widths.
    widest = max(len(_rows(each)) for each in kept)
    for number, quarters in groupby(kept, key=lambda each: each.generation):
        of_generation = list(quarters)
        first = of_generation[0]
        at = datetime.fromisoformat(first.published_at).astimezone(UTC)
        say(out, f"Generation {number}, published {first.age(now)} ago", style="bold")
        say(out, f"  at {at:%Y-%m-%d %H:%M:%S} UTC by {first.engine} from {readable(first.source)}")
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, min_width=len("● live"))
        table.add_column(no_wrap=True, justify="right", min_width=widest)
        table.add_column()
        for each in of_generation:
            table.add_row(
                f"  quarter {each.quarter}",
                f"{mark} live" if each.served else "  kept",
                _rows(each),
                _remark(each),
                style="green" if each.served else "dim",
            )
        draw(out, table)


def _rows(each: "KeptQuarter") -> str:
    return f"{each.rows:,} rows"


def _remark(each: "KeptQuarter") -> str:
    """Return whether it is held, how many rows were not accepted, and if the gate was overruled."""
    remarks = ["held until: banners rollback --release"] if each.held_since else []
    if each.outcome is None:
        return ", ".join([*remarks, "its account cannot be read"])
    if each.unaccepted is not None:
        remarks.append(f"{each.unaccepted:,} not accepted")
    if each.outcome.objections:
        remarks.append("published by --accept")
    return ", ".join(remarks)
