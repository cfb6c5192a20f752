"""``banners catalogue import``, ``export`` and ``check``: a catalogue as files."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from banners import wiring
from banners.catalogue.sentences import contents, lacking_sentence
from banners.cli.options import (
    Decorator,
    WholeNumber,
    database_option,
    folder_argument,
    json_option,
    settings_from,
)
from banners.cli.stopping import stoppable
from banners.cli.streams import echo, keep_status
from banners.errors import CatalogueError, UnknownVersion, readable
from banners.settings import Settings

if TYPE_CHECKING:
    from banners.catalogue.folder import CheckedFolder


def by_option() -> Decorator:
    """Add ``--by NAME``, which is recorded with the version."""
    return click.option(
        "--by",
        metavar="NAME",
        help="Who makes the change, for the list of versions. [default: the name of this user]",
    )


def this_user() -> str:
    """Return the name of the user who runs the command."""
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # As in a container that runs under a number without an entry in /etc/passwd.
        return f"user {os.getuid()}"


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show each step on standard error: moving on a terminal, as a line in a pipe."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from banners.cli.terminal import can_move, console

    err = console(errors=True)
    moving = can_move(err)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not moving) as shown:
        task = shown.add_task("")

        def step(name: str) -> None:
            shown.update(task, description=name)
            if not moving:
                echo(name, err=True)

        yield step


@click.command(
    "import",
    epilog="""\b
Examples:
  banners catalogue import catalogue
  banners catalogue import catalogue --by ada --json

If anything is wrong with the files, all faults are printed, and nothing is imported. Campaigns and
banners that are not in the files are not in the new version either, and visitors do not see them;
"banners catalogue rollback" brings them back. Published campaigns that are not in the files are
counted. Files without any campaign are refused while campaigns are published, except with --empty.

Exit status: 0 imported (or nothing differs), 1 the files have faults or the database cannot be
used, 2 wrong usage.""",
)
@folder_argument("A folder with campaigns.csv and banners.csv (see docs/catalogue.md).")
@by_option()
@click.option(
    "--empty",
    "may_be_empty",
    is_flag=True,
    help="Also import files without any campaign, so that visitors see nothing.",
)
@database_option()
@json_option()
def import_files(
    folder: Path, by: str | None, may_be_empty: bool, database_url: str | None, as_json: bool
) -> None:
    """Make the catalogue in DIR the one in force."""
    settings = settings_from(database_url=database_url)
    with stoppable() as stop, _progress() as step:
        step("checking the files")
        checked = _read(folder, settings.timezone)
        checked.refuse_faults(folder)
        lacking = _lacking(settings, checked)
        if lacking and not checked.campaigns and not may_be_empty:
            raise CatalogueError(
                f"The files in {readable(folder)} have no campaign. {lacking_sentence(lacking)} "
                "Add campaigns to the files, or import them as they are with --empty."
            )
        stop()
        step("writing the version")
        with closing(wiring.catalogue_writer(settings)) as writer:
            made = writer.replace(
                checked.campaigns, by=by or this_user(), what=f"Imported from {folder}", stop=stop
            )
    keep_status("The import is done; see it with: banners catalogue versions")
    if as_json:
        told = {
            "version": made.version.number if made else None,
            "campaigns": len(checked.campaigns),
            "banners": checked.banners,
            "what": made.what if made else "",
            "published_lacking": None if lacking is None else len(lacking),
        }
        click.echo(json.dumps(told))
        return
    if made:
        echo(f"Version {made.version.number} is in force. {made.what}")
    else:
        echo("The catalogue is as it was: nothing in the files differs from it.")
    if lacking:
        echo(lacking_sentence(lacking))


@click.command(
    "export",
    epilog="""\b
Examples:
  banners catalogue export catalogue
  banners catalogue export before --version 3

The files have the form that "banners catalogue import" reads; campaigns.csv and banners.csv in DIR
are replaced. Images are not among them.

Exit status: 0 written, 1 there is no such version or it cannot be read or written, 2 wrong
usage.""",
)
@folder_argument("The folder for campaigns.csv and banners.csv; it is made if it does not exist.")
@click.option(
    "--version",
    "number",
    metavar="N",
    type=WholeNumber(min=1),
    help="The version to write; the one in force if not given.",
)
@database_option()
@json_option()
def export_files(folder: Path, number: int | None, database_url: str | None, as_json: bool) -> None:
    """Write the catalogue to files in DIR."""
    from banners.catalogue.export import write_folder

    with (
        stoppable(),
        _progress() as step,
        closing(wiring.catalogue(settings_from(database_url=database_url))) as catalogue,
    ):
        version = catalogue.version(number).version if number else catalogue.in_force()
        if version is None:
            raise UnknownVersion(None)
        step("writing the files")
        campaigns, banners = write_folder(folder, catalogue.campaigns(version))
    if as_json:
        told = {"version": version.number, "campaigns": campaigns, "banners": banners}
        click.echo(json.dumps(told))
        return
    echo(f"Version {version.number} is in {readable(folder)}: {contents(campaigns, banners)}.")


@click.command(
    "check",
    epilog="""\b
Examples:
  banners catalogue check catalogue
  banners catalogue check catalogue --json

Every fault is printed with its file, line, column and reason; of very many, the first 100. Nothing
is imported. Where there is a database, published campaigns that are not in the files are counted.

Exit status: 0 the files can be imported, 1 they have faults, 2 wrong usage.""",
)
@folder_argument("A folder with campaigns.csv and banners.csv (see docs/catalogue.md).")
@database_option()
@json_option()
@click.pass_context
def check_files(ctx: click.Context, folder: Path, database_url: str | None, as_json: bool) -> None:
    """Check the files of a catalogue in DIR, and print every fault."""
    settings = settings_from(database_url=database_url)
    with stoppable(), _progress() as step:
        step("checking the files")
        checked = _read(folder, settings.timezone)
        lacking = _lacking(settings, checked)
    if as_json:
        known = None if lacking is None else len(lacking)
        click.echo(json.dumps({**_as_json(checked), "published_lacking": known}))
        ctx.exit(1 if checked.total else 0)
    checked.refuse_faults(folder)
    echo(f"No fault was found in {contents(len(checked.campaigns), checked.banners)}.")
    if lacking:
        echo(lacking_sentence(lacking))


def _lacking(settings: Settings, checked: "CheckedFolder") -> Sequence[int] | None:
    """Return the ids of the published campaigns that the files lack; None if that is not known."""
    published = wiring.published_campaigns(settings)
    if published is None:
        return None
    there = {campaign.campaign_id for campaign in checked.campaigns}
    return [each for each in published if each not in there]


def _read(folder: Path, zone: Any) -> "CheckedFolder":
    from banners.catalogue.folder import read_folder

    return read_folder(folder, zone)


def _as_json(checked: "CheckedFolder") -> dict[str, Any]:
    return {
        "campaigns": len(checked.campaigns),
        "banners": checked.banners,
        "total": checked.total,
        "faults": [
            {
                "file": fault.file,
                "line": fault.line,
                "column": fault.column,
                "reason": fault.reason,
            }
            for fault in checked.faults
        ],
    }
