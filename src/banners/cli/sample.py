"""``banners sample``: event files to try things out with."""

import json
from pathlib import Path

import click

from banners.cli.options import (
    SeveralQuarters,
    WholeNumber,
    database_option,
    folder_argument,
    json_option,
    quarters_option,
    settings_from,
)
from banners.cli.stopping import stoppable
from banners.errors import SampleError
from banners.model import Quarter


@click.command(
    cls=SeveralQuarters,
    epilog="""\b
Examples:
  banners sample var/sample
  banners sample large --impressions 30000000 --campaigns 20000 --quarter 1
  banners sample dirty --dirty
  banners sample var/sample --json

A dirty sample has every fault that event files can have. DIR/truth.json says how many rows of each
kind a crunch is to accept, to count as copies, to reject and to set aside, and for which fault of
a file it is to refuse quarter 4. It publishes the others if they have 30,000 impressions or more;
of a smaller sample the faulty rows are too large a share.

Exit status: 0 made, 1 it cannot be made there, 2 wrong usage.""",
)
@folder_argument("Where the event files go; it is made if need be.")
@click.option(
    "--impressions",
    metavar="N",
    type=WholeNumber(min=1),
    default=150_000,
    show_default=True,
    help="Impressions in each quarter; about a third is clicked, and a tenth of that converts.",
)
@click.option(
    "--campaigns",
    metavar="N",
    type=WholeNumber(min=1),
    default=50,
    show_default=True,
    help="How many campaigns there are.",
)
@click.option(
    "--seed",
    metavar="S",
    type=WholeNumber(min=0),
    default=1,
    show_default=True,
    help="The same seed gives the same files.",
)
@click.option(
    "--dirty",
    is_flag=True,
    help="Plant every kind of fault, and write down in DIR/truth.json which.",
)
@quarters_option("Make only these quarters of the hour; all four if not given.")
@database_option("Taken as every command takes it; a sample needs no database.")
@json_option()
def sample(
    folder: Path,
    impressions: int,
    campaigns: int,
    seed: int,
    dirty: bool,
    quarters: tuple[Quarter, ...],
    database_url: str | None,
    as_json: bool,
) -> None:
    """Make sample event files in DIR, and pictures of banners.

    The pictures go to BANNERS_IMAGES. Those that are there already are kept, as is everything
    else that is not a sample.
    """
    from banners.cli.making import make_sample
    from banners.sample.events import SampleSpec, banner_ids

    try:
        spec = SampleSpec(impressions, campaigns, seed, quarters or tuple(Quarter), dirty)
    except SampleError as error:
        raise click.UsageError(str(error)) from error
    settings = settings_from(database_url=database_url)
    with stoppable() as check:
        without_image = make_sample(settings, folder, spec)
        check()
    if not as_json:
        click.echo(f"Next: banners crunch {folder}", err=True)
        return
    told = {
        "folder": str(folder),
        "quarters": [int(quarter) for quarter in spec.quarters],
        "impressions": impressions,
        "campaigns": campaigns,
        "seed": seed,
        "truth": str(folder / "truth.json") if dirty else None,
        "images": str(settings.images),
        "banners": len(banner_ids(spec)),
        "without_image": without_image,
    }
    click.echo(json.dumps(told))
