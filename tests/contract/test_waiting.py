"""A run waits for a server that is starting, and for no other failure to connect."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from banners.core.model import Quarter
from banners.errors import StoreUnavailable
from banners.store.connect import open_database, wait_for_server
from banners.store.dialects import mysql, sqlite
from banners.store.read.lineups import DatabaseReader
from support.publishing import publish
from support.servers import MariaDB, free_port, until

WAITING = "for it to start."

# PyMySQL has no type annotations.
PYMYSQL: Any = import_module("pymysql")

Opening = Callable[[str], Engine]


@pytest.fixture
def opened() -> Iterator[Opening]:
    """Open databases to publish to, and close them after the test."""
    databases: list[Engine] = []

    def open_one(url: str) -> Engine:
        databases.append(open_database(url, create=True))
        return databases[-1]

    yield open_one
    for each in databases:
        each.dispose()


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The host of each attempt to connect to a MySQL server."""
    noted: list[str] = []
    connect = PYMYSQL.connections.Connection.connect

    def noting(self: Any, *words: Any) -> Any:
        noted.append(self.host)
        return connect(self, *words)

    monkeypatch.setattr(PYMYSQL.connections.Connection, "connect", noting)
    return noted


def test_a_run_publishes_once_the_server_has_started(
    mariadb: MariaDB, mariadb_url: str, opened: Opening, caplog: pytest.LogCaptureFixture
) -> None:
    database = opened(mariadb_url)
    mariadb.stop()
    with ThreadPoolExecutor(1) as executor:
        published = executor.submit(publish, database, 100, Quarter.FIRST)
        until(lambda: WAITING in caplog.text)
        mariadb.start()
        generation = published.result()
    assert DatabaseReader(database).active() == {Quarter.FIRST: generation}
    assert "Waiting up to 60 seconds for it to start." in caplog.text
    assert caplog.text.count(WAITING) == 1


def test_a_running_server_is_tried_once_and_nothing_is_logged(
    mariadb_url: str, opened: Opening, tries: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    database = opened(mariadb_url)
    wait_for_server(database, seconds=60)
    assert len(tries) == 1
    assert caplog.text == ""


@pytest.mark.parametrize("wrong", ["the password", "the database"])
def test_an_error_that_waiting_cannot_fix_fails_immediately(
    mariadb: MariaDB,
    opened: Opening,
    tries: list[str],
    caplog: pytest.LogCaptureFixture,
    wrong: str,
) -> None:
    mariadb.start()
    password = {"password": "wr0ng-one"} if wrong == "the password" else {}
    database = opened(mariadb.url("nowhere", **password))
    tries.clear()
    with pytest.raises(StoreUnavailable, match=r"Check the user|Create the database"):
        wait_for_server(database, seconds=60)
    assert len(tries) == 1
    assert caplog.text == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_waiting_for_a_server_that_never_starts_ends(
    opened: Opening, tries: list[str], caplog: pytest.LogCaptureFixture, host: str
) -> None:
    database = opened(f"mysql+pymysql://banners:wr0ng-one@{host}:{free_port()}/banners")
    with pytest.raises(StoreUnavailable, match="Start the server, or fix host and port"):
        wait_for_server(database, seconds=0.5)
    assert len(tries) > 1
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert f"{host}:" in caplog.text
    assert "wr0ng-one" not in caplog.text


def test_with_zero_seconds_to_wait_the_server_is_tried_once(
    opened: Opening, tries: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    database = opened(f"mysql+pymysql://banners@127.0.0.1:{free_port()}/banners")
    with pytest.raises(StoreUnavailable):
        wait_for_server(database, seconds=0)
    assert len(tries) == 1
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("number", "expected"), [(2013, True), (1053, True), (1040, False), (1044, False)]
)
def test_a_server_that_hung_up_may_be_starting_and_one_that_refused_is_not(
    number: int, expected: bool
) -> None:
    assert mysql.is_starting(PYMYSQL.err.OperationalError(number, "words")) is expected


def test_no_error_of_a_file_is_waited_for() -> None:
    assert not sqlite.is_starting(sqlite3.OperationalError("unable to open database file"))
