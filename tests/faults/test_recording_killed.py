"""Workers are killed while they record: what was answered is in the event files, exactly once."""

import os
import random
import signal
from pathlib import Path

import pytest

from faults.commands import Started, serving, start
from faults.ledger import PATHS, Visitors, assert_recorded, recording_with_advertiser
from support.repeats import repeated
from support.servers import until

WORKERS = 3


def kill_one(started: Started, chance: random.Random, killed: set[int]) -> None:
    """Kill a worker, when at least two live, so that visitors are answered meanwhile."""
    until(lambda: started.serving >= 2 and len(started.workers - killed) >= 2)
    chosen = chance.choice(sorted(started.workers - killed))
    os.kill(chosen, signal.SIGKILL)
    killed.add(chosen)


@pytest.mark.slow
@pytest.mark.parametrize("kills", repeated(15, 50))
def test_what_was_answered_is_in_the_event_files_once_after_many_kills(
    tmp_path: Path, kills: int
) -> None:
    events = tmp_path / "events"
    workplace = recording_with_advertiser(tmp_path)
    chance, killed = random.Random(15), set[int]()
    with serving(workplace, "--workers", str(WORKERS)) as started:
        until(lambda: started.serving == WORKERS)
        with Visitors(started.address, PATHS) as visitors:
            for _ in range(kills):
                visitors.go_on(chance.randint(20, 120))
                kill_one(started, chance, killed)
                if visitors.faults:
                    break
            visitors.go_on(100)
        assert not visitors.faults, visitors.faults[:3]
        until(lambda: started.said.count("was ended by SIGKILL") == kills)
        started.signal(signal.SIGTERM)
        assert started.wait() == 0
    assert start(workplace, "close").wait() == 0
    assert len(visitors.ledger.clicked) > kills
    assert_recorded(visitors.ledger, events)
