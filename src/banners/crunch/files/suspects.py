"""Reads files again to find the rows that are perhaps not accepted, with their line numbers.

Most rows match the pattern of a valid row. Only the others, and those with a quarantined id, are
examined one by one.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from banners.core.events import REVENUE_PATTERN, Kind
from banners.core.model import ID_PATTERN
from banners.core.views import Group
from banners.crunch.files.header import columns_of
from banners.crunch.files.lines import Line, after_header, line_of, read_blocks, rows_of
from banners.crunch.files.plain import PlainFile, picks_of, plain_values

if TYPE_CHECKING:
    import pyarrow as pa

# Columns that are no ids.
_PATTERNS = {"revenue": REVENUE_PATTERN, "group": "|".join(Group), "fill": "[01]"}


def suspect_rows(
    file: PlainFile, ids: "pa.Array | None" = None
) -> Iterator[tuple[Line, list[bytes] | None]]:
    """Read a file as it was delivered, and yield the rows that are perhaps not accepted.

    These are all rows that are rejected, all rows with one of the ids, and possibly others.

    Args:
        file: the file.
        ids: quarantined ids of the kind, such as click ids; none if not given.

    Yields:
        Each line with its values in plain form, in the order of ``file.read``, or with None if the
        plain form leaves the row out.

    Raises:
        SourceError: the file has changed, and cannot be read any more.
    """
    blocks = read_blocks(file.path)
    header, rows = after_header(next(blocks))
    names = columns_of(file.kind, header) or ()
    picks = picks_of(file.kind, names)
    valid = _valid_row(file.kind, names)
    for block in chain([rows], blocks):
        if not block.content.strip(b"\n"):
            continue  # only blank lines
        numbers, rows_and_last = rows_of(block)
        *texts, last = rows_and_last
        matches = map(valid.fullmatch, texts)
        valid_ids = [match and int(match[file.id_column]) for match in matches]
        places = {place for place, identity in enumerate(valid_ids) if identity is None}
        if ids is not None:
            places.update(_places(valid_ids, ids))
        if last:
            places.add(len(texts))
        for place in sorted(places):
            ended = place < len(texts)
            line = line_of(numbers[place], texts[place] if ended else last, ended=ended)
            if line.text:
                yield line, plain_values(line, len(names), picks)


def _valid_row(kind: Kind, names: Sequence[str]) -> "re.Pattern[bytes]":
    """Return a pattern that matches only valid rows, without their line ends.

    It does not match every valid row.
    """
    patterns = {
        name: _PATTERNS.get(name, rf"(?!0+(?![0-9])){ID_PATTERN}") for name in kind.read_from(names)
    }
    # A value that begins with a quote must end with one.
    fields = [
        rf'(?P<open_{name}>")?(?P<{name}>{patterns[name]})(?(open_{name})")'
        if name in patterns
        else r'(?:"[^"]*"|(?!")[^,]*)'
        for name in names
    ]
    return re.compile(rf"{','.join(fields)}".encode())


def _places(found: Sequence[int | None], ids: "pa.Array") -> list[int]:
    """Return the indexes at which one of the ids was found."""
    import pyarrow as pa
    import pyarrow.compute as pc

    places: list[int] = pc.indices_nonzero(pc.is_in(pa.array(found, pa.int64()), ids)).to_pylist()
    return places
