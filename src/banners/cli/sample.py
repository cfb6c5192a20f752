"""``banners sample``: make event files and a catalogue to try things out."""

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
from banners.cli.streams import echo, keep_status
from banners.core.model import Quarter
from banners.errors import SampleError, readable


@click.command(
    cls=SeveralQuarters,
    epilog="""\b
Examples:
  banners sample var/sample
  banners sample large --impressions 30000000 --campaigns 20000 --quarter 1
  banners sample var/sample --json

Exit status: 0 made, 1 cannot be made, 2 wrong usage.""",
)
@folder_argument("The folder for the event files; made if it does not exist.")
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
    help="Number of campaigns.",
)
@click.option(
    "--seed",
    metavar="S",
    type=WholeNumber(min=0),
    default=1,
    show_default=True,
    help="0 to 1,000,000,000,000; the same seed gives the same files.",
)
@quarters_option("Make only these quarters of the hour; all four if not given.")
@database_option("Accepted as by every command, but not used.")
@json_option()
def sample(
    folder: Path,
    impressions: int,
    campaigns: int,
    seed: int,
    quarters: tuple[Quarter, ...],
    database_url: str | None,
    as_json: bool,
) -> None:
    """Make sample event files and a catalogue in DIR, and images of banners in BANNERS_IMAGES.

    Existing images are kept. A sample in DIR is replaced; no other file is changed.
    """
    from banners.cli.making import make_sample
    from banners.sample.catalogue import has_catalogue
    from banners.sample.events import SampleSpec, banner_ids

    try:
        spec = SampleSpec(impressions, campaigns, seed, quarters or tuple(Quarter))
    except SampleError as error:
        raise click.UsageError(str(error)) from error
    settings = settings_from(database_url=database_url)
    with stoppable() as check:
        without_image = make_sample(settings, folder, spec)
        check()
    keep_status("The sample is made.")
    if not as_json:
        echo(f"Next: banners crunch {readable(folder)}", err=True)
        return
    told = {
        "folder": str(folder),
        "quarters": [int(quarter) for quarter in spec.quarters],
        "impressions": impressions,
        "campaigns": campaigns,
        "seed": seed,
        "images": str(settings.images),
        "banners": len(banner_ids(spec)),
        "catalogue": has_catalogue(spec),
        "without_image": without_image,
    }
    click.echo(json.dumps(told))
