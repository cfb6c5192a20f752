"""Metrics for Prometheus. No label is a campaign or a banner, so that their number is bounded."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from math import nan

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from banners.core.account import Account
from banners.web import event_metrics
from banners.web.event_metrics import EventMetrics
from banners.web.measures import Counter, Gauge, Histogram, Number
from banners.web.series import Series
from banners.web.shared_memory import SharedMemory

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_LOG = logging.getLogger(__name__)

REQUESTS = Counter("banners_requests", "Requests answered.", ("route", "status"))
REQUEST_SECONDS = Histogram(
    "banners_request_seconds",
    "Time that the worker took, without the time in which it waited for the client.",
    ("route",),
)
PLACEHOLDERS = Counter(
    "banners_placeholders",
    "Requests for the image of a candidate that has none, answered with a placeholder.",
)
UNKNOWN_EMBEDS = Counter(
    "banners_unknown_embeds",
    "Requests for the frame or the single banner of a campaign that the catalogue does not have.",
)
REDIS = Counter(
    "banners_redis",
    "Requests to Redis: hit, miss or damaged by lineup, failed or skipped by call.",
    ("outcome",),
)
GENERATION = Gauge(
    "banners_generation",
    "Live generation of a quarter, in the worker that is furthest behind.",
    ("quarter",),
    merge=min,
)
LINEUPS = Gauge(
    "banners_lineups_in_memory",
    "Lineups of a quarter that are held in memory, summed over all workers.",
    ("quarter",),
    merge=sum,
)
LOAD_SECONDS = Gauge(
    "banners_load_seconds",
    "Seconds that the last load of a quarter took, by the slowest worker.",
    ("quarter",),
)
ROWS = Gauge(
    "banners_event_rows",
    "Rows of the event files of the live generation, by outcome.",
    ("quarter", "kind", "outcome"),
)
CATALOGUE = Gauge(
    "banners_catalogue_version",
    "Version of the catalogue that is in force in the worker that is furthest behind; 0 for none.",
    merge=min,
)
STALE = Gauge(
    "banners_stale",
    "1 where a worker cannot reach the database and serves what it has in memory.",
)
REDIS_DOWN = Gauge("banners_redis_down", "1 where Redis does not answer a worker.")

_COUNTED: tuple[Counter | Histogram, ...] = (
    *(REQUESTS, REQUEST_SECONDS, PLACEHOLDERS, UNKNOWN_EMBEDS, REDIS),
    *event_metrics.COUNTED,
)
_HELD = (
    *(GENERATION, LINEUPS, LOAD_SECONDS, ROWS, CATALOGUE, STALE, REDIS_DOWN),
    *event_metrics.HELD,
)


class Metrics(Collector):
    """The metrics of one worker; those of all workers are aggregated when they are asked for.

    Args:
        memory: the memory that all workers share; if not given, one for this worker alone.
        slot: the slot of this worker.
    """

    def __init__(self, memory: SharedMemory | None = None, slot: int = 0) -> None:
        self._memory = memory or SharedMemory()
        self._series = self._memory.series[slot]
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self.placeholders = PLACEHOLDERS.of(self._series)
        self.unknown_embeds = UNKNOWN_EMBEDS.of(self._series)
        self.events = EventMetrics(self._series)
        self._stale, self._redis_down = STALE.of(self._series), REDIS_DOWN.of(self._series)
        self._told: dict[int, set[tuple[str, str]]] = {}
        self.looked(())

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            route: the template of its address.
            status: the HTTP status of its answer.
            seconds: the time that it took.
        """
        REQUESTS.of(self._series, route, str(status)).inc()
        REQUEST_SECONDS.of(self._series, route).observe(seconds)

    def counter(self, route: str) -> "RouteCounter":
        """Return the counter of the requests of one route."""
        return RouteCounter(self._series, route)

    def count_redis(self, outcome: str) -> None:
        """Count an outcome of a request to Redis."""
        REDIS.of(self._series, outcome).inc()

    def loaded(
        self,
        quarter: int,
        *,
        generation: int,
        lineups: int,
        seconds: float,
        accounts: Iterable[Account],
    ) -> None:
        """Record that a quarter was loaded.

        Args:
            quarter: the quarter of the hour, 1 to 4.
            generation: the number of the loaded generation.
            lineups: how many of its lineups are held in memory.
            seconds: the time that it took.
            accounts: what became of the rows of its event files, by kind.
        """
        label = str(quarter)
        GENERATION.of(self._series, label).set(generation)
        LINEUPS.of(self._series, label).set(lineups)
        LOAD_SECONDS.of(self._series, label).set(seconds)
        # Outcomes of the previous generation that this one does not have are set to zero.
        figures = dict.fromkeys(self._told.get(quarter, ()), 0)
        for account in accounts:
            by_outcome = account.by_outcome.items()
            figures |= {(str(account.kind), outcome): rows for outcome, rows in by_outcome}
        for (kind, outcome), rows in figures.items():
            ROWS.of(self._series, label, kind, outcome).set(rows)
        self._told[quarter] = set(figures)

    def catalogue_loaded(self, number: int) -> None:
        """Record which version of the catalogue is in force in this worker; 0 for none."""
        CATALOGUE.of(self._series).set(number)

    def looked(self, out_of_reach: Collection[str]) -> None:
        """Record which tiers could not be reached at the last look for a new generation."""
        self._stale.set("database" in out_of_reach)
        self._redis_down.set("redis" in out_of_reach)

    def exposition(self) -> bytes:
        """Return the metrics of all workers in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with the values of all workers, for prometheus_client."""
        found = self._found()
        for metric in (*_COUNTED, *_HELD):
            yield metric.family(found.get(metric.name, ()))

    def values(self, *metrics: Counter | Gauge) -> Mapping[str, Mapping[tuple[str, ...], float]]:
        """Return the values of all workers together, by the name of the metric and its labels."""
        found = self._found()
        return {each.name: dict(each.merged(found.get(each.name, ()))) for each in metrics}

    def _found(self) -> Mapping[str, list[tuple[tuple[str, ...], list[float]]]]:
        found: dict[str, list[tuple[tuple[str, ...], list[float]]]] = {}
        for (name, labels), numbers in chain.from_iterable(map(_read, self._memory.series)):
            found.setdefault(name, []).append((labels, list(numbers)))
        return found


class RouteCounter:
    """Counts the requests of one route, with its numbers looked up beforehand.

    Args:
        series: the numbers of this worker.
        route: the template of its address.
    """

    def __init__(self, series: Series, route: str) -> None:
        self._series = series
        self._route = route
        self._by_status: dict[int, Number] = {}
        self._seconds = REQUEST_SECONDS.of(series, route)

    def add(self, status: int, seconds: float) -> None:
        """Count a request by the status of its answer, and the time that it took."""
        counter = self._by_status.get(status)
        if counter is None:
            counter = REQUESTS.of(self._series, self._route, str(status))
            self._by_status[status] = counter
        self._seconds.observe_counted(seconds, counter)


def withdraw(series: Series) -> None:
    """Leave a worker that has ended out of the gauges; what it counted stays."""
    held = {each.name for each in _HELD}
    for (name, _), numbers in _read(series):
        if name in held:
            numbers[0] = nan


def _read(series: Series) -> list[tuple[tuple[str, tuple[str, ...]], "memoryview[float]"]]:
    try:
        return list(series.read())
    except (ValueError, TypeError):
        _LOG.warning("The metrics of one worker are damaged, and left out.")
        return []
