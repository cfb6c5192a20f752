"""``banners loop``: closes slots, and publishes each quarter once an hour from what they hold."""

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator

import click

from banners import wiring
from banners.cli.options import database_option, settings_from
from banners.cli.stopping import stoppable
from banners.cli.streams import echo, keep_status
from banners.errors import readable
from banners.settings import Settings

_LOG = logging.getLogger(__name__)


@click.command(
    epilog="""\b
Examples:
  banners loop
  BANNERS_EVENTS=/srv/events banners loop
  BANNERS_LOG_FORMAT=json banners loop

A slot is closed two minutes after its end. A quarter is published BANNERS_PUBLISH_AHEAD
seconds before it comes back, once an hour. What was missed while the loop did not run
is done when it starts. What fails is tried again, and the rest goes on. One process
runs for each folder of events and each database; another waits for BANNERS_WAIT_SECONDS.
See docs/loop.md.

Exit status: 0 stopped by a signal, 1 another process runs, or the folder cannot be used,
2 wrong usage.""",
)
@database_option()
def loop(database_url: str | None) -> None:
    """Close slots, and publish each quarter once an hour from what visitors did."""
    from banners import logs

    settings = settings_from(database_url=database_url)
    wiring.check(settings)
    if settings.log_format == "json":
        logs.configure(settings.log_format)
    # A signal is the normal end of the loop.
    keep_status("See how far the loop has come with: banners generations")
    with (
        contextlib.suppress(KeyboardInterrupt),
        stoppable() as check,
        _showing_steps(settings) as (tell, show_step),
    ):

        def on_step(name: str) -> None:
            check()
            show_step(name)

        with wiring.loop(settings, tell=tell, on_step=on_step) as running:
            tell(f"The loop runs in {readable(settings.events)} (stop it with Ctrl-C).")
            running.run()


@contextlib.contextmanager
def _showing_steps(
    settings: Settings,
) -> Iterator[tuple[Callable[[str], None], Callable[[str], None]]]:
    """Yield what writes a sentence, and what shows the current step, which only terminals do."""
    from banners.cli.terminal import can_move, console, say

    if settings.log_format == "json":
        yield _LOG.info, lambda _: None
        return
    err = console(errors=True)
    if not can_move(err):
        yield lambda sentence: echo(sentence, err=True), lambda _: None
        return
    with err.status("starting") as status:
        yield lambda sentence: say(err, sentence), lambda name: status.update(readable(name))
    sys.stderr.flush()
