"""``banners stress``: request campaigns, fast, and verify every answer."""

import math
import signal
from typing import Any

import click

from banners import wiring
from banners.cli.options import WholeNumber, database_option, json_option, settings_from
from banners.cli.streams import keep_status
from banners.errors import NothingPublished

REQUESTS = 5_000
_INTERRUPTED = 128 + signal.SIGINT


class _Finite(click.FloatRange):
    """A finite number above zero."""

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

Needs the database and the settings of the server, to know the right answers. A change of the
quarter of the hour or of the generation during the run is not a failure (see docs/stress.md).

Exit status: 0 every answer was right, 1 a request failed, 2 wrong usage, 130 interrupted.""",
)
@click.argument(
    "url",
    metavar="[URL]",
    default="http://localhost:8000",
    help="The server to test. [default: http://localhost:8000]",
)
@click.option(
    "--requests",
    metavar="N",
    type=WholeNumber(min=1),
    help=f"Number of requests. [default: {REQUESTS}, unless --duration is given]",
)
@click.option(
    "--concurrency",
    metavar="C",
    type=WholeNumber(1, 10_000),
    default=1,
    show_default=True,
    help="Number of visitors; each sends one request at a time.",
)
@click.option(
    "--duration",
    metavar="S",
    type=_Finite(),
    help="Seconds that the run lasts.",
)
@click.option(
    "--rate",
    metavar="R",
    type=_Finite(),
    help="Send R requests a second even if the server does not keep up, and measure latencies from "
    "when each request was due. [default: send a request when the previous one is answered]",
)
@click.option(
    "--path",
    "address",
    type=click.Choice(["page", "json", "banner"]),
    default="page",
    show_default=True,
    help="The address of each campaign to request.",
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
    """Request the published campaigns from the server at URL, and verify every answer."""
    from banners.cli import stress_outcome
    from banners.stress.run import Plan
    from banners.stress.target import Target
    from banners.stress.verify import Address

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
        with stress_outcome.progress(plan) as on_progress:
            outcome = wiring.stress(settings, plan, on_progress)
    except NothingPublished as error:
        raise NothingPublished(wiring.database_name(settings)) from error
    keep_status("The exit status is that of the stress test.")
    (stress_outcome.show_as_json if as_json else stress_outcome.show)(plan, outcome)
    if outcome.stopped:
        ctx.exit(_INTERRUPTED)
    if outcome.counts.failed:
        ctx.exit(1)
