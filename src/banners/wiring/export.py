"""Writes the figures of what is live to a file."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING

from banners.core.model import Quarter
from banners.errors import NothingPublished
from banners.settings import Settings
from banners.wiring.catalogue import names_of
from banners.wiring.database import database_name, reports

if TYPE_CHECKING:
    import pyarrow as pa

OnRows = Callable[[Quarter, int], None]
"""Called with a quarter, and the number of its rows that were written since the last call."""


def export(
    settings: Settings,
    file: Path | IO[bytes],
    kind: str,
    quarters: Collection[Quarter],
    on_start: Callable[[Mapping[Quarter, int]], None],
    on_rows: OnRows,
) -> None:
    """Write the figures of all candidates of the live generations to a file.

    Args:
        settings: name the database.
        file: the path of the file, which appears or is replaced only when it is complete; or
            a stream.
        kind: its format, ``parquet`` or ``csv``.
        quarters: the quarters of the hour; empty for all that are published.
        on_start: called once with the quarters and the number of their rows, 0 if not known.
        on_rows: called with the progress.

    Raises:
        NothingPublished: nothing, or nothing of a quarter, has been published.
        ExportError: the file cannot be written.
        StoreError: the database cannot be reached or is damaged, or a generation was dropped while
            it was read.
    """
    from banners.reports.export import Format, export_rows, new_file, write_rows

    with closing(reports(settings)) as read:
        active = dict(sorted(read.active().items()))
        name = database_name(settings)
        for quarter in sorted(quarters):
            if quarter not in active:
                raise NothingPublished(f"{name} of quarter {int(quarter)}")
        if not active:
            raise NothingPublished(name)
        wanted = {each: active[each] for each in active if not quarters or each in quarters}
        rows_of = {
            (each.generation, each.quarter): each.outcome.published.candidates
            for each in read.kept()
            if each.outcome and each.outcome.published
        }
        on_start({each: rows_of.get((wanted[each].number, int(each)), 0) for each in wanted})
        done, names = Quarter.FIRST, names_of(settings)

        def rows() -> "Iterator[pa.RecordBatch]":
            nonlocal done
            for done, generation in wanted.items():
                figures = read.performance(generation, done)
                yield from export_rows(figures, generation, done, names)

        with new_file(file) if isinstance(file, Path) else nullcontext(file) as out:
            write_rows(out, Format(kind), rows(), lambda number: on_rows(done, number))
