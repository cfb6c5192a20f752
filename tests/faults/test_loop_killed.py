"""The loop is killed at each step and at random moments; the next one goes on from there."""

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.schema import GENERATIONS
from faults.commands import start_function
from support.event_logs import SLOT, files_in
from support.loops import moment, run_loop, see, settings_of, with_catalogue
from support.repeats import repeated
from support.running import Workplace

# Each kill takes two starts of the loop; on two busy cores, that is ten seconds or more.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]

BEGIN = moment(SLOT + 4, -120)

Result = tuple[dict[str, str], dict[Quarter, list[tuple[int, bytes]]]]


def loop(place: str, deadly: int = -1) -> None:
    """Run the loop while it publishes two quarters; kill this process at a step by its number."""
    left = deadly

    def on_step(name: str) -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        os.write(1, f"step: {name}\n".encode())

    folder = Path(place)
    told = run_loop(settings_of(folder / "live", url_of(folder)), BEGIN, BEGIN + 1, on_step=on_step)
    assert not [each for each in told if "failed" in each], told


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'banners.db'}"


def result(folder: Path) -> Result:
    """Everything that the loop has made, without the numbers of generations."""
    database = open_database(url_of(folder), create=False)
    reader = DatabaseReader(database)
    live = {
        # The checksum at the end covers the number.
        quarter: [(campaign, record[:-4]) for campaign, record in reader.records(each, quarter)]
        for quarter, each in reader.active().items()
    }
    with database.connect() as connection:
        assert set(connection.scalars(sa.select(GENERATIONS.c.state))) == {"complete"}
    database.dispose()
    accounts = {
        path.name: path.read_text("utf-8") for path in (folder / "live" / "closed").glob("*.json")
    }
    return {**files_in(folder / "live"), **accounts}, live


class Place:
    """Where the loop runs, each time from the same state.

    Args:
        workplace: the folder, and its settings.
    """

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._template = workplace.folder / "template"
        for slot in (SLOT - 1, SLOT):
            see(self._template / "live", slot, range(200))
        with_catalogue(url_of(self._template))
        begun = time.monotonic()
        self.steps = self.run(self.fresh())
        self.seconds = time.monotonic() - begun
        self.whole = result(self.folder)

    @property
    def folder(self) -> Path:
        return self._workplace.folder / "site"

    def fresh(self) -> int:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self._template, self.folder)
        return -1

    def run(self, deadly: int = -1) -> list[str]:
        """Run the loop to its end, or until it is killed; return the steps that it took."""
        started = start_function(self._workplace, loop, str(self.folder), deadly)
        assert started.wait() == (0 if deadly < 0 else -signal.SIGKILL), started.said
        return [each for each in started.said.splitlines() if each.startswith("step: ")]

    def kill(self, seconds: float) -> None:
        started = start_function(self._workplace, loop, str(self.folder))
        started.ends_within(seconds)
        started.kill()

    def check(self) -> None:
        """Check that the next loop makes of it what one makes that is never killed."""
        self.run()
        assert result(self.folder) == self.whole


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(Workplace(tmp_path_factory.mktemp("killed")))


def first_of_each(steps: list[str]) -> dict[str, int]:
    """Return the place of the first step of each kind."""
    kinds = [each.split()[1].rstrip(",") for each in steps]
    return {kind: kinds.index(kind) for kind in kinds}


@pytest.mark.parametrize("at", ["each kind", pytest.param("each", marks=pytest.mark.long)])
def test_a_loop_that_is_killed_at_a_step_is_continued_by_the_next(place: Place, at: str) -> None:
    first = first_of_each(place.steps)
    assert first.keys() == {
        *("looking", "closing", "closed", "checking", "crunching", "publishing", "done"),
        *("published", "recorded"),
    }
    for number in range(len(place.steps)) if at == "each" else first.values():
        place.fresh()
        assert place.run(number) == place.steps[:number]
        place.check()


@pytest.mark.parametrize("kills", repeated(6, 40))
def test_a_loop_that_is_killed_at_any_moment_is_continued_by_the_next(
    place: Place, kills: int
) -> None:
    chance = random.Random(kills)
    for _ in range(kills):
        place.fresh()
        place.kill(chance.uniform(0, place.seconds))
        place.check()
