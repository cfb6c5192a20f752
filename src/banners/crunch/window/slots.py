"""Divides the event files of a quarter by slot."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from banners.core.events import Kind, slot_meant
from banners.core.slots import slot_named
from banners.crunch.files.header import columns_of, read_header
from banners.errors import InvalidSlot, SourceError

Files = Mapping[Kind, Iterable[Path]]
"""Event files by kind."""


def by_slot(files: Files) -> dict[int | None, dict[Kind, list[Path]]]:
    """Divide the event files of a quarter by the slot that their names say, in order.

    Those that say none come first, under None.
    """
    divided: dict[int | None, dict[Kind, list[Path]]] = defaultdict(
        lambda: {kind: [] for kind in Kind}
    )
    for kind, paths in files.items():
        for path in paths:
            divided[slot_of(path)][kind].append(path)
    return dict(sorted(divided.items(), key=lambda item: (item[0] is not None, item[0] or 0)))


def slot_of(path: Path) -> int | None:
    """Return the slot that the name of an event file says; None if it says none."""
    name = slot_meant(path)
    if name:
        with suppress(InvalidSlot):
            return slot_named(name)
    return None


def has_slots(files: Files) -> bool:
    """Return whether event files are those of closed slots: named for a slot, with further columns.

    Other files of a quarter are crunched together, whatever their names.
    """
    return any(
        _has_further(kind, path)
        for kind, paths in files.items()
        if kind.further
        for path in paths
        if slot_of(path) is not None
    )


def _has_further(kind: Kind, path: Path) -> bool:
    try:
        columns = columns_of(kind, read_header(kind, path)) or ()
    except SourceError:
        return False
    return kind.read_from(columns) != kind.columns
