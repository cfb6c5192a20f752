"""Prints a campaign's lineup in the terminal, with the reason and the best of the others."""

from collections.abc import Sequence

from rich.rule import Rule
from rich.table import Table

from banners.cli.terminal import Bar, console, draw, say
from banners.core.model import FillPolicy
from banners.errors import readable
from banners.reports.campaign import Read, Report
from banners.reports.explained import explain_report, explain_report_fill
from banners.reports.figures import Row, rows_of
from banners.reports.sentences import cut_sentence
from banners.reports.taken_out import taken_out_sentence

MOST_OUT = 5
"""Maximum number of other banners shown below the lineup."""

_HEADINGS = ("place", "banner", "impressions", "clicks", "conversions", "revenue")


def show(report: Report, policy: FillPolicy) -> None:
    """Print which case of the rule applied, the lineup, where it ends, and what fills it up.

    Args:
        report: the report on the campaign in the quarter.
        policy: where the fill may come from.
    """
    out, read = console(), report.read
    lineup = read.lineup
    generation = f", generation {lineup.generation.number}" if report.is_recorded else ""
    name = f" “{report.campaign.name}”" if report.campaign else ""
    say(
        out,
        f"Campaign {lineup.campaign_id}{name}, quarter {int(lineup.quarter)} of the hour "
        f"({lineup.quarter.minutes}){generation}",
        style="bold",
    )
    if read.is_preview:
        say(out, _preview_sentence(read), style="yellow")
    say(out, f"{explain_report(report)} ({lineup.rule.value})")
    if taken_out := taken_out_sentence(report.left):
        say(out, taken_out, style="yellow")
    rows = rows_of(lineup, report.candidates, policy, report.campaign)
    picked, others = rows[: len(lineup.banners)], rows[len(lineup.banners) :]
    out.print()
    draw(out, _table(read, picked, others[:MOST_OUT]))
    if left := len(others[MOST_OUT:]):
        say(out, f"… and {left:,} more.")
    out.print()
    for sentence in (cut_sentence(rows), explain_report_fill(report, policy)):
        if sentence:
            say(out, sentence)


def _preview_sentence(read: Read) -> str:
    live = "nothing" if read.served is None else f"generation {read.served}"
    return f"This is a preview: {live} is live in this quarter."


def _table(read: Read, picked: Sequence[Row], others: Sequence[Row]) -> Table:
    """Return a table of the lineup, a line where it ends, and the others below it.

    The bars show what the rule ranks by: revenue, or clicks if no banner earned anything.
    """
    lineup = read.lineup
    by_clicks = lineup.converting == 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("by clicks" if by_clicks else "by revenue")
    has_names = any(row.name for row in (*picked, *others))
    if has_names:
        table.add_column("name", no_wrap=True)

    def measure(row: Row) -> int:
        return row.figures.clicks if by_clicks else row.figures.revenue_micros

    most = max(map(measure, [*picked, *others]), default=0)

    def add(row: Row, *, is_in: bool) -> None:
        table.add_row(
            str(row.place),
            str(row.banner_id),
            f"{row.figures.impressions:,}",
            f"{row.figures.clicks:,}",
            f"{row.figures.conversions:,}",
            f"{row.figures.revenue:,.6f}",
            Bar(measure(row), most, "cyan" if is_in else "default") if most else "",
            *([readable(row.name or "")] if has_names else []),
            style="" if is_in else "dim",
        )

    for row in picked:
        add(row, is_in=True)
    ends = f"{len(picked)} of {lineup.slots} slots"
    table.add_row(*[Rule(style="") for _ in _HEADINGS], ends)
    for row in others:
        add(row, is_in=False)
    return table
