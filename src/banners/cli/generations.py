"""``banners generations``: what has been published, and what of it is served."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

import click

from banners import wiring
from banners.cli.options import database_option, json_option, settings_from
from banners.errors import NothingPublished

if TYPE_CHECKING:
    from banners.serve.report import KeptQuarter


@click.command(
    epilog="""\b
Examples:
  banners generations
  banners generations --json

Of each quarter the newest three generations are kept. To serve another of them:
banners rollback --quarter Q --to N

Exit status: 0 listed, 1 nothing is published (with --json an empty list, and 0) or the database
cannot be read, 2 wrong usage.""",
)
@database_option()
@json_option()
def generations(database_url: str | None, as_json: bool) -> None:
    """List the generations that are kept, the newest first, and which of them are served."""
    settings = settings_from(database_url=database_url)
    with closing(wiring.reports(settings)) as reports:
        kept = reports.kept()
    if as_json:
        click.echo(json.dumps({"generations": [asdict(each) for each in kept]}))
        return
    if not kept:
        raise NothingPublished(wiring.database_name(settings))
    _show(kept, datetime.now(UTC))


def _show(kept: Sequence["KeptQuarter"], now: datetime) -> None:
    """Show each generation, and below it its quarters, with those that are served marked."""
    from rich.table import Table

    from banners.cli.terminal import console, draw, say

    out = console()
    mark = "*" if out.options.ascii_only else "●"
    # Tables of their own, as wide as one.
    widest = max(len(_rows(each)) for each in kept)
    for number, quarters in groupby(kept, key=lambda each: each.generation):
        of_generation = list(quarters)
        first = of_generation[0]
        at = datetime.fromisoformat(first.published_at).astimezone(UTC)
        say(out, f"Generation {number}, published {first.age(now)} ago", style="bold")
        say(out, f"  at {at:%Y-%m-%d %H:%M:%S} UTC by {first.engine} from {first.source}")
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, min_width=len("● served"))
        table.add_column(no_wrap=True, justify="right", min_width=widest)
        table.add_column()
        for each in of_generation:
            table.add_row(
                f"  quarter {each.quarter}",
                f"{mark} served" if each.served else "  kept",
                _rows(each),
                _remark(each),
                style="green" if each.served else "dim",
            )
        draw(out, table)


def _rows(each: "KeptQuarter") -> str:
    return f"{each.rows:,} rows"


def _remark(each: "KeptQuarter") -> str:
    """Say what of its rows was not accepted, and that the gate was overruled, if it was."""
    remarks = []
    if each.unaccepted is not None:
        remarks.append(f"{each.unaccepted:,} not accepted")
    if each.summary.get("objections"):
        remarks.append("published by --accept")
    return ", ".join(remarks)
