"""The kinds of metrics: counters, gauges and histograms, whose numbers all workers share.

Each worker writes its numbers to a slot of its own in the memory that all of them share; any of
them adds up those of all. A worker that replaces another continues its counts.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from math import isnan
from threading import Lock

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from banners.web.series import Series

Found = Iterable[tuple[tuple[str, ...], Collection[float]]]
"""The numbers of each worker, with the values of their labels."""

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10)
_BOUNDS = [*(str(float(each)) for each in _SECONDS), "+Inf"]

# Shared by the threads of one worker: only they write to the same numbers.
_LOCK = Lock()


class Number:
    """A counter or a gauge of this worker.

    Args:
        numbers: its one number.
    """

    def __init__(self, numbers: "memoryview[float]") -> None:
        self.numbers = numbers
        """The number, which only this worker changes, as the only element of a view."""

    def inc(self) -> None:
        """Add one."""
        self.add(1)

    def add(self, count: float) -> None:
        """Add a number."""
        with _LOCK:
            self.numbers[0] += count

    def set(self, value: float) -> None:
        """Replace the value."""
        self.numbers[0] = value


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts up; the counts of all workers are added, also of those that have ended."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def of(self, series: Series, *labels: str) -> Number:
        """Return the counter of one worker with these values of the labels."""
        return Number(series.numbers(self.name, labels))

    def merged(self, found: Found) -> Iterator[tuple[tuple[str, ...], float]]:
        """Yield the sum over all workers for each combination of labels."""
        for labels, values in _by_labels(found):
            yield labels, sum(value for (value,) in values)

    def family(self, found: Found) -> Metric:
        """Return what Prometheus is told, from each series of each worker."""
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in self.merged(found):
            family.add_metric(labels, value)
        return family


@dataclass(frozen=True, slots=True)
class Gauge:
    """Has a value for each worker that is alive; all of them are merged into one."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    merge: Callable[[Iterable[float]], float] = max

    def of(self, series: Series, *labels: str) -> Number:
        """Return the gauge of one worker with these values of the labels."""
        return Number(series.numbers(self.name, labels))

    def merged(self, found: Found) -> Iterator[tuple[tuple[str, ...], float]]:
        """Yield the value of all workers together for each combination of labels."""
        for labels, values in _by_labels(found):
            if present := [value for (value,) in values if not isnan(value)]:
                yield labels, self.merge(present)

    def family(self, found: Found) -> Metric:
        """Return what Prometheus is told, from each series of each worker."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in self.merged(found):
            family.add_metric(labels, value)
        return family


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts durations by their length; those of all workers are added."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def of(self, series: Series, *labels: str) -> "Durations":
        """Return the histogram of one worker with these values of the labels."""
        return Durations(series.numbers(self.name, labels, len(_BOUNDS) + 1))

    def family(self, found: Found) -> Metric:
        """Return what Prometheus is told, from each series of each worker."""
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        for labels, values in _by_labels(found):
            *counts, seconds = map(sum, zip(*values, strict=True))
            family.add_metric(labels, list(zip(_BOUNDS, accumulate(counts), strict=True)), seconds)
        return family


class Durations:
    """A histogram of this worker.

    Args:
        numbers: a count for each bucket, and the sum of all durations.
    """

    def __init__(self, numbers: "memoryview[float]") -> None:
        self._numbers = numbers

    def observe(self, seconds: float) -> None:
        """Add a duration."""
        with _LOCK:
            self._numbers[bisect_left(_SECONDS, seconds)] += 1
            self._numbers[-1] += seconds

    def observe_counted(self, seconds: float, counter: Number) -> None:
        """Add a duration, and one to a counter, in half the time of two calls."""
        numbers = self._numbers
        with _LOCK:
            counter.numbers[0] += 1
            numbers[bisect_left(_SECONDS, seconds)] += 1
            numbers[-1] += seconds


def _by_labels(found: Found) -> Iterator[tuple[tuple[str, ...], list[Collection[float]]]]:
    """Yield the values of all workers for each combination of labels."""
    grouped: dict[tuple[str, ...], list[Collection[float]]] = {}
    for labels, values in found:
        grouped.setdefault(labels, []).append(values)
    yield from sorted(grouped.items())
