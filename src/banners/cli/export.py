"""``banners export``: write the figures of all banners to a file."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

from banners import wiring
from banners.cli.options import (
    NamedPath,
    SeveralQuarters,
    database_option,
    quarters_option,
    settings_from,
)
from banners.cli.streams import echo, output_in_bytes
from banners.core.model import Quarter
from banners.errors import readable

_FORMATS = ("parquet", "csv")


@click.command(
    cls=SeveralQuarters,
    epilog="""\b
Examples:
  banners export figures.parquet
  banners export figures.csv --quarter 1 3
  banners export - --quarter 1 | head

A row for each banner of each campaign, as the live generations have it: generation, quarter,
campaign_id, banner_id, impressions, clicks, conversions, revenue, position (its place in the
lineup, from 1; empty if it is not in the lineup), campaign_name, banner_name, and of_64 (how many
of the 64 lineups that a policy prepared contain it; empty under the rule). Sorted by quarter and
campaign, then best first.
The file appears, or is replaced, only when it is complete; a device or a pipe is written to
directly.

Exit status: 0 done, 1 failed (no file was changed), 2 wrong usage.""",
)
@click.argument(
    "file",
    metavar="FILE",
    type=NamedPath("a file, or - for standard output", dir_okay=False),
    help="The file to write; - for standard output.",
)
@quarters_option("Only these quarters of the hour; all that are published if not given.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(_FORMATS),
    help="The format. [default: csv if FILE ends in .csv or is -, otherwise parquet]",
)
@database_option()
def export(
    file: Path, quarters: tuple[Quarter, ...], kind: str | None, database_url: str | None
) -> None:
    """Write the figures of all banners to FILE, or to standard output for -."""
    to_stdout = str(file) == "-"
    kind = kind or ("csv" if to_stdout or file.suffix.lower() == ".csv" else "parquet")
    if to_stdout and kind == "parquet" and sys.stdout.isatty():
        raise click.UsageError("A terminal cannot show Parquet. Name a file, or use --format csv.")
    settings = settings_from(database_url=database_url)
    written: Counter[Quarter] = Counter()
    with (
        output_in_bytes() if to_stdout else nullcontext(file) as out,
        _progress(written, lines=not to_stdout) as (on_start, on_rows),
    ):
        wiring.export(settings, out, kind, quarters, on_start, on_rows)
    if not to_stdout:
        echo(f"{written.total():,} rows are in {readable(file)}.")


_OnStart = Callable[[Mapping[Quarter, int]], None]
_OnRows = Callable[[Quarter, int], None]


@contextmanager
def _progress(written: Counter[Quarter], *, lines: bool) -> Iterator[tuple[_OnStart, _OnRows]]:
    """Count the rows, and show the progress: on a terminal as a bar, in a pipe by quarter."""
    from rich.progress import Progress

    from banners.cli.terminal import can_move, console

    err = console(errors=True)
    moving = can_move(err)
    with Progress(console=err, transient=True, disable=not moving) as bar:
        task = bar.add_task("rows", total=None)

        def on_start(expected: Mapping[Quarter, int]) -> None:
            written.update(dict.fromkeys(expected, 0))
            bar.update(task, total=sum(expected.values()) or None)

        def on_rows(quarter: Quarter, rows: int) -> None:
            written[quarter] += rows
            bar.advance(task, rows)

        yield on_start, on_rows
    if lines and not moving:
        for quarter, rows in written.items():
            echo(f"quarter {int(quarter)}: {rows:,} rows", err=True)
