"""``banners demo``: from nothing to pages, with sample data."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from banners import wiring
from banners.cli.options import database_option, port_option, settings_from
from banners.cli.serve import LOOPBACK, address, listen, serve_here
from banners.cli.stopping import stoppable
from banners.errors import SampleError
from banners.model import Generation, Quarter, RuleName
from banners.settings import Settings

if TYPE_CHECKING:
    from banners.store.read import DatabaseReader

SAMPLE = Path("var/sample")

_MADE_ANEW = f"To have the sample made anew: rm -r {SAMPLE}, and then banners demo."
_WORTH_A_LOOK = 3


@click.command(
    epilog="""\b
Examples:
  banners demo
  banners demo --port 9000
  banners demo --database sqlite:///var/sample.db

The sample goes to var/sample, pictures to BANNERS_IMAGES, and the result to the database.

Exit status: 0 it was stopped, 1 it cannot be made or served, 2 wrong usage."""
)
@port_option()
@database_option()
def demo(port: int, database_url: str | None) -> None:
    """Make sample data, crunch it and serve the result.

    What is there already is not made again, and what somebody else has published is not replaced.
    """
    settings = settings_from(database_url=database_url)
    # A port that is taken is said at once, not after the work.
    with listen(LOOPBACK, port) as listener:
        with closing(wiring.reader(settings)) as reader:
            sources = {each.source for each in reader.active_quarters()}
            others = sorted(source for source in sources if not _is_sample(source))
            if others:
                place = wiring.database_name(settings)
                click.echo(f"1/2  {place} serves what came from {', '.join(others)};")
                click.echo("     the demo leaves it be. To see the sample instead:")
                click.echo("     banners demo --database sqlite:///var/sample.db")
                click.echo("2/2  Serving what is there.")
            else:
                with stoppable() as check:
                    _prepare(settings, reader)
                    check()
            click.echo(f"\n     Open {address(listener)}")
            if advice := worth_a_look(reader, wiring.quarter_now(settings)):
                click.echo(f"     and ask for campaign {advice}.")
        click.echo("     Stop with Ctrl-C.\n")
        serve_here(listener, settings, workers=1, database_url=database_url)


def _prepare(settings: Settings, reader: "DatabaseReader") -> None:
    from banners.cli import report
    from banners.cli.making import make_pictures, make_sample
    from banners.sample.events import SampleSpec, is_made

    spec = SampleSpec()
    if is_made(SAMPLE, spec):
        click.echo(f"1/3  Sample data: there already, in {SAMPLE}.")
        make_pictures(settings, spec)
    else:
        click.echo("1/3  Sample data: making four quarters of the hour.")
        make_sample(settings, SAMPLE, spec)
    click.echo("2/3  Crunch: working out which banners each campaign shows.")
    with report.progress() as on_step:
        ended = wiring.crunch(settings, SAMPLE, [], on_step, unchanged_too=False)
    if ended.generation is None and not ended.refused:
        click.echo("     Not needed: the sample is unchanged since it was published.")
    else:
        report.show(ended)
    if not reader.active():
        raise SampleError(f"Nothing of the sample could be published. {_MADE_ANEW}")
    if ended.refused:
        click.echo(f"     {_MADE_ANEW}", err=True)
    click.echo("3/3  Serving.")


def _is_sample(source: str) -> bool:
    # Wherever the folder was then: it may have been moved or copied since.
    return Path(source).parts[-len(SAMPLE.parts) :] == SAMPLE.parts


def worth_a_look(reader: "DatabaseReader", now: Quarter) -> str:
    """Name three campaigns to ask for, of as many cases of the rule as there are.

    Args:
        reader: what is published.
        now: the current quarter of the hour; campaigns that have banners in it come before all
            others, since their pages show something at once.

    Returns:
        the campaigns as words, fewer where so few are known; none where nothing is published.
    """
    active = reader.active()
    # The current quarter, or else the one that comes next.
    for quarter in sorted(active, key=lambda each: (each - now) % len(Quarter)):
        if named := _examples(reader, active, quarter):
            *most, last = [f"{campaign_id} ({rule})" for campaign_id, rule in named]
            campaigns = f"{', '.join(most)} or {last}" if most else last
            if quarter is now:
                return campaigns
            return f"{campaigns} in quarter {int(quarter)} of the hour ({quarter.minutes})"
    return ""


def _examples(
    reader: "DatabaseReader", active: Mapping[Quarter, Generation], quarter: Quarter
) -> list[tuple[int, RuleName]]:
    """Find campaigns of different cases in a quarter; of the same where there are no others."""
    first = reader.first_of_each_rule(active[quarter], quarter)
    found = {first[rule]: rule for rule in RuleName if rule in first}
    # A campaign that stands for a case in another quarter is often here, too.
    for other, generation in sorted(active.items()):
        for campaign_id in reader.first_of_each_rule(generation, other).values():
            if lineup := reader.lineup(active[quarter], quarter, campaign_id):
                found.setdefault(campaign_id, lineup.rule)
    return list(found.items())[:_WORTH_A_LOOK]
