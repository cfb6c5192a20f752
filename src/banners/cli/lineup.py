"""What a campaign's lineup looks like in the terminal: why, its banners, and who is out."""

from collections.abc import Sequence

from rich.rule import Rule
from rich.table import Table

from banners.cli.terminal import Bar, console, draw, say
from banners.model import FillPolicy
from banners.rule import explain, explain_fill
from banners.serve.reporting import Read, Report
from banners.web.figures import Row, rows_of
from banners.web.report_words import cut_sentence

MOST_OUT = 5
"""So many of the banners that are out are shown below the lineup."""

_HEADINGS = ("place", "banner", "impressions", "clicks", "conversions", "revenue")


def show(report: Report, policy: FillPolicy) -> None:
    """Show which case of the rule decided, the lineup, where it ends, and what fills it up.

    Args:
        report: what there is to tell of the campaign in the quarter.
        policy: where the fill may come from.
    """
    out, read = console(), report.read
    lineup = read.lineup
    say(
        out,
        f"Campaign {lineup.campaign_id}, quarter {int(lineup.quarter)} of the hour "
        f"({lineup.quarter.minutes}), generation {lineup.generation.number}",
        style="bold",
    )
    if read.is_preview:
        say(out, _preview_sentence(read), style="yellow")
    say(out, f"{explain(lineup)} ({lineup.rule.value})")
    rows = rows_of(lineup, report.candidates, filled=False)
    picked, others = rows[: len(lineup.banners)], rows[len(lineup.banners) :]
    out.print()
    draw(out, _table(read, picked, others[:MOST_OUT]))
    if left := len(others[MOST_OUT:]):
        say(out, f"… and {left:,} more.")
    out.print()
    for sentence in (cut_sentence(rows), explain_fill(lineup, policy)):
        if sentence:
            say(out, sentence)


def _preview_sentence(read: Read) -> str:
    served = "nothing" if read.served is None else f"generation {read.served}"
    return f"This is a preview: {served} is served in this quarter."


def _table(read: Read, picked: Sequence[Row], others: Sequence[Row]) -> Table:
    """Draw the lineup, a line where it ends, and those below it.

    The bars are of what the rule ranks by: of clicks, where no banner earned anything.
    """
    lineup = read.lineup
    by_clicks = lineup.converting == 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("by clicks" if by_clicks else "by revenue")

    def measure(row: Row) -> int:
        return row.figures.clicks if by_clicks else row.figures.revenue_micros

    most = max(map(measure, [*picked, *others]))

    def add(row: Row, *, is_in: bool) -> None:
        table.add_row(
            str(row.place),
            str(row.banner_id),
            f"{row.figures.impressions:,}",
            f"{row.figures.clicks:,}",
            f"{row.figures.conversions:,}",
            f"{row.figures.revenue:,.6f}",
            Bar(measure(row), most, "cyan" if is_in else "default") if most else "",
            style="" if is_in else "dim",
        )

    for row in picked:
        add(row, is_in=True)
    ends = f"{len(picked)} of {lineup.slots} slots"
    table.add_row(*[Rule(style="") for _ in _HEADINGS], ends)
    for row in others:
        add(row, is_in=False)
    return table
