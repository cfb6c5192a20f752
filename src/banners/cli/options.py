"""Options that several commands share, and the settings that they lead to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from banners.errors import InvalidQuarter
from banners.model import Quarter
from banners.settings import Settings, load_settings

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

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
        """Read what was given; anything but 1, 2, 3 or 4 is wrong usage."""
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
        """Offer the four quarters, with the minutes that each spans."""
        return [
            CompletionItem(str(int(quarter)), help=quarter.minutes)
            for quarter in Quarter
            if str(int(quarter)).startswith(incomplete)
        ]


class SeveralQuarters(click.Command):
    """A command whose ``--quarter`` takes several: ``--quarter 1 3`` as well as repeated."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Write ``--quarter 1 3`` as ``--quarter 1 --quarter 3``, which the parser knows."""
        spelled: list[str] = []
        following = False
        for arg in args:
            if following and arg in _QUARTERS and spelled[-1] != "--quarter":
                spelled.append("--quarter")
            elif arg not in _QUARTERS:
                following = arg.partition("=")[0] == "--quarter"
            spelled.append(arg)
        return super().parse_args(ctx, spelled)


def folder_argument(text: str) -> Decorator:
    """``DIR``, the folder that holds a folder for each quarter."""

    def folders(
        _ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        return [CompletionItem(incomplete, type="dir")]

    return click.argument(
        "folder",
        metavar="DIR",
        # What is wrong with it is said when it is read.
        type=click.Path(path_type=Path, readable=False),
        shell_complete=folders,
        help=text,
    )


def database_option(
    text: str = "The database, as an SQLAlchemy URL; BANNERS_DATABASE_URL if not given.",
) -> Decorator:
    """``--database URL``, which wins over BANNERS_DATABASE_URL."""
    return click.option("--database", "database_url", metavar="URL", help=text)


def port_option() -> Decorator:
    """``--port P``, on which the web application listens."""
    return click.option(
        "--port",
        metavar="P",
        type=WholeNumber(0, 65_535),
        default=8000,
        show_default=True,
        help="The port to listen on; 0 for any that is free.",
    )


def quarters_option(text: str) -> Decorator:
    """``--quarter Q ...``, for one or more quarters."""
    return click.option(
        "--quarter", "quarters", type=QuarterType(), multiple=True, metavar="Q ...", help=text
    )


def json_option() -> Decorator:
    """``--json``, for output that programs read."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON, for programs.")


def settings_from(**overrides: str | None) -> Settings:
    """Load the settings, with what the command line gives on top."""
    return load_settings(overrides)
