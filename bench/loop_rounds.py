"""Measure pages, impressions, clicks and visits of the live loop, each beside its rival."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

import data
from claims import FOLDER, show_step
from ours import Ours, banners
from process import Command, measure
from rivals import nginx, plain
from rounds import fetch
from wrk import VISITS, Answered, Load, run

from banners.core.model import RuleName
from support.servers import MariaDB, mariadb, redis_server

WORKERS = 2
_TOKENS = 2_000
_SYNCS = 50
_WARM_SECONDS = 1
_LANDING = "https://shop.example/"


@dataclass(slots=True)
class Found:
    """The results of a server and an address, in the order of the rounds.

    Args:
        server: ``nginx``, ``plain`` or ``ours``.
        address: ``page``, ``seen``, ``click`` or ``visit``.
        rates: requests a second; visits a second for ``visit``.
        p99_ms: the 99th percentile of the latencies.
        failed: the number of error responses and of broken connections.
    """

    server: str
    address: str
    rates: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LoopSite:
    """What the rounds are measured on.

    Args:
        database: a MariaDB database with something published, and with a catalogue.
        redis: the cache of the plain design.
        events: the folder of the event log.
        campaign: a campaign with ten banners.
        zone: the variables that keep the quarter of the hour the same.
    """

    database: str
    redis: str
    events: Path
    campaign: int
    zone: Mapping[str, str]

    @contextmanager
    def serving(self, *, recording: bool = True, workers: int = WORKERS) -> Iterator[Ours]:
        """Serve with or without recording."""
        own = {"BANNERS_EVENTS": str(self.events), "BANNERS_FLOOD": "0"} if recording else {}
        with banners(self.database, workers=workers, **own, **self.zone) as ours:
            yield ours

    @property
    def page(self) -> str:
        """The path of the campaign's page."""
        return f"/campaigns/{self.campaign}"


@dataclass(slots=True)
class LoopRounds:
    """Runs the rounds, and keeps their results.

    Args:
        site: what they are measured on.
        seconds: the duration of each load.
        connections: number of connections that click.
    """

    site: LoopSite
    seconds: float
    connections: int
    found: dict[tuple[str, str], Found] = field(default_factory=dict)
    sync_ms: list[float] = field(default_factory=list)

    def run(self, rounds: int) -> None:
        """Measure everything in each of a number of rounds."""
        with tempfile.TemporaryDirectory(prefix="banners-loop-") as name, ExitStack() as held:
            with self.site.serving() as ours:
                page = fetch(ours.url + self.site.page)[0]
                seen, clicks = write_tokens(ours.url + self.site.page, Path(name))
            rival = held.enter_context(nginx({"page.html": page}, _LANDING, workers=WORKERS))
            for number in range(1, rounds + 1):
                show_step(f"Round {number} of {rounds}")
                self.sync_ms.append(sync_ms(self.site.events))
                with self.site.serving() as ours:
                    cookie = fetch(ours.url + self.site.page)[1]
                    returning = [f"Cookie: {cookie}"] if cookie else []
                    of_page = Load(ours.url + self.site.page, self.seconds, headers=returning)
                    self._note("nginx", "page", Load(f"{rival}/page.html", self.seconds))
                    self._note("ours", "page", of_page)
                    for server, url in (("nginx", rival), ("ours", ours.url)):
                        self._note(server, "seen", Load(f"{url}/e/@", self.seconds, ids=seen))
                    for server, url in (("nginx", rival), ("ours", ours.url)):
                        load = Load(
                            f"{url}/c/@", self.seconds, connections=self.connections, ids=clicks
                        )
                        self._note(server, "click", load)
                    self._note("ours", "visit", self._visits(ours.url + self.site.page))
                with plain(self.site.database, self.site.redis) as url:
                    self._note("plain", "visit", self._visits(f"{url}/seen{self.site.page}"))

    def _visits(self, url: str) -> Load:
        return Load(url, self.seconds, script=VISITS)

    def _note(self, server: str, address: str, load: Load) -> None:
        run(replace(load, seconds=_WARM_SECONDS))
        found = self.found.setdefault((server, address), Found(server, address))
        answered: Answered = run(load)
        # A rival that answers nothing in time counts as if it had answered once.
        found.rates.append(max(answered.rate, 1 / answered.seconds))
        found.p99_ms.append(answered.p99_ms)
        found.failed.append(answered.refused + answered.broken)


def write_tokens(page: str, folder: Path) -> tuple[Path, Path]:
    """Visit a page many times, and write what its links end in.

    Args:
        page: the address of the page.
        folder: the folder for the files.

    Returns:
        A file of the tokens, and one of the tokens with the place of a banner.

    Raises:
        SystemExit: the page has no token.
    """
    found = []
    for _ in range(_TOKENS):
        text = fetch(page)[0].decode()
        token = re.search(r"/e/([\w-]+)", text)
        place = re.search(r"/c/[\w-]+/([0-9]+)", text)
        if not token or not place:
            raise SystemExit(f"{page} has no token. Is there a catalogue with landing pages?")
        found.append((token[1], place[1]))
    seen, clicks = folder / "seen.txt", folder / "clicks.txt"
    seen.write_text("".join(f"{token}\n" for token, _ in found), encoding="ascii")
    clicks.write_text("".join(f"{token}/{place}\n" for token, place in found), encoding="ascii")
    return seen, clicks


def sync_ms(folder: Path) -> float:
    """Return the median time of one fdatasync of a small write, in milliseconds."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            os.write(file.fileno(), bytes(100))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - begun)
    return median(taken) * 1e3


@contextmanager
def loop_site(zone: Mapping[str, str]) -> Iterator[LoopSite]:
    """Start the servers, publish the sample and its catalogue, and yield what is measured on.

    Args:
        zone: the variables that keep the quarter of the hour the same.
    """
    folder = data.make("sample", impressions=150_000, campaigns=50)
    events = FOLDER / "loop-events"
    shutil.rmtree(events, ignore_errors=True)
    events.mkdir(parents=True)
    with ExitStack() as held:
        server: MariaDB = held.enter_context(mariadb())
        redis = held.enter_context(redis_server())
        url = held.enter_context(server.database("live"))
        data.publish(folder, url)
        data.write_plain(url)
        data.make_plain_impressions(url)
        words: list[str | Path] = [data.BANNERS, "catalogue", "import", folder, "--database", url]
        measure({"catalogue import": Command(words, {})}, 1)
        with closing(data.reader(url)) as published:
            generation = published.active()[data.QUARTER]
            campaign = published.first_of_each_rule(generation, data.QUARTER)[RuleName.TOP_REVENUE]
        try:
            yield LoopSite(url, redis.url, events.resolve(), campaign, zone)
        finally:
            shutil.rmtree(events, ignore_errors=True)
