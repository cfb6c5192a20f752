"""Crunches the closed slots of a quarter, from the folder of events of the live loop."""

from collections.abc import Collection, Container, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from banners.core.model import Quarter
from banners.core.outcome import QuarterOutcome, SlotsOutcome
from banners.core.slots import SLOTS_BETWEEN, slot_name, slot_named
from banners.crunch.engines.engine import Engine
from banners.crunch.gate import SLOTS_COMPARED, Limits
from banners.crunch.scratch import writing_to_scratch
from banners.crunch.window.kept import Kept
from banners.crunch.window.run import OnSlot, Slots, Window, crunch_window
from banners.crunch.window.slots import Files, by_slot, slot_of
from banners.crunch.window.sums import Sums, added_up
from banners.errors import InvalidSlot


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedSlots:
    """The closed slots in a folder of event files, and how they are crunched.

    Args:
        folder: the folder, ``BANNERS_EVENTS`` or a copy of it.
        keep: whether to keep the performance of slots in it, and to use what is kept.
        window: the slots that may count; None for all that have event files.
        now: the current slot.
        memory: memory limit of DuckDB, which adds up the slots, such as ``2GB``.
    """

    folder: Path
    keep: bool
    window: Container[int] | None
    now: int
    memory: str

    def crunch(
        self,
        quarter: Quarter,
        files: Files,
        *,
        engine: Engine,
        limits: Limits,
        accept: bool,
        rejects: Path,
        scratch: Path,
        on_slot: OnSlot,
    ) -> Window:
        """Crunch the slots of a quarter that are new, and return the window of all of them.

        Args:
            quarter: the quarter of the hour.
            files: its event files.
            engine: crunches the event files of a slot.
            limits: limits beyond which the gate leaves a slot out.
            accept: whether to accept slots to which the gate objects; they count from then on.
            rejects: the folder for the files that list rows that were not accepted.
            scratch: an existing folder for temporary files.
            on_slot: called before each slot is crunched.

        Raises:
            SourceError, CrunchError: see :func:`banners.crunch.window.run.crunch_window`.
        """
        counted = {
            kind: [path for path in paths if self._counts(slot_of(path))]
            for kind, paths in files.items()
        }
        kept = Kept(self.folder / "performance" if self.keep else scratch)
        window = crunch_window(
            quarter,
            counted,
            Slots(
                engine=engine,
                kept=kept,
                archive=self.folder / "archive",
                rejects=rejects,
                limits=limits,
                accepted=_Every() if accept else self._accepted(quarter),
                now=self.now,
            ),
            scratch,
            on_slot,
        )
        if self.keep:
            if accept:
                self._accept(quarter, window.objections)
            known = {slot for slot in by_slot(files) if slot is not None}
            kept.sweep(quarter, known, min(known) - SLOTS_COMPARED * SLOTS_BETWEEN)
        return window

    @contextmanager
    def added_up(self, window: Window, scratch: Path, *others: Window) -> Iterator[Sums]:
        """Add up the slots of one or more windows.

        See :func:`banners.crunch.window.sums.added_up`.
        """
        paths = [each.path for one in (window, *others) for each in one.slots]
        with added_up(paths, scratch, memory=self.memory) as sums:
            yield sums

    def _counts(self, slot: int | None) -> bool:
        return slot is None or self.window is None or slot in self.window

    def _accepted(self, quarter: Quarter) -> Collection[int]:
        return set(_slots_marked(self._marks_of(quarter)))

    def _accept(self, quarter: Quarter, slots: Collection[int]) -> None:
        folder = self._marks_of(quarter)
        with writing_to_scratch():
            for slot in slots:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / slot_name(slot)).touch()

    def _marks_of(self, quarter: Quarter) -> Path:
        return self.folder / "accepted" / str(int(quarter))


class _Every:
    """Contains every slot."""

    def __contains__(self, slot: object) -> bool:
        return True


def _slots_marked(folder: Path) -> Iterator[int]:
    if folder.is_dir():
        for path in folder.iterdir():
            with suppress(InvalidSlot):
                yield slot_named(path.name)


def changed_in(windows: Iterable[Window]) -> Path | None:
    """Return an event file of windows that was changed or removed since; None if there is none."""
    return next((changed for each in windows if (changed := each.changed_file())), None)


def describe_window(outcome: QuarterOutcome, window: Window) -> None:
    """Record in the outcome of a quarter what became of its slots."""
    outcome.accounting = window.accounting
    outcome.skipped = [name for each in window.slots for name in each.skipped]
    rejects = [each.rejects for each in window.slots if each.rejects]
    outcome.rejects = rejects[-1] if rejects else None
    outcome.objections = [
        f"slot {slot_name(slot)}: {said}"
        for slot, every in window.objections.items()
        for said in every
    ]
    outcome.slots = SlotsOutcome(
        counted=sum(each.slot is not None for each in window.slots),
        crunched=len(window.crunched),
        left_out={slot_name(slot): list(said) for slot, said in window.left_out.items()},
    )
