"""Two runs of the job at the same time: each crunches freely, and only one writes at a time."""

import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners import wiring
from banners.core.model import Quarter
from banners.errors import PublisherBusy
from banners.job.outcome import JobOutcome
from banners.serve.reader import read_lineup
from banners.settings import load_settings
from banners.store.read.lineups import DatabaseReader
from banners.store.schema import GENERATIONS
from banners.store.steps import is_up_to_date
from support.deliveries import small_quarter
from support.publishing import drafting, preparing, publish, rolling_back, write
from support.servers import until

FIRST, SECOND = Quarter.FIRST, Quarter.SECOND
CONVERTED = {"one": 10, "other": 11}

KILLED_WHILE_WRITING = """\
import os, signal, sys
from pathlib import Path
from typing import Any
from banners import wiring
from banners.settings import load_settings

def on_step(quarter, step):
    if (quarter, step) == (2, "publishing"):
        os.kill(os.getpid(), signal.SIGKILL)

wiring.crunch(load_settings({"database_url": sys.argv[1]}), Path(sys.argv[2]), (), on_step)
"""

Crunch = Callable[..., JobOutcome]


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Two deliveries, ``one`` and ``other``, in which different banners have the conversion."""
    for name, banner in CONVERTED.items():
        for quarter in (1, 2):
            small_quarter(tmp_path, quarter, f"1,{banner},5\n", events=name)
    return tmp_path


@pytest.fixture
def crunch(url: str, events: Path, monkeypatch: pytest.MonkeyPatch) -> Crunch:
    """Run the job over a delivery; it fails if it would have to wait for another run."""
    monkeypatch.chdir(events)

    def run(
        name: str, on_step: Callable[[Quarter, str], None] = lambda *_: None, **options: Any
    ) -> JobOutcome:
        settings = load_settings({"database_url": url, "wait_seconds": "0"})
        return wiring.crunch(settings, events / name, (), on_step, **options)

    return run


def best(database: Engine, quarter: Quarter) -> int:
    """The first banner of the campaign's lineup."""
    return read_lineup(DatabaseReader(database), 5, quarter).banners[0].banner_id


@pytest.mark.parametrize("quarter", [FIRST, SECOND])
def test_a_run_publishes_while_another_crunches_and_the_last_to_activate_wins(
    database: Engine, crunch: Crunch, quarter: Quarter
) -> None:
    overtook: list[int | None] = []

    def overtake(at: Quarter, step: str) -> None:
        if (at, step) == (quarter, "crunching"):
            overtook.append(crunch("other").generation)
            assert best(database, FIRST) == CONVERTED["other"]

    assert crunch("one", overtake).generation == 2
    assert overtook == [1]
    assert [best(database, each) for each in (FIRST, SECOND)] == [CONVERTED["one"]] * 2
    assert rolling_back(database, [], None) == {FIRST: 1, SECOND: 1}
    assert [best(database, each) for each in (FIRST, SECOND)] == [CONVERTED["other"]] * 2


@pytest.mark.parametrize("quarter", [FIRST, SECOND])
def test_a_run_waits_for_another_that_writes_and_sweeps_nothing_of_it(
    database: Engine, crunch: Crunch, quarter: Quarter
) -> None:
    refused: list[str] = []

    def try_to_overtake(at: Quarter, step: str) -> None:
        if (at, step) == (quarter, "publishing"):
            with pytest.raises(PublisherBusy, match="Another run is publishing") as caught:
                crunch("other")
            refused.append(str(caught.value))

    assert crunch("one", try_to_overtake).generation == 1
    assert len(refused) == 1
    assert [best(database, each) for each in (FIRST, SECOND)] == [CONVERTED["one"]] * 2


def test_a_run_that_another_overtook_with_the_same_files_publishes_nothing(
    database: Engine, crunch: Crunch
) -> None:
    def overtake(at: Quarter, step: str) -> None:
        if (at, step) == (SECOND, "crunching"):
            crunch("one", unchanged_too=False)

    outcome = crunch("one", overtake, unchanged_too=False)
    assert outcome.generation is None
    assert [each.status for each in outcome.quarters[:2]] == ["unchanged", "unchanged"]
    with database.connect() as connection:
        assert connection.scalars(sa.select(GENERATIONS.c.generation)).all() == [1]


def test_a_run_does_not_replace_what_another_has_published_from_newer_files(
    database: Engine, crunch: Crunch, events: Path
) -> None:
    def overtake(at: Quarter, step: str) -> None:
        if (at, step) == (SECOND, "crunching"):
            small_quarter(events, 1, "1,11,5\n2,11,5\n", events="one")
            assert crunch("one").generation == 1

    outcome = crunch("one", overtake)
    assert [each.status for each in outcome.quarters[:2]] == ["refused", "published"]
    assert "_1.csv changed before its result could be published" in str(outcome.quarters[0].refused)
    assert DatabaseReader(database).active()[FIRST].number == 1
    assert best(database, FIRST) == 11


def test_the_gate_compares_with_what_another_run_has_published_meanwhile(
    database: Engine, crunch: Crunch, events: Path
) -> None:
    clicks = "".join(f"{number},11,5\n" for number in range(1, 100))
    small_quarter(events, 1, clicks, events="other")

    def overtake(at: Quarter, step: str) -> None:
        if (at, step) == (SECOND, "crunching"):
            crunch("other")

    outcome = crunch("one", overtake)
    assert outcome.generation == 2
    assert [each.status for each in outcome.quarters[:2]] == ["refused", "published"]
    assert "of the 102 rows of the live generation" in str(outcome.quarters[0].refused)
    assert best(database, FIRST) == CONVERTED["other"]
    assert best(database, SECOND) == CONVERTED["one"]


def test_a_run_killed_while_it_writes_does_not_block_the_next(
    url: str, database: Engine, crunch: Crunch, events: Path
) -> None:
    crunch("other")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_WRITING, url, str(events / "one")], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert states(database) == ["complete", "writing"]
    assert best(database, FIRST) == CONVERTED["other"]
    assert crunch("one").generation == 3
    assert states(database) == ["complete", "complete"]
    assert [best(database, each) for each in (FIRST, SECOND)] == [CONVERTED["one"]] * 2


def test_a_run_that_ends_while_it_crunches_leaves_nothing_behind(
    database: Engine, crunch: Crunch
) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(_quarter: Quarter, step: str) -> None:
        if step == "crunching":
            raise Interrupted

    with pytest.raises(Interrupted):
        crunch("one", interrupt)
    assert states(database) == []


def test_preparing_waits_for_no_writer_and_sweeps_nothing_of_it(
    database: Engine, another: Engine
) -> None:
    with drafting(database) as begun:
        write(begun, FIRST, 100)
        preparing(another, wait_seconds=0)
        begun.activate()
    assert DatabaseReader(database).active() == {FIRST: begun.generation}


def test_preparing_waits_for_a_writer_where_the_tables_are_out_of_date(
    database: Engine, another: Engine
) -> None:
    with drafting(database) as begun:
        write(begun, FIRST, 100)
        with database.begin() as connection:
            connection.exec_driver_sql("DELETE FROM schema_steps")
        with pytest.raises(PublisherBusy):
            preparing(another, wait_seconds=0)


def test_preparing_brings_the_tables_up_to_date_once_the_writer_has_ended(
    database: Engine, another: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with ThreadPoolExecutor(1) as executor:
        with drafting(database) as begun:
            write(begun, FIRST, 100)
            with database.begin() as connection:
                connection.exec_driver_sql("DELETE FROM schema_steps")
            prepared = executor.submit(preparing, another)
            until(lambda: "Another run is publishing; waiting" in caplog.text)
            assert not prepared.done()
        prepared.result()
    with database.connect() as connection:
        assert is_up_to_date(connection)


def test_preparing_sweeps_what_a_killed_run_left(database: Engine) -> None:
    published = publish(database, 100, FIRST)
    with drafting(database) as begun:
        write(begun, FIRST, 200)
    preparing(database)
    assert states(database) == ["complete"]
    assert DatabaseReader(database).active() == {FIRST: published}


def states(database: Engine) -> list[str]:
    """The states of all generations, the oldest first."""
    select = sa.select(GENERATIONS.c.state).order_by(GENERATIONS.c.generation)
    with database.connect() as connection:
        return list(connection.scalars(select))
