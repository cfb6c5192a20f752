"""The command ``banners`` itself, how errors end it, and how warnings are shown."""

import logging
from typing import Any

import click

from banners.cli.crunch import crunch
from banners.cli.demo import demo
from banners.cli.generations import generations
from banners.cli.rollback import rollback
from banners.cli.sample import sample
from banners.cli.serve import serve
from banners.cli.show import show
from banners.cli.stopping import Stopped
from banners.cli.stress import stress
from banners.errors import BannersError, InvalidCampaignId, SettingsError
from banners.version import __version__


class _WrongUsage(click.ClickException):
    exit_code = 2


class _Group(click.Group):
    """Ends a command with one sentence and the right status, never with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        _show_warnings()
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            click.echo("Stopped. What was served before is served on.", err=True)
            ctx.exit((error if isinstance(error, Stopped) else Stopped()).status)
        except BannersError as error:
            wrong_usage = isinstance(error, SettingsError | InvalidCampaignId)
            raise (_WrongUsage if wrong_usage else click.ClickException)(str(error)) from error


def _show_warnings() -> None:
    """Show each warning that is logged as a plain line on standard error, beside any progress."""
    # What logging does by itself; but it is said, since else a library may set up something else.
    if logging.lastResort:
        logging.basicConfig(format="%(message)s", handlers=[logging.lastResort])


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start here: banners demo",
)
@click.version_option(__version__, prog_name="banners")
def banners() -> None:
    """For this campaign, in this quarter of the hour, which banners?

    Event files go in (banners crunch), pages come out (banners serve). Settings are read from
    the environment (BANNERS_...) and from a file .env; docs/settings.md lists them.
    """


for _command in (demo, sample, crunch, serve, show, generations, rollback, stress):
    banners.add_command(_command)
