"""``banners show``: a campaign's lineup, and why."""

import json
from contextlib import closing
from dataclasses import asdict

import click

from banners import wiring
from banners.answer import LineupAnswer, lineup_answer
from banners.cli.options import QuarterType, database_option, json_option, settings_from
from banners.errors import NothingPublished
from banners.model import Lineup, Quarter, parse_campaign_id
from banners.rule import explain
from banners.serve.reader import read_lineup


@click.command(
    epilog="""\b
Examples:
  banners show 27
  banners show 54 --quarter 1 --json""",
)
@click.argument("campaign", metavar="CAMPAIGN")
@click.option(
    "--quarter",
    type=QuarterType(),
    metavar="Q",
    help="The quarter of the hour, 1 to 4; the current one if not given.",
)
@database_option()
@json_option()
def show(campaign: str, quarter: Quarter | None, database_url: str | None, as_json: bool) -> None:
    """Show the lineup of CAMPAIGN, and why it is so."""
    campaign_id = parse_campaign_id(campaign)
    settings = settings_from(database_url=database_url)
    try:
        with closing(wiring.reader(settings)) as reader:
            lineup = read_lineup(reader, campaign_id, quarter or wiring.quarter_now(settings))
    except NothingPublished as error:
        raise NothingPublished(wiring.database_name(settings)) from error
    answer = lineup_answer(lineup, settings.fill)
    if as_json:
        click.echo(json.dumps(asdict(answer)))
    else:
        _draw(lineup, answer)


def _draw(lineup: Lineup, answer: LineupAnswer) -> None:
    from rich.table import Table

    from banners.cli.terminal import console

    out = console()
    out.print(
        f"Campaign {lineup.campaign_id}, quarter {int(lineup.quarter)} of the hour "
        f"({lineup.quarter.minutes}), generation {lineup.generation.number}",
        style="bold",
    )
    out.print(f"{explain(lineup)} ({lineup.rule.value})")
    if answer.lineup:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("place", "banner", "impressions", "clicks", "conversions", "revenue"):
            table.add_column(heading, justify="right")
        for each in answer.lineup:
            table.add_row(
                str(each.position),
                str(each.banner_id),
                f"{each.impressions:,}",
                f"{each.clicks:,}",
                f"{each.conversions:,}",
                each.revenue,
            )
        out.print(table)
    if answer.fill.needed:
        out.print(_fill_sentence(answer))


def _fill_sentence(answer: LineupAnswer) -> str:
    own = len(answer.fill.campaign)
    others = f"{own} other banners" if own > 1 else "one other banner"
    pools = [f"the campaign's {others}"] if own else []
    pools += ["the quarter's inventory"] if answer.fill.inventory else []
    if not pools:
        return "Nothing to fill it up from."
    return f"Filled up with {answer.fill.needed} drawn at random from {', then '.join(pools)}."
