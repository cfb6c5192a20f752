"""What the status page shows of the loop."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from banners.core.model import Quarter
from banners.core.slots import slot_name
from banners.reports.loop import SeenLoop
from banners.web.pages.condition_facts import LoopFacts
from banners.web.pages.time_words import in_words

_WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopShown:
    """What the page shows of the loop.

    Args:
        ago: the time since its last sign of life, as text.
        doing: what it did then.
        host: the host that it runs on.
        process: its process id there.
        closed: the name of the last slot that it has closed after its end; empty if none.
        next: when its next step is due, as text; empty while it is at work.
        publishes: when each quarter is to be published next, as text.
    """

    ago: str
    doing: str
    host: str
    process: int
    closed: str
    next: str
    publishes: Mapping[Quarter, str]


def loop_shown(seen: SeenLoop, now: datetime) -> LoopShown | None:
    """Return what the page shows of the loop; None if it has never run.

    Args:
        seen: the loop as it was found last.
        now: the local time.
    """
    process = seen.status.process
    if process is None:
        return None
    due = datetime.fromisoformat(process.next_at) if process.next_at else None
    return LoopShown(
        ago=in_words(max(_silent(seen), timedelta(0))),
        doing=process.doing,
        host=process.host,
        process=process.process,
        closed=slot_name(process.closed) if process.closed is not None else "",
        next=_in_time(due, now) if due and process.doing == _WAITING else "",
        publishes={
            quarter: "not while it is held"
            if quarter in seen.status.held
            else _in_time(datetime.fromtimestamp(at, now.tzinfo), now)
            for quarter, at in seen.publishes.items()
        },
    )


def loop_facts(seen: SeenLoop) -> LoopFacts | None:
    """Return the facts that the condition of the installation depends on; None if it never ran."""
    process = seen.status.process
    if process is None:
        return None
    return LoopFacts(
        silent=_silent(seen),
        host=process.host,
        is_waiting=process.doing == _WAITING,
        problems=process.problem.splitlines(),
    )


def _silent(seen: SeenLoop) -> timedelta:
    return timedelta(seconds=seen.silent_seconds or 0.0)


def _in_time(at: datetime, now: datetime) -> str:
    """Return when something is due, such as ``in 20 minutes (14:13)``."""
    clock = f"{at.astimezone(now.tzinfo):%H:%M}"
    return f"in {in_words(at - now)} ({clock})" if at > now else f"now ({clock})"
