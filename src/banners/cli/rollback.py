"""``banners rollback``: an earlier generation served again."""

import json

import click

from banners import wiring
from banners.cli.options import (
    SeveralQuarters,
    WholeNumber,
    database_option,
    json_option,
    quarters_option,
    settings_from,
)
from banners.model import Quarter


@click.command(
    cls=SeveralQuarters,
    epilog="""\b
Examples:
  banners generations
  banners rollback
  banners rollback --quarter 2
  banners rollback --quarter 2 3 --to 7
  banners rollback --json

Without --quarter each quarter goes back by one generation of its own, also those that the last
publish did not touch. It is in force within two seconds. What was served before is kept: to go
forward again, name it with --to.

Exit status: 0 done, 1 there is nothing to go back to (and nothing was changed) or the database
cannot be used, 2 wrong usage.""",
)
@quarters_option(
    "Change only these quarters of the hour; all that it is possible for if not given."
)
@click.option(
    "--to",
    metavar="N",
    type=WholeNumber(min=1),
    help="The generation to serve; the one before what is now served if not given.",
)
@database_option()
@json_option()
def rollback(
    quarters: tuple[Quarter, ...], to: int | None, database_url: str | None, as_json: bool
) -> None:
    """Serve an earlier generation again."""
    changed = wiring.roll_back(settings_from(database_url=database_url), quarters, to)
    if as_json:
        numbers = {int(quarter): number for quarter, (_, number) in changed.items()}
        click.echo(json.dumps({"generations": numbers}))
        return
    for quarter, (before, number) in changed.items():
        place = f" in place of {before}" if before not in {None, number} else ""
        when = "as before" if before == number else "from now on"
        click.echo(f"Quarter {int(quarter)} is served from generation {number}{place} {when}.")
