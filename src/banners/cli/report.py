"""What a run of the job looks like in the terminal: its progress, and the closing table."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from banners.cli.terminal import console
from banners.job_report import as_json
from banners.model import Quarter, RuleName

if TYPE_CHECKING:
    from banners.crunch.quality import Accounting
    from banners.job import OnStep
    from banners.job_report import JobReport, QuarterReport

_STEPS = ("checking", "crunching", "publishing", "done")


@contextmanager
def progress() -> Iterator["OnStep"]:
    """Show each step on standard error: as moving bars on a terminal, as plain lines in a pipe."""
    err = console(errors=True)
    if not err.is_terminal:

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
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("quarter")
    table.add_column("")
    headings = ("rows", "campaigns", *(name.replace("_", "\n") for name in RuleName), "seconds")
    for heading in headings:
        table.add_column(heading, justify="right")
    for each in report.quarters:
        table.add_row(*_cells(each))
    out.print(table)
    for each in report.quarters:
        for line in _remarks(each):
            out.print(line, markup=False)
    for each in report.quarters:
        if each.refused:
            refusal = f"Quarter {int(each.quarter)} refused: {each.refused}"
            console(errors=True).print(refusal, markup=False, style="red")
    if report.generation is None:
        out.print("Nothing new was published; what was served before is served on.")
    else:
        out.print(f"Generation {report.generation} is served from now on.")


def show_as_json(report: "JobReport") -> None:
    """Write what became of a run as one line of JSON, in place of what :func:`show` says.

    Args:
        report: what became of it; :func:`banners.job_report.as_json` says what a quarter is.
    """
    quarters = [as_json(each) for each in report.quarters]
    click.echo(json.dumps({"generation": report.generation, "quarters": quarters}))


def _cells(each: "QuarterReport") -> list[str]:
    cells = [str(int(each.quarter)), each.status]
    if each.accounting:
        cells.append(f"{each.accounting.rows:,}")
    if each.published:
        cells.append(f"{each.published.campaigns:,}")
        cells += [f"{each.published.rules.get(name, 0):,}" for name in RuleName]
        cells.append(f"{each.seconds:.2f}")
    return cells


def _remarks(each: "QuarterReport") -> Iterator[str]:
    quarter = f"Quarter {int(each.quarter)}"
    if each.unknown:
        yield f"{quarter}: not read, since they are named otherwise: {', '.join(each.unknown)}."
    for path in each.skipped:
        yield f"{quarter}: {path} is a copy of another file, and was skipped."
    if each.accounting:
        for line in _accounting(each.accounting):
            yield f"{quarter}, {line}"
    if each.published is None:
        return
    for objection in each.objections:
        yield f"{quarter} was accepted all the same: {objection}."
    if each.rejects:
        yield f"{quarter}: the rows that were not accepted are in {each.rejects}."
    if each.published.without_image:
        yield (
            f"{quarter}: {each.published.without_image:,} of {each.published.banners:,} banners "
            "have no picture; a placeholder is shown for them (BANNERS_IMAGES names the folder)."
        )


def _accounting(accounting: "Accounting") -> Iterator[str]:
    for account in accounting.accounts:
        others = [("duplicate", account.duplicate)]
        others += [*account.rejected.items(), *account.quarantined.items()]
        told = ", ".join(f"{rows:,} {reason}" for reason, rows in others if rows)
        if told:
            yield f"{account.kind}: of {account.rows:,} rows {account.accepted:,} accepted, {told}."
    remarks = accounting.remarks
    if remarks.orphan_revenue_micros:
        revenue = Decimal(remarks.orphan_revenue_micros).scaleb(-6)
        yield f"conversions: the orphans carried a revenue of {revenue:f}."
    if remarks.unseen_clicks:
        yield f"clicks: {remarks.unseen_clicks:,} without an impression of their banner (accepted)."
