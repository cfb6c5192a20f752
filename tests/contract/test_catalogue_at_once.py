"""Writers of the catalogue beside each other, beside readers and a crunch, and killed ones."""

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.catalogue.versions import Edit
from banners.core.catalogue import CatalogueCampaign
from banners.core.model import Quarter
from banners.errors import CatalogueBusy, EditOvertaken
from banners.store.connect import dialect_of, open_database
from banners.store.dialects.dialect import CATALOGUE
from banners.store.dialects.sqlite import connect
from banners.store.read.catalogue import DatabaseCatalogue
from banners.store.schema import CATALOGUE_BANNERS, CATALOGUE_CAMPAIGNS, CATALOGUE_VERSIONS
from banners.store.write.catalogue import DatabaseCatalogueWriter
from support.catalogues import banner, campaign
from support.publishing import drafting, write

CAMPAIGNS = range(1, 21)


def writing(database: Engine, wait_seconds: float = 30) -> DatabaseCatalogueWriter:
    return DatabaseCatalogueWriter(
        database, now=lambda: datetime.now(UTC), wait_seconds=wait_seconds
    )


def numbered(number: int) -> list[CatalogueCampaign]:
    """A catalogue all of whose names say the same number, and which has a campaign more or less."""
    return [
        replace(campaign(each, name=f"{number}"), banners=(banner(each, name=f"{number}"),))
        for each in CAMPAIGNS
        if each != number % len(CAMPAIGNS)
    ]


@pytest.fixture
def reader(other: Engine) -> Iterator[DatabaseCatalogue]:
    opened = DatabaseCatalogue(other)
    yield opened
    opened.close()


@pytest.mark.slow
def test_no_reader_ever_sees_two_of_a_hundred_versions_mixed(
    database: Engine, reader: DatabaseCatalogue
) -> None:
    writer, ended = writing(database), threading.Event()
    writer.replace(numbered(0), by="ada", what="Imported")

    def read_whole() -> set[int]:
        seen = set()
        while not ended.is_set():
            version = reader.in_force()
            assert version is not None
            campaigns = list(reader.campaigns(version))
            assert campaigns == numbered(version.number - 1)
            seen.add(version.number)
        return seen

    def follow() -> int:
        version = reader.in_force()
        assert version is not None
        held = {each.campaign_id: each for each in reader.campaigns(version)}
        steps = 0
        while not ended.is_set() or version != reader.in_force():
            latest = reader.in_force()
            assert latest is not None
            changed = reader.changed(version, latest)
            assert changed is not None
            for number, content in changed:
                held.pop(number, None)
                if content:
                    held[number] = content
            assert sorted(held.values(), key=lambda each: each.campaign_id) == numbered(
                latest.number - 1
            )
            steps += version != latest
            version = latest
        return steps

    with ThreadPoolExecutor() as pool:
        seen, steps = pool.submit(read_whole), pool.submit(follow)
        try:
            for number in range(1, 101):
                writer.replace(numbered(number), by="ada", what="Imported")
        finally:
            ended.set()
        assert seen.result()
        assert steps.result() > 0


def test_of_two_editors_of_the_same_banner_one_is_refused(
    database: Engine, another: Engine, reader: DatabaseCatalogue
) -> None:
    writing(database).replace([campaign(5, 1)], by="ada", what="Imported")
    start = threading.Barrier(2)

    def edit(opened: Engine, name: str) -> str:
        start.wait()
        try:
            writing(opened).edit([Edit.of_banner(5, banner(1, name=name))], seen=1, by=name)
        except EditOvertaken:
            return "refused"
        return name

    with ThreadPoolExecutor() as pool:
        first = pool.submit(edit, database, "ada")
        second = pool.submit(edit, another, "grace")
        results = {first.result(), second.result()}
    version = reader.in_force()
    assert version is not None
    (found,) = reader.campaigns(version)
    assert results == {"refused", found.banners[0].name}


def test_editors_of_different_banners_all_succeed(
    database: Engine, reader: DatabaseCatalogue
) -> None:
    writing(database).replace([campaign(5, *range(1, 9))], by="ada", what="Imported")

    def pause(banner_id: int) -> None:
        edit = Edit.of_banner(5, replace(banner(banner_id), active=False))
        writing(database).edit([edit], seen=1, by="ada")

    with ThreadPoolExecutor() as pool:
        list(pool.map(pause, range(1, 9)))
    version = reader.in_force()
    assert version is not None
    assert version.number == 9
    (found,) = reader.campaigns(version)
    assert not any(each.active for each in found.banners)


def test_a_change_does_not_wait_for_a_crunch_that_holds_the_publish_lock(
    database: Engine, another: Engine
) -> None:
    with drafting(database) as begun:
        write(begun, Quarter.FIRST, 100)
        made = writing(another, wait_seconds=0).replace([campaign(5)], by="ada", what="Imported")
        begun.activate()
    assert made is not None


def test_a_change_waits_for_another_one_and_then_says_who_is_in_the_way(
    database: Engine, another: Engine, reader: DatabaseCatalogue
) -> None:
    with (
        dialect_of(database).alone(database, seconds=0, lock=CATALOGUE),
        pytest.raises(CatalogueBusy, match=r"Another change of the catalogue .* in a moment"),
    ):
        writing(another, wait_seconds=0).replace([campaign(5)], by="ada", what="Imported")
    assert reader.in_force() is None


def test_a_locked_database_is_reported_as_that(
    url: str, reader: DatabaseCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0)
    database = open_database(url, create=True)
    writing(database).replace([campaign(5, 1)], by="ada", what="Imported")
    with database.connect() as locking:
        if "sqlite" in url:
            locking.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            locking.exec_driver_sql("SELECT * FROM catalogue_campaigns FOR UPDATE")
            sa.event.listen(
                database,
                "connect",
                lambda opened, _: opened.cursor().execute("SET innodb_lock_wait_timeout = 1"),
            )
        with pytest.raises(CatalogueBusy, match="is locked by another writer"):
            writing(database).edit([Edit.of_campaign(campaign(5, name="x"))], seen=1, by="ada")
        locking.rollback()
    version = reader.in_force()
    assert version is not None
    assert list(reader.campaigns(version)) == [campaign(5, 1)]
    database.dispose()


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from banners.store.connect import open_database
from banners.store.write import catalogue_version
from banners.store.write.catalogue import DatabaseCatalogueWriter
from support.catalogues import campaign
import sqlalchemy as sa

url, statements = sys.argv[1], int(sys.argv[2])
catalogue_version._DIFFERENCES_AT_ONCE = 2
catalogue_version._ROWS_A_TRANSACTION = 4
database = open_database(url, create=True)

def count(*_):
    global statements
    statements -= 1
    if statements == 0:
        os.kill(os.getpid(), signal.SIGKILL)

sa.event.listen(database, "after_cursor_execute", count)
sa.event.listen(database, "commit", count)
writer = DatabaseCatalogueWriter(database, now=lambda: datetime.now(UTC), wait_seconds=10)
writer.replace([campaign(each, 2, 3) for each in range(2, 8)], by="killed", what="Imported")
"""


@pytest.mark.slow
def test_a_writer_that_is_killed_anywhere_leaves_the_old_version(
    url: str, database: Engine, reader: DatabaseCatalogue
) -> None:
    old = [campaign(each, 1, 2) for each in range(1, 6)]
    new = [campaign(each, 2, 3) for each in range(2, 8)]
    writing(database).replace(old, by="ada", what="Imported")
    version = reader.in_force()
    assert version is not None
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    unfinished = 0
    for statements in itertools.count(10, 3):
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, url, str(statements)], env=environment, check=False
        )
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
        with database.connect() as connection:
            unfinished += connection.execute(
                sa.select(sa.func.count()).where(CATALOGUE_VERSIONS.c.state == "writing")
            ).scalar_one()
        assert reader.in_force() == version
        assert list(reader.campaigns(version)) == old
    assert unfinished > 2
    first, last = reader.versions()
    assert list(reader.campaigns(first.version)) == new
    assert list(reader.campaigns(last.version)) == old
    with database.connect() as connection:
        for table in (CATALOGUE_CAMPAIGNS, CATALOGUE_BANNERS):
            left = connection.execute(sa.select(table.c.since).distinct()).all()
            assert {row.since for row in left} == {first.version.number, last.version.number}
