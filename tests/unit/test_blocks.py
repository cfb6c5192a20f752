"""Files are read in blocks for speed; the result is the same as line by line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.events import bad_value
from banners.core.model import Quarter
from banners.crunch.files.find import check_quarter, find_quarters
from banners.crunch.files.header import columns_of
from banners.crunch.files.lines import Line, read_lines
from banners.crunch.files.listing import event_files
from banners.crunch.files.plain import PlainFile, make_plain, picks_of, plain_values
from banners.crunch.files.scan import plain_lines
from banners.crunch.files.suspects import suspect_rows
from banners.errors import SourceError
from strategies.values import Events, clean_quarters, dirty_quarters, refused_quarters, write

Rows = list[tuple[Line, list[bytes] | None]]

sizes = st.integers(1, 300)
quarters = clean_quarters() | dirty_quarters()


@contextmanager
def blocks_of(size: int) -> Iterator[None]:
    """Read files in blocks of about this many bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("banners.crunch.files.content._FIRST_BYTES", size)
        patch.setattr("banners.crunch.files.content._BYTES", size)
        patch.setattr("banners.crunch.files.plain._SMALL_BLOCK", size // 4)
        yield


@contextmanager
def files_of(events: Events) -> Iterator[list[PlainFile]]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(events, folder)
        yield [
            make_plain(kind, path, folder)
            for kind, paths in event_files(folder, Quarter.FIRST).items()
            for path in paths
        ]


def rows_of(file: PlainFile) -> Rows:
    """Read the rows of a file line by line."""
    header, *lines = read_lines(file.path)
    names = columns_of(file.kind, header) or ()
    picks = picks_of(file.kind, names)
    return [(line, plain_values(line, len(names), picks)) for line in lines]


@given(quarters, sizes)
def test_a_file_that_is_not_plain_is_written_as_line_by_line(events: Events, size: int) -> None:
    with blocks_of(size), files_of(events) as files:
        for file in files:
            rows = rows_of(file)
            values = [values for _, values in rows if values is not None]
            assert (file.rows, file.bad_width) == (len(rows), len(rows) - len(values))
            if file.plain != file.path:
                header = ",".join(file.kind.columns).encode()
                lines = [header, *(b",".join(each) for each in values)]
                assert file.plain.read_bytes() == b"\n".join(lines) + b"\n"


@given(refused_quarters(), sizes)
def test_a_refused_file_is_refused_for_any_size_of_blocks(events: Events, size: int) -> None:
    said: list[str] = []
    for block in (2**20, size):
        with TemporaryDirectory() as name, blocks_of(block):
            folder = Path(name)
            write(events, folder)
            try:
                check_quarter(Quarter.FIRST, find_quarters(folder)[Quarter.FIRST], folder)
            except SourceError as error:
                said.append(re.sub(r"damaged after line \d+", "damaged", str(error)))
            said[-1] = said[-1].replace(name, "")
    assert said[0] == said[1]


@given(quarters, sizes, st.data())
def test_the_suspect_rows_are_among_those_read_line_by_line(
    events: Events, size: int, data: st.DataObject
) -> None:
    with files_of(events) as files:
        for file in files:
            rows = rows_of(file)
            good = [
                int(values[0]) for _, values in rows if values and not bad_value(file.read, values)
            ]
            ids = data.draw(st.sets(st.sampled_from(good))) if good else set()
            wanted = [
                (line, values)
                for line, values in rows
                if not values or bad_value(file.read, values) or int(values[0]) in ids
            ]
            with blocks_of(size):
                found = list(suspect_rows(file, pa.array(sorted(ids), pa.int64())))
            assert [row for row in found if row in wanted] == wanted
            assert [row for row in rows if row in found] == found


def test_blank_lines_do_not_make_a_block_be_read_line_by_line() -> None:
    assert plain_lines(b"\n" * 1_000 + b"1,2\n\n\n3,4\n\n", 2) == b"1,2\n3,4\n"
    assert plain_lines(b"\n" * 1_000, 2) == b""
    assert plain_lines(b'1,"a\n\nb"\n', 2) is None
