"""``banners show``: a campaign's lineup, and why."""

import json
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from banners import wiring
from banners.answer import lineup_answer, preview_answer
from banners.cli.options import (
    QuarterType,
    WholeNumber,
    database_option,
    json_option,
    settings_from,
)
from banners.errors import NothingPublished
from banners.model import FillPolicy, Quarter

if TYPE_CHECKING:
    from banners.serve.reporting import Read


@click.command(
    epilog="""\b
Examples:
  banners show 27
  banners show 54 --quarter 1
  banners show 54 --quarter 1 --generation 3
  banners show 54 --quarter 1 --json

Above the line is the lineup, best first; below it are the best of those that are out. JSON is what
/api/v1/campaigns/CAMPAIGN answers.

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
    help="Preview a generation that is kept (see banners generations); what is served if not "
    "given.",
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
    """Show the lineup of CAMPAIGN, and why it is so."""
    from banners.serve.reporting import Reporting

    settings = settings_from(database_url=database_url)
    quarter = quarter or wiring.quarter_now(settings)
    with closing(wiring.reader(settings)) as reader, closing(wiring.reports(settings)) as reports:
        reporting = Reporting(reader, reports)
        try:
            if as_json:
                _show_as_json(reporting.lineup(campaign, quarter, number), settings.fill, number)
            else:
                from banners.cli import lineup

                lineup.show(reporting.report(campaign, quarter, number), settings.fill)
        except NothingPublished as error:
            raise NothingPublished(wiring.database_name(settings)) from error


def _show_as_json(read: "Read", policy: FillPolicy, number: int | None) -> None:
    """Write what the API answers to the same question, as one line of JSON."""
    answer = (
        lineup_answer(read.lineup, policy)
        if number is None
        else preview_answer(read.lineup, policy, served=read.served)
    )
    click.echo(json.dumps(asdict(answer)))
