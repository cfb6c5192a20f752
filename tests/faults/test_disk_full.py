"""The disk full while the job publishes: it says so, and what was served is served on."""

import resource

import pytest

from faults.commands import serving, start, start_function
from faults.load import Load
from running import Workplace
from servers import until

PATHS = ["/api/v1/campaigns/1/banners"]


def crunch_on_a_full_disk(most_bytes: int) -> None:
    """Run the job where no file may grow beyond some bytes."""
    from banners.cli import main

    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    main(["crunch", "events"], prog_name="banners")


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [64, 128, 256])
def test_a_disk_that_is_full_is_told_and_readers_are_unharmed(
    workplace: Workplace, kilobytes: int
) -> None:
    assert start(workplace, "sample", "events", "--impressions", "4000").wait() == 0
    assert start(workplace, "crunch", "events").wait() == 0
    with serving(workplace) as started, Load(started.address, PATHS, visitors=1) as load:
        load.go_on()
        failing = start_function(workplace, crunch_on_a_full_disk, kilobytes * 1024)
        assert failing.wait() == 1
        assert "quarter 1: publishing" in failing.said
        assert "Check the disk, and that it has room" in failing.said
        assert "Traceback" not in failing.said
        load.go_on()
        assert not load.failed
        assert {each.generation for each in load.answers} == {1}
        assert start(workplace, "crunch", "events").wait() == 0
        until(lambda: load.answers[-1].generation > 1)
    assert not load.failed
