"""``banners crunch``: event files in, a new generation served."""

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
from banners.model import Quarter
from banners.settings import ENGINES, Settings

if TYPE_CHECKING:
    from banners.job_report import JobReport

REFUSED = 3


@click.command(
    cls=SeveralQuarters,
    epilog="""\b
Examples:
  banners crunch events
  banners crunch events --quarter 2 3
  banners crunch events --accept
  banners crunch events --watch
  banners crunch events --engine spark
  banners crunch events --database sqlite:////srv/banners.db --json

What was published of a quarter before is served on if it is refused. Why it was is said, and rows
that were not accepted are written to a file in BANNERS_REJECTS (see docs/event-files.md).

Exit status: 0 every quarter given was published, 1 the job failed and nothing was published,
2 wrong usage, 3 a quarter was refused (the others are published all the same).""",
)
@folder_argument(
    "A folder with 1/impressions_1.csv, 1/clicks_1.csv and 1/conversions_1.csv, and likewise for "
    "the quarters 2 to 4. A quarter without files is left as it is."
)
@quarters_option(
    "Crunch only these quarters of the hour, each of which is to have files; all that have files "
    "if not given."
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    help="What crunches; BANNERS_ENGINE if not given.",
)
@click.option("--watch", is_flag=True, help="Go on, and crunch a quarter when its files change.")
@click.option("--accept", is_flag=True, help="Publish even what the gate refuses, and say so.")
@database_option()
@json_option()
@click.pass_context
def crunch(
    ctx: click.Context,
    folder: Path,
    quarters: tuple[Quarter, ...],
    engine: str | None,
    accept: bool,
    watch: bool,
    database_url: str | None,
    as_json: bool,
) -> None:
    """Crunch the event files in DIR and publish the result."""
    from banners.cli import report

    settings = settings_from(database_url=database_url, engine=engine)
    show = report.show_as_json if as_json else report.show
    if watch:
        # What is wrong with these will be no better later; all else may be.
        wiring.check(settings)
        # To be stopped is how a watcher ends, and no failure.
        with contextlib.suppress(KeyboardInterrupt), stoppable() as check:
            _watch(settings, folder, set(quarters or Quarter), check, accept=accept, show=show)
        return
    with stoppable() as check, report.progress() as show_step:

        def on_step(quarter: Quarter, step: str) -> None:
            check()
            show_step(quarter, step)

        ended = wiring.crunch(settings, folder, quarters, on_step, accept=accept)
    show(ended)
    if not as_json:
        report.advise(ended)
    if ended.refused:
        ctx.exit(REFUSED)


def _watch(
    settings: Settings,
    folder: Path,
    quarters: set[Quarter],
    check: Callable[[], None],
    *,
    accept: bool,
    show: Callable[["JobReport"], None],
) -> None:
    from banners.cli import report
    from banners.watch import changes, follow

    def crunch(changed: Collection[Quarter]) -> "JobReport":
        with report.progress() as on_step:
            return wiring.crunch(
                settings, folder, changed, on_step, accept=accept, unchanged_too=False
            )

    def checked(changed: Iterable[bool]) -> Iterator[bool]:
        for each in changed:
            check()
            yield each

    changed = changes(folder)
    click.echo(f"Watching {folder} (stop with Ctrl-C).", err=True)
    follow(
        folder,
        checked(changed),
        quarters=quarters,
        crunch=crunch,
        on_report=show,
        on_failure=lambda error: click.echo(f"Trying again later: {error}", err=True),
    )
