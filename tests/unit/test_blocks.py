"""Files are read in blocks for speed; what comes of it is what comes of reading line by line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.crunch.kinds import Kind, bad_value
from banners.crunch.lines import Line, read_lines
from banners.crunch.plain import PlainFile, make_plain, names_of, picks_of, plain_values
from banners.crunch.sources import check_quarter, find_quarters
from banners.crunch.suspects import suspect_rows
from banners.errors import SourceError
from banners.model import Quarter
from strategies import Events, clean_quarters, dirty_quarters, refused_quarters, write

Rows = list[tuple[Line, list[bytes] | None]]

sizes = st.integers(1, 300)
quarters = clean_quarters() | dirty_quarters()


@contextmanager
def blocks_of(size: int) -> Iterator[None]:
    """Have files read in blocks of about so many bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("banners.crunch.lines._FIRST_BYTES", size)
        patch.setattr("banners.crunch.lines._BYTES", size)
        patch.setattr("banners.crunch.plain._SMALL_BLOCK", size // 4)
        yield


@contextmanager
def files_of(events: Events) -> Iterator[list[PlainFile]]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(events, folder)
        yield [
            make_plain(Kind(path.name.split("_")[0]), path, folder)
            for path in sorted((folder / "1").iterdir())
        ]


def rows_of(file: PlainFile) -> Rows:
    """Read the rows of a file by the line."""
    header, *lines = read_lines(file.path)
    names = names_of(header)
    picks = picks_of(file.kind, names)
    return [(line, plain_values(line, len(names), picks)) for line in lines]


@given(quarters, sizes)
def test_a_file_that_is_not_plain_is_written_out_as_by_the_line(events: Events, size: int) -> None:
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
def test_what_is_refused_is_refused_however_it_is_cut_into_blocks(
    events: Events, size: int
) -> None:
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
def test_the_rows_to_look_at_are_among_those_found_by_the_line(
    events: Events, size: int, data: st.DataObject
) -> None:
    with files_of(events) as files:
        for file in files:
            rows = rows_of(file)
            good = [
                int(values[0]) for _, values in rows if values and not bad_value(file.kind, values)
            ]
            ids = data.draw(st.sets(st.sampled_from(good))) if good else set()
            wanted = [
                (line, values)
                for line, values in rows
                if not values or bad_value(file.kind, values) or int(values[0]) in ids
            ]
            with blocks_of(size):
                found = list(suspect_rows(file, pa.array(sorted(ids), pa.int64())))
            assert [row for row in found if row in wanted] == wanted
            assert [row for row in rows if row in found] == found
