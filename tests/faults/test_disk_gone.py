"""The disk for temporary files is full, or its folder was deleted: serving needs neither."""

import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from faults.commands import Started, serving, start
from faults.load import Load
from support.running import Workplace, lacking, required
from support.servers import until

WORKERS = 2
CAMPAIGNS = [f"/campaigns/{each}" for each in range(1, 51)]
# Each page is a new one to a worker at first, and so are its figures in the metrics.
PAGES = [*CAMPAIGNS, "/", "/status", "/campaigns", "/docs", "/metrics", "/readyz"]


@contextmanager
def mounted(folder: Path, *words: str | Path) -> Iterator[Path]:
    """Mount a small disk on a folder; without the right to, the test is skipped, or in CI fails."""
    folder.mkdir()
    ended = subprocess.run(
        [required("mount"), *words, folder], check=False, capture_output=True, text=True
    )
    if ended.returncode != 0:
        lacking(f"Cannot mount a disk, which takes root: {ended.stderr}")
    try:
        yield folder
    finally:
        subprocess.run([required("umount"), "--lazy", folder], check=True)


@contextmanager
def in_memory(folder: Path) -> Iterator[Path]:
    with mounted(folder / "disk", "-t", "tmpfs", "-o", "size=1m", "none") as disk:
        yield disk


@contextmanager
def in_a_file(folder: Path) -> Iterator[Path]:
    image = folder / "image"
    with image.open("wb") as file:
        file.truncate(4_000_000)
    made: list[str | Path] = [required("mkfs.ext4", "/sbin/mkfs.ext4"), "-q", image]
    subprocess.run(made, check=True, capture_output=True)
    with mounted(folder / "disk", "-o", "loop", image) as disk:
        yield disk


def fill(disk: Path) -> None:
    """Write to a disk until not a byte more has room."""
    with (disk / "full").open("wb", buffering=0) as file:
        for size in (65_536, 1_024, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017  # the loop ends with it


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    workplace = Workplace(tmp_path)
    assert start(workplace, "sample", "events", "--impressions", "4000").wait() == 0
    assert start(workplace, "crunch", "events").wait() == 0
    return workplace


def withstands(workplace: Workplace, folder: Path, harm: Callable[[Path], None]) -> None:
    """Serve with temporary files in a folder, do harm to it, and expect no visitor to notice."""
    workplace.variables.update(TMPDIR=f"{folder}", BANNERS_SHARED=f"{folder / 'shared'}")
    with serving(workplace, "--workers", str(WORKERS)) as started:
        with Load(started.address, PAGES[:5]) as load:
            load.go_on()
            harm(folder)
            load.go_on()
            all_answer(started.address)
        assert not load.failed
        replaces_a_killed_worker(started)
        with Load(started.address, PAGES) as load:
            load.go_on(2 * len(PAGES))
        assert not load.failed
        told = httpx.get(f"{started.address}/metrics").text
        assert 'banners_requests_total{route="/campaigns/{campaign_id}",status="200"}' in told
        assert "Traceback" not in started.said


def all_answer(address: str) -> None:
    for page in PAGES:
        assert httpx.get(address + page, timeout=30).status_code == 200, page


def replaces_a_killed_worker(started: Started) -> None:
    before = started.workers
    killed = min(before)
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(started.workers - before) == 1 and killed not in started.workers)
    assert f"Worker {killed} was ended by SIGKILL. Another starts in 0.25 s." in started.said
    until(lambda: started.said.count("Serving generation") == WORKERS + 1)


@pytest.mark.slow
@pytest.mark.parametrize("disk", [in_memory, in_a_file])
def test_a_full_disk_for_temporary_files_harms_no_visitor(
    workplace: Workplace, disk: Callable[[Path], AbstractContextManager[Path]]
) -> None:
    with disk(workplace.folder) as folder:
        withstands(workplace, folder, fill)


@pytest.mark.slow
def test_a_deleted_folder_for_temporary_files_harms_no_visitor(workplace: Workplace) -> None:
    folder = workplace.folder / "temporary"
    folder.mkdir()
    withstands(workplace, folder, shutil.rmtree)
