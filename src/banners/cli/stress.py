"""``banners stress``: asks for campaigns, fast, and checks every answer."""

import math
import signal
from typing import Any

import click

from banners import wiring
from banners.cli.options import WholeNumber, database_option, json_option, settings_from
from banners.errors import NothingPublished

REQUESTS = 5_000
_STOPPED = 128 + signal.SIGINT


class _Finite(click.FloatRange):
    """A number above zero, and neither infinite nor none at all."""

    name = "number"

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True, max=1_000_000_000)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


@click.command(
    epilog="""\b
Examples:
  banners stress
  banners stress http://localhost:9000 --requests 100000 --concurrency 32
  banners stress --duration 60 --concurrency 32 --rate 2000
  banners stress --path json --json

A run needs the database and the settings of what it tests, to know what is right. A change of
the quarter of the hour or of the generation while it goes on is no failure (see docs/stress.md).

Exit status: 0 every answer was right, 1 something failed, 2 wrong usage, 130 it was stopped.""",
)
@click.argument(
    "url",
    metavar="[URL]",
    default="http://localhost:8000",
    help="The server; http://localhost:8000 if not given.",
)
@click.option(
    "--requests",
    metavar="N",
    type=WholeNumber(min=1),
    help=f"How many requests; {REQUESTS} if neither this nor --duration is given.",
)
@click.option(
    "--concurrency",
    metavar="C",
    type=WholeNumber(1, 10_000),
    default=1,
    show_default=True,
    help="How many visitors ask at the same time; with 1, one request after another.",
)
@click.option(
    "--duration",
    metavar="S",
    type=_Finite(),
    help="Go on for so many seconds.",
)
@click.option(
    "--rate",
    metavar="R",
    type=_Finite(),
    help="Send R requests a second whether or not the server keeps up, and count latencies from "
    "when each was due; as fast as they are answered if not given.",
)
@click.option(
    "--path",
    "address",
    type=click.Choice(["page", "json", "banner"]),
    default="page",
    show_default=True,
    help="Which address of the campaigns to ask for.",
)
@database_option()
@json_option()
@click.pass_context
def stress(
    ctx: click.Context,
    url: str,
    requests: int | None,
    concurrency: int,
    duration: float | None,
    rate: float | None,
    address: str,
    database_url: str | None,
    as_json: bool,
) -> None:
    """Ask the server at URL for the published campaigns, and check every answer."""
    from banners.cli import stress_report
    from banners.stress.check import Address
    from banners.stress.run import Plan
    from banners.stress.target import Target

    settings = settings_from(database_url=database_url)
    plan = Plan(
        target=Target.parse(url),
        address=Address(address),
        requests=REQUESTS if requests is None and duration is None else requests,
        duration=duration,
        concurrency=concurrency,
        rate=rate,
    )
    try:
        with stress_report.progress(plan) as on_progress:
            outcome = wiring.stress(settings, plan, on_progress)
    except NothingPublished as error:
        raise NothingPublished(wiring.database_name(settings)) from error
    (stress_report.show_as_json if as_json else stress_report.show)(plan, outcome)
    if outcome.stopped:
        ctx.exit(_STOPPED)
    if outcome.tally.failed:
        ctx.exit(1)
