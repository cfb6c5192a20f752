"""The metrics of recording and closing, and what one worker writes to them."""

from collections.abc import Callable, Mapping

from banners.core.closing import ClosingState
from banners.core.events import Kind
from banners.core.slots import SLOT_SECONDS
from banners.reports.loop import SeenLoop
from banners.web.measures import Counter, Gauge, Histogram
from banners.web.series import Series

VIEWS = Counter(
    "banners_views", "Pages, frames and JSON answers that were handed out with a token."
)
EVENTS = Counter(
    "banners_events",
    "Events that were sent, by kind and outcome; an impression is the view of all its banners.",
    ("kind", "outcome"),
)
UNSYNCED_CLICKS = Counter(
    "banners_unsynced_clicks",
    "Clicks whose visitor was sent on before the disk had confirmed them.",
)
BARE = Counter("banners_bare", "Redirects to the image of one banner, which have no token.")
LOG_FAILURES = Counter(
    "banners_log_failures", "Calls by which the disk refused to keep events.", ("call",)
)
TORN_BYTES = Counter(
    "banners_log_torn_bytes", "Bytes that were cut off from segments of workers that had died."
)
UNSYNCED = Gauge(
    "banners_log_unsynced_seconds",
    "Age of the oldest event that would be lost if the power failed, in the slowest worker.",
)
FREE_BYTES = Gauge(
    "banners_log_free_bytes", "Bytes that are free on the disk of the event log.", merge=min
)
DISK_BYTES = Gauge("banners_log_disk_bytes", "Size of the disk of the event log in bytes.")
WAITING = Gauge("banners_slots_waiting", "Slots that should have been closed, and are not.")
CLOSED_AGE = Gauge(
    "banners_slot_closed_age_seconds",
    "Seconds since the end of the latest slot that was closed after its end.",
    merge=min,
)
ACCOUNT = Gauge(
    "banners_closed_events",
    "Events of the slots of the last day that were closed, by outcome; impressions by banner.",
    ("kind", "outcome"),
)
LATE = Gauge("banners_late_events", "Those of them that arrived after the end of their slot.")
MISSING = Gauge("banners_missing_hosts", "Hosts whose events are missing in slots of the last day.")
SILENT = Gauge("banners_loop_silent_seconds", "Seconds since the last sign of life of the loop.")
PUBLISHED_AGE = Gauge(
    "banners_published_age_seconds",
    "Seconds since the loop last published a quarter or found it unchanged; 0 while it is held.",
    ("quarter",),
)
HELD_QUARTERS = Gauge("banners_held_quarters", "Quarters that a rollback holds.")

COUNTED: tuple[Counter | Histogram, ...] = (
    *(VIEWS, EVENTS, UNSYNCED_CLICKS, BARE, LOG_FAILURES, TORN_BYTES),
)
HELD = (
    *(UNSYNCED, FREE_BYTES, DISK_BYTES, WAITING, CLOSED_AGE, ACCOUNT, LATE, MISSING),
    *(SILENT, PUBLISHED_AGE, HELD_QUARTERS),
)


Values = Callable[..., Mapping[str, Mapping[tuple[str, ...], float]]]
"""Returns the values of metrics by name and labels, over all workers."""


class EventMetrics:
    """The metrics of recording and closing that one worker writes.

    Args:
        series: the numbers of this worker.
    """

    def __init__(self, series: Series) -> None:
        self._series = series
        self._counted: dict[tuple[str, ...], float] = {}
        self._told: set[tuple[str, str]] = set()

    def count(self, counter: Counter, total: float, *labels: str) -> None:
        """Set a counter to what this worker has counted so far, beside what others before it did.

        Args:
            counter: the counter.
            total: what this worker has counted since its start.
            labels: the values of the labels.
        """
        key = (counter.name, *labels)
        more = total - self._counted.get(key, 0)
        # A series of zero is made as well, so that a rate can be computed from the first event on.
        counter.of(self._series, *labels).add(more)
        self._counted[key] = total

    def hold(self, gauge: Gauge, value: float) -> None:
        """Set a gauge of this worker."""
        gauge.of(self._series).set(value)

    def closing(self, state: ClosingState, now: float) -> None:
        """Record how far closing has come.

        Args:
            state: what was found.
            now: seconds since 1970 in UTC.
        """
        self.hold(WAITING, len(state.waiting))
        if state.late is not None:
            self.hold(LATE, state.late)
        self.hold(MISSING, len(state.missing))
        if state.newest is not None:
            self.hold(CLOSED_AGE, now - (state.newest + 1) * SLOT_SECONDS)
        figures = _by_outcome(state.account)
        # Outcomes that no longer occur are set to zero.
        for kind, outcome in self._told | set(figures):
            ACCOUNT.of(self._series, kind, outcome).set(figures.get((kind, outcome), 0))
        self._told |= set(figures)

    def loop(self, seen: SeenLoop) -> None:
        """Record the state of the loop; nothing if it has never run."""
        if (silent := seen.silent_seconds) is None:
            return
        self.hold(SILENT, silent)
        self.hold(HELD_QUARTERS, len(seen.status.held))
        for quarter in seen.status.quarters:
            age = seen.published_age(quarter) or 0.0
            PUBLISHED_AGE.of(self._series, str(int(quarter))).set(age)


def counts_of(values: Values) -> Mapping[tuple[str, ...], float]:
    """Return what all workers have counted, by the name of the metric and its labels.

    Args:
        values: returns the values of metrics, over all workers.
    """
    found = values(VIEWS, EVENTS, UNSYNCED_CLICKS, BARE)
    return {(name, *labels): each for name, of in found.items() for labels, each in of.items()}


def unsynced_of(values: Values) -> float:
    """Return the age in seconds of the oldest event that would be lost if the power failed.

    Args:
        values: returns the values of metrics, over all workers.
    """
    return values(UNSYNCED)[UNSYNCED.name].get((), 0.0)


def _by_outcome(account: Mapping[Kind, Mapping[str, int]]) -> Mapping[tuple[str, str], int]:
    return {
        (str(kind), outcome): count
        for kind, outcomes in account.items()
        for outcome, count in outcomes.items()
    }
