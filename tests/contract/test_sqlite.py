"""A database that is a file: others may move it, replace it, or not let everybody write it."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import filelock
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.errors import PublisherBusy, StoreError, StoreUnavailable
from banners.model import Quarter
from banners.store.connect import open_database
from banners.store.read import DatabaseReader
from nobody import somebody_ordinary
from publishing import drafting, publish, write


def opened(file: Path, *, create: bool = False) -> Engine:
    return open_database(f"sqlite:///{file}", create=create)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter: those of pytest are for the user of the tests alone."""
    with tempfile.TemporaryDirectory(prefix="banners-") as name:
        Path(name).chmod(0o755)
        yield Path(name)
        Path(name).chmod(0o755)


@pytest.fixture
def file(folder: Path) -> Path:
    """A database with one generation."""
    file = folder / "banners.db"
    publish(opened(file, create=True), 100, *Quarter)
    return file


def numbers(reader: DatabaseReader) -> dict[Quarter, int]:
    return {quarter: generation.number for quarter, generation in reader.active().items()}


def test_another_file_put_in_its_place_is_read_from_then_on(file: Path) -> None:
    reader = DatabaseReader(opened(file))
    generation = reader.active()[Quarter.FIRST]
    assert list(reader.inventory(generation, Quarter.FIRST)) == [100, 101, 102]
    other = file.with_name("other.db")
    anew = publish(opened(other, create=True), 900, *Quarter)
    assert anew.number == generation.number
    other.replace(file)
    assert reader.active()[Quarter.FIRST] == anew
    lineup = reader.lineup(anew, Quarter.FIRST, 5)
    assert lineup is not None
    assert lineup.banners[0].banner_id == 900
    assert list(reader.inventory(anew, Quarter.FIRST)) == [900, 901, 902]
    assert reader.lineup(generation, Quarter.FIRST, 5) is None


def test_a_file_deleted_and_made_anew_is_read_from_then_on(file: Path) -> None:
    reader = DatabaseReader(opened(file))
    generation = reader.active()[Quarter.FIRST]
    assert list(reader.inventory(generation, Quarter.FIRST)) == [100, 101, 102]
    file.unlink()
    assert reader.active() == {}
    anew = publish(opened(file, create=True), 900, *Quarter)
    assert anew.number == generation.number
    assert list(reader.inventory(anew, Quarter.FIRST)) == [900, 901, 902]


def test_another_file_put_in_its_place_stays_as_it_is_though_a_program_has_it_open(
    file: Path,
) -> None:
    other = file.with_name("other.db")
    for first in (900, 901):
        newest = publish(opened(other, create=True), first, *Quarter)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("SELECT * FROM generations").fetchall()
        publish(opened(file, create=True), 200, Quarter.FIRST)
        other.replace(file)
        reader = DatabaseReader(opened(file))
        assert reader.active() == dict.fromkeys(Quarter, newest)
    assert reader.active() == dict.fromkeys(Quarter, newest)


def test_a_file_that_never_stays_the_same_is_given_up_on(file: Path) -> None:
    database, moments = opened(file), count(1)

    def change(*_: object) -> None:
        moment = next(moments)
        os.utime(file, (moment, moment))

    sa.event.listen(database, "before_cursor_execute", change)
    with pytest.raises(StoreUnavailable, match=r"has changed 10 times while it was read\."):
        DatabaseReader(database).active()


def test_a_folder_that_cannot_be_made_is_told(file: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"folder .*banners\.db/below .* cannot be made"):
        opened(file / "below" / "banners.db", create=True)


def test_whoever_has_read_or_published_leaves_but_one_file(file: Path) -> None:
    DatabaseReader(opened(file)).active()
    assert {each.name for each in file.parent.iterdir()} - {"banners.db.lock"} == {"banners.db"}


@pytest.mark.parametrize("mode", [0o555, 0o777])
def test_who_may_not_write_the_file_may_read_it(folder: Path, file: Path, mode: int) -> None:
    file.chmod(0o444)
    folder.chmod(mode)
    before = sorted(folder.iterdir())
    with somebody_ordinary():
        assert numbers(DatabaseReader(opened(file))) == dict.fromkeys(Quarter, 1)
    assert sorted(folder.iterdir()) == before


def test_who_may_not_write_the_file_reads_while_a_run_publishes(folder: Path, file: Path) -> None:
    reader = DatabaseReader(opened(file))
    with drafting(opened(file, create=True)) as begun:
        write(begun, Quarter.FIRST, 200)
        folder.chmod(0o555)
        with somebody_ordinary():
            assert numbers(reader)[Quarter.FIRST] == 1
        begun.activate()
        with somebody_ordinary():
            assert numbers(reader)[Quarter.FIRST] == 2
        folder.chmod(0o755)
    folder.chmod(0o555)
    with somebody_ordinary():
        assert numbers(reader)[Quarter.FIRST] == 2


def test_what_cannot_be_read_without_writing_is_told(folder: Path, file: Path) -> None:
    with drafting(opened(file, create=True)) as begun:
        write(begun, Quarter.FIRST, 200)
        unfinished = file.with_name("banners.db-wal").read_bytes()
    file.with_name("banners.db-wal").write_bytes(unfinished)
    folder.chmod(0o555)
    with somebody_ordinary(), pytest.raises(StoreUnavailable, match="write in its folder"):
        DatabaseReader(opened(file)).active()


def test_a_folder_that_may_not_be_entered_is_told(folder: Path, file: Path) -> None:
    folder.chmod(0o600)
    with somebody_ordinary(), pytest.raises(StoreUnavailable, match="enter its folder"):
        DatabaseReader(opened(file)).active()


def test_a_lock_that_may_not_be_written_is_told(folder: Path, file: Path) -> None:
    file.with_name("banners.db.lock").unlink(missing_ok=True)
    folder.chmod(0o555)
    with (
        somebody_ordinary(),
        pytest.raises(StoreUnavailable, match=r"lock file .*banners\.db\.lock cannot be written"),
    ):
        publish(opened(file, create=True), 200, Quarter.FIRST)


def test_a_file_that_may_not_be_written_is_told_to_who_publishes(folder: Path, file: Path) -> None:
    file.chmod(0o444)
    folder.chmod(0o777)
    file.with_name("banners.db.lock").unlink(missing_ok=True)
    with somebody_ordinary(), pytest.raises(StoreUnavailable, match="allowed to write the file"):
        publish(opened(file, create=True), 200, Quarter.FIRST)


def test_a_fault_of_the_run_itself_is_not_taken_for_one_of_the_lock(file: Path) -> None:
    with (
        pytest.raises(filelock.Timeout, match="another"),
        drafting(opened(file, create=True)),
    ):
        raise filelock.Timeout("another")


def test_two_runs_by_different_names_exclude_each_other(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(file)
    (tmp_path / "folder").symlink_to(file.parent)
    for alias in (tmp_path / "link.db", tmp_path / "folder" / file.name):
        with (
            drafting(opened(file, create=True)),
            pytest.raises(PublisherBusy),
            drafting(opened(alias, create=True), wait_seconds=0),
        ):
            pass


def test_a_link_to_a_file_that_is_not_there_yet_leads_to_it(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "folder" / "banners.db")
    publish(opened(tmp_path / "link.db", create=True), 100, Quarter.FIRST)
    assert numbers(DatabaseReader(opened(tmp_path / "folder" / "banners.db"))) == {1: 1}


def test_nothing_is_made_beside_a_file_of_somebody_elses(tmp_path: Path) -> None:
    file = tmp_path / "letter"
    file.write_text("To somebody else entirely")
    with pytest.raises(StoreError, match=r"letter is no SQLite database.*Name another file"):
        publish(open_database(f"sqlite:///{file}", create=True), 100, Quarter.FIRST)
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_text() == "To somebody else entirely"
