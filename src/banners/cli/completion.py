"""``banners completion``: shell completion of commands, options and their values."""

from typing import Literal

import click
from click.shell_completion import get_completion_class

from banners.cli.options import database_option


@click.command(
    epilog="""\b
Examples, each with the start-up file of the shell that it belongs in:
  eval "$(banners completion bash)"       in ~/.bashrc
  eval "$(banners completion zsh)"        in ~/.zshrc, after compinit
  banners completion fish | source        in ~/.config/fish/config.fish

The command banners must be on PATH: add its folder, such as .venv/bin, first.

Exit status: 0 printed, 2 wrong usage.""",
)
@click.argument(
    "shell",
    metavar="SHELL",
    type=click.Choice(["bash", "zsh", "fish"]),
    help="The shell: bash (4.4 or later), zsh or fish.",
)
@database_option("Accepted as by every command; completion needs no database.")
@click.pass_context
def completion(
    ctx: click.Context,
    shell: Literal["bash", "zsh", "fish"],
    database_url: str | None,  # noqa: ARG001  # every command takes it
) -> None:
    """Print a script that makes SHELL complete commands, options and their values."""
    script = get_completion_class(shell)(
        ctx.find_root().command, {}, "banners", "_BANNERS_COMPLETE"
    )
    click.echo(script.source(), nl=False)
