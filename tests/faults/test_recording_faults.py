"""The clock is set, the disk fails or is full: visitors do not notice, and no event is doubled."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from banners.core.slots import SLOT_SECONDS
from faults.commands import Started, start, start_function
from faults.ledger import PATHS, Visitors, assert_recorded, recording_with_advertiser, rows_of
from faults.patched_servers import run_with_a_clock, run_with_a_failing_disk, set_clock
from faults.test_disk_gone import fill, in_memory
from support.servers import until

SERVE = ("serve", "--port", "0")


@contextmanager
def stopped_after(started: Started) -> Iterator[Started]:
    """Stop a server at the end of a block, which drains what it has recorded."""
    try:
        yield started
        started.signal(signal.SIGTERM)
        assert started.wait() == 0
    finally:
        started.kill()


def counted(started: Started, kind: str, outcome: str) -> float:
    """Return a figure of the metrics; 0 before there is one."""
    told = httpx.get(f"{started.address}/metrics").text
    begin = f'banners_events_total{{kind="{kind}",outcome="{outcome}"}} '
    return sum(float(line.split()[1]) for line in told.splitlines() if line.startswith(begin))


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [-20 * 60, SLOT_SECONDS])
def test_a_clock_that_is_set_loses_nothing_and_counts_nothing_twice(
    tmp_path: Path, ahead: int
) -> None:
    clock = tmp_path / "clock"
    set_clock(clock, 0)
    workplace = recording_with_advertiser(tmp_path)
    with (
        stopped_after(start_function(workplace, run_with_a_clock, str(clock), *SERVE)) as started,
        Visitors(started.address, PATHS, number=2) as visitors,
    ):
        for seconds in (0, ahead, 0):
            set_clock(clock, seconds)
            visitors.go_on(200)
    assert not visitors.faults, visitors.faults[:3]
    # What was served ahead of time can be closed only then.
    set_clock(clock, max(0, ahead))
    assert start_function(workplace, run_with_a_clock, str(clock), "close").wait() == 0
    assert_recorded(visitors.ledger, tmp_path / "events")


@pytest.mark.slow
def test_a_disk_that_does_not_confirm_events_keeps_nobody_waiting(tmp_path: Path) -> None:
    failing = tmp_path / "failing"
    workplace = recording_with_advertiser(tmp_path)
    with (
        stopped_after(
            start_function(workplace, run_with_a_failing_disk, str(failing), *SERVE)
        ) as started,
        Visitors(started.address, PATHS, number=2, conversions=(200, 503)) as visitors,
    ):
        visitors.go_on(100)
        failing.touch()
        visitors.go_on(300)
        until(lambda: failures_of(started, "sync") > 0 and bool(visitors.ledger.perhaps))
        failing.unlink()
        visitors.go_on(100)
    assert not visitors.faults, visitors.faults[:3]
    assert start(workplace, "close").wait() == 0
    assert_recorded(visitors.ledger, tmp_path / "events")


def failures_of(started: Started, call: str) -> float:
    told = httpx.get(f"{started.address}/metrics").text
    begin = f'banners_log_failures_total{{call="{call}"}} '
    return sum(float(line.split()[1]) for line in told.splitlines() if line.startswith(begin))


@pytest.mark.slow
def test_on_a_full_disk_pages_go_on_and_events_are_recorded_again_when_there_is_space(
    tmp_path: Path,
) -> None:
    with in_memory(tmp_path) as disk:
        workplace = recording_with_advertiser(tmp_path, BANNERS_EVENTS=str(disk))
        with stopped_after(start(workplace, *SERVE)) as started:
            with Visitors(started.address, PATHS, number=2) as before:
                before.go_on(100)
            fill(disk)
            with Visitors(
                started.address, PATHS, number=2, seed=2, conversions=(200, 503)
            ) as meanwhile:
                until(lambda: counted(started, "impressions", "not_kept") > 0)
                meanwhile.go_on(100)
            assert "Events cannot be recorded" in started.said
            assert meanwhile.ledger.perhaps
            (disk / "full").unlink()
            with Visitors(started.address, PATHS, number=2, seed=3) as after:
                after.go_on(100)
        for visitors in (before, meanwhile, after):
            assert not visitors.faults, visitors.faults[:3]
        roomy = tmp_path / "roomy"
        shutil.copytree(disk, roomy)
    workplace.variables["BANNERS_EVENTS"] = str(roomy)
    assert start(workplace, "close").wait() == 0
    for kind, number, kept in (
        (
            "impressions",
            "impression_id",
            {**before.ledger.impressions(), **after.ledger.impressions()},
        ),
        ("clicks", "click_id", {**before.ledger.clicks(), **after.ledger.clicks()}),
    ):
        found = [int(row[number]) for row in rows_of(roomy, kind)]
        assert len(found) == len(set(found))
        assert kept.keys() <= set(found)
