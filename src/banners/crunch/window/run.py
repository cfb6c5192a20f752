"""Crunches the closed slots of a quarter that are new, and makes a window of all of them."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from banners.core.account import Account, Accounting, Remarks
from banners.core.digest import digest_of_slots
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.slots import SLOTS_BETWEEN, slot_name
from banners.crunch.accounting import settle
from banners.crunch.engines.engine import Engine
from banners.crunch.files.find import QuarterSources, check_quarter, check_unchanged
from banners.crunch.files.listing import event_files
from banners.crunch.gate import SLOTS_COMPARED, Limits, slot_objections
from banners.crunch.rejects import unaccepted_rows, write_rejects
from banners.crunch.scratch import scratch_folder
from banners.crunch.window.kept import Kept, KeptSlot, Stamps, stamps_of
from banners.crunch.window.slots import Files, by_slot
from banners.errors import SourceError, readable

OnSlot = Callable[[int, int], None]
"""Called with the place of a slot, from 1, and the number of slots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """How the closed slots of a quarter are crunched.

    Args:
        engine: crunches the event files of a slot.
        kept: where the performance of slots is kept.
        archive: the folder with the event files of slots that have left the window, by quarter.
        rejects: the folder for the files that list rows that were not accepted.
        limits: limits beyond which the gate leaves a slot out.
        accepted: slots that count whatever the gate objects to.
        now: the current slot; it and later ones have not ended, and the gate does not look at them.
    """

    engine: Engine
    kept: Kept
    archive: Path
    rejects: Path
    limits: Limits
    accepted: Container[int]
    now: int


@dataclass(frozen=True, slots=True)
class Window:
    """The slots of a quarter that count for its next lineups.

    Args:
        quarter: the quarter of the hour.
        slots: the slots that count, in order.
        left_out: the slots that the gate leaves out, and those that cannot be read, with the
            reasons.
        objections: what the gate says against slots that count, since they were accepted.
        crunched: the slots that were crunched for it; the others had been kept.
    """

    quarter: Quarter
    slots: tuple[KeptSlot, ...]
    left_out: Mapping[int, Sequence[str]] = field(default_factory=dict)
    objections: Mapping[int, Sequence[str]] = field(default_factory=dict)
    crunched: tuple[int, ...] = ()

    @property
    def digest(self) -> str:
        """The digest of the events of its slots; slots without events make no difference."""
        return digest_of_slots(each.digest for each in self.slots if each.accounting.rows)

    @property
    def accounting(self) -> Accounting:
        """What became of the rows of its slots."""
        return Accounting.sum_of(each.accounting for each in self.slots)

    def changed_file(self) -> Path | None:
        """Return an event file that was changed or removed since; None if there is none."""
        return next((changed for each in self.slots if (changed := each.changed_file())), None)


def crunch_window(
    quarter: Quarter, files: Files, how: Slots, scratch: Path, on_slot: OnSlot
) -> Window:
    """Crunch the slots of a quarter whose event files are new or have changed.

    The result depends on the event files alone, and not on what has been kept: each slot is
    crunched by itself, so that a window is the sum over its slots.

    Args:
        quarter: the quarter of the hour.
        files: all of its event files. Those that say no slot in their names are crunched together,
            and are not kept.
        how: how slots are crunched.
        scratch: an existing folder for temporary files, which is in use until the sums over the
            window have been read.
        on_slot: called before each slot is crunched, with its place and the number of slots.

    Raises:
        SourceError: event files that say no slot cannot be used.
        CrunchError: the engine failed, a file cannot be written, or event files changed while they
            were read.
    """
    divided = by_slot(files)
    made: dict[int | None, KeptSlot] = {}
    left_out: dict[int, Sequence[str]] = {}
    crunched = []
    for place, (slot, own) in enumerate(divided.items(), 1):
        found = how.kept.read(quarter, slot, own) if slot is not None else None
        if found is None:
            on_slot(place, len(divided))
            try:
                found = _crunch(quarter, slot, own, how, scratch)
            except SourceError as error:
                if slot is None:
                    raise
                left_out[slot] = [str(error).rstrip(".")]
                continue
            crunched += [] if slot is None else [slot]
        made[slot] = found
    objections = _objections(quarter, made, how)
    for slot, said in objections.items():
        if slot not in how.accepted:
            left_out[slot] = said
            del made[slot]
    return Window(
        quarter,
        tuple(made.values()),
        dict(sorted(left_out.items())),
        {slot: said for slot, said in objections.items() if slot in how.accepted},
        tuple(crunched),
    )


def _crunch(
    quarter: Quarter, slot: int | None, files: Files, how: Slots, scratch: Path
) -> KeptSlot:
    kept = Kept(scratch) if slot is None else how.kept
    with scratch_folder(inside=scratch) as own:
        stamps = stamps_of(files)
        sources = check_quarter(quarter, files, own)
        if slot is not None and not any(map(sources.rows, Kind)):
            # Most slots of a quiet installation; an engine would take a tenth of a second.
            return how.kept.write(quarter, _without_events(slot, files, stamps, sources), ())
        with how.engine(sources, own) as crunched:
            accounting = settle(sources, crunched)
            rejects = None
            if accounting.unaccepted:
                said = "" if slot is None else f"{slot_name(slot)}-"
                rejects = how.rejects / f"quarter-{quarter:d}-{said}{sources.digest[:12]}.csv"
                write_rejects(rejects, unaccepted_rows(sources, accounting, crunched))
            made = KeptSlot(
                slot=slot,
                digest=sources.digest,
                files=files,
                stamps=stamps,
                accounting=accounting,
                skipped=tuple(map(readable, sources.skipped)),
                rejects=readable(rejects) if rejects else None,
                path=scratch,
            )
            figures = crunched.kept()
            # Only what was read from unchanged files may be kept.
            check_unchanged(sources)
            return kept.write(quarter, made, figures)


def _without_events(slot: int, files: Files, stamps: Stamps, sources: QuarterSources) -> KeptSlot:
    none = [Account(kind, 0, 0, 0, {}, {}) for kind in Kind]
    return KeptSlot(
        slot=slot,
        digest=sources.digest,
        files=files,
        stamps=stamps,
        accounting=Accounting(tuple(none), Remarks(0, 0)),
        skipped=tuple(map(readable, sources.skipped)),
        rejects=None,
        path=Path(),
    )


def _objections(
    quarter: Quarter, made: Mapping[int | None, KeptSlot], how: Slots
) -> dict[int, Sequence[str]]:
    """Return what the gate says against slots that have ended, for those to which it objects."""
    earlier = _Rows(quarter, made, how)
    found = {
        slot: slot_objections(
            kept.accounting, how.limits, (earlier.of(each) for each in _compared(slot))
        )
        for slot, kept in made.items()
        if slot is not None and slot < how.now
    }
    return {slot: said for slot, said in found.items() if said}


def _compared(slot: int) -> range:
    """Return the slots of the same quarter that the gate compares a slot with, the latest first."""
    return range(slot - SLOTS_BETWEEN, slot - SLOTS_BETWEEN * (SLOTS_COMPARED + 1), -SLOTS_BETWEEN)


class _Rows:
    """The number of rows of slots: of the window, and of those that have left it."""

    def __init__(self, quarter: Quarter, made: Mapping[int | None, KeptSlot], how: Slots) -> None:
        self._quarter = quarter
        self._how = how
        self._rows = {slot: kept.accounting.rows for slot, kept in made.items()}
        self._archived: dict[int | None, dict[Kind, list[Path]]] | None = None

    def of(self, slot: int) -> int | None:
        """Return the number of rows of a slot; None if nothing is known of it."""
        if slot not in self._rows:
            found = self._of_archived(slot)
            if found is None:
                return None
            self._rows[slot] = found
        return self._rows[slot]

    def _of_archived(self, slot: int) -> int | None:
        if self._archived is None:
            self._archived = self._listed()
        files = self._archived.get(slot, {})
        known = self._how.kept.rows(self._quarter, slot, files)
        if known is not None or not files:
            return known
        try:
            with scratch_folder() as scratch:
                sources = check_quarter(self._quarter, files, scratch)
            rows = sum(map(sources.rows, Kind))
            self._how.kept.keep_rows(self._quarter, slot, files, rows)
        except (SourceError, OSError):
            return None
        return rows

    def _listed(self) -> dict[int | None, dict[Kind, list[Path]]]:
        try:
            return by_slot(event_files(self._how.archive, self._quarter))
        except SourceError:
            return {}
