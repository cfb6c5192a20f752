"""``banners catalogue versions``, ``compare`` and ``rollback``: what changed, and back again."""

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from banners import wiring
from banners.cli.catalogue_files import by_option, this_user
from banners.cli.options import WholeNumber, database_option, json_option, settings_from
from banners.cli.streams import echo, keep_status
from banners.errors import UnknownVersion

if TYPE_CHECKING:
    from banners.catalogue.compare import Difference
    from banners.catalogue.versions import MadeVersion


@click.command(
    epilog="""\b
Examples:
  banners catalogue versions
  banners catalogue versions --last 100 --json

Exit status: 0 listed, 1 there is no catalogue (with --json an empty list, and 0) or the database
cannot be read, 2 wrong usage.""",
)
@click.option(
    "--last",
    metavar="N",
    type=WholeNumber(1, 10_000),
    default=20,
    show_default=True,
    help="List only the newest N versions.",
)
@database_option()
@json_option()
def versions(last: int, database_url: str | None, as_json: bool) -> None:
    """List the versions of the catalogue, the newest first."""
    settings = settings_from(database_url=database_url)
    with closing(wiring.catalogue(settings)) as catalogue:
        made = catalogue.versions(most=last)
    if as_json:
        click.echo(json.dumps({"versions": [_as_json(each) for each in made]}))
        return
    if not made:
        raise UnknownVersion(None)
    _show(made)


def _as_json(made: "MadeVersion") -> dict[str, Any]:
    return {
        "version": made.version.number,
        "in_force": made.in_force,
        "made_at": made.version.stamp,
        "by": made.by,
        "what": made.what,
        "house": made.version.house,
    }


def _show(made: Sequence["MadeVersion"]) -> None:
    from banners.cli.terminal import console, say

    out = console()
    for each in made:
        at = datetime.fromisoformat(each.version.stamp)
        mark = ", in force" if each.in_force else ""
        say(
            out,
            f"Version {each.version.number}{mark}, {at:%Y-%m-%d %H:%M:%S} UTC by {each.by}",
            style="bold" if each.in_force else "",
        )
        say(out, f"  {each.what}")


@click.command(
    epilog="""\b
Examples:
  banners catalogue compare 3 5
  banners catalogue compare 3 5 --json

Exit status: 0 compared, 1 there is no such version or the database cannot be read, 2 wrong
usage.""",
)
@click.argument("old", metavar="N", type=WholeNumber(min=1), help="The version before.")
@click.argument("new", metavar="M", type=WholeNumber(min=1), help="The version after.")
@database_option()
@json_option()
def compare(old: int, new: int, database_url: str | None, as_json: bool) -> None:
    """Show what differs between version N and version M."""
    from banners.catalogue.sentences import house_sentence, sentence

    settings = settings_from(database_url=database_url)
    with closing(wiring.catalogue(settings)) as catalogue:
        before, after = (catalogue.version(number).version for number in (old, new))
        differences = list(catalogue.differences(before, after))
    if as_json:
        told = {
            "from": old,
            "to": new,
            "house": {"old": before.house, "new": after.house},
            "differences": [_difference(each) for each in differences],
        }
        click.echo(json.dumps(told))
        return
    if before.house != after.house:
        echo(house_sentence(before.house, after.house))
    for each in differences:
        echo(sentence(each, settings.timezone))
    if not differences and before.house == after.house:
        echo(f"Versions {old} and {new} do not differ.")


def _difference(each: "Difference") -> dict[str, Any]:
    entry = each.new or each.old
    return {
        "kind": each.kind.value,
        "campaign_id": each.campaign_id,
        "banner_id": each.banner_id,
        "name": entry.name if entry else "",
        "changes": [
            {"field": change.field, "old": change.old, "new": change.new} for change in each.changes
        ],
    }


@click.command(
    epilog="""\b
Examples:
  banners catalogue rollback --to 3
  banners catalogue rollback --to 3 --by ada --json

This makes a new version with the content of version N, so that nothing is lost; it is in force
within two seconds.

Exit status: 0 done, 1 there is no such version (and nothing was changed) or the database cannot be
used, 2 wrong usage.""",
)
@click.option(
    "--to",
    metavar="N",
    type=WholeNumber(min=1),
    required=True,
    help="The version whose content is wanted (see banners catalogue versions).",
)
@by_option()
@database_option()
@json_option()
def rollback(to: int, by: str | None, database_url: str | None, as_json: bool) -> None:
    """Bring back the catalogue of an earlier version."""
    settings = settings_from(database_url=database_url)
    # Opening the database to write would make the file of one that is not there.
    with closing(wiring.catalogue(settings, wait=True)) as catalogue:
        catalogue.version(to)
        (before,) = catalogue.versions(most=1)
    with closing(wiring.catalogue_writer(settings)) as writer:
        made = writer.roll_back(to, by=by or this_user())
    keep_status("See what is in force with: banners catalogue versions")
    if as_json:
        click.echo(json.dumps(_as_json(made)))
        return
    number = made.version.number
    if number == before.version.number:
        echo(f"Version {number} is in force, as before: version {to} has the same content.")
        return
    echo(f"Version {number} is in force. {made.what}")
