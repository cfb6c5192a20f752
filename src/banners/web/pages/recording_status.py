"""What the status page shows of recording and closing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from banners.core.closing import ClosingState
from banners.core.events import Kind
from banners.core.slots import SLOT_SECONDS, slot_at, slot_name
from banners.web.event_metrics import BARE, EVENTS, UNSYNCED_CLICKS, VIEWS
from banners.web.pages.condition_facts import RecordingFacts
from banners.web.recording.watched import Counts, Watched

_KINDS = {
    Kind.IMPRESSIONS: "views",
    Kind.CLICKS: "clicks",
    Kind.CONVERSIONS: "conversions",
}


@dataclass(frozen=True, slots=True)
class CountLine:
    """A line of the table of what was recorded.

    Args:
        name: what was counted.
        recent: how often in the last quarter of an hour.
        total: how often since the server was started.
    """

    name: str
    recent: float
    total: float


@dataclass(frozen=True, slots=True)
class AccountedLine:
    """A line of the table of what closing has made of events.

    Args:
        outcome: what became of them.
        counts: how many of each kind.
    """

    outcome: str
    counts: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStatus:
    """What the page shows.

    Args:
        slot: the name of the slot that is open.
        until: when it ends, as local time.
        counts: what was recorded.
        kinds: the kinds of events in the account.
        account: what closing has made of the events of the last day.
        newest: the name of the latest slot that was closed after its end; empty if none was.
        watched: everything else.
    """

    slot: str
    until: str
    counts: Sequence[CountLine]
    kinds: Sequence[Kind]
    account: Sequence[AccountedLine]
    newest: str
    watched: Watched

    @property
    def free_share(self) -> float | None:
        """The share of the disk of the event log that is free."""
        return free_share(self.watched)


def recording_status(watched: Watched, now: datetime) -> RecordingStatus:
    """Return what the page shows of recording and closing.

    Args:
        watched: what is known.
        now: the local time.
    """
    slot = slot_at(now.timestamp())
    left = timedelta(seconds=(slot + 1) * SLOT_SECONDS - now.timestamp())
    closing = watched.closing
    return RecordingStatus(
        slot=slot_name(slot),
        until=f"{now + left:%H:%M}",
        counts=list(_count_lines(watched)),
        kinds=list(Kind),
        account=list(_account_lines(closing)) if closing else [],
        newest=slot_name(closing.newest) if closing and closing.newest is not None else "",
        watched=watched,
    )


def recording_facts(watched: Watched) -> RecordingFacts:
    """Return the facts that the condition of the installation depends on."""
    closing = watched.closing
    recent = watched.recent
    return RecordingFacts(
        served=recent.get((VIEWS.name,), 0),
        seen=recent.get((EVENTS.name, Kind.IMPRESSIONS, "recorded"), 0),
        clicks=recent.get((EVENTS.name, Kind.CLICKS, "recorded"), 0),
        not_kept=sum(recent.get((EVENTS.name, kind, "not_kept"), 0) for kind in Kind),
        unsynced_seconds=watched.unsynced_seconds,
        free_share=free_share(watched),
        waiting=[slot_name(slot) for slot in closing.waiting] if closing else (),
        missing=closing.missing if closing else (),
        is_closed=closing is not None,
    )


def free_share(watched: Watched) -> float | None:
    """Return the share of the disk of the event log that is free; None if that is unknown."""
    if watched.free_bytes is None or not watched.disk_bytes:
        return None
    return watched.free_bytes / watched.disk_bytes


def _count_lines(watched: Watched) -> Iterator[CountLine]:
    def line(name: str, *key: str) -> CountLine:
        return CountLine(name, watched.recent.get(key, 0), watched.totals.get(key, 0))

    yield line("views served", VIEWS.name)
    for kind in Kind:
        for outcome in _outcomes(watched.totals, kind):
            yield line(f"{_KINDS[kind]} {outcome.replace('_', ' ')}", EVENTS.name, kind, outcome)
    yield line("clicks not yet on the disk when answered", UNSYNCED_CLICKS.name)
    yield line("single banners, which are not counted as seen", BARE.name)


def _outcomes(totals: Counts, kind: Kind) -> list[str]:
    """Return the outcomes of a kind of event that occurred; recorded ones come first."""
    found = {key[2] for key, count in totals.items() if key[:2] == (EVENTS.name, kind) and count}
    return ["recorded", *sorted(found - {"recorded"})]


def _account_lines(closing: ClosingState) -> Iterator[AccountedLine]:
    account: Mapping[Kind, Mapping[str, int]] = closing.account
    outcomes = {outcome for counts in account.values() for outcome in counts}
    for outcome in ["kept", *sorted(outcomes - {"kept"})]:
        counts = [account.get(kind, {}).get(outcome, 0) for kind in Kind]
        yield AccountedLine(outcome.replace("_", " "), counts)
