"""Options that several commands share, and the settings with these options applied."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from banners.core.hadoop_address import HadoopAddress, hadoop_address
from banners.core.model import Quarter
from banners.errors import InvalidQuarter
from banners.settings import PREFIX, Settings, load_settings

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

DEFAULT_PORT = 8000
"""The port on which the web application listens if no option names another."""

_QUARTERS = frozenset(str(int(quarter)) for quarter in Quarter)


class WholeNumber(click.IntRange):
    """A whole number within bounds."""

    name = "whole number"


class QuarterType(click.ParamType[Quarter]):
    """A quarter of the hour, 1 to 4."""

    name = "Q"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Quarter:
        """Parse a quarter; anything but 1, 2, 3 or 4 is wrong usage."""
        if isinstance(value, Quarter):
            return value
        try:
            return Quarter.parse(str(value))
        except InvalidQuarter as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002  # click's own form
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem[str]]:
        """Offer the four quarters, with the minutes of each."""
        return [
            CompletionItem(str(int(quarter)), help=quarter.minutes)
            for quarter in Quarter
            if str(int(quarter)).startswith(incomplete)
        ]


class SeveralQuarters(click.Command):
    """A command whose ``--quarter`` takes several values: ``--quarter 1 3``, or repeated."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Rewrite ``--quarter 1 3`` as ``--quarter 1 --quarter 3``, which click understands."""
        rewritten: list[str] = []
        following = False
        for arg in args:
            if following and arg in _QUARTERS and rewritten[-1] != "--quarter":
                rewritten.append("--quarter")
            elif arg not in _QUARTERS:
                following = arg.partition("=")[0] == "--quarter"
            rewritten.append(arg)
        return super().parse_args(ctx, rewritten)


class NamedPath(click.Path):
    """The path of a file or a folder of this machine, as :class:`pathlib.Path`.

    Args:
        expected: what the path should name, for the error about an empty text.
        further: further arguments of :class:`click.Path`.
    """

    def __init__(self, expected: str, **further: Any) -> None:
        self._expected = expected
        super().__init__(path_type=Path, **further)

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """Return the path; refuse an empty text, which an unset variable gives."""
        if not str(value):
            self.fail(
                f"found an empty text, expected {self._expected}. Is a variable not set?",
                param,
                ctx,
            )
        return super().convert(value, param, ctx)


class _FolderOrAddress(NamedPath):
    """A folder of this machine, or an address that Hadoop opens."""

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """Return an address, or else the path of a folder."""
        if isinstance(value, HadoopAddress):
            return value
        return hadoop_address(str(value)) or super().convert(value, param, ctx)


def folder_argument(text: str, *, or_address: bool = False) -> Decorator:
    """Add the argument ``DIR``, the folder with a folder for each quarter.

    Args:
        text: describes the folder in the help.
        or_address: whether the argument may be an address of Hadoop.
    """
    path_type = _FolderOrAddress if or_address else NamedPath

    def folders(
        _ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        return [CompletionItem(incomplete, type="dir")]

    return click.argument(
        "folder",
        metavar="DIR",
        # Errors are reported when the folder is read.
        type=path_type("a folder, such as . for the current one", readable=False),
        shell_complete=folders,
        help=text,
    )


def database_option(
    text: str = "The database, as an SQLAlchemy URL. [default: BANNERS_DATABASE_URL]",
) -> Decorator:
    """Add ``--database URL``, which overrides BANNERS_DATABASE_URL."""
    return click.option("--database", "database_url", metavar="URL", help=text)


def port_option(
    text: str = "The port to listen on; 0 for any free port.", *, least: int = 0
) -> Decorator:
    """Add ``--port P``, on which the web application listens.

    Args:
        text: the help of the option.
        least: the smallest port that is accepted.
    """
    return click.option(
        "--port",
        metavar="P",
        type=WholeNumber(least, 65_535),
        default=DEFAULT_PORT,
        show_default=True,
        help=text,
    )


def quarters_option(text: str) -> Decorator:
    """Add ``--quarter Q ...``, for one or more quarters."""
    return click.option(
        "--quarter", "quarters", type=QuarterType(), multiple=True, metavar="Q ...", help=text
    )


def json_option() -> Decorator:
    """Add ``--json``, for output that programs read."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON, for programs.")


def settings_from(**overrides: str | None) -> Settings:
    """Load the settings, overridden by the options of the command line."""
    return load_settings(overrides)


def change_environment(values: Mapping[str, str]) -> None:
    """Change settings in the environment, from which the workers of a server read them.

    Args:
        values: settings by name, as in :func:`settings_from`.
    """
    for name, value in values.items():
        variable = f"{PREFIX}{name.upper()}"
        os.environ[variable] = value
        os.environ.pop(f"{variable}_FILE", None)
