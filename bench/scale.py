"""Measure the cost of a larger result: memory, speed, and the switch to a new generation.

Three sizes of result, from few campaigns to more than a worker keeps in memory, are served side by
side, by two workers each, which share a copy. The largest is also served without a copy, read
through Redis and all in the memory of each worker.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import data
from claims import FOLDER, show_step
from ours import Ours, banners, until
from rounds import ADDRESSES, fetch
from wrk import Answered, Load, answered, paced, run, start

from banners import wiring
from banners.core.model import RuleName
from banners.settings import Settings, load_settings
from support.servers import redis_server

WORKERS = 2
_PACE = 2_000
"""Requests a second during a switch of the generation, unless the server cannot reach that."""


@dataclass(frozen=True, slots=True)
class Size:
    """A result to serve.

    Args:
        lineups: the number of its lineups.
        database: the database in which two generations of it are published.
        most: BANNERS_MEMORY_LINEUPS; None where workers share a copy.
    """

    lineups: int
    database: str
    most: int | None = None

    @property
    def shared(self) -> bool:
        """Whether the workers share a copy of it."""
        return self.most is None

    @property
    def whole(self) -> bool:
        """Whether a worker keeps all of it in memory."""
        return self.most is not None and self.lineups <= self.most

    @property
    def kept(self) -> str:
        """Where its lineups are, in words."""
        return "shared" if self.shared else "all in memory" if self.whole else "read through"


@dataclass(slots=True)
class Served:
    """The cost of serving a result; memory in MiB, of the larger worker.

    Args:
        lineups: the number of its lineups.
        whole: whether each worker keeps all of them in memory.
        shared: whether the workers share a copy of them.
        ready_seconds: the time from the start of the server to its first page.
        memory_mb: the memory of a worker after loading.
        peak_mb: the peak memory during loading.
        further_mb: the memory that a further worker takes, which it shares with no other process.
        switched_mb: the peak memory until the switch is complete.
        switch_seconds: the time from the change of the pointer until every worker has switched.
        rates: requests a second for one page, in each round.
        calm_p99_ms: the p99 of the page at a steady pace.
        switch_p99_ms: the same while every worker switches.
        switch_max_ms: the largest latency during the switch.
        cold: the results of requesting each campaign once, unless all are in memory.
        failed: the number of error responses and of broken connections.
    """

    lineups: int
    whole: bool
    shared: bool
    ready_seconds: float
    memory_mb: float
    peak_mb: float
    further_mb: float
    switched_mb: float = 0
    switch_seconds: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    calm_p99_ms: list[float] = field(default_factory=list)
    switch_p99_ms: list[float] = field(default_factory=list)
    switch_max_ms: list[float] = field(default_factory=list)
    cold: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"full": [], "half": []})
    failed: int = 0

    @property
    def rate(self) -> float:
        """The median of the rates."""
        return median(self.rates)


def measure(
    zone: Mapping[str, str], *, rounds: int, seconds: float, middle: int, large: int
) -> list[Served]:
    """Serve results of several sizes, and measure the cost.

    Args:
        zone: the variables that keep the quarter of the hour the same.
        rounds: the number of measurements of each size.
        seconds: the duration of each load.
        middle: the number of campaigns of the middle size.
        large: the number of campaigns of the large size, which is also served read through, and
            all from memory.
    """
    bound = Settings().memory_lineups
    sizes = [
        size_of(data.served(data.make("sample", impressions=150_000, campaigns=50))),
        size_of(data.served(data.make("tenfold", impressions=10 * middle, campaigns=middle))),
        size_of(data.served(data.make("tenfold", impressions=10 * large, campaigns=large))),
    ]
    for most in (0 if large <= bound else bound, 4 * large):
        sizes.append(replace(sizes[2], most=most))
    found = []
    for size in sizes:
        show_step(f"Serving {size.lineups:,} lineups, {size.kept}")
        found.append(serve_and_measure(size, zone, rounds=rounds, seconds=seconds))
    show_step("Comparing the sizes")
    with ExitStack() as held:
        servers = [held.enter_context(_serving(size, zone)) for size in sizes]
        for _ in range(rounds):
            for size, served, ours in zip(sizes, found, servers, strict=True):
                page = _page(size, ours, seconds)
                run(page)
                served.rates.append(_noted(served, run(page)).rate)
    return found


def serve_and_measure(
    size: Size, zone: Mapping[str, str], *, rounds: int, seconds: float
) -> Served:
    """Serve one result, and measure the cost: see :func:`measure`."""
    with _serving(size, zone) as ours:
        return _measure(size, ours, rounds, seconds)


def size_of(url: str) -> Size:
    """Return the size of what is published in a database."""
    with closing(data.reader(url)) as published:
        lineups = len(published.campaigns(published.active()[data.QUARTER], data.QUARTER))
    return Size(lineups, url)


@contextmanager
def _serving(size: Size, zone: Mapping[str, str]) -> Iterator[Ours]:
    """Serve a result, with both generations in Redis if lineups are read through."""
    with redis_server() as redis:
        url = redis.url
        if size.kept == "read through":
            settings = _settings(size, BANNERS_REDIS_URL=url)
            for generation in _generations(size):
                wiring.roll_back(settings, [data.QUARTER], generation)
        own = {
            "BANNERS_REDIS_URL": url,
            **({} if size.shared else _alone(size)),
            "BANNERS_IMAGES": str(FOLDER / "none"),  # images would be most of the memory
        }
        with banners(size.database, workers=WORKERS, **own, **zone) as ours:
            yield ours


def _alone(size: Size) -> dict[str, str]:
    return {"BANNERS_SHARED": "off", "BANNERS_MEMORY_LINEUPS": str(size.most)}


def _measure(size: Size, ours: Ours, rounds: int, seconds: float) -> Served:
    memory, peak = max(ours.memory_mb()), max(ours.peak_mb())
    served = Served(
        size.lineups,
        size.whole,
        size.shared,
        ours.ready_seconds,
        memory,
        peak,
        max(ours.private_mb()),
    )
    page = _page(size, ours, seconds)
    rate = min(_PACE, run(page).rate / 2)
    steady = paced(page, rate)
    for number in range(rounds):
        served.calm_p99_ms.append(_noted(served, run(steady)).p99_ms)
        kept = _generations(size)
        loading = start(steady)
        served.switch_seconds.append(_switch(size, ours, kept[number % len(kept)]))
        switched = _noted(served, answered(loading))
        served.switch_p99_ms.append(switched.p99_ms)
        served.switch_max_ms.append(switched.max_ms)
    served.switched_mb = max(ours.peak_mb())
    if not size.whole:
        _cold(size, ours, served, rounds, seconds)
    return served


def _cold(size: Size, ours: Ours, served: Served, rounds: int, seconds: float) -> None:
    """Request each campaign once, so that its answers have to be prepared."""
    ids = FOLDER / "large-ids.txt"
    data.write_ids(size.database, ids)
    load = Load(ours.url + ADDRESSES["page"].format(campaign="@"), seconds, ids=ids)
    asked = 0
    for _ in range(rounds):
        full = _noted(served, run(replace(load, skipped=asked)))
        asked += full.requests
        slower = paced(replace(load, skipped=asked), full.rate / 2)
        asked += round(full.rate)  # to find that pace took a second
        half = _noted(served, run(replace(slower, skipped=asked)))
        asked += half.requests
        served.cold["full"].append(asdict(full))
        served.cold["half"].append(asdict(half))


def _switch(size: Size, ours: Ours, to: int) -> float:
    """Switch to another generation; return the seconds until every worker serves it."""
    begun = time.perf_counter()
    wiring.roll_back(_settings(size), [data.QUARTER], to)
    until(lambda: set(ours.generations()) == {to}, "not every worker has switched")
    return time.perf_counter() - begun


def _generations(size: Size) -> list[int]:
    """Return the generations that are kept, the one that is served last."""
    with closing(data.reports(size.database)) as published:
        kept = sorted(published.kept(), key=lambda each: each.served)
        return [each.generation for each in kept if each.quarter == data.QUARTER]


def _page(size: Size, ours: Ours, seconds: float) -> Load:
    """Return the load of one visitor on the page of a campaign of the most common case."""
    with closing(data.reader(size.database)) as published:
        generation = published.active()[data.QUARTER]
        first = published.first_of_each_rule(generation, data.QUARTER)
    url = ours.url + ADDRESSES["page"].format(campaign=first[RuleName.REVENUE_THEN_CLICKS])
    return Load(url, seconds, headers=[f"Cookie: {fetch(url)[1]}"])


def _noted(served: Served, outcome: Answered) -> Answered:
    served.failed += outcome.refused + outcome.broken
    return outcome


def _settings(size: Size, **variables: str) -> Settings:
    return load_settings(
        {"database_url": size.database}, environment=variables, env_file=Path("none")
    )
