"""The loop for a day in fast motion, by a clock that is driven by hand."""

from pathlib import Path

import pytest

from banners.core.model import Quarter
from banners.job.loop import run as loop_run
from support.event_logs import SLOT
from support.loops import (
    figures,
    generations,
    moment,
    run_loop,
    see,
    settings_of,
    with_catalogue,
)


@pytest.mark.long
# It takes a minute on two cores that do nothing else.
@pytest.mark.timeout(1_200)
def test_a_day_has_96_slots_and_each_quarter_is_published_24_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that the loop does not look at the database every ten seconds of the day.
    monkeypatch.setattr(loop_run, "BEAT_SECONDS", 900)
    events, url = tmp_path / "live", f"sqlite:///{tmp_path / 'banners.db'}"
    events.mkdir()
    with_catalogue(url)
    for slot in range(SLOT, SLOT + 96):
        see(events, slot, [slot])
    live: set[tuple[int, int]] = set()

    def look(_: float) -> None:
        live.update(generations(url).items())

    # Each quarter is published for the first time before it comes back: for the slots from SLOT + 4
    # to SLOT + 99.
    told = run_loop(
        settings_of(events, url, window=3), moment(SLOT, 100), moment(SLOT + 99), on_wait=look
    )
    look(0)
    assert len([each for each in told if "2 impressions, 1 clicks" in each]) == 96
    assert [sum(of == quarter for of, _ in live) for quarter in range(1, 5)] == [24] * 4
    # A window of three slots: one view and one click in each.
    assert [figures(url, quarter) for quarter in Quarter] == [(3, 3)] * 4
    assert not [each for each in told if "failed" in each or "refused" in each]
