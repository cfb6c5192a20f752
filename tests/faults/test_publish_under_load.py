"""Publishing many times and rolling back under load."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from banners.core.model import Quarter
from banners.store.connect import open_database
from faults.commands import serving, start
from faults.load import Answer, Load
from support.publishing import LARGEST, publish
from support.running import Workplace
from support.servers import until

IN_FORCE_SECONDS = 2.0
ALONE = {"BANNERS_SHARED": "off"}
IN_MEMORY = ("sqlite", {**ALONE, "BANNERS_MEMORY_LINEUPS": "100"})
READ_THROUGH = ("sqlite", {**ALONE, "BANNERS_MEMORY_LINEUPS": "0"})
ON_MARIADB = ("mariadb", {**ALONE, "BANNERS_MEMORY_LINEUPS": "0"})
SHARED: tuple[str, dict[str, str]] = ("sqlite", {})
SHARED_ON_MARIADB: tuple[str, dict[str, str]] = ("mariadb", {})
PATHS = ["/campaigns/5", "/campaigns/6", f"/api/v1/campaigns/{LARGEST}/banners"]
STEP = 1_000  # the banners of the tenth publish have ids from 10,000 on


def published_as(answer: Answer) -> int:
    """Return the number of the publish that all banners of an answer are from."""
    numbers = {banner // STEP for banner in answer.banners}
    assert len(numbers) == 1, f"{answer.path}, status {answer.status}, mixes {numbers}"
    return numbers.pop()


class Site:
    """A database that is published to, and the folder in which its workers run.

    Args:
        workplace: where the workers run.
        database: the database, to publish to.
    """

    def __init__(self, workplace: Workplace, database: Engine) -> None:
        self.workplace = workplace
        self._database = database
        self.published: dict[int, float] = {}

    def publish(self, number: int) -> None:
        publish(self._database, number * STEP, *Quarter)
        self.published[number] = time.monotonic()


def until_seen(loads: list[Load], number: int) -> None:
    """Wait until every worker serves a publish, and longer than it may take to take effect."""
    begun = time.monotonic()
    until(lambda: {published_as(load.answers[-1]) for load in loads} == {number})
    until(lambda: time.monotonic() > begun + IN_FORCE_SECONDS)
    for load in loads:
        load.go_on()


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    kind, variables = request.param
    url = f"sqlite:///{tmp_path / 'banners.db'}"
    if kind == "mariadb":
        url = request.getfixturevalue("mariadb_url")
    workplace = Workplace(tmp_path, {"BANNERS_DATABASE_URL": url, **variables})
    database = open_database(url, create=True)
    yield Site(workplace, database)
    database.dispose()


@pytest.fixture
def loads(site: Site) -> Iterator[list[Load]]:
    """Visitors of each of two workers that have something to serve."""
    site.publish(1)
    with ExitStack() as stack:
        workers = [stack.enter_context(serving(site.workplace)) for _ in range(2)]
        loads = [stack.enter_context(Load(each.address, PATHS, visitors=1)) for each in workers]
        for load in loads:
            load.go_on()
        yield loads


# Fewer publishes where lineups are read through: each one costs such a worker more.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("site", "publishes"),
    [
        pytest.param(IN_MEMORY, 30, id="all in memory"),
        pytest.param(READ_THROUGH, 10, id="read through"),
        pytest.param(ON_MARIADB, 10, id="read through, mariadb"),
        pytest.param(SHARED, 30, id="shared"),
        pytest.param(SHARED_ON_MARIADB, 10, id="shared, mariadb"),
        pytest.param(IN_MEMORY, 200, marks=pytest.mark.long, id="all in memory, often"),
        pytest.param(READ_THROUGH, 60, marks=pytest.mark.long, id="read through, often"),
        pytest.param(ON_MARIADB, 60, marks=pytest.mark.long, id="read through, mariadb, often"),
        pytest.param(SHARED, 200, marks=pytest.mark.long, id="shared, often"),
    ],
    indirect=["site"],
)
def test_many_publishes_are_seen_by_every_worker_and_never_mixed(
    site: Site, loads: list[Load], publishes: int
) -> None:
    for number in range(2, publishes + 1):
        site.publish(number)
    until_seen(loads, publishes)
    for load in loads:
        assert not load.failed
        for answer in load.answers:
            due = [
                number
                for number, moment in site.published.items()
                if moment + IN_FORCE_SECONDS < answer.started
            ]
            assert published_as(answer) >= max(due, default=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "site",
    [IN_MEMORY, ON_MARIADB, SHARED],
    indirect=True,
    ids=["all in memory", "read through, mariadb", "shared"],
)
def test_a_rollback_takes_effect_within_two_seconds(site: Site, loads: list[Load]) -> None:
    site.publish(2)
    until_seen(loads, 2)
    assert start(site.workplace, "rollback").wait() == 0
    done = time.monotonic()
    until_seen(loads, 1)
    for load in loads:
        assert not load.failed
        late = [answer for answer in load.answers if answer.started > done + IN_FORCE_SECONDS]
        assert {published_as(answer) for answer in late} == {1}
