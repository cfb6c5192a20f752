"""The command ``banners`` itself, how errors end it, and how warnings are shown."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import click

from banners.cli.completion import completion
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

_SECTIONS: Mapping[str, Sequence[click.Command]] = {
    "Try it": (demo, sample),
    "Publish": (crunch, generations, rollback),
    "Serve, and look": (serve, show, stress),
    "Set up the shell": (completion,),
}


class _WrongUsage(click.ClickException):
    exit_code = 2


class _Group(click.Group):
    """Ends a command with one sentence and the right status, never with a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's own form
        """Name the commands in the order in which one comes to need them."""
        return list(self.commands)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the commands under a heading for each use."""
        widest = max(map(len, self.commands))
        for heading, commands in _SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(f"{each.name:<{widest}}", _first_sentence(each)) for each in commands]
                )

    def invoke(self, ctx: click.Context) -> Any:
        _show_warnings()
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            click.echo("Stopped. What was served before is served on.", err=True)
            ctx.exit((error if isinstance(error, Stopped) else Stopped()).status)
        except click.UsageError as error:
            # An option without its value is said without the command that it is of.
            error.ctx = error.ctx or self._context_of_command(ctx)
            raise
        except BannersError as error:
            wrong_usage = isinstance(error, SettingsError | InvalidCampaignId)
            raise (_WrongUsage if wrong_usage else click.ClickException)(str(error)) from error

    def _context_of_command(self, ctx: click.Context) -> click.Context:
        name = ctx.invoked_subcommand
        command = self.commands.get(name or "")
        return click.Context(command, parent=ctx, info_name=name) if command else ctx


def _first_sentence(command: click.Command) -> str:
    return (command.help or "").partition("\n\n")[0]


def _show_warnings() -> None:
    """Show each warning that is logged as a plain line on standard error, beside any progress."""
    # What logging does by itself; but it is said, since else a library may set up something else.
    if logging.lastResort:
        logging.basicConfig(format="%(message)s", handlers=[logging.lastResort])


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Start here:
  banners demo
  banners show 27
  banners COMMAND --help

Exit status: 0 done, 1 failed, 2 wrong usage, 3 a quarter was refused. What is asked for goes to
standard output, all else to standard error; --json makes it one object on one line.""",
)
@click.version_option(__version__, prog_name="banners")
def banners() -> None:
    """For this campaign, in this quarter of the hour, which banners?

    Event files go in (banners crunch), pages come out (banners serve). Settings are read from
    the environment (BANNERS_...) and from a file .env; docs/settings.md lists them.
    """


for _commands in _SECTIONS.values():
    for _command in _commands:
        banners.add_command(_command)
