"""``banners upgrade``: upgrade the database tables of an earlier release."""

import click

from banners import wiring
from banners.cli.options import database_option, settings_from
from banners.cli.streams import echo, keep_status


@click.command(
    epilog="""\b
Examples:
  banners upgrade
  banners upgrade --database mysql+pymysql://user:password@host:3306/banners

Every generation that is kept stays, and the live ones stay live. Meanwhile no run can publish. An
upgrade that was interrupted is continued by the next one. "banners crunch" upgrades too, before it
publishes.

Exit status: 0 done (also if there was nothing to do), 1 failed, 2 wrong usage.""",
)
@database_option()
def upgrade(database_url: str | None) -> None:
    """Upgrade the database tables of an earlier release."""
    settings = settings_from(database_url=database_url)
    from banners.cli.terminal import can_move, console

    err = console(errors=True)
    if can_move(err):
        with err.status("reading the tables") as status:
            taken = wiring.upgrade(settings, status.update)
    else:
        taken = wiring.upgrade(settings, lambda text: echo(text, err=True))
    keep_status("The upgrade is done.")
    name = wiring.database_name(settings)
    if not taken:
        echo(f"The tables of {name} are up to date; nothing was changed.")
        return
    steps = f"steps {taken[0]} to {taken[-1]}" if len(taken) > 1 else f"step {taken[0]}"
    echo(f"The tables of {name} are up to date now ({steps}). All generations were kept.")
