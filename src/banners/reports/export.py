"""Writes the figures of all candidates to a file, for analysts: as Parquet or CSV.

Rows are written as they are read, so that a result of any size takes little memory.
"""

import enum
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pyarrow as pa

from banners.core.figures import FIGURE_NAMES
from banners.core.model import Generation, Quarter
from banners.core.spreadsheet import safe_cell
from banners.errors import ExportError, readable
from banners.reports.arrow import NAME_COLUMNS, REVENUE, as_revenue, name_columns
from banners.reports.named import NO_NAMES, Names

_COUNTS = FIGURE_NAMES[:-1]
_SCHEMA = pa.schema(
    {
        "generation": pa.int64(),
        "quarter": pa.int8(),
        "campaign_id": pa.int64(),
        "banner_id": pa.int64(),
        **dict.fromkeys(_COUNTS, pa.int64()),
        "revenue": REVENUE,
        "position": pa.int32(),
        "campaign_name": pa.string(),
        "banner_name": pa.string(),
        "of_64": pa.int32(),
    }
)
_GROUP_ROWS = 200_000
"""Number of rows of a group of Parquet: what a reader of the file takes into memory at a time."""


class Format(enum.StrEnum):
    """The format of an exported file."""

    PARQUET = "parquet"
    CSV = "csv"


def export_rows(
    batches: Iterable[pa.RecordBatch],
    generation: Generation,
    quarter: Quarter,
    names: Names = NO_NAMES,
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a quarter as they are exported.

    Args:
        batches: the figures of the quarter: see ``banners.store.read.performance``.
        generation: the generation that they are of.
        quarter: the quarter of the hour.
        names: what people call campaigns and banners.
    """
    for batch in batches:
        rows = batch.num_rows
        columns = {
            **dict(zip(batch.schema.names, batch.columns, strict=True)),
            "generation": pa.repeat(pa.scalar(generation.number, pa.int64()), rows),
            "quarter": pa.repeat(pa.scalar(int(quarter), pa.int8()), rows),
            "revenue": as_revenue(batch.column("revenue_micros")),
            **name_columns(batch, names),
        }
        yield pa.record_batch([columns[name] for name in _SCHEMA.names], schema=_SCHEMA)


def write_rows(
    file: IO[bytes],
    kind: Format,
    batches: Iterable[pa.RecordBatch],
    on_rows: Callable[[int], None],
) -> None:
    """Write rows to a file that is open for writing, also to one that cannot seek.

    Args:
        file: the file.
        kind: its format.
        batches: the rows: see :func:`export_rows`.
        on_rows: called with the number of rows of each batch that was written.
    """
    if kind is Format.CSV:
        _write_csv(file, batches, on_rows)
    else:
        _write_parquet(file, batches, on_rows)


def _write_csv(
    file: IO[bytes], batches: Iterable[pa.RecordBatch], on_rows: Callable[[int], None]
) -> None:
    from pyarrow import csv

    file.write((",".join(_SCHEMA.names) + "\n").encode())
    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    with csv.CSVWriter(file, _SCHEMA, write_options=options) as writer:
        for batch in batches:
            writer.write_batch(_safe(batch))
            on_rows(batch.num_rows)


def _safe(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return rows whose names no spreadsheet takes for a formula; all other cells are numbers."""
    for name in NAME_COLUMNS:
        place = batch.schema.get_field_index(name)
        column = batch.column(place)
        if column.null_count < len(column):
            texts = [None if text is None else safe_cell(text) for text in column.to_pylist()]
            batch = batch.set_column(place, name, pa.array(texts, pa.string()))
    return batch


def _write_parquet(
    file: IO[bytes], batches: Iterable[pa.RecordBatch], on_rows: Callable[[int], None]
) -> None:
    from pyarrow import parquet

    with parquet.ParquetWriter(file, _SCHEMA, compression="zstd") as writer:
        group: list[pa.RecordBatch] = []
        for batch in batches:
            group.append(batch)
            if sum(each.num_rows for each in group) >= _GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(group))
                group.clear()
            on_rows(batch.num_rows)
        if group:
            writer.write_table(pa.Table.from_batches(group))


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears, or replaces another, only when the block ends without an error.

    A symbolic link stays: the file that it leads to is replaced. A device or a pipe is written to
    as it is, since only a regular file can be replaced by another.

    Raises:
        ExportError: it cannot be written.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        with _written_directly(path) as file:
            yield file
        return
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise _failure(path, error) from error
    unfinished = Path(name)
    try:
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            # mkstemp lets only its owner read the file; an ordinary file is as the umask says.
            mask = os.umask(0)
            os.umask(mask)
            unfinished.chmod(0o666 & ~mask)
            unfinished.replace(target)
        except OSError as error:
            raise _failure(path, error) from error
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


@contextmanager
def _written_directly(path: Path) -> Iterator[IO[bytes]]:
    """Open what exists and is not a regular file, such as a device or a pipe.

    Raises:
        ExportError: it cannot be written.
    """
    try:
        # Without O_CREAT, nothing is made in place of what has just gone.
        with os.fdopen(os.open(path, os.O_WRONLY), "wb") as file:
            yield file
    except OSError as error:
        raise _failure(path, error) from error


def _failure(path: Path, error: OSError) -> ExportError:
    return ExportError(
        f"{readable(path)} cannot be written: {error.strerror or error}. Name a file in a folder "
        "that exists, that this user may write to, and that has space left."
    )
