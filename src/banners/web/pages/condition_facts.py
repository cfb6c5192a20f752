"""The facts of which :mod:`banners.web.pages.condition` makes sentences."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from banners.core.model import Quarter


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterFacts:
    """What is known of a quarter.

    Args:
        quarter: the quarter of the hour.
        is_served: whether it has a generation in memory.
        is_loading: whether a newer generation is published, and is being loaded.
        age: the time since its generation was published, or found unchanged by the loop; None if
            that is not known or a rollback holds it.
        objections: what the gate said against it, which was accepted.
        is_unreadable: whether the account of its rows cannot be read.
        by_loop: whether the loop publishes it.
        is_held: whether a rollback holds it.
        left_out: the names of the slots that do not count in it.
    """

    quarter: Quarter
    is_served: bool
    is_loading: bool = False
    age: timedelta | None = None
    objections: Sequence[str] = ()
    is_unreadable: bool = False
    by_loop: bool = False
    is_held: bool = False
    left_out: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopFacts:
    """What is known of the loop.

    Args:
        silent: the time since its last sign of life; negative if its clock is ahead.
        host: the host that it runs on.
        is_waiting: whether it was waiting then.
        problems: what failed then, as sentences.
    """

    silent: timedelta
    host: str = ""
    is_waiting: bool = True
    problems: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFacts:
    """What is known of recording in the last quarter of an hour, and of closing.

    Args:
        served: views that were handed out with a token.
        seen: views that were seen.
        clicks: clicks that were recorded.
        not_kept: events that could not be kept.
        unsynced_seconds: age of the oldest event that would be lost if the power failed.
        free_share: the share of the disk of the event log that is free; None if that is unknown.
        waiting: the names of the slots that should have been closed and are not, the oldest first.
        missing: the hosts whose events are missing in closed slots.
        is_closed: whether any slot was ever closed.
    """

    served: float = 0
    seen: float = 0
    clicks: float = 0
    not_kept: float = 0
    unsynced_seconds: float = 0.0
    free_share: float | None = None
    waiting: Sequence[str] = ()
    missing: Sequence[str] = ()
    is_closed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of an installation.

    Args:
        out_of_reach: the names of the tiers that cannot be reached.
        impaired: the tiers that answer but do not work correctly, each with the reason.
        quarters: what is known of each quarter.
        has_catalogue: whether there is a catalogue.
        is_open: whether everybody is an operator.
        complaints: what is wrong with the operators' passwords, as sentences.
        recording: what is known of recording and closing; None if nothing is recorded.
        loop: what is known of the loop; None if it has never run.
    """

    out_of_reach: Collection[str] = ()
    impaired: Mapping[str, str] = field(default_factory=dict)
    quarters: Sequence[QuarterFacts] = ()
    has_catalogue: bool = False
    is_open: bool = False
    complaints: Sequence[str] = ()
    recording: RecordingFacts | None = None
    loop: LoopFacts | None = None
