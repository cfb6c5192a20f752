"""Many versions of a catalogue, pauses and a lost database under load."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from banners.catalogue.versions import Edit
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.core.model import Quarter
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.wiring.catalogue import catalogue_writer
from banners.wiring.database import reader
from banners.wiring.tiers import kept_warm
from faults.commands import serving
from faults.load import Answer, Load
from support.publishing import publish
from support.repeats import repeated
from support.running import Workplace
from support.servers import PATIENCE_SECONDS, MariaDB, RedisServer, until

IN_FORCE_SECONDS = 2.0
SHOES, BOOTS, HOUSE = 5, 60, 61
STEP = 1_000  # the banners of the tenth version have ids from 10,000 on
PATHS = [
    f"/campaigns/{SHOES}",
    f"/campaigns/{BOOTS}",
    f"/api/v1/campaigns/{BOOTS}/banners",
    f"/campaigns/{SHOES}/banner?format=html",
]
MARIADB, SQLITE = "mariadb", "sqlite"


def campaign(campaign_id: int, number: int, **others: Any) -> CatalogueCampaign:
    """A campaign of a version; the names, the links and the ids of all banners tell which."""
    banners = [
        CatalogueBanner(
            banner_id=number * STEP + place,
            name=f"Version {number}",
            landing_url=f"https://shop.example/{number}",
        )
        for place in range(1, 8)
    ]
    name = f"Version {number}"
    return CatalogueCampaign(
        campaign_id=campaign_id, name=name, **{"banners": tuple(banners), **others}
    )


def version_of(answer: Answer) -> int:
    """Return the version that the name, the links and the banners of an answer are of."""
    numbers = {banner // STEP for banner in answer.banners}
    numbers |= set(map(int, re.findall(r"(?:Version |shop\.example/)([0-9]+)", answer.text)))
    assert len(numbers) == 1, f"{answer.path}, status {answer.status}, mixes {numbers}"
    return numbers.pop()


class Site:
    """A database with a catalogue, and the folder in which its workers run.

    Args:
        workplace: where the workers run.
        url: the database.
    """

    def __init__(self, workplace: Workplace, url: str) -> None:
        self.workplace = workplace
        self._writer = catalogue_writer(load_settings({"database_url": url}))
        self._seen = 0
        self.made: dict[int, float] = {}

    def make(self, number: int) -> None:
        """Make a version of everything."""
        campaigns = [campaign(each, number) for each in (SHOES, BOOTS)]
        made = self._writer.replace(campaigns, by="a test", what="everything")
        assert made is not None
        self._seen = made.version.number
        self.made[number] = time.monotonic()

    def edit(self, *edits: Edit) -> float:
        """Change some of it, and return when that was done."""
        self._seen = self._writer.edit(edits, seen=self._seen, by="a test").version.number
        return time.monotonic()

    def choose_house(self, campaign_id: int) -> None:
        made = self._writer.choose_house(campaign_id, seen=self._seen, by="a test")
        self._seen = made.version.number

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    url = f"sqlite:///{tmp_path / 'banners.db'}"
    if request.param == MARIADB:
        url = request.getfixturevalue("mariadb_url")
    database = open_database(url, create=True)
    publish(database, 100, *Quarter)
    database.dispose()
    workplace = Workplace(tmp_path, {"BANNERS_DATABASE_URL": url})
    with closing(Site(workplace, url)) as site:
        site.make(1)
        yield site


def get(address: str) -> httpx.Response:
    """Ask with the patience that a busy machine needs."""
    return httpx.get(address, timeout=PATIENCE_SECONDS)


@pytest.fixture
def loads(site: Site) -> Iterator[list[Load]]:
    """Visitors of each of two workers."""
    with ExitStack() as stack:
        workers = [stack.enter_context(serving(site.workplace)) for _ in range(2)]
        for each in workers:
            address = each.address
            until(lambda address=address: get(f"{address}/readyz").status_code == 200)  # type: ignore[misc]
        loads = [stack.enter_context(Load(each.address, PATHS, visitors=1)) for each in workers]
        for load in loads:
            load.go_on()
        yield loads


def go_on_for(loads: list[Load], seconds: float) -> None:
    """Wait for some seconds, then for more answers."""
    begun = time.monotonic()
    until(lambda: time.monotonic() > begun + seconds)
    for load in loads:
        load.go_on()


@pytest.mark.slow
@pytest.mark.parametrize("site", [SQLITE, MARIADB], indirect=True)
@pytest.mark.parametrize("versions", repeated(30, 200))
def test_many_versions_are_seen_by_every_worker_and_never_mixed(
    site: Site, loads: list[Load], versions: int
) -> None:
    for number in range(2, versions + 1):
        site.make(number)
    go_on_for(loads, IN_FORCE_SECONDS)
    for load in loads:
        assert not load.failed
        assert version_of(load.answers[-1]) == versions
        for answer in load.answers:
            due = [
                number
                for number, moment in site.made.items()
                if moment + IN_FORCE_SECONDS < answer.started
            ]
            assert version_of(answer) >= max(due, default=1)


@pytest.mark.slow
@pytest.mark.parametrize("site", [SQLITE, MARIADB], indirect=True)
def test_what_is_paused_under_load_is_shown_nowhere(site: Site, loads: list[Load]) -> None:
    paused = CatalogueBanner(banner_id=1_001, name="Version 1", active=False)
    done = site.edit(*(Edit.of_banner(each, paused) for each in (SHOES, BOOTS)))
    go_on_for(loads, IN_FORCE_SECONDS)
    for load in loads:
        assert not load.failed
        before = {banner for each in load.answers if each.started < done for banner in each.banners}
        late = [each for each in load.answers if each.started > done + IN_FORCE_SECONDS]
        assert 1_001 in before
        assert late
        assert [each.path for each in late if 1_001 in each.banners] == []


@pytest.mark.slow
@pytest.mark.parametrize("site", [SQLITE, MARIADB], indirect=True)
def test_a_campaign_that_is_paused_under_load_says_so_and_its_frame_shows_the_house(
    site: Site, loads: list[Load]
) -> None:
    house = CatalogueBanner(banner_id=9_000, name="Ours")
    site.edit(
        Edit.of_campaign(CatalogueCampaign(campaign_id=HOUSE, name="House")),
        Edit.of_banner(HOUSE, house),
    )
    site.choose_house(HOUSE)
    done = site.edit(Edit.of_campaign(campaign(SHOES, 1, active=False)))
    go_on_for(loads, IN_FORCE_SECONDS)
    for load in loads:
        late = [each for each in load.answers if each.started > done + IN_FORCE_SECONDS]
        by_path = {path: [each for each in late if each.path == path] for path in PATHS}
        assert {each.status for each in by_path[PATHS[0]]} == {404}
        assert all("has been paused since" in each.text for each in by_path[PATHS[0]])
        assert {each.status for each in by_path[PATHS[1]]} == {200}
        assert {tuple(each.banners) for each in by_path[PATHS[3]]} == {(9_000,)}


@pytest.fixture
def behind_redis(
    tmp_path: Path, mariadb_url: str, mariadb: MariaDB, redis_server: RedisServer
) -> Iterator[Workplace]:
    """A working folder whose results are in MariaDB, and complete in Redis in front of it."""
    redis_server.start()
    redis_server.client().flushall()
    database = open_database(mariadb_url, create=True)
    publish(database, 100, *Quarter)
    database.dispose()
    variables = {"BANNERS_DATABASE_URL": mariadb_url, "BANNERS_REDIS_URL": redis_server.url}
    settings = load_settings({"database_url": mariadb_url, "redis_url": redis_server.url})
    with closing(reader(settings)) as published:
        fill = kept_warm(settings, published)
        for quarter, generation in published.active().items():
            fill(generation, quarter)
    yield Workplace(tmp_path, variables)
    mariadb.start()


def ready(address: str) -> Any:
    answer = get(f"{address}/readyz")
    return answer.json() if answer.status_code == 200 else {}


@pytest.mark.slow
def test_the_catalogue_stays_in_force_without_the_database(
    behind_redis: Workplace, mariadb_url: str, mariadb: MariaDB
) -> None:
    with closing(Site(behind_redis, mariadb_url)) as site, serving(behind_redis) as warm:
        site.make(1)
        until(lambda: ready(warm.address).get("catalogue") == 1)
        with Load(warm.address, PATHS, visitors=2) as load:
            load.go_on()
            mariadb.stop()
            until(lambda: ready(warm.address)["out_of_reach"] == ["database"])
            load.go_on()
        assert not load.failed
        assert {version_of(each) for each in load.answers} == {1}
        assert ready(warm.address)["catalogue"] == 1
        assert ready(warm.address)["status"] == "degraded"
        # Redis has the lineups, but a worker that does not have the catalogue must not show them.
        with serving(behind_redis) as started:
            until(lambda: get(f"{started.address}/healthz").status_code == 200)
            for path in PATHS:
                answer = get(f"{started.address}{path}")
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
            mariadb.start()
            until(lambda: ready(started.address).get("catalogue") == 1)
            assert get(f"{started.address}{PATHS[0]}").status_code == 200


@pytest.mark.slow
def test_redis_alone_serves_a_new_worker_where_there_is_no_catalogue(
    behind_redis: Workplace, mariadb: MariaDB
) -> None:
    with serving(behind_redis) as warm:
        until(lambda: len(ready(warm.address).get("generations", ())) == 4)
        until(lambda: get(f"{warm.address}/campaigns/{SHOES}").status_code == 200)
        mariadb.stop()
        until(lambda: ready(warm.address)["out_of_reach"] == ["database"])
        with serving(behind_redis) as started:
            until(lambda: get(f"{started.address}/campaigns/{SHOES}").status_code == 200)
