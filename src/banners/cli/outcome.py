"""Shows a run of the job in the terminal: its progress, and its outcome as the closing table."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

import click
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from banners.cli.streams import echo
from banners.cli.terminal import can_move, console, draw, say
from banners.core.account import Account, Accounting
from banners.core.events import Kind
from banners.core.figures import as_decimal
from banners.core.model import Quarter, RuleName
from banners.core.outcome import Published, QuarterOutcome, as_json
from banners.errors import listed

if TYPE_CHECKING:
    from banners.job.outcome import JobOutcome
    from banners.job.run import OnStep

_T = TypeVar("_T")

_STEPS = ("checking", "crunching", "publishing", "done")
_STYLES = {"published": "green", "refused": "bold red"}


@contextmanager
def progress() -> Iterator["OnStep"]:
    """Show each step on standard error: as progress bars on a terminal, as lines in a pipe."""
    err = console(errors=True)
    if not can_move(err):

        def on_line(quarter: Quarter, step: str) -> None:
            if "," not in step:
                echo(f"quarter {int(quarter)}: {step}", err=True)

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


def show(ended: "JobOutcome") -> None:
    """Print the outcome of each quarter as the closing table, and remarks below it.

    The reason for a refusal goes to standard error, so that it is seen even if standard output is
    redirected.
    """
    out = console()
    draw(out, _table([each for each in ended.quarters if each.asked_for]))
    out.print()
    for each in ended.quarters:
        for remark in _remarks(each):
            say(out, remark)
    if any(each.published and each.published.without_image for each in ended.quarters):
        say(out, "A placeholder is shown for banners without an image (see BANNERS_IMAGES).")
    for each in ended.quarters:
        for slot, said in (each.slots.left_out if each.slots else {}).items():
            left_out = f"Quarter {int(each.quarter)}, slot {slot} left out: {'; '.join(said)}."
            say(console(errors=True), left_out, style="red")
        if each.refused:
            refusal = f"Quarter {int(each.quarter)} refused: {each.refused}"
            say(console(errors=True), refusal, style="red")
    if ended.generation is None:
        say(out, "Nothing new was published; the previous generation stays live.")
    else:
        say(out, f"Generation {ended.generation} is now live.", style="bold")


def advise(ended: "JobOutcome") -> None:
    """Print on standard error what to do next, if anything."""
    refused = [each.quarter for each in ended.quarters if each.refused]
    left_out = [each.quarter for each in ended.quarters if each.slots and each.slots.left_out]
    if refused:
        again = " ".join(str(int(quarter)) for quarter in refused)
        what = f"fix the files of {listed(refused)}, then run again with --quarter {again}"
    elif left_out:
        again = " ".join(str(int(quarter)) for quarter in left_out)
        what = (
            f"look at the slots left out of {listed(left_out)}; if their events are right, let "
            f"them count with --quarter {again} --accept"
        )
    elif ended.generation is not None:
        what = "banners serve (a running server loads it by itself), or banners show CAMPAIGN"
    else:
        return
    echo(f"Next: {what}", err=True)


def show_as_json(ended: "JobOutcome") -> None:
    """Print the outcome of a run as one line of JSON instead of the closing table.

    Args:
        ended: the outcome; :func:`banners.core.outcome.as_json` defines the object of a quarter.
    """
    quarters = [as_json(each) for each in ended.quarters]
    click.echo(json.dumps({"generation": ended.generation, "quarters": quarters}))


def _table(quarters: Sequence[QuarterOutcome]) -> Table:
    """Return the closing table: a column for each quarter, a line for each figure that any has."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(no_wrap=True)
    for each in quarters:
        table.add_column(f"quarter {int(each.quarter)}", justify="right", no_wrap=True)
    table.add_row("", *(Text(each.status, _STYLES.get(each.status, "dim")) for each in quarters))
    for name, figures in _lines(quarters):
        if any(figures):
            table.add_row(name, *figures)
    return table


def _lines(quarters: Sequence[QuarterOutcome]) -> Iterator[tuple[str, list[str]]]:
    accountings = [each.accounting for each in quarters]
    yield "rows", _cells(accountings, lambda each: each.rows)
    for kind in Kind:
        yield from _account_lines(kind, [each.of(kind) if each else None for each in accountings])
    yield "    revenue of orphans", [_orphan_revenue(each) for each in accountings]
    yield from _published_lines([each.published for each in quarters])
    yield "seconds", [f"{each.seconds:.2f}" if each.published else "" for each in quarters]


def _account_lines(
    kind: Kind, accounts: Sequence[Account | None]
) -> Iterator[tuple[str, list[str]]]:
    yield f"  {kind}", _cells(accounts, lambda each: each.rows)
    if all(each.accepted == each.rows for each in accounts if each):
        return
    by_outcome = [each.by_outcome if each else {} for each in accounts]
    for outcome in dict.fromkeys(chain.from_iterable(by_outcome)):
        yield f"    {outcome}", [_if_any(each.get(outcome)) for each in by_outcome]


def _published_lines(published: Sequence[Published | None]) -> Iterator[tuple[str, list[str]]]:
    yield "campaigns", _cells(published, lambda each: each.campaigns)
    for rule in RuleName:
        yield f"  {rule}", [f"{each.rules.get(rule, 0):,}" if each else "" for each in published]
    yield "banners", _cells(published, lambda each: each.banners)
    without_image = [each.without_image if each else None for each in published]
    yield "  without an image", [_if_any(each) for each in without_image]


def _cells(quarters: Iterable[_T | None], figure: Callable[[_T], int]) -> list[str]:
    """Return a figure of each quarter as text; empty where there is nothing to take it from."""
    return ["" if each is None else f"{figure(each):,}" for each in quarters]


def _if_any(count: int | None) -> str:
    return f"{count:,}" if count else ""


def _orphan_revenue(accounting: Accounting | None) -> str:
    micros = accounting.remarks.orphan_revenue_micros if accounting else 0
    return f"{as_decimal(micros):f}" if micros else ""


def _remarks(each: QuarterOutcome) -> Iterator[str]:
    quarter = f"Quarter {int(each.quarter)}"
    if each.unknown:
        yield f"{quarter}: not read, because of their names: {', '.join(each.unknown)}."
    if len(each.skipped) == 1:
        yield f"{quarter}: {each.skipped[0]} is a copy of another file and was skipped."
    elif each.skipped:
        yield f"{quarter}: {len(each.skipped)} copies of other files were skipped:"
        yield from _indented(each.skipped)
    if each.accounting and each.accounting.remarks.unseen_clicks:
        unseen = each.accounting.remarks.unseen_clicks
        clicks = f"{unseen:,} clicks" if unseen > 1 else "a click"
        yield f"{quarter}: accepted {clicks} without an impression of the banner."
    if each.published is None:
        return
    if each.objections:
        yield f"{quarter} was published (--accept) although the gate objected:"
        yield from _indented(each.objections)
    if each.rejects:
        yield f"{quarter}: the rows that were not accepted are in"
        yield from _indented([each.rejects])


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
