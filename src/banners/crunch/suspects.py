"""Reads files again for the rows that may not be accepted, which is how they get line numbers.

Most lines match a pattern of sound ones, and are done with; only of the others, and of those with
an id that was set aside, is it worth while to look at each.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from banners.crunch.kinds import ID_PATTERN, REVENUE_PATTERN, Kind
from banners.crunch.lines import Line, behind_header, line_of, read_blocks
from banners.crunch.plain import PlainFile, names_of, picks_of, plain_values

if TYPE_CHECKING:
    import pyarrow as pa


def suspect_rows(
    file: PlainFile, ids: "pa.Array | None" = None
) -> Iterator[tuple[Line, list[bytes] | None]]:
    """Read a file as it was delivered, and give the rows that may not be accepted.

    Every row that is rejected is among them, and every one with one of the ids; others may be.

    Args:
        file: the file.
        ids: ids of the kind, such as click ids; none if not given.

    Yields:
        Each line, with its values in the order of ``kind.columns`` as the plain form holds them,
        or None where the plain form leaves it out.

    Raises:
        SourceError: the file has changed, and cannot be read any more.
    """
    blocks = read_blocks(file.path)
    header, rows = behind_header(next(blocks))
    names = names_of(line_of(1, header, ended=True))
    picks = picks_of(file.kind, names)
    sound = _sound_line(file.kind, names)
    own = file.kind.columns[0]
    for block in chain([rows], blocks):
        *texts, last = block.content.split(b"\n")
        of_sound = [match and int(match[own]) for match in map(sound.fullmatch, texts)]
        places = {place for place, identity in enumerate(of_sound) if identity is None}
        if ids is not None:
            places.update(_places(of_sound, ids))
        if last:
            places.add(len(texts))
        for place in sorted(places):
            ended = place < len(texts)
            line = line_of(block.number + place, texts[place] if ended else last, ended=ended)
            if line.text:
                yield line, plain_values(line, len(names), picks)


def _sound_line(kind: Kind, names: Sequence[str]) -> "re.Pattern[bytes]":
    """Give what matches the lines, without their LF, of rows that are not rejected.

    Some lines that it does not match may be sound too.
    """
    patterns = {
        name: REVENUE_PATTERN if name == "revenue" else rf"(?!0+(?![0-9])){ID_PATTERN}"
        for name in kind.columns
    }
    # Of a value the quote that opens is the one that has to close.
    fields = [
        rf'(?P<open_{name}>")?(?P<{name}>{patterns[name]})(?(open_{name})")'
        if name in patterns
        else r'(?:"[^"\r]*"|(?!")[^,\r]*)'
        for name in names
    ]
    return re.compile(rf"{','.join(fields)}\r?".encode())


def _places(found: Sequence[int | None], ids: "pa.Array") -> list[int]:
    """Tell at which places one of the ids was found."""
    import pyarrow as pa
    import pyarrow.compute as pc

    places: list[int] = pc.indices_nonzero(pc.is_in(pa.array(found, pa.int64()), ids)).to_pylist()
    return places
