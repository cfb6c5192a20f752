"""Measure serving from each tier, nginx and the plain design in turn, for several rounds."""

import json
import subprocess
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import NamedTuple

import data
from claims import FOLDER, show_step
from ours import Ours, banners
from rivals import nginx, plain
from wrk import Answered, Load, paced, run

from banners.core.model import RuleName
from support.servers import MariaDB, RedisServer, mariadb, redis_server

ADDRESSES = {
    "page": "/campaigns/{campaign}",
    "banner": "/campaigns/{campaign}/banner",
    "JSON": "/api/v1/campaigns/{campaign}",
    "image": "/static/images/image_{banner}.png",
}
_FILES = {"page": "/page.html", "banner": "/banner", "JSON": "/page.json", "image": "/image.png"}
TIERS = ("memory", "Redis", "database")
WORKERS = (2, 1)
_WARM_SECONDS = 1


class Case(NamedTuple):
    """One combination that is measured.

    Args:
        server: ``nginx``, ``plain`` or ``ours``.
        tier: where ours reads lineups from; empty for the others.
        workers: the number of worker processes.
        address: a key of ADDRESSES.
        pace: ``full``, or ``half`` of the rate that ours has just reached at that address.
    """

    server: str
    tier: str
    workers: int
    address: str
    pace: str = "full"


@dataclass(slots=True)
class Figures:
    """The results of a case, in the order of the rounds.

    Args:
        rates: requests a second.
        p99_ms: the 99th percentile of the latencies.
        failed: the number of error responses and of broken connections.
        busiest: the share of the requests that the busiest worker answered.
    """

    rates: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    busiest: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median of the rates."""
        return median(self.rates)

    @property
    def p99(self) -> float:
        """The median of the latencies."""
        return median(self.p99_ms)


@dataclass(frozen=True, slots=True)
class Place:
    """The databases and servers that the rounds use.

    Args:
        small: the database of few campaigns, which are requested again and again.
        middle: the database of many campaigns, each requested once.
        redis: the cache in front of ``middle``.
        plain_redis: the cache of the plain design.
        ids: a file with the campaigns of ``middle``.
        campaign: a campaign of ``small`` with ten banners.
        banner: one of these banners.
        zone: the variables that keep the quarter of the hour the same.
    """

    small: str
    middle: str
    redis: str
    plain_redis: str
    ids: Path
    campaign: int
    banner: int
    zone: Mapping[str, str]


@dataclass(slots=True)
class Rounds:
    """Runs the rounds, and keeps their results.

    Args:
        place: the databases and servers.
        seconds: the duration of each load.
        stressed: the number of requests that ``banners stress`` sends.
    """

    place: Place
    seconds: float
    stressed: int
    found: dict[Case, Figures] = field(default_factory=lambda: defaultdict(Figures))
    stress_seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def run(self, rounds: int) -> None:
        """Measure everything in each of a number of rounds."""
        with self._nginx() as file_server:
            for number in range(1, rounds + 1):
                show_step(f"Round {number} of {rounds}")
                self._hot(file_server)
                self._one_by_one()
                for tier in TIERS[1:]:
                    self._cold(tier)

    def _hot(self, file_server: str) -> None:
        """Measure answers from memory, and the rivals immediately before and after."""
        for address, path in _FILES.items():
            self._load(Case("nginx", "", 2, address), Load(file_server + path, self.seconds))
        for workers in WORKERS:
            with self._ours("memory", workers) as ours:
                for address in ADDRESSES:
                    self._load(
                        Case("ours", "memory", workers, address), self._at(ours, address), ours
                    )
                if workers == max(WORKERS):
                    self._half(ours, file_server)
        with plain(self.place.small, self.place.plain_redis) as url:
            for address in ADDRESSES:
                load = Load(url + self._path(address), self.seconds)
                self._load(Case("plain", "", 4, address), load)

    def _half(self, ours: Ours, file_server: str) -> None:
        """Measure the latencies of the page at half of the rate that was just reached."""
        rate = self.found[Case("ours", "memory", len(ours.workers), "page")].rates[-1] / 2
        page = self._at(ours, "page")
        file = Load(file_server + _FILES["page"], self.seconds, headers=page.headers)
        for case, load in (
            (Case("nginx", "", 2, "page", "half"), file),
            (Case("ours", "memory", 2, "page", "half"), page),
        ):
            self._note(case, run(paced(load, rate)))

    def _one_by_one(self) -> None:
        """Measure requests one after another, as ``banners stress`` sends them."""
        with self._ours("memory", 1) as ours:
            self._stress("ours", ours.url)
        with plain(self.place.small, self.place.plain_redis) as url:
            self._stress("plain", url)

    def _stress(self, name: str, url: str) -> None:
        words: list[str | Path] = [data.BANNERS, "stress", url, "--json"]
        words += ["--requests", str(self.stressed), "--database", self.place.small]
        told = subprocess.run(
            words,
            env={**data.environment(), **self.place.zone},
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode != 0:
            raise SystemExit(f"banners stress of {name} failed: {told.stdout}{told.stderr}")
        self.stress_seconds[name].append(float(json.loads(told.stdout)["seconds"]))

    def _cold(self, tier: str) -> None:
        """Measure answers read from Redis or the database: each campaign is requested once."""
        for workers in WORKERS:
            with self._ours(tier, workers) as ours:
                for address in ("page", "banner", "JSON"):
                    url = ours.url + ADDRESSES[address].format(campaign="@")
                    load = Load(url, self.seconds, ids=self.place.ids)
                    self._load(Case("ours", tier, workers, address), load, ours)

    def _load(self, case: Case, load: Load, ours: Ours | None = None) -> None:
        if case.tier in {"", "memory"}:
            run(replace(load, seconds=_WARM_SECONDS))
        before = ours.requests() if ours else []
        self._note(case, run(load))
        if ours and len(ours.workers) > 1:
            counts = [after - each for after, each in zip(ours.requests(), before, strict=True)]
            self.found[case].busiest.append(max(counts) / max(1, sum(counts)))

    def _note(self, case: Case, answered: Answered) -> None:
        figures = self.found[case]
        figures.rates.append(answered.rate)
        figures.p99_ms.append(answered.p99_ms)
        figures.failed.append(answered.refused + answered.broken)

    def _path(self, address: str) -> str:
        return ADDRESSES[address].format(campaign=self.place.campaign, banner=self.place.banner)

    def _at(self, ours: Ours, address: str) -> Load:
        """Return the load of a returning visitor, who sends the cookie of an earlier answer."""
        url = ours.url + self._path(address)
        cookie = fetch(url)[1]
        return Load(url, self.seconds, headers=[f"Cookie: {cookie}"] if cookie else [])

    @contextmanager
    def _ours(self, tier: str, workers: int) -> Iterator[Ours]:
        own = {} if tier == "memory" else {"BANNERS_SHARED": "off", "BANNERS_MEMORY_LINEUPS": "0"}
        if tier == "Redis":
            own["BANNERS_REDIS_URL"] = self.place.redis
        database = self.place.small if tier == "memory" else self.place.middle
        with banners(database, workers=workers, **own, **self.place.zone) as ours:
            yield ours

    @contextmanager
    def _nginx(self) -> Iterator[str]:
        """Serve the same bytes with nginx."""
        with self._ours("memory", 1) as ours:
            bodies = {
                address: fetch(ours.url + self._path(address))[0]
                for address in ("page", "JSON", "image")
            }
        files = {_FILES[address].lstrip("/"): body for address, body in bodies.items()}
        with nginx(files, self._path("image"), workers=2) as url:
            yield url


def fetch(url: str) -> tuple[bytes, str]:
    """Return the body and the cookie of an address."""

    class NoRedirects(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            """Do not follow the redirect."""

    opener = urllib.request.build_opener(NoRedirects)
    opener.addheaders = []
    try:
        answer = opener.open(url)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
        return answer.read(), cookie


@contextmanager
def place(zone: Mapping[str, str], *, campaigns: int, impressions: int) -> Iterator[Place]:
    """Start the databases and servers, publish the data, and yield all of them.

    Args:
        zone: the variables that keep the quarter of the hour the same.
        campaigns: the number of campaigns that are requested once each.
        impressions: the number of their impressions.
    """
    small = data.make("sample", impressions=150_000, campaigns=50)
    middle = data.make("middle", impressions=impressions, campaigns=campaigns)
    ids = FOLDER / "middle-ids.txt"
    with ExitStack() as held:
        database: MariaDB = held.enter_context(mariadb())
        redis, plain_redis = (held.enter_context(redis_server()) for _ in range(2))
        first = held.enter_context(database.database("small"))
        second = held.enter_context(database.database("middle"))
        data.publish(small, first)
        data.write_plain(first)
        data.publish(middle, second, BANNERS_REDIS_URL=_url(redis))
        data.write_ids(second, ids)
        with closing(data.reader(first)) as published:
            generation = published.active()[data.QUARTER]
            campaign = published.first_of_each_rule(generation, data.QUARTER)[RuleName.TOP_REVENUE]
            candidates = published.candidates(generation, data.QUARTER, campaign)
        assert candidates is not None
        banner = candidates.banner_ids[0]
        urls = _url(redis), _url(plain_redis)
        yield Place(first, second, *urls, ids, campaign, banner, zone)


def _url(server: RedisServer) -> str:
    return server.url
