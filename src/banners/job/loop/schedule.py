"""When the loop closes slots and publishes quarters: a pure function of its progress and the time.

A slot is closed two minutes after its end. A quarter is published some time before its next slot
begins, about 40 minutes later; just before, its slots are closed again with what has come since.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from banners.core.model import Quarter
from banners.core.slots import (
    CLOSED_AFTER,
    MOST_AHEAD,
    SLOT_SECONDS,
    SLOTS_BETWEEN,
    quarter_of,
    slot_at,
)

# Among so many slots, every quarter occurs, also where a zone has changed its offset by less than
# fifteen minutes.
_ALL_QUARTERS = 8


@dataclass(frozen=True, slots=True)
class Close:
    """Close all slots that have ended and have something new.

    Args:
        slot: the last of them.
        at: when that is due, in seconds since 1970 in UTC.
    """

    slot: int
    at: float


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish a quarter, after its slots that have something new were closed again.

    Args:
        quarter: the quarter.
        slot: the slot of the quarter that begins next, for whose views it is published.
        at: when that is due, in seconds since 1970 in UTC. A publish that is late uses the slots
            that it would have used then.
    """

    quarter: Quarter
    slot: int
    at: float


Action = Close | Publish


@dataclass(frozen=True, slots=True)
class Timetable:
    """What the moments depend on.

    Args:
        zone: the time zone that quarters are counted in.
        publish_ahead: seconds before a quarter comes back at which it is published, 1 to 2,400.
    """

    zone: tzinfo
    publish_ahead: int

    def ahead_of(self, seconds: float) -> int:
        """Return how long before its slot a quarter is published that last took so many seconds."""
        return min(MOST_AHEAD, max(self.publish_ahead, 2 * round(seconds)))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the loop has come.

    Args:
        closed: the slot of its last ``Close``; None before the first.
        published: for each quarter, the slot of its last ``Publish``; none before the first.
        seconds: how long the last ``Publish`` of each quarter took.
        held: quarters that a rollback holds, in which nothing is due.
        later: for what has failed, when it may be tried again, in seconds since 1970 in UTC; the
            key is a quarter, or None for ``Close``.
    """

    closed: int | None = None
    published: Mapping[Quarter, int] = field(default_factory=dict)
    seconds: Mapping[Quarter, float] = field(default_factory=dict)
    held: frozenset[Quarter] = frozenset()
    later: Mapping[Quarter | None, float] = field(default_factory=dict)


def due(timetable: Timetable, progress: Progress, now: float) -> list[Action]:
    """Return what is due, in the order in which it was due.

    Of several moments that were missed, only the last counts: closing closes all that have ended,
    and a lineup is published for the next slot alone.

    Args:
        timetable: what the moments depend on.
        progress: how far the loop has come.
        now: seconds since 1970 in UTC.
    """
    actions: list[Action] = []
    slot = slot_at(now - CLOSED_AFTER) - 1
    if not _is_done(progress.closed, slot, now):
        actions.append(Close(slot, close_at(slot)))
    for quarter in Quarter:
        ahead = timetable.ahead_of(progress.seconds.get(quarter, 0))
        slot = next(_slots_of(timetable, quarter, slot_at(now + ahead), step=-1))
        if quarter not in progress.held and not _is_done(
            progress.published.get(quarter), slot, now
        ):
            actions.append(Publish(quarter, slot, slot * SLOT_SECONDS - ahead))
    return sorted(
        (each for each in actions if progress.later.get(key_of(each), now) <= now),
        key=lambda each: (each.at, isinstance(each, Publish)),
    )


def key_of(action: Action) -> Quarter | None:
    """Return the key of an action in :attr:`Progress.later`."""
    return action.quarter if isinstance(action, Publish) else None


def can_be_done(slot: int, now: float) -> bool:
    """Return whether a slot can have been closed or published for by now.

    If it cannot, the clock was ahead when that was noted, which says nothing about what is due.

    Args:
        slot: the slot.
        now: seconds since 1970 in UTC.
    """
    return slot <= slot_at(now + MOST_AHEAD) + SLOTS_BETWEEN


def next_moment(timetable: Timetable, progress: Progress, now: float) -> float:
    """Return when something is due next, after everything that is due now.

    Args:
        timetable: what the moments depend on.
        progress: how far the loop has come.
        now: seconds since 1970 in UTC.
    """
    return min(
        close_at(slot_at(now - CLOSED_AFTER)),
        *(next_publish(timetable, each, progress.seconds.get(each, 0), now) for each in Quarter),
        *(each for each in progress.later.values() if each > now),
    )


def next_publish(timetable: Timetable, quarter: Quarter, seconds: float, now: float) -> float:
    """Return when a quarter is to be published next, after now, in seconds since 1970 in UTC.

    Args:
        timetable: what the moments depend on.
        quarter: the quarter.
        seconds: how long its last publish took.
        now: seconds since 1970 in UTC.
    """
    ahead = timetable.ahead_of(seconds)
    slot = next(_slots_of(timetable, quarter, slot_at(now + ahead) + 1, step=1))
    return slot * SLOT_SECONDS - ahead


def close_at(slot: int) -> float:
    """Return when a slot is to be closed, in seconds since 1970 in UTC."""
    return (slot + 1) * SLOT_SECONDS + CLOSED_AFTER


def _is_done(last: int | None, slot: int, now: float) -> bool:
    return last is not None and slot <= last and can_be_done(last, now)


def _slots_of(timetable: Timetable, quarter: Quarter, first: int, *, step: int) -> Iterator[int]:
    slots = range(first, first + step * _ALL_QUARTERS, step)
    return (slot for slot in slots if quarter_of(slot, timetable.zone) == quarter)
