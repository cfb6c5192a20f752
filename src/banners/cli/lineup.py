"""Prints a campaign's lineup in the terminal, with the reason and the best of the others."""

from collections.abc import Iterator, Sequence

from rich.rule import Rule
from rich.table import Table

from banners.cli.terminal import Bar, console, draw, say
from banners.core.model import FillPolicy
from banners.core.policy import PolicyName
from banners.errors import readable
from banners.reports.campaign import Read, Report
from banners.reports.explained import (
    explain_awaited,
    explain_fallback,
    explain_policy,
    explain_report,
    explain_report_fill,
)
from banners.reports.figures import Row, rows_of, shown_most
from banners.reports.sentences import cut_sentence
from banners.reports.taken_out import taken_out_sentence

MOST_OUT = 5
"""Maximum number of other banners shown below the lineup."""

MOST_EXPLAINED = 10
"""Maximum number of banners of a policy that are explained."""

_HEADINGS = ("place", "banner", "impressions", "clicks", "conversions", "revenue")


def show(report: Report, policy: FillPolicy, default: PolicyName) -> None:
    """Print which case of the rule applied, the lineup, where it ends, and what fills it up.

    If another policy picks, first print how often it shows each banner, and why.

    Args:
        report: the report on the campaign in the quarter.
        policy: where the fill may come from.
        default: the policy of campaigns for which the catalogue names none.
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
    rows = rows_of(lineup, report.candidates, policy, report.campaign, report.outlooks)
    for note in (explain_fallback(report), explain_awaited(report, default)):
        if note:
            say(out, note, style="yellow")
    if by_policy := explain_policy(report):
        say(out, by_policy)
        for sentence in _explained(report, rows):
            say(out, f"- {sentence}")
        say(out, "The rule would pick from the figures of all pages:", style="bold")
    say(out, f"{explain_report(report)} ({lineup.rule.value})")
    if taken_out := taken_out_sentence(report.left, by_rule=not report.outlooks):
        say(out, taken_out, style="yellow")
    picked, others = rows[: len(lineup.banners)], rows[len(lineup.banners) :]
    out.print()
    draw(out, _table(read, picked, others[:MOST_OUT]))
    if left := len(others[MOST_OUT:]):
        say(out, f"… and {left:,} more.")
    out.print()
    for sentence in (cut_sentence(rows), explain_report_fill(report, policy)):
        if sentence:
            say(out, sentence)


def _explained(report: Report, rows: Sequence[Row]) -> Iterator[str]:
    """Yield a sentence about each of the banners that a policy shows most, with its interval."""
    if report.outlooks is None:
        return
    known = shown_most(rows)
    for row, outlook in known[:MOST_EXPLAINED]:
        low, high = outlook.interval or (0, 0)
        within = f" With a probability of 90 %: {low:,.2f} to {high:,.2f}." if high else ""
        yield report.outlooks.explain(row.banner_id) + within
    if left := len(known[MOST_EXPLAINED:]):
        yield f"… and {left:,} more."


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
