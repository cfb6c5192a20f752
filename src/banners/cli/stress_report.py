"""What a stress test looks like in the terminal: its progress, the closing table, the latencies."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from banners.stress.run import OnProgress, Outcome, Plan
from banners.stress.tally import Tally

PERCENTILES = {"p50": 500, "p90": 900, "p99": 990, "p99.9": 999}
"""What the report tells, by name: the share in thousandths."""

_STEPS = 1_000
_LINES = 10
_BAR = 40
_EDGES = [
    digit * 10.0**power for power in range(-6, 7) for digit in (1, 2, 5)
]  # of the rows of the histogram, in seconds


@contextmanager
def progress(plan: Plan) -> Iterator[OnProgress]:
    """Show on standard error how far a run is: as a bar on a terminal, as lines in a pipe.

    The bar is click's, since drawing it takes less time than drawing rich's, and that time is
    taken from the process that does the timing.
    """
    told = 0

    def summary(tally: Tally) -> str:
        return f"{tally.done:,} requests, {tally.failed:,} failed"

    def on_line(done: float, tally: Tally) -> None:
        nonlocal told
        if int(done * _LINES) > told:
            told = int(done * _LINES)
            click.echo(f"{done:4.0%}  {summary(tally)}", err=True)

    from banners.cli.terminal import can_move, console

    if not can_move(console(errors=True)):
        click.echo(f"Asking {plan.target.url}", err=True)
        yield on_line
        return
    with click.progressbar(
        length=_STEPS,
        file=sys.stderr,
        label=f"Asking {plan.target.url}",
        show_pos=False,
        item_show_func=lambda tally: summary(tally) if tally else None,
    ) as bar:

        def on_bar(done: float, tally: Tally) -> None:
            bar.update(max(0, int(done * _STEPS) - bar.pos), tally)

        yield on_bar


def show(plan: Plan, outcome: Outcome) -> None:
    """Show what a run gave: figures, failures by kind, and how the latencies are spread."""
    from rich.table import Table

    from banners.cli.terminal import console

    out = console()
    tally = outcome.tally
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, figure in _figures(outcome):
        table.add_row(name, figure)
    out.print(table)
    if tally.latencies.count:
        out.print()
        for line in _histogram(tally):
            out.print(line, markup=False)
    for fault, complaint in tally.examples.items():
        of = "" if complaint.campaign_id is None else f"campaign {complaint.campaign_id}: "
        out.print(f"First “{fault}”: {of}{complaint.reason}.", markup=False)
    if plan.rate is not None:
        out.print("Latencies count from when a request was due.")
    if outcome.stopped:
        out.print("Stopped before the end.")


def show_as_json(plan: Plan, outcome: Outcome) -> None:
    """Write what a run gave as one line of JSON, for programs."""
    tally = outcome.tally
    told = {
        "url": plan.target.url,
        "path": plan.address.value,
        "concurrency": plan.concurrency,
        "rate": plan.rate,
        "requests": tally.done,
        "seconds": round(outcome.seconds, 6),
        "requests_per_second": round(_per_second(outcome), 3),
        "latency_ms": {name: round(each * 1e3, 6) for name, each in _latencies(tally)},
        "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
        "failed": tally.failed,
        "failures": {fault.value: count for fault, count in tally.faults.most_common()},
        "sent_again": tally.sent_again,
        "stopped": outcome.stopped,
    }
    click.echo(json.dumps(told))


def _figures(outcome: Outcome) -> Iterator[tuple[str, str]]:
    tally = outcome.tally
    yield "requests", f"{tally.done:,}"
    yield "seconds", f"{outcome.seconds:.2f}"
    yield "requests a second", f"{_per_second(outcome):,.0f}"
    for name, latency in _latencies(tally):
        yield name, _duration(latency)
    for status, count in sorted(tally.statuses.items()):
        yield f"status {status}", f"{count:,}"
    if tally.sent_again:
        yield "sent again on a new connection", f"{tally.sent_again:,}"
    yield "failed", f"{tally.failed:,}"
    for fault, count in tally.faults.most_common():
        yield f"  {fault}", f"{count:,}"


def _latencies(tally: Tally) -> Iterator[tuple[str, float]]:
    """Tell the latencies by name, in seconds; none if no answer came."""
    if tally.latencies.count:
        for name, share in PERCENTILES.items():
            yield name, tally.latencies.percentile(share)
        yield "max", tally.latencies.largest


def _histogram(tally: Tally) -> Iterator[str]:
    counts = tally.latencies.between(_EDGES)
    held = [place for place, count in enumerate(counts) if count]
    most = max(counts)
    for place in range(held[0], held[-1] + 1):
        bar = "█" * -(-counts[place] * _BAR // most)
        yield f"up to {_duration(_EDGES[place]):>8}  {bar:<{_BAR}}  {counts[place]:,}"


def _per_second(outcome: Outcome) -> float:
    # Those that got an answer: what fails at once would look fast.
    return outcome.tally.latencies.count / outcome.seconds if outcome.seconds else 0.0


def _duration(seconds: float) -> str:
    if seconds < 1e-3:  # noqa: PLR2004  # a millisecond
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.3g} s"
