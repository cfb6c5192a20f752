"""The metrics of recording and closing cover all workers."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from banners.core.closing import ClosingState
from banners.core.events import Kind
from banners.core.slots import SLOT_SECONDS
from banners.core.views import Traffic
from banners.web import event_metrics
from banners.web.event_metrics import EVENTS, FREE_BYTES, UNSYNCED, VIEWS
from banners.web.metrics import Metrics, withdraw
from banners.web.recording.counts import Outcome, RecordingCounts
from banners.web.recording.told import tell
from banners.web.shared_memory import SharedMemory
from support.event_logs import Clock, open_log, view_of


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every figure of an exposition by name and labels."""
    told = metrics.exposition().decode() + "# EOF\n"
    return {
        (each.name, *each.labels.values()): each.value
        for family in text_string_to_metric_families(told)
        for each in family.samples
    }


def test_counts_of_all_workers_are_added_also_of_those_that_have_ended() -> None:
    memory = SharedMemory(2)
    first, second = Metrics(memory, 0), Metrics(memory, 1)
    for total in (3, 3, 10):
        first.events.count(EVENTS, total, "clicks", "recorded")
    withdraw(memory.series[0])
    replacement = Metrics(memory, 0)
    replacement.events.count(EVENTS, 5, "clicks", "recorded")
    second.events.count(EVENTS, 1, "clicks", "recorded")
    assert samples(second)["banners_events_total", "clicks", "recorded"] == 16
    assert second.values(EVENTS)["banners_events"] == {("clicks", "recorded"): 16}


def test_a_counter_is_there_before_its_first_event() -> None:
    metrics = Metrics()
    metrics.events.count(VIEWS, 0)
    assert samples(metrics)["banners_views_total",] == 0


def test_the_worst_value_of_any_living_worker_is_told() -> None:
    memory = SharedMemory(2)
    first, second = Metrics(memory, 0), Metrics(memory, 1)
    for metrics, seconds, free in ((first, 7.5, 10), (second, 0.5, 20)):
        metrics.events.hold(UNSYNCED, seconds)
        metrics.events.hold(FREE_BYTES, free)
    found = samples(second)
    assert found["banners_log_unsynced_seconds",] == 7.5
    assert found["banners_log_free_bytes",] == 10
    withdraw(memory.series[0])
    assert samples(second)["banners_log_unsynced_seconds",] == 0.5


def test_how_far_closing_has_come_is_told() -> None:
    metrics = Metrics()
    account = {Kind.CLICKS: {"kept": 5, "crawler": 2}}
    state = ClosingState(newest=9, waiting=(10, 11), missing=("web-2",), account=account, late=3)
    metrics.events.closing(state, 12 * SLOT_SECONDS + 60)
    found = samples(metrics)
    assert found["banners_slots_waiting",] == 2
    assert found["banners_late_events",] == 3
    assert found["banners_missing_hosts",] == 1
    assert found["banners_slot_closed_age_seconds",] == 2 * SLOT_SECONDS + 60
    assert found["banners_closed_events", "clicks", "crawler"] == 2
    metrics.events.closing(ClosingState(account={Kind.CLICKS: {"kept": 1}}), 0)
    found = samples(metrics)
    assert found["banners_closed_events", "clicks", "kept"] == 1
    assert found["banners_closed_events", "clicks", "crawler"] == 0


def test_every_metric_of_recording_is_told_only_where_events_are_recorded() -> None:
    told = {family for (family, *_) in samples(Metrics())}
    names = {each.name for each in (*event_metrics.COUNTED, *event_metrics.HELD)}
    assert not {name for name in told if name.removesuffix("_total") in names}


def test_a_worker_tells_what_it_has_recorded(tmp_path: Path) -> None:
    clock, counts, metrics = Clock(), RecordingCounts(), Metrics()
    log = open_log(tmp_path, clock)
    counts.served, counts.bare, counts.unsynced = 7, 2, 1
    counts.impressions[Outcome.RECORDED] += 5
    counts.clicks[Outcome.BAD_TOKEN] += 3
    counts.conversions[Outcome.REFUSED] += 8
    log.counts.failed_syncs, log.counts.torn = 4, 99
    assert log.impressions(view_of(1), Traffic.CLEAN)
    assert log.flush()
    clock.now += 6
    tell(metrics.events, counts, log, clock.now)
    found = samples(metrics)
    assert found["banners_views_total",] == 7
    assert found["banners_bare_total",] == 2
    assert found["banners_unsynced_clicks_total",] == 1
    assert found["banners_events_total", "impressions", "recorded"] == 5
    assert found["banners_events_total", "clicks", "bad_token"] == 3
    assert found["banners_events_total", "clicks", "recorded"] == 0
    assert found["banners_events_total", "conversions", "refused"] == 8
    assert found["banners_log_failures_total", "sync"] == 4
    assert found["banners_log_failures_total", "write"] == 0
    assert found["banners_log_torn_bytes_total",] == 99
    assert found["banners_log_unsynced_seconds",] == 6
    assert log.sync()
    tell(metrics.events, counts, log, clock.now)
    assert samples(metrics)["banners_log_unsynced_seconds",] == 0
    log.close()
