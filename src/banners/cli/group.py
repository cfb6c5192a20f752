"""The command ``banners`` itself: its commands, its errors and its warnings."""

import gc
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import chain
from typing import Any

import click

from banners.cli.stopping import Stopped
from banners.cli.streams import echo, open_streams
from banners.errors import BannersError, InvalidCampaignId, SettingsError, readable
from banners.logs import ReadableFormatter
from banners.version import __version__

_SECTIONS: Mapping[str, Sequence[str]] = {
    "Try it": ("demo", "sample"),
    "Publish": ("crunch", "generations", "rollback", "catalogue", "upgrade", "copy-from"),
    "Record": ("loop", "close", "conversions"),
    "Serve and inspect": ("serve", "sign-in", "show", "export", "evaluate", "stress"),
    "Set up the shell": ("completion",),
}

_WHEN_STOPPED: Mapping[str, str] = {
    **dict.fromkeys(("crunch", "rollback"), " The previous generation stays live."),
    "catalogue": " The previous version stays live.",
    "copy-from": " Nothing was copied.",
}
"""What a command adds when it is stopped, by its name."""

_OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Number of new objects after which the garbage collector of Python runs."""


class _Commands(Mapping[str, click.Command]):
    """The commands by name; each is imported when it is first used, since importing takes time."""

    _names = tuple(chain.from_iterable(_SECTIONS.values()))

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._names:
            raise KeyError(name)
        attribute = name.replace("-", "_")
        command: click.Command = getattr(import_module(f"banners.cli.{attribute}"), attribute)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class _WrongUsage(click.ClickException):
    exit_code = 2


class _Group(click.Group):
    """Ends a command that fails with one sentence and the right status, not with a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's own form
        """List the commands in the order in which a new user needs them."""
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
                    [
                        (f"{name:<{widest}}", _first_sentence(self.commands[name]))
                        for name in commands
                    ]
                )

    def __call__(self, args: Sequence[str] | None = None, prog_name: str | None = None) -> Any:
        """Run a command, and end the process with its status."""
        # Imported modules stay. By default, they would be examined for garbage again and again.
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
        streams = open_streams()
        with streams.in_place():
            try:
                status = self.main(args, prog_name, standalone_mode=False, obj=streams)
            except click.ClickException as error:
                readable_lines = map(readable, error.message.split("\n"))
                error.message = "\n".join(readable_lines)  # type: ignore[misc]  # for type checkers
                error.show()
                status = error.exit_code
            except click.Abort:
                status = Stopped().status
            status = streams.status(status or 0)
        # Python would otherwise examine all modules for garbage once more before the process ends.
        gc.freeze()
        sys.exit(status)

    def invoke(self, ctx: click.Context) -> Any:
        _show_warnings()
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            echo(f"Stopped.{_WHEN_STOPPED.get(ctx.invoked_subcommand or '', '')}", err=True)
            ctx.exit((error if isinstance(error, Stopped) else Stopped()).status)
        except click.UsageError as error:
            # click does not name the command if the value of an option is missing.
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
    """Show each logged warning as a plain line on standard error."""
    # The default of logging, set explicitly so that no library configures anything else.
    if logging.lastResort:
        logging.lastResort.setFormatter(ReadableFormatter())
        logging.basicConfig(handlers=[logging.lastResort])


@click.group(
    cls=_Group,
    commands=_Commands(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Start here:
  banners demo
  banners show 27
  banners COMMAND --help

Exit status: 0 done, 1 failed, 2 wrong usage, 3 a quarter was refused. Results go to standard
output, everything else to standard error; --json writes the result as one line of JSON.""",
)
@click.version_option(__version__, prog_name="banners")
def banners() -> None:
    """Choose and serve the best banners of each campaign in each quarter of the hour.

    "banners crunch" reads event files and publishes lineups; "banners serve" shows them as pages
    and JSON. Settings come from the environment (BANNERS_...) and from a file .env; they are
    listed in docs/settings.md.
    """
