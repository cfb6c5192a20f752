"""What a run of the job looks like in the terminal: its progress, and the closing table."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from banners.cli.terminal import can_move, console, draw, say
from banners.errors import listed
from banners.job_report import as_json
from banners.model import Quarter, RuleName

if TYPE_CHECKING:
    from banners.crunch.quality import Account, Accounting
    from banners.job import OnStep
    from banners.job_report import JobReport, QuarterReport

_STEPS = ("checking", "crunching", "publishing", "done")
_STYLES = {"published": "green", "refused": "bold red"}


@contextmanager
def progress() -> Iterator["OnStep"]:
    """Show each step on standard error: as moving bars on a terminal, as plain lines in a pipe."""
    err = console(errors=True)
    if not can_move(err):

        def on_line(quarter: Quarter, step: str) -> None:
            if "," not in step:
                click.echo(f"quarter {int(quarter)}: {step}", err=True)

        yield on_line
        return
    columns = (
        SpinnerColumn(),
        TextColumn("quarter {task.fields[quarter]}"),
        BarColumn(bar_width=24),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bars:
        tasks = {}

        def on_step(quarter: Quarter, step: str) -> None:
            if quarter not in tasks:
                tasks[quarter] = bars.add_task(step, total=len(_STEPS) - 1, quarter=int(quarter))
            name = step.partition(",")[0]
            ended = name not in _STEPS
            done = len(_STEPS) - 1 if ended else _STEPS.index(name)
            bars.update(tasks[quarter], description=step, completed=done)

        yield on_step


def show(report: "JobReport") -> None:
    """Show what became of each quarter as a table, and what needs words below it.

    Why a quarter was refused goes to standard error, where it is seen even if the rest is not.
    """
    out = console()
    draw(out, _table([each for each in report.quarters if each.asked_for]))
    out.print()
    for each in report.quarters:
        for remark in _remarks(each):
            say(out, remark)
    if any(each.published and each.published.without_image for each in report.quarters):
        say(out, "A placeholder is shown for banners without a picture (see BANNERS_IMAGES).")
    for each in report.quarters:
        if each.refused:
            refusal = f"Quarter {int(each.quarter)} refused: {each.refused}"
            say(console(errors=True), refusal, style="red")
    if report.generation is None:
        say(out, "Nothing new was published; what was served before is served on.")
    else:
        say(out, f"Generation {report.generation} is served from now on.", style="bold")


def advise(report: "JobReport") -> None:
    """Say on standard error what to do next, if anything."""
    refused = [each.quarter for each in report.quarters if each.refused]
    if refused:
        again = " ".join(str(int(quarter)) for quarter in refused)
        what = f"mend {listed(refused)}, and run again with --quarter {again}"
    elif report.generation is not None:
        what = "banners serve (one that runs follows by itself), or banners show CAMPAIGN"
    else:
        return
    click.echo(f"Next: {what}", err=True)


def show_as_json(report: "JobReport") -> None:
    """Write what became of a run as one line of JSON, in place of what :func:`show` says.

    Args:
        report: what became of it; :func:`banners.job_report.as_json` says what a quarter is.
    """
    quarters = [as_json(each) for each in report.quarters]
    click.echo(json.dumps({"generation": report.generation, "quarters": quarters}))


def _table(quarters: Sequence["QuarterReport"]) -> Table:
    """Draw a column for each quarter, and a line for each figure that any of them has."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(no_wrap=True)
    for each in quarters:
        table.add_column(f"quarter {int(each.quarter)}", justify="right", no_wrap=True)
    table.add_row("", *(Text(each.status, _STYLES.get(each.status, "dim")) for each in quarters))
    for name, figures in _lines(quarters):
        if any(figures):
            table.add_row(name, *figures)
    return table


def _lines(quarters: Sequence["QuarterReport"]) -> Iterator[tuple[str, list[str]]]:
    yield "rows", [f"{each.accounting.rows:,}" if each.accounting else "" for each in quarters]
    kinds = zip(*(each.accounting.accounts for each in quarters if each.accounting), strict=True)
    for place, (first, *_) in enumerate(kinds):
        accounts = [each.accounting and each.accounting.accounts[place] for each in quarters]
        yield f"  {first.kind}", [f"{each.rows:,}" if each else "" for each in accounts]
        if any(each.accepted < each.rows for each in accounts if each):
            outcomes = [_outcomes(each) if each else {} for each in accounts]
            for outcome in dict.fromkeys(outcome for each in outcomes for outcome in each):
                yield f"    {outcome}", [_count(each.get(outcome)) for each in outcomes]
    yield "    revenue of orphans", [_orphan_revenue(each.accounting) for each in quarters]
    published = [each.published for each in quarters]
    yield "campaigns", [f"{each.campaigns:,}" if each else "" for each in published]
    for rule in RuleName:
        yield f"  {rule}", [f"{each.rules.get(rule, 0):,}" if each else "" for each in published]
    yield "banners", [f"{each.banners:,}" if each else "" for each in published]
    yield "  without a picture", [_count(each.without_image) if each else "" for each in published]
    yield "seconds", [f"{each.seconds:.2f}" if each.published else "" for each in quarters]


def _outcomes(account: "Account") -> dict[str, int]:
    others = (*account.rejected.items(), *account.quarantined.items())
    counts = {str(reason): rows for reason, rows in others}
    return {"accepted": account.accepted, "duplicate": account.duplicate, **counts}


def _orphan_revenue(accounting: "Accounting | None") -> str:
    micros = accounting.remarks.orphan_revenue_micros if accounting else 0
    return f"{Decimal(micros).scaleb(-6):f}" if micros else ""


def _count(count: int | None) -> str:
    return f"{count:,}" if count else ""


def _remarks(each: "QuarterReport") -> Iterator[str]:
    quarter = f"Quarter {int(each.quarter)}"
    if each.unknown:
        yield f"{quarter}: not read, since they are named otherwise: {', '.join(each.unknown)}."
    if len(each.skipped) == 1:
        yield f"{quarter}: {each.skipped[0]} is a copy of another file, and was skipped."
    elif each.skipped:
        yield f"{quarter}: {len(each.skipped)} copies of other files were skipped:"
        yield from _indented(each.skipped)
    if each.accounting and each.accounting.remarks.unseen_clicks:
        unseen = each.accounting.remarks.unseen_clicks
        clicks = f"{unseen:,} clicks" if unseen > 1 else "a click"
        yield f"{quarter}, accepted: {clicks} without an impression of the banner."
    if each.published is None:
        return
    if each.objections:
        yield f"{quarter} was accepted all the same:"
        yield from _indented(each.objections)
    if each.rejects:
        yield f"{quarter}: the rows that were not accepted are in"
        yield from _indented([each.rejects])


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
