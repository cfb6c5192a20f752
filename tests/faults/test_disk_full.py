"""The disk is full while the job publishes: the job says so, and the old result stays live."""

import gzip
import resource
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from banners.crunch.engines.duckdb.session import duckdb_session
from banners.crunch.scratch import scratch_folder
from banners.errors import CrunchError
from faults.commands import serving, start, start_function
from faults.load import Load
from support.running import Workplace
from support.servers import until

PATHS = ["/api/v1/campaigns/1/banners"]


def crunch_on_a_full_disk(most_bytes: int) -> None:
    """Run the job with a limit on the size of any file."""
    from banners.cli import main

    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    main(["crunch", "events"], prog_name="banners")


def bytes_that_a_crunch_writes(folder: Path, copy: Path) -> int:
    """Crunch in a copy of the folder, and return how long SQLite's log becomes meanwhile."""
    shutil.copytree(folder, copy)
    database = copy / "var" / "banners.db"
    # What a transaction may still read stays in the log.
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        assert start(Workplace(copy), "crunch", "events").wait() == 0
        return Path(f"{database}-wal").stat().st_size


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, 0.75, 0.95], ids=["half", "most", "nearly-enough"])
def test_a_full_disk_is_reported_and_readers_are_unharmed(
    workplace: Workplace, tmp_path: Path, share: float
) -> None:
    assert start(workplace, "sample", "events", "--impressions", "4000").wait() == 0
    assert start(workplace, "crunch", "events").wait() == 0
    needed = bytes_that_a_crunch_writes(workplace.folder, tmp_path / "copy")
    with serving(workplace) as started, Load(started.address, PATHS, visitors=1) as load:
        load.go_on()
        failing = start_function(workplace, crunch_on_a_full_disk, int(share * needed))
        assert failing.wait() == 1
        assert "quarter 1: publishing" in failing.said
        assert "Check that the disk works and has room" in failing.said
        assert "Traceback" not in failing.said
        load.go_on()
        assert not load.failed
        assert {each.generation for each in load.answers} == {1}
        assert start(workplace, "crunch", "events").wait() == 0
        until(lambda: load.answers[-1].generation > 1)
    assert not load.failed


def unpack_on_a_full_disk() -> None:
    crunch_on_a_full_disk(64 * 1024)


def sort_on_a_full_disk() -> None:
    """Let the engine sort more than fits into its memory, with a limit on the size of any file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    many = "SELECT DISTINCT concat('a long text with the number ', range) FROM range(3_000_000)"
    try:
        with scratch_folder() as scratch, duckdb_session(scratch, "60MB") as connection:
            connection.execute(f"SELECT count(*) FROM ({many})")  # noqa: S608
    except CrunchError as error:
        raise SystemExit(str(error)) from error


@pytest.mark.parametrize("work", [unpack_on_a_full_disk, sort_on_a_full_disk])
def test_a_full_disk_for_temporary_files_is_named_with_the_setting_that_moves_them(
    workplace: Workplace, work: Callable[[], None]
) -> None:
    temporary = workplace.folder / "temporary"
    temporary.mkdir()
    assert start(workplace, "sample", "events", "--impressions", "200000").wait() == 0
    assert start(workplace, "crunch", "events").wait() == 0
    plain = workplace.folder / "events" / "1" / "impressions_1.csv"
    with plain.open("rb") as content, gzip.open(f"{plain}.gz", "wb") as packed:
        shutil.copyfileobj(content, packed)
    plain.unlink()
    failing = start_function(with_temporary_files(workplace), work)
    assert failing.wait() == 1
    assert f"{temporary}" in failing.said
    assert "set TMPDIR to another folder." in failing.said
    assert "Traceback" not in failing.said
    assert list(temporary.iterdir()) == []


def with_temporary_files(workplace: Workplace) -> Workplace:
    return Workplace(
        workplace.folder, {**workplace.variables, "TMPDIR": f"{workplace.folder / 'temporary'}"}
    )
