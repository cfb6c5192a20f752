"""Where segments lie, and what their names say.

``log/<host>/<slot of arrival>-<worker>-<number>.open`` is being written, and locked by its worker;
``….segment`` is sealed and never changes again. ``log/<host>/<slot>.marker`` says that every
segment of that slot of arrival has been sealed on that host.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from banners.core.slots import HOST_NAME, SLOT_NAME, slot_name, slot_named
from banners.errors import InvalidSlot

OPEN, SEALED, NEW, MARKER = ".open", ".segment", ".new", ".marker"
"""Endings of names; a ``.new`` file is not locked yet, and is renamed once it is."""

RETIRED = ".retired"
"""File in the folder of a host that sends nothing any more."""

_HOST = re.compile(HOST_NAME)
_SEGMENT = re.compile(rf"({SLOT_NAME})-[0-9a-z]{{1,40}}-[0-9]{{1,9}}")
_FORMS = {OPEN: _SEGMENT, SEALED: _SEGMENT, MARKER: re.compile(f"({SLOT_NAME})")}
"""The forms of names without their endings, by ending."""


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A segment of the event log.

    Args:
        host: the host whose worker wrote it.
        stem: the name of its file without the ending, which changes when it is sealed.
        slot: the slot of arrival.
        path: its file.
    """

    host: str
    stem: str
    slot: int
    path: Path

    @property
    def is_sealed(self) -> bool:
        """Whether it never changes any more."""
        return self.path.suffix == SEALED

    @property
    def key(self) -> str:
        """What it is called in the account of a slot; the same before and after it is sealed."""
        return f"{self.host}/{self.stem}"


def log_folder(events: Path) -> Path:
    """Return the folder of the event log in the folder of all events."""
    return events / "log"


def segment_stem(slot: int, worker: str, number: int) -> str:
    """Return the name of a segment without its ending.

    Args:
        slot: the slot of arrival.
        worker: a name of the worker that no other has, of digits and small letters.
        number: tells the segments of a worker and slot apart.
    """
    return f"{slot_name(slot)}-{worker}-{number}"


def marker_of(folder: Path, slot: int) -> Path:
    """Return the marker of a slot in the folder of a host."""
    return folder / f"{slot_name(slot)}{MARKER}"


def hosts_of(log: Path) -> list[str]:
    """List the hosts that have a folder in the event log.

    Raises:
        OSError: the folder cannot be read; it may be missing.
    """
    try:
        found = [path.name for path in log.iterdir() if path.is_dir()]
    except FileNotFoundError:
        return []
    return sorted(name for name in found if _HOST.fullmatch(name))


def segments_of(folder: Path) -> Iterator[Segment]:
    """List the segments of a host, sealed or not, the oldest first.

    A segment that is sealed while it is listed is there once.

    Args:
        folder: the folder of the host.

    Raises:
        OSError: the folder cannot be read.
    """
    found: dict[str, Segment] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in {OPEN, SEALED} and (slot := _slot_in(path.stem)) is not None:
            # ".segment" sorts after ".open", so what is sealed replaces what is not.
            found[path.stem] = Segment(folder.name, path.stem, slot, path)
    yield from found.values()


def slots_marked(folder: Path) -> set[int]:
    """Return the slots that have a marker in the folder of a host.

    Raises:
        OSError: the folder cannot be read.
    """
    slots = set()
    for path in folder.iterdir():
        if path.suffix == MARKER:
            with suppress(InvalidSlot):
                slots.add(slot_named(path.stem))
    return slots


def first_slot_in(folder: Path) -> int | None:
    """Return the oldest slot that has a segment or a marker in the folder of a host.

    The folder is listed once, and hardly any name is parsed: names sort by their slots.

    Raises:
        OSError: the folder cannot be read.
    """
    for name in sorted(os.listdir(folder)):  # noqa: PTH208  # Paths take longer
        stem, ending = os.path.splitext(name)  # noqa: PTH122  # a Path takes longer
        form = _FORMS.get(ending)
        if form and (slot := _slot_in(stem, form)) is not None:
            return slot
    return None


def _slot_in(stem: str, form: re.Pattern[str] = _SEGMENT) -> int | None:
    matched = form.fullmatch(stem)
    try:
        return slot_named(matched[1]) if matched else None
    except InvalidSlot:
        return None
