"""Runs the loop: does what is due, one action after another, and survives what fails."""

import contextlib
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from banners.collect.close.files import EventFolder
from banners.collect.close.statements import KEPT
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.outcome import QuarterOutcome
from banners.core.slots import quarter_of, slot_name
from banners.errors import BannersError, CollectError, StoreError, counted, listed, readable
from banners.job.loop.alone import HOLDER
from banners.job.loop.clock import Clock
from banners.job.loop.schedule import (
    Action,
    Close,
    Progress,
    Publish,
    Timetable,
    can_be_done,
    due,
    key_of,
    next_moment,
)
from banners.reports.loop import LoopProcess, LoopStatus
from banners.store.write.publisher import ByLoop

if TYPE_CHECKING:
    from banners.collect.close.run import Among, Closed, OnSlot

_LOG = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
"""Seconds between two signs of life while the loop waits."""

SLOTS_AT_ONCE = 8
"""Maximum number of slots that are closed together, so that a day of them takes no more disk space
than these."""

_FIRST_PAUSE_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 300.0


class Records(Protocol):
    """What the loop keeps in the database: see :class:`banners.store.write.loop.LoopRecords`."""

    def hold_lock(self) -> None:
        """Make sure that this is the only loop of the database."""
        ...

    def status(self) -> LoopStatus:
        """Return what the database knows about the loop."""
        ...

    def has_catalogue(self) -> bool:
        """Return whether a version of the catalogue is in force."""
        ...

    def beat(self, process: LoopProcess) -> None:
        """Replace the sign of life."""
        ...

    def record(self, quarter: Quarter, publisher: ByLoop, seconds: int) -> None:
        """Record for which slot a quarter was published, or found unchanged."""
        ...


CloseSlots = Callable[[float, "OnSlot", "Among", int], "Closed"]
"""Closes slots, given the time, what to call before each, which may be closed, and how many: see
:func:`banners.collect.close.run.close_slots`."""

PublishQuarter = Callable[[Publish, Callable[[str], None]], QuarterOutcome]
"""Publishes a quarter, given the action and what to call at each step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the loop works with.

    Args:
        events: the folder of the event log.
        zone: the time zone that quarters are counted in.
        close: closes slots.
        publish: publishes a quarter.
        records: what is kept in the database.
        clock: the clock.
        tell: called with a sentence about each thing that was done or has failed.
        on_step: called with the name of each step before it is taken. What it raises ends the loop.
        host: the name of this host.
        process: the id of this process.
    """

    events: Path
    zone: tzinfo
    close: CloseSlots
    publish: PublishQuarter
    records: Records
    clock: Clock
    tell: Callable[[str], None]
    on_step: Callable[[str], None]
    host: str
    process: int


class Loop:
    """The loop of an installation.

    Args:
        parts: what it works with.
        timetable: what the moments depend on.
    """

    def __init__(self, parts: Parts, timetable: Timetable) -> None:
        self._parts = parts
        self._timetable = timetable
        self._progress = Progress()
        # The last slot for which nothing was published; the database has no row of it.
        self._empty: dict[Quarter, int] = {}
        self._left_out: dict[Quarter, dict[str, list[str]]] = {}
        self._pauses: dict[Quarter | None, float] = {}
        self._problems: dict[object, str] = {}
        self._started_at = self._stamp(parts.clock.now())
        self._beaten = 0.0

    def run(self) -> None:
        """Do what is due, forever."""
        while True:
            self.turn()

    def turn(self) -> None:
        """Do one thing that is due; if nothing is, wait until something may be."""
        now = self._parts.clock.now()
        # A clock that was set back must not put off for longer than a pause what failed before.
        later = {
            key: at
            for key, at in self._progress.later.items()
            if at <= now + _LONGEST_PAUSE_SECONDS
        }
        self._progress = replace(self._progress, later=later)
        self._look(now)
        actions = due(self._timetable, self._progress, now)
        if actions:
            self._try(actions[0])
            return
        moment = next_moment(self._timetable, self._progress, now)
        self._beat("waiting", self._stamp(moment))
        self._parts.clock.wait_until(min(moment, now + BEAT_SECONDS))

    def _look(self, now: float) -> None:
        """Read what was published and what is held; without the database, nothing is published."""
        self._step("looking")
        try:
            self._parts.records.hold_lock()
            status = self._parts.records.status()
            has_catalogue = self._parts.records.has_catalogue()
        except StoreError as error:
            self._complain(
                "database", f"{error} Slots are closed nevertheless; nothing is published."
            )
            self._progress = replace(self._progress, held=frozenset(Quarter))
            return
        self._forgive("database", "The database is in use again.")
        if has_catalogue:
            self._forgive("catalogue", "There is a catalogue now.")
        else:
            self._complain(
                "catalogue",
                "There is no catalogue, so nothing is published. Make one on the page of "
                "campaigns, or with: banners catalogue import DIR",
            )
        slots = {quarter: each.slot for quarter, each in status.quarters.items()}
        self._progress = replace(
            self._progress,
            published={
                quarter: max(
                    (
                        slot
                        for slot in (slots.get(quarter), self._empty.get(quarter))
                        if slot is not None and can_be_done(slot, now)
                    ),
                    default=-1,
                )
                for quarter in Quarter
            },
            seconds={quarter: each.seconds for quarter, each in status.quarters.items()},
            held=frozenset(status.held if has_catalogue else Quarter),
        )

    def _try(self, action: Action) -> None:
        try:
            if isinstance(action, Publish):
                self._publish(action)
            else:
                self._close_ended(action)
        except BannersError as error:
            self._put_off(action, str(error))
        # A bug, or a machine that fails: the other actions go on.
        except Exception as error:  # noqa: BLE001
            _LOG.exception("The loop could not finish what it did.")
            self._put_off(action, f"{type(error).__name__}: {error}.")
        else:
            key = key_of(action)
            later = {each: at for each, at in self._progress.later.items() if each != key}
            self._progress = replace(self._progress, later=later)
            self._pauses.pop(key, None)
            self._forgive(key, "")

    def _put_off(self, action: Action, error: str) -> None:
        key = key_of(action)
        pause = min(self._pauses.get(key, _FIRST_PAUSE_SECONDS / 2) * 2, _LONGEST_PAUSE_SECONDS)
        self._pauses[key] = pause
        at = self._parts.clock.now() + pause
        self._progress = replace(self._progress, later={**self._progress.later, key: at})
        self._problems[key] = error
        self._parts.tell(f"{_named(action)} failed: {error} Trying again in {pause:g} seconds.")

    def _close_ended(self, action: Close) -> None:
        failed = self._close(self._parts.clock.now(), lambda slot: slot <= action.slot)
        if failed:
            raise CollectError(*failed)
        self._progress = replace(self._progress, closed=action.slot)

    def _publish(self, action: Publish) -> None:
        begun = self._parts.clock.now()
        quarter = action.quarter
        # As of the moment when it was due, so that a slot that has left the window since counts.
        failed = self._close(
            action.at,
            lambda slot: slot < action.slot and quarter_of(slot, self._parts.zone) == quarter,
        )
        for each in failed:
            # The files of such a slot stay as they are; the quarter is published with them.
            self._complain("slots", each)
        before = self._parts.records.status().quarters
        if quarter not in before and not self._has_events(quarter, action.slot):
            self._empty[quarter] = action.slot
            return
        outcome = self._parts.publish(
            action, lambda name: self._step(f"{name} {listed([quarter])}")
        )
        self._step("published")
        self._tell_left_out(outcome)
        if outcome.refused:
            self._empty[quarter] = action.slot
            self._complain(quarter, f"Quarter {quarter:d} refused: {outcome.refused}")
            return
        seconds = round(self._parts.clock.now() - begun)
        self._parts.records.record(quarter, ByLoop(self._parts.events, action.slot), seconds)
        self._step("recorded")
        done = outcome.published
        self._parts.tell(
            f"Quarter {quarter:d}, for {slot_name(action.slot)}: "
            + (f"published, with {counted(done.campaigns, 'campaign')}." if done else "unchanged.")
        )

    def _tell_left_out(self, outcome: QuarterOutcome) -> None:
        """Report which slots of a quarter are left out, if that has changed."""
        left_out = outcome.slots.left_out if outcome.slots else {}
        if left_out != self._left_out.get(outcome.quarter, {}):
            for slot, reasons in left_out.items():
                self._parts.tell(
                    f"Quarter {outcome.quarter:d}: slot {slot} is left out: {'; '.join(reasons)}."
                )
        self._left_out[outcome.quarter] = left_out

    def _has_events(self, quarter: Quarter, before: int) -> bool:
        """Return whether anything counts in a closed slot of a quarter, before a slot."""
        folder = EventFolder(self._parts.events)
        slots = [slot for slot in folder.closed_slots() if slot < before]
        closed = (folder.closed(slot) for slot in reversed(slots))
        return any(
            each.count(kind, KEPT) > 0
            for each in closed
            if each and not each.archived and quarter in each.quarters
            for kind in Kind
        )

    def _close(self, now: float, among: "Among") -> list[str]:
        """Close slots, the oldest first; one that fails does not keep the others from it.

        Returns:
            Why slots could not be closed, or their totals not be written.

        Raises:
            CollectError: no slot can be closed.
        """
        tried = -1
        failed: list[str] = []
        while True:
            at: list[int] = []

            def on_slot(slot: int, at: list[int] = at) -> None:
                at.append(slot)
                self._step(f"closing {slot_name(slot)}")

            def is_next(slot: int, tried: int = tried) -> bool:
                return slot > tried and among(slot)

            try:
                closed = self._parts.close(now, on_slot, is_next, SLOTS_AT_ONCE)
            except CollectError as error:
                if not at:
                    raise
                failed.append(str(error))
                tried = at[-1]
                continue
            self._step("closed")
            self._report(closed)
            failed += closed.problems
            if len(closed.slots) < SLOTS_AT_ONCE:
                break
            tried = closed.slots[-1].slot
        if not failed:
            self._forgive("slots", "")
        return list(dict.fromkeys(failed))

    def _report(self, closed: "Closed") -> None:
        for each in closed.slots:
            counts = ", ".join(f"{each.count(kind, 'kept'):,} {kind}" for kind in Kind)
            missing = _missing(each.missing)
            self._parts.tell(f"Closed {slot_name(each.slot)}: {counts}{missing}.")
        if closed.archived:
            self._parts.tell(f"Archived {len(closed.archived):,} slots that left the window.")
        if closed.late:
            self._parts.tell(f"Too late for their window: {closed.late:,} records.")
        if closed.uncounted:
            self._parts.tell(
                f"Too late for the totals of their days: {closed.uncounted:,} records."
            )
        if closed.torn:
            self._parts.tell(f"Damaged, and left out: {closed.torn:,} bytes of segments.")

    def _step(self, name: str) -> None:
        self._parts.on_step(name)
        if self._parts.clock.now() - self._beaten >= BEAT_SECONDS and name != "looking":
            self._beat(name, "")

    def _beat(self, doing: str, next_at: str) -> None:
        """Give a sign of life: in the database, and by the age of a file, for health checks."""
        now = self._beaten = self._parts.clock.now()
        with contextlib.suppress(OSError):
            (self._parts.events / HOLDER).touch()
        process = LoopProcess(
            host=self._parts.host,
            process=self._parts.process,
            started_at=self._started_at,
            beat_at=self._stamp(now),
            doing=doing,
            closed=self._progress.closed,
            next_at=next_at,
            problem="\n".join(self._problems.values()),
        )
        try:
            self._parts.records.beat(process)
        except StoreError as error:
            # If the database is the problem already, that was reported when it began.
            if "database" not in self._problems:
                self._complain("database", str(error))

    def _complain(self, key: object, sentence: str) -> None:
        """Tell about a lasting problem, only once."""
        if self._problems.get(key) != sentence:
            self._problems[key] = sentence
            self._parts.tell(sentence)

    def _forgive(self, key: object, sentence: str) -> None:
        if self._problems.pop(key, None) and sentence:
            self._parts.tell(sentence)

    @staticmethod
    def _stamp(moment: float) -> str:
        return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def _named(action: Action) -> str:
    if isinstance(action, Close):
        return "Closing slots"
    return f"Publishing quarter {action.quarter:d}"


def _missing(hosts: Collection[str]) -> str:
    names: Iterable[str] = map(readable, hosts)
    return f". Records are still missing from: {', '.join(names)}" if hosts else ""
