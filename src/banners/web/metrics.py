"""What is counted and timed, for Prometheus: no label is ever a campaign or a banner."""

import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment's name for the folder that workers share; prometheus_client chose it."""
_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10)


class Metrics:
    """The instruments of one worker; their figures are added up over all workers."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.requests = Counter(
            "banners_requests",
            "Requests answered.",
            ["route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "banners_request_seconds",
            "Time from the request to the last byte of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.placeholders = Counter(
            "banners_placeholders",
            "Pictures answered with a placeholder, since there is none of the banner.",
            registry=registry,
        )
        self.redis = Counter(
            "banners_redis",
            "What came of asking Redis: hit, miss or damaged by lineup, failed or skipped by call.",
            ["outcome"],
            registry=registry,
        )
        self.generation = Gauge(
            "banners_generation",
            "Number of the generation served in a quarter, by the worker that is furthest behind.",
            ["quarter"],
            registry=registry,
            multiprocess_mode="livemin",
        )
        self.lineups = Gauge(
            "banners_lineups_in_memory",
            "Lineups of a quarter that are held in memory, over all workers.",
            ["quarter"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.load_seconds = Gauge(
            "banners_load_seconds",
            "Time that the slowest worker took to load a quarter, when it last did.",
            ["quarter"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.rows = Gauge(
            "banners_event_rows",
            "Rows of the event files behind what is served, by outcome.",
            ["quarter", "kind", "outcome"],
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._told: dict[int, set[tuple[str, str]]] = {}
        self.stale = Gauge(
            "banners_stale",
            "1 where a worker cannot reach the database and serves what it has in memory.",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.redis_down = Gauge(
            "banners_redis_down",
            "1 where Redis does not answer a worker.",
            registry=registry,
            multiprocess_mode="livemax",
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            route: the template of its address.
            status: of its answer.
            seconds: the time that it took.
        """
        self.requests.labels(route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def tally(self, route: str) -> "Tally":
        """Give what the requests of one route are counted with."""
        return Tally(self, route)

    def count_redis(self, outcome: str) -> None:
        """Count what came of asking Redis."""
        self.redis.labels(outcome).inc()

    def loaded(
        self,
        quarter: int,
        *,
        generation: int,
        lineups: int,
        seconds: float,
        accounts: Iterable[Mapping[str, Any]],
    ) -> None:
        """Note that a quarter was loaded.

        Args:
            quarter: the quarter of the hour, 1 to 4.
            generation: the number of what was loaded.
            lineups: how many lineups are held in memory.
            seconds: the time that it took.
            accounts: what became of the rows of its event files, as the job wrote it down.
        """
        label = str(quarter)
        self.generation.labels(label).set(generation)
        self.lineups.labels(label).set(lineups)
        self.load_seconds.labels(label).set(seconds)
        # What occurred in the generation before, and does not in this one.
        figures = dict.fromkeys(self._told.get(quarter, ()), 0)
        for account in accounts:
            outcomes = {
                "accepted": account["accepted"],
                "duplicate": account["duplicate"],
                **account["rejected"],
                **account["quarantined"],
            }
            figures |= {(account["kind"], outcome): rows for outcome, rows in outcomes.items()}
        for (kind, outcome), rows in figures.items():
            self.rows.labels(label, kind, outcome).set(rows)
        self._told[quarter] = set(figures)

    def looked(self, out_of_reach: Collection[str]) -> None:
        """Note which tiers were out of reach when it was last looked for something new."""
        self.stale.set("database" in out_of_reach)
        self.redis_down.set("redis" in out_of_reach)

    def exposition(self) -> bytes:
        """Write the figures of all workers in Prometheus' text form."""
        if SHARED_FOLDER not in os.environ:
            return generate_latest(self._registry)
        _withdraw_killed(Path(os.environ[SHARED_FOLDER]))
        everybody = CollectorRegistry()
        MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]  # the library's
        return generate_latest(everybody)


class Tally:
    """Counts the requests of one route, with what that needs looked up beforehand.

    Args:
        metrics: the instruments.
        route: the template of its address.
    """

    def __init__(self, metrics: Metrics, route: str) -> None:
        self._requests = partial(metrics.requests.labels, route)
        self._by_status: dict[int, Counter] = {}
        self._seconds = metrics.seconds.labels(route)

    def add(self, status: int, seconds: float) -> None:
        """Count a request by the status of its answer, and the time that it took."""
        counter = self._by_status.get(status)
        if counter is None:
            counter = self._by_status[status] = self._requests(str(status))
        counter.inc()
        self._seconds.observe(seconds)


@contextmanager
def shared_by_workers() -> Iterator[Mapping[str, str]]:
    """Give the environment that worker processes need to count together, and to share."""
    with tempfile.TemporaryDirectory(prefix="banners-workers-") as folder:
        yield {SHARED_FOLDER: folder}


def withdraw_worker() -> None:
    """Take a worker that ends out of the figures that speak of living ones."""
    if SHARED_FOLDER in os.environ:
        mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]  # the library's


def _withdraw_killed(folder: Path) -> None:
    """Take workers that were killed, and so could not do it themselves, out of those figures."""
    for pid in {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*.db")}:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]  # the library's
