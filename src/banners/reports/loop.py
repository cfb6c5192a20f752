"""What there is to know about the loop, as types that the store fills and others show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from banners.core.model import Quarter


@dataclass(frozen=True, slots=True)
class LoopProcess:
    """The process of the loop, as it has reported last.

    Args:
        host: the name of its host, ``BANNERS_HOST``.
        process: its process id there.
        started_at: when it started, in UTC, ISO 8601.
        beat_at: its last sign of life, in UTC, ISO 8601; one comes at least every ten seconds, and
            with each step of long work.
        doing: what it does, such as ``waiting`` or ``closing 20261126T1445Z``.
        closed: the last slot that it has closed after its end; None if it has not closed any yet.
        next_at: when something is due next, in UTC, ISO 8601; empty if it is at work.
        problem: what fails now, as a sentence; empty if nothing does.
    """

    host: str
    process: int
    started_at: str
    beat_at: str
    doing: str
    closed: int | None
    next_at: str
    problem: str


@dataclass(frozen=True, slots=True)
class LoopQuarter:
    """What the loop has published last in a quarter.

    Args:
        slot: the slot for whose views it was.
        events: the folder of the event log.
        published_at: when it was published or found unchanged, in UTC, ISO 8601.
        seconds: seconds that this took.
    """

    slot: int
    events: str
    published_at: str
    seconds: int


@dataclass(frozen=True, slots=True)
class HeldQuarter:
    """A quarter that a rollback holds.

    Args:
        generation: the generation that is live in it until it is released.
        since: when it was rolled back, in UTC, ISO 8601.
    """

    generation: int
    since: str


@dataclass(frozen=True, slots=True)
class LoopStatus:
    """Everything about the loop that the database knows.

    Args:
        process: the process that has reported last; None if there was none.
        quarters: what it has published last in each quarter; none if it has never published.
        held: the quarters that a rollback holds.
    """

    process: LoopProcess | None = None
    quarters: Mapping[Quarter, LoopQuarter] = field(default_factory=dict)
    held: Mapping[Quarter, HeldQuarter] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeenLoop:
    """The loop as the database described it at a moment.

    Args:
        status: what the database held.
        at: that moment, in seconds since 1970 in UTC.
        publishes: when each quarter is to be published next, in seconds since 1970 in UTC.
    """

    status: LoopStatus = field(default_factory=LoopStatus)
    at: float = 0.0
    publishes: Mapping[Quarter, float] = field(default_factory=dict)

    @property
    def silent_seconds(self) -> float | None:
        """Seconds since the last sign of life; None if there was never one.

        They are negative if the clock of the loop is ahead.
        """
        process = self.status.process
        return self.at - _second(process.beat_at) if process else None

    def published_age(self, quarter: Quarter) -> float | None:
        """Return the seconds since the loop last published a quarter, or found it unchanged.

        None if it never has, or if a rollback holds the quarter.
        """
        last = self.status.quarters.get(quarter)
        if last is None or quarter in self.status.held:
            return None
        return max(0.0, self.at - _second(last.published_at))


def _second(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


class LoopReader(Protocol):
    """Reads what the loop reports."""

    def loop(self) -> LoopStatus:
        """Return what is known about the loop.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        ...
