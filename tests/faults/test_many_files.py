"""Thousands of small event files, and huge ones: on the disk, or once they are decompressed."""

import gzip
import os
import signal
from pathlib import Path

import pytest

from banners.crunch.files.scan import LONGEST_LINE
from faults.commands import start
from support.deliveries import CLICKS, small_quarter
from support.running import Workplace
from support.servers import until

MEMORY_KILOBYTES = 500_000


@pytest.mark.slow
def test_thousands_of_small_files_stay_within_the_memory(workplace: Workplace) -> None:
    here = small_quarter(workplace.folder)
    for number in range(2, 3_000):
        (here / f"clicks_2-{number}.csv").write_text(f"{CLICKS}{number},10,5\n")
    workplace.variables["BANNERS_MEMORY"] = "500MB"
    with workplace.start("crunch", "events", "--accept") as running:
        assert running.stdout is not None
        said = running.stdout.read()
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    assert running.returncode == 0, said
    assert usage.ru_maxrss < MEMORY_KILOBYTES


def blank_lines(path: Path, megabytes: int) -> None:
    with gzip.open(path, "wb", 1) as file:
        file.write(CLICKS.encode())
        for _ in range(megabytes):
            file.write(b"\n" * (1 << 20))
        file.write(b"2,10,5\n")


@pytest.mark.slow
def test_a_file_of_blank_lines_is_read_in_blocks(workplace: Workplace) -> None:
    blank_lines(small_quarter(workplace.folder) / "clicks_2-blank.csv.gz", 64)
    assert start(workplace, "crunch", "events").wait() == 0


@pytest.mark.slow
def test_a_signal_ends_a_job_that_reads_a_huge_file(workplace: Workplace) -> None:
    blank_lines(small_quarter(workplace.folder) / "clicks_2-blank.csv.gz", 1_024)
    running = start(workplace, "crunch", "events")
    until(lambda: "quarter 2: checking" in running.said)
    running.signal(signal.SIGTERM)
    assert running.ends_within(50)
    assert running.wait() == 128 + signal.SIGTERM
    assert "Stopped." in running.said


def mostly_a_hole(path: Path, gigabytes: int) -> None:
    """Write some gigabytes of rows, which need a block of the disk each, and a hole after them."""
    with path.open("wb") as file:
        file.write(CLICKS.encode())
        for place in range(LONGEST_LINE // 2, gigabytes << 30, LONGEST_LINE // 2):
            file.seek(place)
            file.write(b",,\n")
        file.truncate(1 << 40)


def test_a_signal_ends_a_job_that_checks_a_huge_file_without_reading_the_rest(
    workplace: Workplace,
) -> None:
    mostly_a_hole(small_quarter(workplace.folder) / "clicks_2-huge.csv", 4)
    running = start(workplace, "crunch", "events")
    try:
        until(lambda: "quarter 2: checking" in running.said)
        running.signal(signal.SIGTERM)
        assert running.ends_within(50)
    finally:
        status = running.kill()
    assert status == 128 + signal.SIGTERM
    assert "Stopped." in running.said


def test_a_huge_file_that_cannot_be_used_is_refused_without_reading_the_rest(
    workplace: Workplace,
) -> None:
    mostly_a_hole(small_quarter(workplace.folder) / "clicks_2-huge.csv", 0)
    running = start(workplace, "crunch", "events")
    try:
        assert running.ends_within(50)
    finally:
        status = running.kill()
    assert status == 3
    assert "too long for an event" in running.said
