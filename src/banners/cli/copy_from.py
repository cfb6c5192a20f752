"""``banners copy-from``: move an installation to another database."""

from pathlib import Path

import click

from banners import wiring
from banners.cli.options import database_option, settings_from
from banners.cli.streams import echo, keep_status
from banners.settings import Settings
from banners.settings.values import IN_DATABASE

_USUAL = Path(Settings().uploads)


@click.command(
    epilog="""\b
Examples:
  banners copy-from sqlite:///var/banners.db
  banners copy-from sqlite:///old.db --database sqlite:///new.db

URL names the old database, which is only read. The new one must be empty. First stop
everything that writes to the old one: if an SQLite file changes during the copy,
nothing is copied. If an earlier release made the old one, first run:
banners upgrade --database URL

Exit status: 0 done, 1 failed (and nothing was copied), 2 wrong usage.""",
)
@click.argument("url", metavar="URL", help="The database to copy from.")
@click.option(
    "--uploads",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of uploaded images, to be copied into the database too. Default, where "
    f"BANNERS_UPLOADS is {IN_DATABASE}: {_USUAL}, if there is one.",
)
@database_option()
def copy_from(url: str, uploads: Path | None, database_url: str | None) -> None:
    """Copy everything from another database, as from SQLite to MariaDB."""
    settings = settings_from(database_url=database_url)
    if uploads is None and settings.uploads == IN_DATABASE and _USUAL.is_dir():
        uploads = _USUAL
    copied = wiring.copy_from(
        settings, url, uploads, lambda table: echo(f"copying {table}", err=True)
    )
    keep_status("The copy is complete.")
    echo(
        f"Everything is in {wiring.database_name(settings)} now. Generations: "
        f"{copied.generations:,}; versions of the catalogue: {copied.versions:,}; uploaded "
        f"images: {copied.images:,}."
    )
    if copied.lacking:
        echo(
            f"Uploaded images that were not copied into the database: {copied.lacking:,}. Give "
            "every host the folder that has them, and name it in BANNERS_UPLOADS; or empty the new "
            "database, and run this command again with: --uploads DIR",
            err=True,
        )
