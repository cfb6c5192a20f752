"""``banners catalogue``: campaigns and banners with names, landing pages and dates."""

import click

from banners.cli.catalogue_files import check_files, export_files, import_files
from banners.cli.catalogue_versions import compare, rollback, versions
from banners.cli.options import database_option

_COMMANDS: tuple[click.Command, ...] = (
    import_files,
    export_files,
    check_files,
    versions,
    compare,
    rollback,
)


class _InOrder(click.Group):
    """Lists its commands in the order in which one needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's own form
        """Return the names of the commands."""
        return list(self.commands)


@click.group(
    cls=_InOrder,
    epilog="""\b
Examples:
  banners catalogue check DIR
  banners catalogue import DIR
  banners catalogue versions
  banners catalogue import --help

DIR has campaigns.csv and banners.csv (see docs/catalogue.md). Every change makes a new version, in
force within two seconds and without a crunch; earlier versions are kept.

Exit status: 0 done, 1 failed (the version in force stays), 2 wrong usage.""",
)
@database_option()
@click.pass_context
def catalogue(ctx: click.Context, database_url: str | None) -> None:
    """Import, export and compare the names, landing pages and dates of campaigns and banners."""
    # Before or after the name of the command, the option means the same.
    ctx.default_map = {str(each.name): {"database_url": database_url} for each in _COMMANDS}


for _command in _COMMANDS:
    catalogue.add_command(_command)
