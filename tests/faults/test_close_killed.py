"""``banners close`` is killed at any moment; the next run goes on, and nothing is half done."""

import random
import shutil
import time
from contextlib import closing
from pathlib import Path

import pytest

from banners.core.slots import slot_at
from banners.core.totals import Totals
from banners.core.views import Traffic
from banners.store.connect import open_database
from banners.store.read.totals import DatabaseTotals
from support.event_logs import Clock, files_in, open_log, view_of
from support.repeats import repeated
from support.running import Workplace
from support.totals import day_of

SLOTS = 6
VIEWS = 300


@pytest.fixture
def recording(workplace: Workplace) -> Workplace:
    return Workplace(workplace.folder, {**workplace.variables, "BANNERS_EVENTS": "live"})


def record(events: Path, first: int) -> None:
    for slot in range(first, first + SLOTS):
        log = open_log(events, Clock(slot))
        for number in range(VIEWS):
            assert log.impressions(view_of(number, slot=slot), Traffic.CLEAN)
            assert log.click(view_of(number, slot=slot), 1, Traffic.CLEAN)
        assert log.close()


@pytest.mark.slow
@pytest.mark.parametrize("kills", repeated(6, 40))
def test_the_files_are_those_of_a_run_that_was_not_killed(recording: Workplace, kills: int) -> None:
    events = recording.folder / "live"
    first = slot_at(time.time()) - SLOTS - 1
    record(events, first)
    began = time.monotonic()
    assert recording.run_in_shell("close").returncode == 0
    seconds = time.monotonic() - began
    whole = {name: text for name, text in files_in(events).items() if text.count("\n") > 1}
    assert len(whole) == SLOTS * 2
    written = totals_of(recording, first)
    assert [each.net.impressions for each in written.values()] == [VIEWS * 2] * SLOTS
    chance = random.Random(kills)
    for _ in range(kills):
        for folder in ("1", "2", "3", "4", "closed"):
            shutil.rmtree(events / folder, ignore_errors=True)
        with recording.start("close") as running:
            time.sleep(chance.uniform(0.3, 1) * seconds)
            running.kill()
        # Whatever has appeared is complete.
        appeared = {name: text for name, text in files_in(events).items() if name in whole}
        assert appeared == {name: whole[name] for name in appeared}
        assert recording.run("close").returncode == 0
        made = files_in(events)
        assert {name: made.get(name) for name in whole} == whole
        assert not any("closing" in name for name in made)
        assert totals_of(recording, first) == written


def totals_of(recording: Workplace, first: int) -> dict[int, Totals]:
    """Return what the database holds of the slots, and check that their sums by day agree."""
    file = recording.folder / "var" / "banners.db"
    with closing(DatabaseTotals(open_database(f"sqlite:///{file}", create=False))) as totals:
        series = totals.series(54, range(first, first + SLOTS))
        days = totals.between(day_of(first), day_of(first + SLOTS - 1))
    assert [each.totals for each in days] == [Totals.sum_of(series.values())]
    return series
