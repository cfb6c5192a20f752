"""Writes what a worker has recorded to its metrics."""

from banners.collect.segments.log import EventLog
from banners.core.events import Kind
from banners.web.event_metrics import (
    BARE,
    EVENTS,
    LOG_FAILURES,
    TORN_BYTES,
    UNSYNCED,
    UNSYNCED_CLICKS,
    VIEWS,
    EventMetrics,
)
from banners.web.recording.counts import RecordingCounts


def tell(metrics: EventMetrics, counts: RecordingCounts, log: EventLog, now: float) -> None:
    """Write what a worker has recorded to its metrics.

    If the worker is killed, what it has counted since the last time is missing from them.

    Args:
        metrics: the metrics of the worker.
        counts: what became of the requests.
        log: its event log.
        now: seconds since 1970 in UTC.
    """
    metrics.count(VIEWS, counts.served)
    metrics.count(BARE, counts.bare)
    metrics.count(UNSYNCED_CLICKS, counts.unsynced)
    for kind, outcomes in (
        (Kind.IMPRESSIONS, counts.impressions),
        (Kind.CLICKS, counts.clicks),
        (Kind.CONVERSIONS, counts.conversions),
    ):
        for outcome, count in dict(outcomes).items():
            metrics.count(EVENTS, count, kind, outcome)
    metrics.count(LOG_FAILURES, log.counts.failed_writes, "write")
    metrics.count(LOG_FAILURES, log.counts.failed_syncs, "sync")
    metrics.count(TORN_BYTES, log.counts.torn)
    since = log.unsynced_since
    metrics.hold(UNSYNCED, 0.0 if since is None else max(0.0, now - since))
