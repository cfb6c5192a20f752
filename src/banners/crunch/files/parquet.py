"""Reads Parquet files as the CSV files that have the same rows.

Source: docs/event-files.md. So every later step, and every engine, treats them alike.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from banners.crunch.files.formats import check_form
from banners.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

_BATCH_ROWS = 1 << 16
# Maximum number of characters of a text; a longer one is no value, and may be no field of a CSV.
_MOST_CHARACTERS = 8000
_PLACES = 6


def check_types(path: Path, columns: Sequence[str]) -> None:
    """Check that the columns of a Parquet file have types that are exact.

    Args:
        path: the file.
        columns: the column of the kind that each column of the file is; others may have any type.

    Raises:
        SourceError: an id or ``fill`` is not an integer, the revenue is neither a decimal nor text,
            or a group is not text.
    """
    from pyarrow import types

    with _opened(path) as file:
        for column, field in zip(columns, file.schema_arrow, strict=True):
            found = field.type.value_type if types.is_dictionary(field.type) else field.type
            if column == "revenue":
                expected = "a decimal or text"
                exact = types.is_decimal(found) or _is_text(found)
            elif column == "group":
                expected = "text"
                exact = _is_text(found)
            elif column.endswith("_id") or column == "fill":
                expected = "an integer"
                exact = types.is_integer(found)
            else:
                continue
            if not exact:
                why = ", which is not exact" if types.is_floating(found) else ""
                raise SourceError(
                    f"{path}, column {field.name}: found the type {found}{why}; expected "
                    f"{expected}. Write the column with that type."
                )


def csv_of(path: Path) -> Iterator[bytes]:
    """Read a Parquet file as CSV in pieces, one line for each row; the header is line 1.

    Raises:
        SourceError: it cannot be read, or is damaged.
    """
    import pyarrow as pa

    with _opened(path) as file:
        names = pa.array(file.schema_arrow.names, pa.string())
        if not len(names):
            return
        header = pa.RecordBatch.from_arrays(
            [_one_line(names).slice(place, 1) for place in range(len(names))],
            names=list(map(str, range(len(names)))),
        )
        yield _written(header)
        for batch in file.iter_batches(_BATCH_ROWS):
            columns = [_as_written(column) for column in batch.columns]
            yield _written(pa.RecordBatch.from_arrays(columns, names=header.schema.names))


@contextmanager
def _opened(path: Path) -> "Iterator[ParquetFile]":
    """Open a Parquet file, and translate Arrow's errors while it is read."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        check_form(path)
        # Buffers of a bounded size, because a group of rows may be larger than the memory.
        with ParquetFile(path, buffer_size=1 << 20) as file:
            yield file
    except pa.ArrowException as error:
        said = str(error).partition("\n")[0].rstrip(".")
        raise SourceError(f"{path} is damaged: {said}. Deliver the file again.") from error
    except OSError as error:
        said = error.strerror or str(error)
        raise SourceError(f"{path} cannot be read: {said}. Deliver the file again.") from error


def _written(batch: "pa.RecordBatch") -> bytes:
    """Write rows as lines of CSV, with quotes only where a text needs them."""
    import pyarrow as pa

    try:
        return _in_style("none", batch)
    except pa.ArrowInvalid:  # a text holds a comma or a quote
        return _in_style("needed", batch)


def _in_style(quotes: str, batch: "pa.RecordBatch") -> bytes:
    from pyarrow.csv import WriteOptions, write_csv

    out = BytesIO()
    write_csv(batch, out, WriteOptions(include_header=False, quoting_style=quotes))
    return out.getvalue()


def _as_written(column: "pa.Array") -> "pa.Array":
    """Return a column as CSV writes it exactly."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
        return column
    if types.is_temporal(kind) and not types.is_interval(kind):
        return column.view(pa.int32() if kind.bit_width == 32 else pa.int64())  # noqa: PLR2004
    if types.is_decimal(kind):
        short = types.is_decimal128(kind) and kind.scale <= _PLACES
        return column.cast(pa.string()) if short else _in_digits(column)
    if _is_text(kind):
        return _one_line(column.cast(pa.string()))
    return _one_line(pa.array(list(map(str, column.to_pylist())), pa.string()))


def _in_digits(column: "pa.Array") -> "pa.Array":
    """Return decimals without an exponent, and with six places if all others are zero."""
    import pyarrow as pa

    def written(value: Decimal | None) -> str | None:
        if value is None:
            return None
        whole, _, places = format(value, "f").partition(".")
        kept = places[:_PLACES] if not places[_PLACES:].strip("0") else places
        return f"{whole}.{kept}" if kept else whole

    return pa.array(list(map(written, column.to_pylist())), pa.string())


def _one_line(texts: "pa.Array") -> "pa.Array":
    """Return texts without line breaks, and none of them too long for a field."""
    import pyarrow.compute as pc

    cut = pc.utf8_slice_codeunits(texts, 0, _MOST_CHARACTERS)
    return pc.replace_substring_regex(cut, "[\r\n]", " ")


def _is_text(found: "pa.DataType") -> bool:
    from pyarrow import types

    tests = (types.is_string, types.is_large_string, types.is_string_view)
    return any(test(found) for test in tests)
