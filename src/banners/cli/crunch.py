"""``banners crunch``: crunches event files and publishes a new generation."""

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from banners import wiring
from banners.cli.options import (
    SeveralQuarters,
    database_option,
    folder_argument,
    json_option,
    quarters_option,
    settings_from,
)
from banners.cli.stopping import stoppable
from banners.cli.streams import echo, keep_status
from banners.core.hadoop_address import HadoopAddress
from banners.core.model import Quarter
from banners.errors import LoopPublishes, readable
from banners.settings import ENGINES, Settings

if TYPE_CHECKING:
    from banners.job.outcome import JobOutcome

REFUSED = 3


@click.command(
    cls=SeveralQuarters,
    epilog="""\b
Examples:
  banners crunch events
  banners crunch events --quarter 2 3
  banners crunch events --accept
  banners crunch events --watch
  banners crunch events --replace
  banners crunch events --engine spark
  banners crunch hdfs://namenode/events --engine spark
  banners crunch events --database sqlite:////srv/banners.db --json

If a quarter is refused, the reason is printed and its previous generation stays live. Rows that
were not accepted are written to a file in BANNERS_REJECTS (see docs/event-files.md). Event files of
closed slots are crunched slot by slot (see docs/loop.md).

Once "banners loop" has published into a database, event files of other folders are refused, unless
--replace is given.

Exit status: 0 every quarter given was published, 1 the job failed and nothing was published,
2 wrong usage, 3 a quarter was refused, or a closed slot left out (everything else was published
nevertheless).""",
)
@folder_argument(
    "A folder with 1/impressions_1.csv, 1/clicks_1.csv and 1/conversions_1.csv, and likewise for "
    "the quarters 2 to 4. A quarter without files stays as it is. With Spark, it may be an "
    "address, such as hdfs://namenode/events.",
    or_address=True,
)
@quarters_option(
    "Crunch only these quarters of the hour, each of which must have files. Default: all that have "
    "files."
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    help="Engine that crunches the files. Default: BANNERS_ENGINE.",
)
@click.option(
    "--watch", is_flag=True, help="Keep running, and crunch a quarter whenever its files change."
)
@click.option(
    "--accept",
    is_flag=True,
    help="Publish a quarter, and count a closed slot, even if the gate objects to it; the "
    "objections are recorded.",
)
@click.option(
    "--replace",
    is_flag=True,
    help='Publish even if "banners loop" has published into the database from another folder.',
)
@click.option(
    "--unless-loop",
    is_flag=True,
    help='Do nothing, and end with 0, if "banners loop" has published into the database from '
    "another folder.",
)
@database_option()
@json_option()
@click.pass_context
def crunch(
    ctx: click.Context,
    folder: Path | HadoopAddress,
    quarters: tuple[Quarter, ...],
    engine: str | None,
    accept: bool,
    watch: bool,
    replace: bool,
    unless_loop: bool,
    database_url: str | None,
    as_json: bool,
) -> None:
    """Crunch the event files in DIR and publish the result."""
    from banners.cli import outcome

    settings = settings_from(database_url=database_url, engine=engine)
    show = outcome.show_as_json if as_json else outcome.show
    if watch:
        if isinstance(folder, HadoopAddress):
            raise click.UsageError(
                f"--watch needs a folder of this machine; {readable(folder)} is an address. Run "
                "the command again when new files have arrived, for example from cron."
            )
        # Invalid settings stay invalid; any other error may go away.
        wiring.check(settings)
        # A watcher ends by being stopped; that is not a failure.
        keep_status("See what is live with: banners generations")
        with contextlib.suppress(KeyboardInterrupt), stoppable() as check:
            _watch(
                *(settings, folder, set(quarters or Quarter), check),
                accept=accept,
                replace=replace,
                show=show,
            )
        return
    with stoppable() as check, outcome.progress() as show_step:

        def on_step(quarter: Quarter, step: str) -> None:
            check()
            show_step(quarter, step)

        try:
            ended = wiring.crunch(
                settings, folder, quarters, on_step, accept=accept, replace=replace
            )
        except LoopPublishes as error:
            if not unless_loop:
                raise
            echo(str(error), err=True)
            return
    keep_status("The run is complete; see what is live with: banners generations")
    show(ended)
    if not as_json:
        outcome.advise(ended)
    if ended.refused:
        ctx.exit(REFUSED)


def _watch(
    settings: Settings,
    folder: Path,
    quarters: set[Quarter],
    check: Callable[[], None],
    *,
    accept: bool,
    replace: bool,
    show: Callable[["JobOutcome"], None],
) -> None:
    from banners.cli import outcome
    from banners.job.watch import changes, crunch_on_change

    def crunch(changed: Collection[Quarter]) -> "JobOutcome":
        with outcome.progress() as on_step:
            return wiring.crunch(
                *(settings, folder, changed, on_step),
                accept=accept,
                replace=replace,
                unchanged_too=False,
            )

    def checked(changed: Iterable[bool]) -> Iterator[bool]:
        for each in changed:
            check()
            yield each

    changed = changes(folder)
    echo(f"Watching {readable(folder)} (stop with Ctrl-C).", err=True)
    crunch_on_change(
        folder,
        checked(changed),
        quarters=quarters,
        crunch=crunch,
        on_outcome=show,
        on_failure=lambda error: echo(f"Trying again later: {error}", err=True),
    )
