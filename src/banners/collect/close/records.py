"""Reads the records of slots from the segments, and divides them by slot and kind."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from banners.collect.segments.names import SEALED, Segment, hosts_of, log_folder, segments_of
from banners.collect.segments.read import (
    Content,
    Read,
    check_beginning,
    content_of_segment,
    read_records,
)
from banners.collect.segments.record import RecordKind, has_our_fields
from banners.core.events import Kind

# Number of bytes, of all slots together, that are held in memory before they are written.
_MOST_HELD = 8 << 20

KIND_OF = {
    RecordKind.IMPRESSIONS: Kind.IMPRESSIONS,
    RecordKind.CLICK: Kind.CLICKS,
    RecordKind.CONVERSION: Kind.CONVERSIONS,
}
"""The kinds of the events that records of slots are about."""

_KINDS = {letter.encode(): kind for letter, kind in KIND_OF.items()}
_NO_FIELD = (b"", b",")


@dataclass(slots=True)
class Index:
    """What the event log holds.

    Args:
        segments: every segment, with what it holds.
        by_slot: for each slot of a view, the number of its records in each segment that holds any.
    """

    segments: list[tuple[Segment, Content]] = field(default_factory=list)
    by_slot: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))


def index_of(events: Path) -> Index:
    """Find out which slots the segments of all hosts hold.

    Raises:
        CollectError: a segment has a record of another form.
        OSError: the log cannot be read.
    """
    index = Index()
    log = log_folder(events)
    for host in hosts_of(log):
        for segment in segments_of(log / host):
            try:
                content = content_of_segment(segment.path)
            except FileNotFoundError:
                # It was sealed in between.
                content = content_of_segment(segment.path.with_suffix(SEALED))
            index.segments.append((segment, content))
            for slot, records in content.slots.items():
                index.by_slot[slot][segment.key] = records
    return index


def divide(
    segments: Iterable[Segment], slots: Collection[int], scratch: Path
) -> tuple[Mapping[tuple[int, Kind], Path], int]:
    """Write the records of some slots to files of fields, one for each slot and kind.

    Args:
        segments: the segments that may hold such records.
        slots: the slots.
        scratch: an existing empty folder for the files.

    Returns:
        The files that have content, and the number of damaged bytes that were not read.

    Raises:
        CollectError: a segment has a record of another form.
        OSError: the log cannot be read, or a file cannot be written.
    """
    wanted = {b"%d" % slot for slot in slots}
    # Checking each beginning once takes less time than checking each record.
    checked: set[bytes] = set()
    held = _Held(scratch)
    torn = 0
    for segment in segments:
        read = Read()
        with _opened(segment) as file:
            for content in read_records(file, read):
                letter, _, rest = content.partition(b",")
                slot, _, fields = rest.partition(b",")
                if slot in wanted and letter in _KINDS and fields[:1] not in _NO_FIELD:
                    held.add(letter, slot, fields)
                elif (beginning := content[: len(letter) + len(slot) + 3]) not in checked:
                    check_beginning(segment.path, content)
                    if letter in _KINDS:
                        checked.add(beginning)
        # The end of an open segment may be on its way to the disk.
        torn += read.torn if segment.is_sealed else 0
    return held.files(), torn


def first_of_another_form(segments: Iterable[Segment], slot: int) -> tuple[Path, bytes] | None:
    """Find a record of a slot whose fields are not those that this release writes.

    Args:
        segments: the segments that may hold it.
        slot: the slot.

    Returns:
        Its segment and its content; None if there is none.

    Raises:
        OSError: the log cannot be read.
    """
    for segment in segments:
        with _opened(segment) as file:
            for content in read_records(file, Read()):
                if content[2:].partition(b",")[0] == b"%d" % slot and not has_our_fields(content):
                    return segment.path, content
    return None


class _Held:
    """Fields of records that wait to be written, so that few files are open at a time."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._lines: dict[tuple[bytes, bytes], list[bytes]] = defaultdict(list)
        self._size = 0
        self._written: dict[tuple[int, Kind], Path] = {}

    def add(self, letter: bytes, slot: bytes, fields: bytes) -> None:
        self._lines[letter, slot].append(fields)
        self._size += len(fields)
        if self._size > _MOST_HELD:
            self._write()

    def files(self) -> Mapping[tuple[int, Kind], Path]:
        self._write()
        return self._written

    def _write(self) -> None:
        for (letter, slot), lines in self._lines.items():
            kind = _KINDS[letter]
            path = self._scratch / f"{kind}-{slot.decode()}.csv"
            with path.open("ab") as file:
                file.write(b"\n".join(lines) + b"\n")
            self._written[int(slot), kind] = path
        self._lines.clear()
        self._size = 0


def _opened(segment: Segment) -> BinaryIO:
    try:
        return segment.path.open("rb")
    except FileNotFoundError:
        return segment.path.with_suffix(SEALED).open("rb")
