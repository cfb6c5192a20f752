"""What the store does when the database fails or the settings are wrong."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.core.model import Quarter
from banners.errors import BannersError, DamagedRecord, SettingsError, StoreError, StoreUnavailable
from banners.serve.breaker import FAILURES, PAUSE_SECONDS, Breaker
from banners.store.connect import open_database, translated
from banners.store.dialects.mysql import connect
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports
from banners.store.schema import GENERATION_QUARTERS, GENERATIONS, INVENTORY, RESULT_TABLES
from support.publishing import count, drafting, publish, rolling_back, write
from support.servers import MariaDB, free_port

ROOT = Path(__file__).parents[2]

PUBLISHING = """\
import sys
from datetime import UTC, datetime
from banners.store.connect import open_database
from banners.store.write.publish import draft

database = open_database(sys.argv[1], create=True)
with draft(database, source="events", engine="test", now=lambda: datetime.now(UTC)):
    print("publishing", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def on_mariadb(mariadb_url: str) -> Iterator[Engine]:
    opened = open_database(mariadb_url, create=True)
    yield opened
    opened.dispose()


def driver_errors(engine: Engine) -> set[type[Exception]]:
    """Every class of error that a driver defines."""
    driver = engine.dialect.loaded_dbapi.__name__.split(".")[0]
    found: set[type[Exception]] = set()
    waiting: list[type[Exception]] = [Exception]
    while waiting:
        for each in waiting.pop().__subclasses__():
            waiting.append(each)
            if each.__module__.split(".")[0] == driver:
                found.add(each)
    return found


def test_every_error_class_of_a_driver_is_translated(database: Engine) -> None:
    errors = driver_errors(database)
    assert len(errors) >= 10
    for error in errors:
        with pytest.raises(StoreError, match="boom"), translated(database):
            raise error("boom")


def test_every_error_of_a_statement_is_translated(database: Engine) -> None:
    publish(database, 100, Quarter.FIRST)
    for error in driver_errors(database):

        def fail(*_: object, error: type[Exception] = error) -> None:
            raise error("boom")

        sa.event.listen(database, "do_execute", fail)
        with pytest.raises(StoreError, match="boom"):
            DatabaseReader(database).active()
        sa.event.remove(database, "do_execute", fail)


@pytest.mark.parametrize("spoiled", ["no JSON", "[[1]]", '["x"]', "[99999999999999999999]", "7"])
def test_an_inventory_that_is_not_a_list_of_ids_is_reported(database: Engine, spoiled: str) -> None:
    generation = publish(database, 100, Quarter.FIRST)
    with database.begin() as connection:
        connection.execute(sa.update(INVENTORY).values(banner_ids=spoiled))
    with pytest.raises(DamagedRecord, match=r"is not a list of ids\. Crunch the quarter again\.$"):
        DatabaseReader(database).inventory(generation, Quarter.FIRST)


@pytest.mark.parametrize("spoiled", ["no JSON", "7", "[1]", '{"accounts": [{"kind": "clicks"}]}'])
def test_a_summary_that_is_not_an_object_is_reported(database: Engine, spoiled: str) -> None:
    generation = publish(database, 100, Quarter.FIRST)
    with database.begin() as connection:
        connection.execute(sa.update(GENERATION_QUARTERS).values(summary=spoiled))
    with pytest.raises(DamagedRecord, match=r"of quarter 1 cannot be read: .*\. Crunch"):
        DatabaseReader(database).outcome(generation, Quarter.FIRST)
    (kept,) = DatabaseReports(database).kept()
    assert kept.outcome is None


def test_a_killed_run_releases_the_lock(url: str, database: Engine) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PUBLISHING, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "publishing\n"
        running.kill()
    assert publish(database, 100, Quarter.FIRST).number > 0


def test_a_run_that_lost_its_connection_activates_nothing(
    mariadb: MariaDB, on_mariadb: Engine
) -> None:
    old = publish(on_mariadb, 100, Quarter.FIRST)
    with drafting(on_mariadb) as begun:
        write(begun, Quarter.FIRST, 200)
        mariadb.execute(f"KILL {lock_holder(on_mariadb)}")
        with pytest.raises(StoreError):
            begun.activate()
    assert DatabaseReader(on_mariadb).active() == {Quarter.FIRST: old}


def test_a_connection_that_is_cut_during_a_query_is_reported(
    mariadb: MariaDB, on_mariadb: Engine
) -> None:
    publish(on_mariadb, 100, Quarter.FIRST)

    def cut(connection: Connection, *_: object) -> None:
        driver: Any = connection.connection.driver_connection
        mariadb.execute(f"KILL {driver.thread_id()}")

    sa.event.listen(on_mariadb, "before_cursor_execute", cut)
    with pytest.raises(StoreUnavailable, match=r"Lost connection|gone away"):
        DatabaseReader(on_mariadb).active()


def lock_holder(database: Engine) -> int:
    name = sa.func.concat("banners ", sa.func.md5(sa.func.database()))
    with database.connect() as connection:
        return int(connection.execute(sa.select(sa.func.is_used_lock(name))).scalar_one())


def test_a_server_killed_during_a_run_serves_the_old_generation_when_it_is_back(
    mariadb: MariaDB, on_mariadb: Engine
) -> None:
    old = publish(on_mariadb, 100, Quarter.FIRST)
    rows = count(on_mariadb, GENERATIONS, *RESULT_TABLES)
    with drafting(on_mariadb) as begun:
        write(begun, Quarter.FIRST, 200)
        mariadb.kill()
        with pytest.raises(StoreUnavailable):
            begun.activate()
    mariadb.start()
    assert DatabaseReader(on_mariadb).active() == {Quarter.FIRST: old}
    with drafting(on_mariadb):
        pass
    assert count(on_mariadb, GENERATIONS, *RESULT_TABLES) == rows


def test_a_reader_continues_after_the_server_was_restarted(
    mariadb: MariaDB, on_mariadb: Engine
) -> None:
    old = publish(on_mariadb, 100, Quarter.FIRST)
    reader = DatabaseReader(on_mariadb)
    assert reader.active() == {Quarter.FIRST: old}
    mariadb.stop()
    with pytest.raises(StoreUnavailable, match="Start the server"):
        reader.active()
    mariadb.start()
    assert reader.active() == {Quarter.FIRST: old}


def test_a_number_is_not_reused_after_the_server_was_restarted(
    mariadb: MariaDB, on_mariadb: Engine
) -> None:
    with drafting(on_mariadb) as begun:
        write(begun, Quarter.FIRST, 100)
    unfinished = begun.generation
    with drafting(on_mariadb):
        pass
    mariadb.stop()
    mariadb.start()
    assert unfinished is not None
    assert publish(on_mariadb, 200, Quarter.FIRST).number > unfinished.number


def test_reading_from_a_server_that_hangs_fails_after_a_while(
    mariadb: MariaDB, mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "CONNECT_SECONDS", 0.5)
    reader = DatabaseReader(open_database(mariadb_url, create=False))
    assert reader.active() == {}
    mariadb.pause()
    with pytest.raises(StoreUnavailable, match="Check that the server runs"):
        reader.active()


def test_while_a_server_does_not_answer_queries_fail_immediately(
    mariadb: MariaDB, mariadb_url: str
) -> None:
    now = 0.0
    breaker = Breaker("The database", lambda: now)
    publish(open_database(mariadb_url, create=True), 100, Quarter.FIRST)
    reader = DatabaseReader(open_database(mariadb_url, create=False), breaker)
    mariadb.stop()
    for _ in range(FAILURES):
        with pytest.raises(StoreUnavailable, match="Start the server"):
            reader.active()
    with pytest.raises(StoreUnavailable, match=r"did not answer, and is asked again every second"):
        reader.active()
    mariadb.start()
    now += PAUSE_SECONDS
    assert set(reader.active()) == {Quarter.FIRST}
    assert not breaker.is_open


def test_a_database_that_answers_with_an_error_does_answer(database: Engine) -> None:
    publish(database, 100, Quarter.FIRST)
    breaker = Breaker("The database", lambda: 0.0)
    breaker.failed(OSError("gone"))
    reader = DatabaseReader(database, breaker)

    def fail(*_: object) -> None:
        raise database.dialect.loaded_dbapi.ProgrammingError("boom")

    sa.event.listen(database, "do_execute", fail)
    with pytest.raises(StoreError, match="boom"):
        reader.active()
    sa.event.remove(database, "do_execute", fail)
    for _ in range(FAILURES - 1):
        breaker.failed(OSError("gone"))
    assert not breaker.is_open


def test_a_wait_for_the_pool_is_not_held_against_the_server(
    mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "POOL_SECONDS", 0)
    database = open_database(mariadb_url, create=False)
    breaker = Breaker("The database", lambda: 0.0)
    reader = DatabaseReader(database, breaker)
    with ExitStack() as stack:
        for _ in range(15):
            stack.enter_context(database.connect())
        for _ in range(FAILURES):
            with pytest.raises(StoreUnavailable, match="QueuePool"):
                reader.active()
    assert not breaker.is_open
    assert reader.active() == {}


@pytest.mark.parametrize("create", [True, False])
def test_a_refused_login_is_reported_without_the_password(mariadb: MariaDB, create: bool) -> None:
    error = failure(mariadb.url("any", password="wr0ng-one"), create=create)  # noqa: S106
    assert isinstance(error, StoreUnavailable)
    assert "Access denied" in str(error)
    told = "Check the user and the password in --database or BANNERS_DATABASE_URL."
    assert told in str(error)
    assert "wr0ng-one" not in whole(error)


def test_an_unknown_database_is_named(mariadb: MariaDB) -> None:
    error = failure(mariadb.url("nowhere"))
    assert isinstance(error, StoreUnavailable)
    assert "Unknown database 'nowhere'" in str(error)
    assert "Create the database" in str(error)


def test_a_port_without_a_server_is_named() -> None:
    port = free_port()
    error = failure(f"mysql+pymysql://banners:wr0ng-one@127.0.0.1:{port}/banners")
    assert isinstance(error, StoreUnavailable)
    assert f"127.0.0.1:{port}" in str(error)
    assert "Start the server, or fix host and port" in str(error)
    assert "wr0ng-one" not in whole(error)


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x04\x00\x00\x00\x00\x00\x00\x00", b""]
)
def test_a_port_where_another_program_answers_is_reported(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            visitor, _ = listener.accept()
            with closing(visitor):
                visitor.sendall(greeting)

        thread = threading.Thread(target=answer)
        thread.start()
        port = listener.getsockname()[1]
        error = failure(f"mysql+pymysql://banners:wr0ng-one@127.0.0.1:{port}/banners")
        thread.join()
    assert isinstance(error, StoreUnavailable)
    assert "cannot be reached" in str(error)
    assert "wr0ng-one" not in whole(error)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql+mysqldb://u:wr0ng-one@nowhere.invalid/banners", "sqlite or mysql+pymysql"),
        ("oracle://u:wr0ng-one@nowhere.invalid/banners", "sqlite or mysql+pymysql"),
        ("mysql+pymysql://u:wr0ng-one@nowhere.invalid", "host or database name"),
        ("mysql+pymysql://u:p@wr0ng-one@nowhere.invalid/banners", "written as %40"),
        ("mysql+pymysql://u:p@h/wr0ng-one@nowhere.invalid/banners", "written as %40"),
        ("mysql+pymysql://u:p@h:wr0ng-one@nowhere.invalid/banners", "not an SQLAlchemy URL"),
        ("mysql+pymysql://u:p@nowhere.invalid/banners?wr0ng-one=1", "expected any of charset"),
        ("sqlite:///banners.db?wr0ng-one=1", "as in sqlite:///var/banners.db"),
        ("sqlite://", "as in sqlite:///var/banners.db"),
    ],
)
def test_a_malformed_url_is_refused_without_showing_it(url: str, told: str) -> None:
    error = failure(url)
    assert isinstance(error, SettingsError)
    assert str(error).startswith("--database or BANNERS_DATABASE_URL ")
    assert told in str(error)
    assert "wr0ng-one" not in str(error)


def test_a_password_of_any_characters_is_sent_as_it_is(mariadb: MariaDB) -> None:
    mariadb.execute("CREATE OR REPLACE USER someone@'%' IDENTIFIED BY 'p@/:?#€'")
    url = f"mysql+pymysql://someone:p%40%2F%3A%3F%23%E2%82%AC@127.0.0.1:{mariadb.port}/nowhere"
    assert "Access denied for user 'someone'@'%' to database" in str(failure(url))


def test_a_user_with_only_select_reads_and_learns_which_rights_publishing_needs(
    mariadb: MariaDB, on_mariadb: Engine
) -> None:
    generation = publish(on_mariadb, 100, Quarter.FIRST)
    url, name = account(mariadb, on_mariadb, "SELECT")
    assert DatabaseReader(open_database(url, create=False)).active() == {Quarter.FIRST: generation}
    mariadb.execute(f"DROP TABLE {name}.schema_steps")
    with pytest.raises(StoreError, match="To publish, the user must be allowed SELECT, INSERT"):
        publish(open_database(url, create=True), 200, Quarter.FIRST)


def test_a_user_with_the_rights_of_the_job_publishes_and_rolls_back(
    mariadb: MariaDB, on_mariadb: Engine
) -> None:
    rights = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES"
    url, _ = account(mariadb, on_mariadb, rights)
    job = open_database(url, create=True)
    old, _ = publish(job, 100, Quarter.FIRST), publish(job, 200, Quarter.FIRST)
    assert rolling_back(job, [], None) == {Quarter.FIRST: old.number}
    assert f"GRANT {rights} ON" in (ROOT / "docs" / "database.md").read_text()


def account(mariadb: MariaDB, database: Engine, rights: str) -> tuple[str, str]:
    """Create an account with some rights on a database; return its URL and the database's name."""
    name = database.url.database or ""
    mariadb.execute("CREATE OR REPLACE USER limited@'%' IDENTIFIED BY 's3cret'")
    mariadb.execute(f"GRANT {rights} ON {name}.* TO limited@'%'")
    return f"mysql+pymysql://limited:s3cret@127.0.0.1:{mariadb.port}/{name}", name


def test_without_pymysql_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    error = failure("mysql+pymysql://u:wr0ng-one@nowhere.invalid/banners")
    assert isinstance(error, SettingsError)
    assert "pip install 'pymysql[rsa]'" in str(error)


@pytest.mark.parametrize("driver", ["mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql"])
def test_every_name_of_the_driver_leads_to_it(mariadb_url: str, driver: str) -> None:
    _, rest = mariadb_url.split("://")
    assert DatabaseReader(open_database(f"{driver}://{rest}", create=False)).active() == {}


def failure(url: str, *, create: bool = False) -> BannersError:
    """The error that reading from such a database raises."""
    with pytest.raises(BannersError) as caught:
        DatabaseReader(open_database(url, create=create)).active()
    return caught.value


def whole(error: BaseException | None) -> str:
    """The messages of an error and of its causes."""
    return f"{error!r} {error} {whole(error.__cause__ or error.__context__)}" if error else ""
