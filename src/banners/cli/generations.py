"""``banners generations``: what has been published, and what of it is served."""

import json
from contextlib import closing
from dataclasses import asdict

import click

from banners import wiring
from banners.cli.options import database_option, json_option, settings_from
from banners.errors import NothingPublished


@click.command(
    epilog="""\b
Examples:
  banners generations
  banners generations --json""",
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
    from rich.table import Table

    from banners.cli.terminal import console

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("generation", "quarter", "rows"):
        table.add_column(heading, justify="right")
    for heading in ("", "published (UTC)", "engine", "from"):
        table.add_column(heading)
    for each in kept:
        table.add_row(
            str(each.generation),
            str(each.quarter),
            f"{each.rows:,}",
            "served" if each.served else "",
            each.published_at[:19].replace("T", " "),
            each.engine,
            each.source,
        )
    console().print(table)
