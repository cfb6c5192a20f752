"""``banners show``: a campaign's lineup, and why."""

import json
import time
from contextlib import closing

import click

from banners import wiring
from banners.cli.options import (
    QuarterType,
    WholeNumber,
    database_option,
    json_option,
    settings_from,
)
from banners.core.model import Quarter
from banners.core.showing import fill_policy
from banners.errors import NothingPublished


@click.command(
    epilog="""\b
Examples:
  banners show 27
  banners show 54 --quarter 1
  banners show 54 --quarter 1 --generation 3
  banners show 54 --quarter 1 --json

Above the line is the lineup, best first; below it are the best of the other banners. With --json,
the output is the object that the API returns for the campaign.

Exit status: 0 shown, 1 there is no such lineup or the database cannot be read, 2 wrong usage.""",
)
@click.argument("campaign", metavar="CAMPAIGN", help="The id of a campaign, such as 27.")
@click.option(
    "--quarter",
    type=QuarterType(),
    metavar="Q",
    help="The quarter of the hour, 1 to 4; the current one if not given.",
)
@click.option(
    "--generation",
    "number",
    metavar="N",
    type=WholeNumber(min=1),
    help="Preview a generation that is kept (see banners generations); the live one if not given.",
)
@database_option()
@json_option()
def show(
    campaign: str,
    quarter: Quarter | None,
    number: int | None,
    database_url: str | None,
    as_json: bool,
) -> None:
    """Show the lineup of CAMPAIGN, and explain it."""
    from banners.reports.campaign import Reporting

    settings = settings_from(database_url=database_url)
    quarter = quarter or wiring.quarter_now(settings)
    with closing(wiring.reader(settings)) as reader, closing(wiring.reports(settings)) as reports:
        reporting = Reporting(reader, reports)
        try:
            if as_json:
                from banners.cli.lineup_json import as_json_object

                answer = as_json_object(settings, reader, reporting, campaign, quarter, number)
                click.echo(json.dumps(answer))
            else:
                from banners.cli import lineup

                report = reporting.report(campaign, quarter, number, int(time.time()))
                fill = fill_policy(settings.fill, has_catalogue=report.left is not None)
                lineup.show(report, fill, settings.policy)
        except NothingPublished as error:
            raise NothingPublished(wiring.database_name(settings)) from error
