"""Makes event files plain, so that every engine reads them alike.

A *plain* file is UTF-8, its lines end in LF, each has as many fields as the header, and there are
no quotes and no blank lines. Most files are plain as they come and are read where they lie; any
other is written out plainly, once, into a temporary folder. What a line means is thereby decided
here and never differs between engines, and the rows are counted apart from the engines' readers.
"""

import hashlib
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from banners.crunch.kinds import Kind
from banners.crunch.lines import (
    Block,
    Line,
    behind_header,
    divided,
    lines_of,
    open_bytes,
    read_blocks,
    read_lines,
)
from banners.crunch.scan import plain_lines, scan_rows
from banners.crunch.scratch import writing_to_scratch
from banners.errors import SourceError, shorten

# What a plain field cannot hold, or is too long to. No valid value is like that either, so that
# such a field is written out as a question mark and is found invalid all the same.
_NOT_PLAIN = re.compile(rb'[",\r\n]|.{100}', re.DOTALL)
# A block of so many bytes is not looked over in parts before it is gone through by the line.
_SMALL_BLOCK = 1 << 13
# In the path of a file engines take some characters for wildcards or for the end of a scheme, and
# others only some locales know.
_ODD_PATH = re.compile(r"[*?\[\]{}\\:]|[^ -~]")


@dataclass(frozen=True, slots=True)
class PlainFile:
    """An event file that every engine reads alike.

    Args:
        kind: what it holds.
        path: the file as it was delivered.
        plain: where its plain form lies; the same path where it came plain.
        columns: the columns of the plain form, in their order.
        sha256: of the file as it was delivered.
        stamp: its size in bytes and time of change in nanoseconds, from before it was read.
        rows: lines that are neither header nor blank, counted here.
        digits: whether it came plain, and each field of its rows is empty or a number of up to 18
            digits.
        bad_width: how many of them the plain form leaves out: those with too few or too many
            fields, or with a quote that does not close.
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

    def is_unchanged(self) -> bool:
        """Tell whether the file is still the one that was read."""
        try:
            return stamp_of(self.path) == self.stamp
        except SourceError:
            return False


def make_plain(kind: Kind, path: Path, scratch: Path) -> PlainFile:
    """Check one event file as a whole and make it plain.

    Args:
        kind: what the file holds.
        path: the file, gzip-compressed where its name ends in ``.gz``.
        scratch: an existing folder for the plain form, where one has to be written.

    Raises:
        SourceError: the file is refused whole: it is empty, lacks a column, is not UTF-8, is cut
            off or damaged.
        CrunchError: the plain form cannot be written.
    """
    stamp = stamp_of(path)
    # Hashing leaves the interpreter to others, so that it goes on beside the scan.
    with ThreadPoolExecutor(max_workers=1) as beside:
        digest = beside.submit(digest_of, path)
        columns, offset = _read_header(kind, path)
        with _reading(path):
            scan = scan_rows(path, offset, len(columns)) if offset else None
        sha256 = digest.result()
    plain = scratch / f"{kind}-{sha256}.csv"
    if scan is not None:
        if _ODD_PATH.search(str(path.absolute())):
            with writing_to_scratch():
                plain.symlink_to(path.resolve())
        else:
            plain = path
        return PlainFile(kind, path, plain, columns, sha256, stamp, scan.rows, scan.digits, 0)
    rows, bad_width = _write_plain(kind, path, columns, plain)
    return PlainFile(kind, path, plain, kind.columns, sha256, stamp, rows, False, bad_width)


def stamp_of(path: Path) -> tuple[int, int]:
    """Tell the size of a file in bytes, and its time of change in nanoseconds.

    Raises:
        SourceError: it cannot be reached, or is no file.
    """
    with _reading(path):
        found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        # Opening a pipe would wait for somebody to write to it.
        raise SourceError(f"{path} is not a file that can be read again. Deliver it as one.")
    return found.st_size, found.st_mtime_ns


def digest_of(path: Path) -> str:
    """Tell the SHA-256 of a file as it lies there.

    Raises:
        SourceError: it cannot be read.
    """
    with _reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}. Deliver the file again."
        ) from error


def _read_header(kind: Kind, path: Path) -> tuple[tuple[str, ...], int]:
    """Read the header's names, and its length in bytes: 0 where it alone shows a file not plain."""
    header = next(read_lines(path), None)
    if header is None:
        raise SourceError(
            f"{path} is empty; expected a header line: {','.join(kind.columns)}. "
            "Deliver the file again."
        )
    names = names_of(header)
    # The first line is the header, even where it is blank.
    found = f"the header {shorten(header.text.decode())}" if header.number == 1 else "a blank line"
    complete = header.number == 1 and set(kind.columns) <= set(names)
    if not complete or len(set(names)) < len(names):
        raise SourceError(
            f"{path}, line 1: found {found}; expected a header with the columns "
            f"{', '.join(kind.columns)}, each once, in any order. Mend the header."
        )
    with open_bytes(path) as file:
        raw = file.readline()
    plain = path.suffix != ".gz" and raw == header.text + b"\n" and b'"' not in raw
    columns = (
        name if name in kind.columns else f"extra_{place}" for place, name in enumerate(names)
    )
    return tuple(columns), len(raw) if plain else 0


def names_of(header: Line) -> list[str]:
    """Give the names of the columns."""
    return [name.decode() for name in header.fields or ()]


def _write_plain(kind: Kind, path: Path, columns: tuple[str, ...], plain: Path) -> tuple[int, int]:
    """Write the rows of a file plainly, by the line only where that takes a look at each."""
    rows = 0
    bad_width = 0
    picks = picks_of(kind, columns)
    pick_all = _picking(picks, len(columns))
    blocks = read_blocks(path)
    _, first = behind_header(next(blocks))
    with writing_to_scratch(), plain.open("wb") as out:
        out.write(",".join(kind.columns).encode() + b"\n")
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
    return rows, bad_width


def _parts(blocks: Iterable[Block], width: int) -> Iterator[tuple[Block, bytes | None]]:
    """Give blocks with their lines as a plain file has them, or in parts where that cannot be."""
    for block in blocks:
        content = plain_lines(block.content, width)
        small = content is not None or len(block.content) <= _SMALL_BLOCK
        parts = [block] if small else list(divided(block))
        if len(parts) > 1:
            yield from _parts(parts, width)
        else:
            yield block, content


def _picking(picks: Sequence[int], width: int) -> Callable[[bytes], bytes]:
    """Give what leaves of plain lines the fields picked, in that order."""
    if list(picks) == list(range(width)):
        return lambda lines: lines
    fields = [b"([^,\n]*)" if place in picks else b"[^,\n]*" for place in range(width)]
    order = sorted(picks)
    picked = b",".join(b"\\%d" % (order.index(pick) + 1) for pick in picks)
    return partial(re.compile(b",".join(fields) + b"\n").sub, picked + b"\n")


def picks_of(kind: Kind, names: Sequence[str]) -> list[int]:
    """Tell at which places of a header the columns of a kind stand, in their order."""
    return [names.index(column) for column in kind.columns]


def plain_values(line: Line, width: int, picks: Sequence[int]) -> list[bytes] | None:
    """Pick values of a row as the plain form holds them; None where it leaves the row out.

    Args:
        line: the row.
        width: how many fields it is to have.
        picks: the places of the values.
    """
    fields = line.fields
    if fields is None or len(fields) != width:
        return None
    return [b"?" if _NOT_PLAIN.search(fields[pick]) else fields[pick] for pick in picks]
