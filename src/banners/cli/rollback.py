"""``banners rollback``: make an earlier generation live again."""

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
from banners.cli.streams import echo, keep_status
from banners.core.model import Quarter
from banners.errors import listed
from banners.settings import Settings


@click.command(
    cls=SeveralQuarters,
    epilog="""\b
Examples:
  banners generations
  banners rollback
  banners rollback --quarter 2
  banners rollback --quarter 2 3 --to 7
  banners rollback --json
  banners rollback --release

Without --quarter, each quarter goes back to its own previous generation, even if the last publish
did not change that quarter. The change takes effect within two seconds. The generation that was
live before is kept: to return to it, name it with --to.

Where "banners loop" publishes, it publishes nothing in these quarters until they are released with
--release. It goes on closing slots and counting totals.

Exit status: 0 done, 1 there is nothing to go back to or to release (and nothing was changed) or the
database cannot be used, 2 wrong usage.""",
)
@quarters_option("Change only these quarters of the hour; all that can go back if not given.")
@click.option(
    "--to",
    metavar="N",
    type=WholeNumber(min=1),
    help="The generation to make live; the one before the live one if not given.",
)
@click.option(
    "--release",
    is_flag=True,
    help="Let the loop publish again in quarters that a rollback holds; all that are held if no "
    "--quarter is given.",
)
@database_option()
@json_option()
def rollback(
    quarters: tuple[Quarter, ...],
    to: int | None,
    release: bool,
    database_url: str | None,
    as_json: bool,
) -> None:
    """Make an earlier generation live again."""
    settings = settings_from(database_url=database_url)
    if release:
        if to is not None:
            raise click.UsageError("--release changes no generation, so it takes no --to.")
        _release(settings, quarters, as_json=as_json)
        return
    changed = wiring.roll_back(settings, quarters, to)
    keep_status("The change is in force; see it with: banners generations")
    if as_json:
        numbers = {int(quarter): number for quarter, (_, number) in changed.generations.items()}
        click.echo(json.dumps({"generations": numbers, "held": changed.is_held}))
        return
    for quarter, (before, number) in changed.generations.items():
        since = "live, as before" if before == number else "now live"
        place = f", in place of {before}" if before != number else ""
        echo(f"Quarter {int(quarter)}: generation {number} is {since}{place}.")
    if changed.is_held:
        names = listed(changed.generations)
        echo(f"The loop publishes nothing in {names} until: banners rollback --release")


def _release(settings: Settings, quarters: tuple[Quarter, ...], *, as_json: bool) -> None:
    released = wiring.release(settings, quarters)
    keep_status("The quarters are released; see them with: banners generations")
    if as_json:
        numbers = {int(quarter): number for quarter, number in released.items()}
        click.echo(json.dumps({"released": numbers}))
        return
    for quarter, number in released.items():
        echo(
            f"Quarter {int(quarter)}: released from generation {number}; the loop publishes again."
        )
