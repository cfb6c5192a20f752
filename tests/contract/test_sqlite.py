"""SQLite databases: a file that can be moved, replaced, and protected against writing."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import filelock
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.model import Quarter
from banners.errors import LoopBusy, PublisherBusy, StoreError, StoreUnavailable
from banners.store.connect import open_database
from banners.store.dialects.dialect import LOOP
from banners.store.dialects.sqlite.lock import lasting
from banners.store.read.lineups import DatabaseReader
from support.nobody import somebody_ordinary
from support.publishing import drafting, publish, write
from support.tiers import lineup_of


def opened(file: Path, *, create: bool = False) -> Engine:
    return open_database(f"sqlite:///{file}", create=create)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter; only the user of the tests may enter those of pytest."""
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


def test_a_replaced_file_is_read_from_then_on(file: Path) -> None:
    reader = DatabaseReader(opened(file))
    generation = reader.active()[Quarter.FIRST]
    assert list(reader.inventory(generation, Quarter.FIRST)) == [100, 101, 102]
    other = file.with_name("other.db")
    anew = publish(opened(other, create=True), 900, *Quarter)
    assert anew.number == generation.number
    other.replace(file)
    assert reader.active()[Quarter.FIRST] == anew
    lineup = lineup_of(reader, anew, Quarter.FIRST, 5)
    assert lineup is not None
    assert lineup.banners[0].banner_id == 900
    assert list(reader.inventory(anew, Quarter.FIRST)) == [900, 901, 902]
    assert lineup_of(reader, generation, Quarter.FIRST, 5) is None


def test_a_deleted_and_recreated_file_is_read_from_then_on(file: Path) -> None:
    reader = DatabaseReader(opened(file))
    generation = reader.active()[Quarter.FIRST]
    assert list(reader.inventory(generation, Quarter.FIRST)) == [100, 101, 102]
    file.unlink()
    assert reader.active() == {}
    anew = publish(opened(file, create=True), 900, *Quarter)
    assert anew.number == generation.number
    assert list(reader.inventory(anew, Quarter.FIRST)) == [900, 901, 902]


def test_a_replacement_stays_intact_while_a_program_has_the_old_file_open(
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


def test_reading_a_file_that_keeps_changing_fails_after_ten_tries(file: Path) -> None:
    database, moments = opened(file), count(1)

    def change(*_: object) -> None:
        moment = next(moments)
        os.utime(file, (moment, moment))

    sa.event.listen(database, "before_cursor_execute", change)
    with pytest.raises(StoreUnavailable, match=r"has changed 10 times while it was read\."):
        DatabaseReader(database).active()


def test_a_folder_that_cannot_be_created_is_named(file: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"folder .*banners\.db/below .* cannot be created"):
        opened(file / "below" / "banners.db", create=True)


def test_reading_and_publishing_leave_only_the_database_and_its_lock(file: Path) -> None:
    DatabaseReader(opened(file)).active()
    assert {each.name for each in file.parent.iterdir()} - {"banners.db.lock"} == {"banners.db"}


@pytest.mark.parametrize("mode", [0o555, 0o777])
def test_a_user_without_write_access_can_read(folder: Path, file: Path, mode: int) -> None:
    file.chmod(0o444)
    folder.chmod(mode)
    before = sorted(folder.iterdir())
    with somebody_ordinary():
        assert numbers(DatabaseReader(opened(file))) == dict.fromkeys(Quarter, 1)
    assert sorted(folder.iterdir()) == before


def test_a_user_without_write_access_can_read_while_a_run_publishes(
    folder: Path, file: Path
) -> None:
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


def test_a_file_that_cannot_be_read_without_writing_is_reported(folder: Path, file: Path) -> None:
    with drafting(opened(file, create=True)) as begun:
        write(begun, Quarter.FIRST, 200)
        unfinished = file.with_name("banners.db-wal").read_bytes()
    file.with_name("banners.db-wal").write_bytes(unfinished)
    folder.chmod(0o555)
    with somebody_ordinary(), pytest.raises(StoreUnavailable, match="write access to its folder"):
        DatabaseReader(opened(file)).active()


def test_a_folder_without_access_is_reported(folder: Path, file: Path) -> None:
    folder.chmod(0o600)
    with somebody_ordinary(), pytest.raises(StoreUnavailable, match="enter its folder"):
        DatabaseReader(opened(file)).active()


def test_a_lock_file_without_write_access_is_reported(folder: Path, file: Path) -> None:
    file.with_name("banners.db.lock").unlink(missing_ok=True)
    folder.chmod(0o555)
    with (
        somebody_ordinary(),
        pytest.raises(StoreUnavailable, match=r"lock file .*banners\.db\.lock cannot be written"),
    ):
        publish(opened(file, create=True), 200, Quarter.FIRST)


def test_publishing_to_a_file_without_write_access_is_reported(folder: Path, file: Path) -> None:
    file.chmod(0o444)
    folder.chmod(0o777)
    file.with_name("banners.db.lock").unlink(missing_ok=True)
    with somebody_ordinary(), pytest.raises(StoreUnavailable, match="write access to the file"):
        publish(opened(file, create=True), 200, Quarter.FIRST)


def test_an_error_of_the_run_itself_is_not_mistaken_for_one_of_the_lock(file: Path) -> None:
    with (
        pytest.raises(filelock.Timeout, match="another"),
        drafting(opened(file, create=True)),
    ):
        raise filelock.Timeout("another")


def test_runs_that_name_the_file_differently_exclude_each_other(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(file)
    (tmp_path / "folder").symlink_to(file.parent)
    for alias in (tmp_path / "link.db", tmp_path / "folder" / file.name):
        with (
            drafting(opened(file, create=True)),
            pytest.raises(PublisherBusy),
            drafting(opened(alias, create=True), wait_seconds=0),
        ):
            pass


def test_a_link_to_a_file_that_does_not_exist_yet_creates_it(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "folder" / "banners.db")
    publish(opened(tmp_path / "link.db", create=True), 100, Quarter.FIRST)
    assert numbers(DatabaseReader(opened(tmp_path / "folder" / "banners.db"))) == {1: 1}


def test_a_file_that_is_not_a_database_gets_no_files_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "letter"
    file.write_text("To somebody else entirely")
    with pytest.raises(StoreError, match=r"letter is not an SQLite database.*Name another file"):
        publish(open_database(f"sqlite:///{file}", create=True), 100, Quarter.FIRST)
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_text() == "To somebody else entirely"


def test_a_database_that_was_cut_off_is_reported_as_damaged(file: Path) -> None:
    os.truncate(file, 2_000)
    with pytest.raises(StoreError, match=r"malformed\. Name another file .*restore a back-up"):
        publish(opened(file, create=True), 200, Quarter.FIRST)
    assert file.stat().st_size == 2_000


def test_readers_sort_in_memory_and_not_in_temporary_files(file: Path) -> None:
    publish(open_database(f"sqlite:///{file}", create=True), 1_000, *Quarter)
    with open_database(f"sqlite:///{file}", create=False).connect() as connection:
        found = connection.exec_driver_sql("PRAGMA temp_store").scalar_one()
    assert found == 2  # MEMORY


def test_taking_a_lock_leaves_the_connections_of_the_process_their_locks(file: Path) -> None:
    """Closing the file by other means than SQLite would release them, as POSIX says.

    The last connection to close then deletes the file that others go on writing to.
    """
    writing = sqlite3.connect(file)
    writing.execute("CREATE TABLE kept (number)")
    writing.commit()
    with drafting(opened(file, create=True)):
        pass
    assert count_elsewhere(file) == 0
    writing.execute("INSERT INTO kept VALUES (1)")
    writing.commit()
    assert count_elsewhere(file) == 1
    writing.close()
    with closing(sqlite3.connect(file)) as read:
        assert read.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def count_elsewhere(file: Path) -> int:
    """Return the number of rows that another process reads."""
    code = """if True:
        import sqlite3, sys
        connection = sqlite3.connect(sys.argv[1])
        print(*connection.execute("SELECT count(*) FROM kept").fetchone())
        connection.close()
    """
    ran = subprocess.run(
        [sys.executable, "-c", code, str(file)], check=True, capture_output=True, text=True
    )
    return int(ran.stdout)


def test_the_lock_of_a_lasting_process_leaves_the_database_one_file(file: Path) -> None:
    with lasting(opened(file, create=True), seconds=0, lock=LOOP) as check:
        check()
        assert not file.with_name(f"{file.name}-wal").exists()
        with (
            pytest.raises(LoopBusy),
            lasting(opened(file, create=True), seconds=0, lock=LOOP),
        ):
            pass
