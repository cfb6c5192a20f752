"""Show the progress and the outcome of a stress test in the terminal, or write it as JSON."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from banners.cli.streams import echo
from banners.errors import readable
from banners.stress.counts import Counts
from banners.stress.run import OnProgress, Outcome, Plan

PERCENTILES = {"p50": 500, "p90": 900, "p99": 990, "p99.9": 999}
"""The percentiles shown, each as a share in thousandths."""

_STEPS = 1_000
_LINES = 10
_BAR = 40
_EDGES = [
    digit * 10.0**power for power in range(-6, 7) for digit in (1, 2, 5)
]  # of the rows of the histogram, in seconds


@contextmanager
def progress(plan: Plan) -> Iterator[OnProgress]:
    """Show on standard error the progress of a run: a bar on a terminal, lines in a pipe.

    The bar is click's, which takes less time to draw than rich's: the same process measures the
    latencies.
    """
    lines = 0

    def summary(counts: Counts) -> str:
        return f"{counts.done:,} requests, {counts.failed:,} failed"

    def on_line(done: float, counts: Counts) -> None:
        nonlocal lines
        if int(done * _LINES) > lines:
            lines = int(done * _LINES)
            echo(f"{done:4.0%}  {summary(counts)}", err=True)

    from banners.cli.terminal import can_move, console

    if not can_move(console(errors=True)):
        echo(f"Requesting {readable(plan.target.url)}", err=True)
        yield on_line
        return
    with click.progressbar(
        length=_STEPS,
        file=sys.stderr,
        label=f"Requesting {readable(plan.target.url)}",
        show_pos=False,
        item_show_func=lambda counts: summary(counts) if counts else None,
    ) as bar:

        def on_bar(done: float, counts: Counts) -> None:
            bar.update(max(0, int(done * _STEPS) - bar.pos), counts)

        yield on_bar


def show(plan: Plan, outcome: Outcome) -> None:
    """Show the outcome of a run: figures, failures by kind, and a histogram of the latencies."""
    from rich.table import Table

    from banners.cli.terminal import console, say

    out = console()
    counts = outcome.counts
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, figure in _figures(outcome):
        table.add_row(name, figure)
    out.print(table)
    if counts.latencies.count:
        out.print()
        for line in _histogram(counts):
            say(out, line)
    for fault, failure in counts.first_failures.items():
        campaign = "" if failure.campaign_id is None else f"campaign {failure.campaign_id}: "
        say(out, f"First “{fault}”: {campaign}{readable(failure.reason)}.")
    if plan.rate is not None:
        out.print("Latencies are measured from when each request was due.")
    if outcome.stopped:
        out.print("Interrupted before the end.")


def show_as_json(plan: Plan, outcome: Outcome) -> None:
    """Write the outcome of a run as one line of JSON, for programs."""
    counts = outcome.counts
    document = {
        "url": plan.target.url,
        "path": plan.address.value,
        "concurrency": plan.concurrency,
        "rate": plan.rate,
        "requests": counts.done,
        "seconds": round(outcome.seconds, 6),
        "requests_per_second": round(_per_second(outcome), 3),
        "latency_ms": {name: round(each * 1e3, 6) for name, each in _latencies(counts)},
        "statuses": {str(status): count for status, count in sorted(counts.statuses.items())},
        "failed": counts.failed,
        "failures": {fault.value: count for fault, count in counts.faults.most_common()},
        "sent_again": counts.sent_again,
        "stopped": outcome.stopped,
    }
    click.echo(json.dumps(document))


def _figures(outcome: Outcome) -> Iterator[tuple[str, str]]:
    counts = outcome.counts
    yield "requests", f"{counts.done:,}"
    yield "seconds", f"{outcome.seconds:.2f}"
    yield "requests a second", f"{_per_second(outcome):,.0f}"
    for name, latency in _latencies(counts):
        yield name, _duration(latency)
    for status, count in sorted(counts.statuses.items()):
        yield f"status {status}", f"{count:,}"
    if counts.sent_again:
        yield "sent again on a new connection", f"{counts.sent_again:,}"
    yield "failed", f"{counts.failed:,}"
    for fault, count in counts.faults.most_common():
        yield f"  {fault}", f"{count:,}"


def _latencies(counts: Counts) -> Iterator[tuple[str, float]]:
    """Yield the latencies by name, in seconds; nothing if no answer was received."""
    if counts.latencies.count:
        for name, share in PERCENTILES.items():
            yield name, counts.latencies.percentile(share)
        yield "max", counts.latencies.largest


def _histogram(counts: Counts) -> Iterator[str]:
    rows = counts.latencies.between(_EDGES)
    filled = [index for index, count in enumerate(rows) if count]
    most = max(rows)
    for index in range(filled[0], filled[-1] + 1):
        bar = "█" * -(-rows[index] * _BAR // most)
        yield f"up to {_duration(_EDGES[index]):>8}  {bar:<{_BAR}}  {rows[index]:,}"


def _per_second(outcome: Outcome) -> float:
    # Only requests that were answered: those that fail immediately would look fast.
    return outcome.counts.latencies.count / outcome.seconds if outcome.seconds else 0.0


def _duration(seconds: float) -> str:
    if seconds < 1e-3:  # noqa: PLR2004  # a millisecond
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.3g} s"
