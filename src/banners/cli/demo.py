"""``banners demo``: makes sample data, crunches it and serves the pages."""

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from banners import wiring
from banners.cli.beside import beside
from banners.cli.demo_visitors import demo_with_visitors
from banners.cli.options import change_environment, database_option, port_option, settings_from
from banners.cli.serve import LOOPBACK, address, listen, say_how_to_sign_in, serve_here
from banners.cli.stopping import stoppable
from banners.cli.streams import echo, keep_status
from banners.core.model import Generation, Quarter, RuleName
from banners.core.rule import case_of, count_converting
from banners.errors import BannersError, SampleError, readable
from banners.settings import Settings

if TYPE_CHECKING:
    from banners.store.read.lineups import DatabaseReader

SAMPLE = Path("var/sample")
EVENTS = Path("var/demo/events")
"""Where the demo records what happens on its pages."""

_CLOSE_SECONDS = 5.0

_MADE_ANEW = f"To make the sample again: rm -r {SAMPLE}, and then banners demo."
_WORTH_A_LOOK = 3


@click.command(
    epilog="""\b
Examples:
  banners demo
  banners demo --port 9000
  banners demo --visitors
  banners demo --database sqlite:///var/sample.db

The sample goes to var/sample, images to BANNERS_IMAGES, and the result to the database.

Exit status: 0 it was stopped, 1 the sample cannot be made or served, 2 wrong usage."""
)
@click.option(
    "--visitors",
    is_flag=True,
    help="Start empty, with simulated visitors and a clock that is sixty times as fast, to watch "
    "how recorded events change what is shown, and how much more a policy that learns earns than "
    "the rule. Uses a folder of its own, var/visitors.",
)
@port_option()
@database_option()
def demo(port: int, database_url: str | None, *, visitors: bool) -> None:
    """Make sample data, crunch it and serve the result.

    Existing sample data is reused, and data from another source that is live is not replaced.
    """
    if visitors:
        if database_url is not None:
            raise click.UsageError("--visitors uses a database of its own; leave --database out.")
        demo_with_visitors(port, is_terminal=sys.stdout.isatty())
        return
    works: list[Callable[[], None]] = []
    settings = settings_from(database_url=database_url)
    if not settings.events:
        settings = _recording(database_url)
        works.append(partial(_close_often, settings))
    keep_status("The pages do not need it.")
    # A port that is taken is reported before the work, not after it.
    with listen(LOOPBACK, port) as listener:
        with closing(wiring.reader(settings)) as reader:
            sources = {each.source for each in reader.active_quarters()}
            others = sorted(source for source in sources if not _is_sample(source))
            if others:
                place = readable(wiring.database_name(settings))
                echo(f"1/2  {place} serves data from {', '.join(map(readable, others))};")
                echo("     the demo does not replace it. To see the sample instead:")
                echo("     banners demo --database sqlite:///var/sample.db")
                echo("2/2  Serving this data.")
            else:
                with stoppable() as check:
                    _prepare(settings, reader, settings.public_url or address(listener))
                    check()
            advice = worth_a_look(reader, wiring.quarter_now(settings))
        # Once the address is shown, a signal is the normal end; serve_here is not ready yet.
        with suppress(KeyboardInterrupt), stoppable():
            echo(f"\n     Open {address(listener)}")
            if advice:
                echo(f"     and ask for campaign {advice}.")
            say_how_to_sign_in(
                settings,
                listener,
                lambda text: echo(f"     {text}"),
                is_log=not sys.stdout.isatty(),
            )
            echo("     Stop with Ctrl-C.\n")
            with beside(listener, *works):
                serve_here(
                    listener,
                    settings,
                    workers=1,
                    database_url=database_url,
                    exclusive=True,
                    demo=True,
                )


def _recording(database_url: str | None) -> Settings:
    """Return the settings with which the demo records what happens on its pages."""
    change_environment(
        {"events": str(EVENTS), "conversion_keys_file": str(EVENTS.with_name("conversion_keys"))}
    )
    settings = settings_from(database_url=database_url)
    wiring.make_conversion_key(Path(settings.conversion_keys_file))
    # Closing may look for it before the server has made it.
    EVENTS.mkdir(exist_ok=True)
    return settings


def _close_often(settings: Settings) -> None:
    """Close slots again and again, so that a click is on the report within seconds."""
    fault = ""
    while True:
        try:
            wiring.close(settings, (), lambda _slot: None)
            fault = ""
        except BannersError as error:
            if str(error) != fault:
                fault = str(error)
                echo(fault, err=True)
        time.sleep(_CLOSE_SECONDS)


def _prepare(settings: Settings, reader: "DatabaseReader", url: str) -> None:
    from banners.cli import outcome
    from banners.cli.making import make_catalogue, make_images, make_sample
    from banners.sample.catalogue import is_catalogue_made
    from banners.sample.events import SampleSpec, is_made

    spec = SampleSpec()
    if is_made(SAMPLE, spec):
        echo(f"1/4  Sample data: already in {SAMPLE}.")
        if not is_catalogue_made(SAMPLE):
            make_catalogue(SAMPLE, spec)
        make_images(settings, spec)
    else:
        echo("1/4  Sample data: making four quarters of the hour.")
        make_sample(settings, SAMPLE, spec)
    echo("2/4  Crunch: working out which banners each campaign shows.")
    with outcome.progress() as on_step:
        ended = wiring.crunch(settings, SAMPLE, [], on_step, unchanged_too=False)
    if ended.generation is None and not ended.refused:
        echo("     Not needed: the sample is unchanged since it was published.")
    else:
        outcome.show(ended)
    if not reader.active():
        raise SampleError(f"Nothing of the sample could be published. {_MADE_ANEW}")
    if ended.refused:
        echo(f"     {_MADE_ANEW}", err=True)
    echo("3/4  Catalogue: giving campaigns and banners names and landing pages.")
    echo(f"     {wiring.import_sample(settings, spec, url)}")
    echo("4/4  Serving.")


def _is_sample(source: str) -> bool:
    # Compare the end of the path only: the folder may have been moved or copied since.
    return Path(source).parts[-len(SAMPLE.parts) :] == SAMPLE.parts


def worth_a_look(reader: "DatabaseReader", now: Quarter) -> str:
    """Return up to three campaigns to ask for, of as many different cases of the rule as possible.

    Args:
        reader: reads what is published.
        now: the current quarter of the hour; campaigns that have banners in it are preferred,
            because their pages have something to show right away.

    Returns:
        The campaigns as text; empty if nothing is published.
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
    """Return campaigns of different cases in a quarter; of the same case if there are no others."""
    first = reader.first_of_each_rule(active[quarter], quarter)
    found = {first[rule]: rule for rule in RuleName if rule in first}
    # The first campaign of a case in another quarter often has banners in this one, too.
    for other, generation in sorted(active.items()):
        for campaign_id in reader.first_of_each_rule(generation, other).values():
            candidates = reader.candidates(active[quarter], quarter, campaign_id)
            if candidates is not None:
                found.setdefault(campaign_id, case_of(count_converting(candidates)))
    return list(found.items())[:_WORTH_A_LOOK]
