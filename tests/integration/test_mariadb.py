"""The commands with a MariaDB server, run from a shell."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.errors import PublisherBusy
from banners.store.connect import open_database
from banners.store.dialects.mysql import lock
from banners.store.schema import GENERATIONS, RESULT_TABLES
from reference.events import QuarterReference
from support.publishing import count
from support.running import Workplace
from support.servers import MariaDB, until

WRONG = "wr0ng-one"


@pytest.fixture
def on_mariadb(published: Workplace, tmp_path: Path, mariadb_url: str) -> Workplace:
    """A working folder with the sample events, and an empty database."""
    (tmp_path / "events").symlink_to(published.folder / "events")
    return Workplace(tmp_path, {"BANNERS_DATABASE_URL": mariadb_url})


@pytest.fixture
def database(mariadb_url: str) -> Iterator[Engine]:
    opened = open_database(mariadb_url, create=False)
    yield opened
    opened.dispose()


def test_show_prints_what_was_crunched_into_mariadb(
    on_mariadb: Workplace, worked_out: Callable[[int], QuarterReference]
) -> None:
    assert on_mariadb.run("crunch", "events").returncode == 0
    expected = worked_out(1)
    for campaign in (1, 54, 56):
        shown = on_mariadb.run("show", str(campaign), "--quarter", "1", "--json")
        assert json.loads(shown.stdout) == expected.lineup_json(campaign, generation=1)


def test_a_long_wait_for_the_lock_is_split_into_short_ones(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "LOCK_SECONDS", 0.2)
    asked: list[float] = []

    def listen(_connection: object, _cursor: object, said: str, values: Any, *_: object) -> None:
        if "get_lock" in said:
            asked.append(values[-1])

    with lock.alone(database, seconds=0):
        sa.event.listen(database, "before_cursor_execute", listen)
        with pytest.raises(PublisherBusy), lock.alone(database, seconds=0.5):
            pass
    assert asked == pytest.approx([0.2, 0.2, 0.1])


def test_a_crunch_killed_while_it_writes_leaves_the_old_generation_served(
    on_mariadb: Workplace, database: Engine
) -> None:
    assert on_mariadb.run("crunch", "events").returncode == 0
    one = count(database, *RESULT_TABLES)
    with database.connect() as hindrance:
        hindrance.exec_driver_sql("LOCK TABLES inventory READ")
        with on_mariadb.start("crunch", "events") as running:
            until(lambda: is_waiting(database))
            running.send_signal(signal.SIGKILL)
        hindrance.exec_driver_sql("UNLOCK TABLES")
    assert states(database) == ["complete", "writing"]
    served = json.loads(on_mariadb.run("show", "1", "--quarter", "1", "--json").stdout)
    assert served["generation"] == 1
    assert on_mariadb.run("crunch", "events").returncode == 0
    again = json.loads(on_mariadb.run("show", "1", "--quarter", "1", "--json").stdout)
    assert (again["generation"], again["lineup"]) == (3, served["lineup"])
    assert states(database) == ["complete", "complete"]
    assert count(database, *RESULT_TABLES) == {name: 2 * rows for name, rows in one.items()}


def is_waiting(database: Engine) -> bool:
    """Whether an INSERT into the inventory waits for the table to be unlocked."""
    waiting = sa.text(
        "SELECT 1 FROM information_schema.processlist WHERE db = DATABASE()"
        " AND state = 'Waiting for table metadata lock' AND info LIKE 'INSERT INTO inventory%'"
    )
    with database.connect() as connection:
        return connection.execute(waiting).first() is not None


def states(database: Engine) -> list[str]:
    select = sa.select(GENERATIONS.c.state).order_by(GENERATIONS.c.generation)
    with database.connect() as connection:
        return list(connection.execute(select).scalars())


def test_a_crunch_and_a_rollback_wait_for_a_server_that_has_not_started_yet(
    on_mariadb: Workplace, mariadb: MariaDB
) -> None:
    assert on_mariadb.run("crunch", "events").returncode == 0
    assert on_mariadb.run("catalogue", "import", "events").returncode == 0
    for words, told in (
        (("crunch", "events"), "Generation 2 is now live."),
        (("rollback",), "Quarter 4: generation 1 is now live, in place of 2."),
        (("catalogue", "rollback", "--to", "1"), "Version 1 is in force, as before"),
    ):
        mariadb.stop()
        with on_mariadb.start(*words) as running:
            assert running.stdout is not None
            assert "Waiting up to 60 seconds for it to start.\n" in running.stdout.readline()
            mariadb.start()
            assert told in running.stdout.read()
        assert running.returncode == 0


def test_with_zero_seconds_to_wait_a_crunch_fails_immediately(
    on_mariadb: Workplace, mariadb: MariaDB
) -> None:
    on_mariadb.variables["BANNERS_WAIT_SECONDS"] = "0"
    mariadb.stop()
    ended = on_mariadb.run("crunch", "events")
    assert ended.returncode == 1
    assert "Start the server" in ended.stderr
    assert "Waiting" not in ended.stderr


@pytest.mark.parametrize("words", [("show", "1"), ("crunch", "events")])
def test_a_refused_login_ends_in_one_sentence(
    on_mariadb: Workplace, mariadb: MariaDB, words: tuple[str, ...]
) -> None:
    on_mariadb.variables["BANNERS_DATABASE_URL"] = mariadb.url("any", password=WRONG)
    ended = on_mariadb.run(*words)
    assert ended.returncode == 1
    told = "Check the user and the password in --database or BANNERS_DATABASE_URL."
    assert told in ended.stderr
    assert WRONG not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
