"""Converts event files to a plain form, so that every engine reads them alike.

A *plain* file is UTF-8, its lines end in LF, each has as many fields as the header, and there are
no quotes, no blank lines and no byte order mark; it is not compressed. Most files are delivered
plain and are read where they are; any other is written in plain form into a temporary folder. So
engines cannot disagree about the meaning of a line, and the rows are counted independently of the
engines' readers.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import uuid4

from banners.core.events import Kind
from banners.crunch.files.content import digest_beside, reading, stamp_of
from banners.crunch.files.formats import Form, form_of
from banners.crunch.files.header import columns_of, read_header
from banners.crunch.files.lines import (
    Block,
    Line,
    after_header,
    divided,
    lines_of,
    read_blocks,
)
from banners.crunch.files.scan import plain_lines, scan_rows
from banners.crunch.scratch import writing_to_scratch
from banners.errors import SourceError

# Fields that are not plain, or too long. They are never valid values, so they are written as a
# question mark, which is not valid either.
_NOT_PLAIN = re.compile(rb'[",\r\n]|.{100}', re.DOTALL)
# A block of at most this many bytes is read line by line, without trying its parts first.
_SMALL_BLOCK = 1 << 13
# Characters in a path that engines take for wildcards or for the end of a URI scheme, and
# characters that not every locale supports.
_ODD_PATH = re.compile(r"[*?\[\]{}\\:]|[^ -~]")


@dataclass(frozen=True, slots=True)
class PlainFile:
    """An event file that every engine reads alike.

    Args:
        kind: the kind of its events.
        path: the file as it was delivered.
        plain: the file in plain form; the same as ``path`` if it was delivered plain.
        columns: the columns of the plain form, in order.
        sha256: SHA-256 of its content, in hexadecimal; the same for the same content in another
            form (see :mod:`banners.crunch.files.content`).
        stamp: its size in bytes and time of change in nanoseconds, from before it was read.
        rows: number of its rows, without the header and blank lines.
        digits: whether it was delivered plain, and every field of its rows is empty or a number of
            up to 18 digits, except those of the column ``group``, which hold words.
        bad_width: number of rows that the plain form leaves out, because they have too few or too
            many fields, or text after a closing quote.
    """

    kind: Kind
    path: Path
    plain: Path
    columns: tuple[str, ...]
    sha256: str
    stamp: tuple[int, int]
    rows: int
    digits: bool
    bad_width: int

    @property
    def read(self) -> tuple[str, ...]:
        """The columns that are read from it, in order."""
        return self.kind.read_from(self.columns)

    @property
    def id_column(self) -> str:
        """The column whose values must differ between rows; the first one if it has none."""
        return self.kind.id_column if self.kind.id_column in self.read else self.read[0]

    @property
    def has_further(self) -> bool:
        """Whether it has any of the further columns that are read."""
        return self.read != self.kind.columns

    def is_unchanged(self) -> bool:
        """Return whether the file is still the one that was read."""
        try:
            return stamp_of(self.path) == self.stamp
        except SourceError:
            return False

    def remove_plain(self) -> None:
        """Remove the plain form, if it was written."""
        if self.plain != self.path:
            self.plain.unlink(missing_ok=True)


def make_plain(kind: Kind, path: Path, scratch: Path) -> PlainFile:
    """Check one event file, and convert it to plain form.

    Args:
        kind: the kind of its events.
        path: the file; its name says which form it has.
        scratch: an existing folder for the plain form, if it has to be written.

    Raises:
        SourceError: the file cannot be used: it is empty, lacks a column, is not UTF-8, is cut off,
            is damaged, has a quote that does not close, or is not of the form that its name says.
        CrunchError: the plain form cannot be written.
    """
    stamp = stamp_of(path)
    with digest_beside(path) as digest:
        header = read_header(kind, path)
        columns = columns_of(kind, header) or ()
        offset = _plain_header(path, header)
        with reading(path):
            scan = scan_rows(path, offset, columns) if offset else None
        if scan is None:
            plain, rows, bad_width = _write_plain(kind, path, columns, scratch)
            return PlainFile(
                kind,
                path,
                plain,
                kind.read_from(columns),
                digest.result(),
                stamp,
                rows,
                False,
                bad_width,
            )
        sha256 = digest.result()
    plain = path
    if _ODD_PATH.search(str(path.absolute())):
        plain = scratch / f"{kind}-{uuid4().hex}.csv"
        with writing_to_scratch():
            plain.symlink_to(path.resolve())
    return PlainFile(kind, path, plain, columns, sha256, stamp, scan.rows, scan.digits, 0)


def _plain_header(path: Path, header: Line) -> int:
    """Return the length of the header in bytes if the file may be plain, or else 0."""
    if form_of(path) is not Form.CSV or b'"' in header.text:
        return 0
    plain = header.text + b"\n"
    with reading(path), path.open("rb") as file:
        return len(plain) if file.read(len(plain)) == plain else 0


def _write_plain(
    kind: Kind, path: Path, columns: tuple[str, ...], scratch: Path
) -> tuple[Path, int, int]:
    """Write a file in plain form, line by line only where necessary.

    Returns:
        The plain form, the number of rows of the file, and how many of these it leaves out.
    """
    rows = 0
    bad_width = 0
    picks = picks_of(kind, columns)
    pick_all = _picking(picks, len(columns))
    blocks = read_blocks(path)
    _, first = after_header(next(blocks))
    with ExitStack() as opened, writing_to_scratch():
        out = opened.enter_context(
            NamedTemporaryFile(prefix=f"{kind}-", suffix=".csv", dir=scratch, delete=False)
        )
        out.write(",".join(kind.read_from(columns)).encode() + b"\n")
        for part, content in _parts(chain([first], blocks), len(columns)):
            if content is not None:
                rows += content.count(b"\n")
                out.write(pick_all(content))
                continue
            for line in lines_of(path, part):
                rows += 1
                values = plain_values(line, len(columns), picks)
                if values:
                    out.write(b",".join(values) + b"\n")
                elif line.ended:
                    bad_width += 1
                else:
                    raise SourceError(
                        f"{path}, line {line.number}: the last line is cut off (no line end, and "
                        f"not {len(columns)} fields). Deliver the file again."
                    )
    return Path(out.name), rows, bad_width


def _parts(blocks: Iterable[Block], width: int) -> Iterator[tuple[Block, bytes | None]]:
    """Yield blocks with their lines in plain form, or smaller blocks that must be read by line."""
    for block in blocks:
        content = plain_lines(block.content, width)
        small = content is not None or len(block.content) <= _SMALL_BLOCK
        parts = [block] if small else list(divided(block))
        if len(parts) > 1:
            yield from _parts(parts, width)
        else:
            yield block, content


def _picking(picks: Sequence[int], width: int) -> Callable[[bytes], bytes]:
    """Return a function that reduces plain lines to the picked fields, in that order."""
    if list(picks) == list(range(width)):
        return lambda lines: lines
    fields = [b"([^,\n]*)" if place in picks else b"[^,\n]*" for place in range(width)]
    order = sorted(picks)
    picked = b",".join(b"\\%d" % (order.index(pick) + 1) for pick in picks)
    return partial(re.compile(b",".join(fields) + b"\n").sub, picked + b"\n")


def picks_of(kind: Kind, names: Sequence[str]) -> list[int]:
    """Return the index in the header of each column that is read."""
    return [names.index(column) for column in kind.read_from(names)]


def plain_values(line: Line, width: int, picks: Sequence[int]) -> list[bytes] | None:
    """Return values of a row in plain form, or None if the plain form leaves the row out.

    Args:
        line: the row.
        width: the number of fields that it must have.
        picks: the indexes of the values.
    """
    fields = line.fields
    if fields is None or len(fields) != width:
        return None
    return [b"?" if _NOT_PLAIN.search(fields[pick]) else fields[pick] for pick in picks]
