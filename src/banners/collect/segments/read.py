"""Reads segments up to their first damaged record."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from banners.collect.segments.record import (
    MOST_BYTES,
    RecordKind,
    content_of,
    contents_of,
    slot_of,
    slots_at_end,
)
from banners.errors import CollectError, readable, shorten

_END = RecordKind.END.encode() + b","
_BEGINNING = "a kind, a slot and more, such as i,1994423,clean"


@dataclass(slots=True)
class Read:
    """How far a segment could be read.

    Args:
        good: bytes of the records up to the first damaged one.
        torn: bytes from there on.
    """

    good: int = 0
    torn: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """What a segment holds.

    Args:
        slots: the number of its records by the slot of their view.
        read: how far it could be read.
        has_end: whether its last record says so, as that of a sealed segment does.
    """

    slots: Mapping[int, int]
    read: Read = field(default_factory=Read)
    has_end: bool = False


def read_records(file: BinaryIO, read: Read) -> Iterator[bytes]:
    """Yield the contents of records up to the first damaged one.

    Args:
        file: a segment, at its beginning.
        read: takes how far it was read; complete when all records were taken.

    Raises:
        OSError: the file cannot be read.
    """
    rest = b""
    while block := file.read(MOST_BYTES):
        *lines, rest = (rest + block).split(b"\n")
        contents = contents_of(lines)
        read.good += sum(map(len, lines[: len(contents)])) + len(contents)
        yield from contents
        if len(contents) < len(lines):
            read.torn += sum(len(each) + 1 for each in lines[len(contents) :]) + len(rest)
            read.torn += _bytes_left(file)
            return
        if len(rest) >= MOST_BYTES:
            read.torn += len(rest) + _bytes_left(file)
            return
    read.torn += len(rest)


def content_of_segment(path: Path) -> Content:
    """Return what a segment holds: from its last record, or else by reading all of it.

    Raises:
        CollectError: a record that is not damaged is not one that this release writes: its kind,
            its slot, or the slots in the last record differ. It may count, so it is not skipped.
        OSError: it cannot be read.
    """
    slots: Counter[int] = Counter()
    read = Read()
    with path.open("rb") as file:
        size = file.seek(0, 2)
        content = content_of(_last_line(file, size)) or b""
        try:
            if content.startswith(_END):
                return Content(slots_at_end(content), Read(size), has_end=True)
            file.seek(0)
            for content in read_records(file, read):
                if not content.startswith(_END):
                    slots[slot_of(content)] += 1
        except ValueError as error:
            raise other_record(path, content, _BEGINNING) from error
    return Content(slots, read)


def check_beginning(path: Path, content: bytes) -> None:
    """Check that a record that is not damaged begins as this release writes it.

    Args:
        path: the segment that has it.
        content: its content.

    Raises:
        CollectError: it does not. It may count, so it is not skipped.
    """
    if not content.startswith(_END):
        try:
            slot_of(content)
        except ValueError as error:
            raise other_record(path, content, _BEGINNING) from error


def other_record(path: Path, content: bytes, expected: str) -> CollectError:
    """Return the error for a record that is not damaged, and that this release does not write.

    Args:
        path: the segment that has it.
        content: its content.
        expected: what was expected in place of it.
    """
    found = shorten(content.decode("ascii", "surrogateescape"))
    return CollectError(
        f"{readable(path)} has a record of another form: found {found}, expected {expected}. If a "
        "newer release of Banners wrote it, upgrade this one; otherwise move the file out of the "
        "event log."
    )


def _last_line(file: BinaryIO, size: int) -> bytes:
    """Return the last line without its end; empty if it has none."""
    tail = b""
    # There are thousands of segments, and most have a short last record.
    for length in (1 << 12, MOST_BYTES):
        file.seek(max(0, size - length))
        tail = file.read(length)
        if tail.endswith(b"\n") and b"\n" in tail[:-1]:
            return tail[:-1].rpartition(b"\n")[2]
    return tail.removesuffix(b"\n") if tail.endswith(b"\n") and len(tail) == size else b""


def _bytes_left(file: BinaryIO) -> int:
    here = file.tell()
    return file.seek(0, 2) - here
