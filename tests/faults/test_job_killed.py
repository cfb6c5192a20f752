"""The job is killed at each step and at random moments: a complete result is always live."""

import gzip
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners import wiring
from banners.core.model import Quarter
from banners.crunch.scratch import scratch_folder
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.schema import GENERATIONS
from faults.commands import Started, start_function
from support.repeats import repeated
from support.running import Workplace

QUARTERS = (Quarter.FIRST, Quarter.FOURTH)
CAMPAIGNS = range(1, 21)

Result = dict[Quarter, tuple[list[int], list[tuple[int, bytes]]]]


def crunch(folder: str, deadly: tuple[int, str] | None = None) -> None:
    """Run the job as the command does; kill this process at the step ``deadly``."""

    def on_step(quarter: Quarter, step: str) -> None:
        if deadly == (quarter, step):
            os.kill(os.getpid(), signal.SIGKILL)

    report = wiring.crunch(load_settings(), Path(folder), (), on_step)
    assert not report.refused


def deliver(folder: Path, first: int) -> None:
    """Write event files for the quarters, with banners whose ids begin at ``first``."""
    for quarter in QUARTERS:
        place = folder / str(int(quarter))
        place.mkdir(parents=True)
        pairs = [(first + banner, campaign) for campaign in CAMPAIGNS for banner in range(8)]
        clicks = [(number, *pair) for number, pair in enumerate(pairs, 1) if pair[0] % 3]
        files: dict[str, tuple[str, Sequence[tuple[object, ...]]]] = {
            "impressions": ("banner_id,campaign_id", pairs),
            "clicks": ("click_id,banner_id,campaign_id", clicks),
            "conversions": (
                "conversion_id,click_id,revenue",
                [(click[0], click[0], f"0.{click[0]}") for click in clicks[::7]],
            ),
        }
        for kind, (header, rows) in files.items():
            lines = [header, *(",".join(map(str, row)) for row in rows), ""]
            (place / f"{kind}_{int(quarter)}.csv").write_text("\n".join(lines))


class Site:
    """A database that two results are published to in turn, and a reader of it.

    Args:
        workplace: where the job runs.
        database: the database, as a reader opens it.
    """

    def __init__(self, workplace: Workplace, database: Engine) -> None:
        self._workplace = workplace
        self._database = database
        self._reader = DatabaseReader(database)
        self._whole: dict[str, Result] = {}
        self.served, self.next = "even", "odd"
        for name, first in (("odd", 100), ("even", 200)):
            deliver(workplace.folder / name, first)
            self.seconds = self.run(name)
            self._whole[name] = self.result()
        assert self._whole["odd"] != self._whole["even"]

    def start(self, name: str, deadly: tuple[int, str] | None = None) -> Started:
        return start_function(self._workplace, crunch, name, deadly)

    def run(self, name: str) -> float:
        """Run the job to its end, and return the seconds that it took."""
        begun = time.monotonic()
        started = self.start(name)
        assert started.wait() == 0, started.said
        return time.monotonic() - begun

    def result(self) -> Result:
        """Read everything that is live, without the number of the generation."""
        return {
            quarter: (
                list(self._reader.inventory(generation, quarter)),
                [
                    # The checksum at the end covers the number.
                    (campaign, record[:-4])
                    for campaign, record in self._reader.records(generation, quarter)
                ],
            )
            for quarter, generation in self._reader.active().items()
        }

    def check(self, *, killed: bool) -> None:
        """Check what is live after a run, and that the next run succeeds without help."""
        served, following = (self._whole[name] for name in (self.served, self.next))
        if killed:
            assert self.result() in (served, following)
            self.run(self.next)
        assert self.result() == following
        assert self.states() <= {"complete"}
        self.served, self.next = self.next, self.served

    def states(self) -> set[str]:
        with self._database.connect() as connection:
            return set(connection.scalars(sa.select(GENERATIONS.c.state)))


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("killed")
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'banners.db'}"
        if request.param == "mariadb":
            server = request.getfixturevalue("mariadb")
            url = stack.enter_context(server.database("killed"))
        database = open_database(url, create=False)
        stack.callback(database.dispose)
        workplace = Workplace(folder, {"BANNERS_DATABASE_URL": url})
        yield Site(workplace, database)


@pytest.mark.slow
@pytest.mark.parametrize("moments", repeated(8, 50))
def test_a_job_killed_at_any_moment_leaves_a_complete_result_served(
    site: Site, moments: int
) -> None:
    chance = random.Random(moments)
    for _ in range(moments):
        started = site.start(site.next)
        started.ends_within(chance.uniform(0, site.seconds))
        site.check(killed=started.kill() == -signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["checking", "crunching", "publishing", "done"])
@pytest.mark.parametrize("quarter", QUARTERS)
def test_a_job_killed_at_a_step_leaves_the_old_result_served(
    site: Site, quarter: Quarter, step: str
) -> None:
    before = site.result()
    assert site.start(site.next, (quarter, step)).wait() == -signal.SIGKILL
    assert site.result() == before
    site.check(killed=True)


@pytest.mark.slow
def test_the_next_run_removes_the_temporary_files_of_a_killed_one(workplace: Workplace) -> None:
    temporary = workplace.folder / "temporary"
    temporary.mkdir()
    workplace.variables["TMPDIR"] = str(temporary)
    deliver(workplace.folder / "events", 100)
    for path in sorted((workplace.folder / "events").glob("*/*.csv")):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    killed = start_function(workplace, crunch, "events", (Quarter.FIRST, "crunching"))
    assert killed.wait() == -signal.SIGKILL
    assert list(temporary.rglob("*.csv"))
    with scratch_folder(inside=temporary) as alive:
        # That removed what the killed run left; a second one is left to the next run.
        killed = start_function(workplace, crunch, "events", (Quarter.FIRST, "crunching"))
        assert killed.wait() == -signal.SIGKILL
        assert list(temporary.rglob("*.csv"))
        assert start_function(workplace, crunch, "events").wait() == 0
        assert list(temporary.iterdir()) == [alive]
