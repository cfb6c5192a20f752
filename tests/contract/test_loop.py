"""The loop on every database, by a clock that is driven by hand."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from banners import wiring
from banners.collect.segments.names import log_folder
from banners.core.model import Quarter
from banners.core.slots import slot_name
from banners.errors import LoopBusy, LoopPublishes
from banners.job.loop import run as loop_run
from banners.store.connect import open_database
from banners.store.read.loop import DatabaseLoop
from banners.store.write.loop import LoopRecords
from banners.store.write.publisher import ByLoop
from banners.store.write.rollback import release
from support.event_logs import SLOT, files_in
from support.loops import (
    Ended,
    HandClock,
    figures,
    generations,
    moment,
    run_loop,
    see,
    settings_of,
    with_catalogue,
)
from support.publishing import rolling_back

# SLOT is in the fourth quarter; it comes back four slots later.
FOURTH = Quarter.FOURTH
END = moment(SLOT + 4)
PUBLISH = END - 120


@pytest.fixture(autouse=True)
def long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the loop does not look at the database every ten seconds of a day."""
    monkeypatch.setattr(loop_run, "BEAT_SECONDS", 900)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    folder = tmp_path / "live"
    folder.mkdir()
    return folder


def test_a_slot_is_closed_after_its_end_and_published_before_its_quarter_comes_back(
    events: Path, url: str
) -> None:
    with_catalogue(url)
    settings = settings_of(events, url)
    see(events, SLOT, range(3))
    assert run_loop(settings, moment(SLOT, 100), moment(SLOT + 1, 119)) == []
    told = run_loop(settings, moment(SLOT + 1, 119), moment(SLOT + 1, 121))
    assert told == [f"Closed {slot_name(SLOT)}: 6 impressions, 3 clicks, 0 conversions."]
    told = run_loop(settings, moment(SLOT + 1, 121), PUBLISH - 1)
    assert not [each for each in told if "published" in each]
    assert figures(url, FOURTH) is None
    told = run_loop(settings, PUBLISH - 1, PUBLISH + 1)
    assert told == [f"Quarter 4, for {slot_name(SLOT + 4)}: published, with 1 campaign."]
    assert figures(url, FOURTH) == (3, 3)


def test_what_comes_late_is_closed_again_before_the_publish(events: Path, url: str) -> None:
    with_catalogue(url)
    settings = settings_of(events, url)
    see(events, SLOT, range(3))
    run_loop(settings, moment(SLOT + 1, 100), moment(SLOT + 2))
    see(events, SLOT, range(3, 5), now=SLOT + 2)
    run_loop(settings, moment(SLOT + 3), PUBLISH + 1)
    assert figures(url, FOURTH) == (5, 5)


def test_a_late_publish_uses_the_slots_that_it_would_have_used(events: Path, url: str) -> None:
    with_catalogue(url)
    settings = settings_of(events, url, window=1)
    see(events, SLOT, range(3))
    # By now the slot has left the window of one slot a quarter.
    run_loop(settings, END + 300, END + 301)
    assert figures(url, FOURTH) == (3, 3)
    assert any(name.startswith("archive/4/") for name in files_in(events))


def test_without_anything_new_nothing_is_published_again(events: Path, url: str) -> None:
    with_catalogue(url)
    settings = settings_of(events, url)
    see(events, SLOT, range(3))
    run_loop(settings, PUBLISH, PUBLISH + 1)
    told = run_loop(settings, END, END + 3_600 - 60)
    # The files of an hour without visitors are new files.
    assert [each for each in told if "Quarter 4" in each]
    live = generations(url)
    assert set(live) == {4}
    assert run_loop(settings, END + 3_600 - 60, END + 3_600 - 50) == []
    assert generations(url) == live


def test_a_quarter_without_any_event_is_not_published(events: Path, url: str) -> None:
    with_catalogue(url)
    see(events, SLOT, range(3))
    run_loop(settings_of(events, url), moment(SLOT + 1, 100), moment(SLOT + 9))
    assert set(generations(url)) == {4}


def test_without_a_catalogue_slots_are_closed_and_nothing_is_published(
    events: Path, url: str
) -> None:
    see(events, SLOT, range(3))
    told = run_loop(settings_of(events, url), moment(SLOT + 1, 130), END)
    sentence = (
        "There is no catalogue, so nothing is published. Make one on the page of campaigns, or "
        "with: banners catalogue import DIR"
    )
    assert told.count(sentence) == 1
    assert [each for each in told if each.startswith("Closed")]
    assert generations(url) == {}


def test_a_rollback_holds_and_a_release_publishes_at_once(
    events: Path, url: str, another: Engine
) -> None:
    with_catalogue(url)
    settings = settings_of(events, url)
    see(events, SLOT, range(3))
    run_loop(settings, PUBLISH, PUBLISH + 1)
    see(events, SLOT + 4, range(10, 12))
    run_loop(settings, PUBLISH + 3_600, PUBLISH + 3_601)
    assert figures(url, FOURTH) == (5, 5)
    assert rolling_back(another, [FOURTH], None) == {FOURTH: 1}
    see(events, SLOT + 8, range(20, 22))
    told = run_loop(settings, PUBLISH + 7_000, PUBLISH + 7_201)
    assert [each for each in told if f"Closed {slot_name(SLOT + 8)}: 4 imp" in each]
    assert figures(url, FOURTH) == (3, 3)
    release(another, [])
    run_loop(settings, PUBLISH + 7_300, PUBLISH + 7_301)
    assert figures(url, FOURTH) == (7, 7)


def test_another_folder_is_refused_and_the_folder_of_the_loop_is_not(
    events: Path, url: str, tmp_path: Path
) -> None:
    with_catalogue(url)
    settings = settings_of(events, url)
    see(events, SLOT, range(3))
    run_loop(settings, PUBLISH, PUBLISH + 1)
    (tmp_path / "other" / "4").mkdir(parents=True)
    for path in (events / "4").iterdir():
        (tmp_path / "other" / "4" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(LoopPublishes):
        wiring.crunch(settings, tmp_path / "other", [FOURTH], lambda *_: None)
    assert not wiring.crunch(settings, events, [FOURTH], lambda *_: None).refused
    other = wiring.crunch(settings, tmp_path / "other", [FOURTH], lambda *_: None, replace=True)
    assert not other.refused
    assert figures(url, FOURTH) == (3, 3)


def test_a_slot_that_a_clock_that_was_ahead_was_published_for_is_ignored(
    events: Path, url: str
) -> None:
    with_catalogue(url)
    settings = settings_of(events, url)
    see(events, SLOT, range(3))
    run_loop(settings, PUBLISH - 1, PUBLISH + 1)
    database = open_database(url, create=True)
    records = LoopRecords(database, lambda: datetime.fromtimestamp(PUBLISH, UTC))
    records.record(FOURTH, ByLoop(events, SLOT + 40_000), 1)
    database.dispose()
    see(events, SLOT, range(3, 5), now=SLOT + 5)
    told = run_loop(settings, END + 3_600 - 119, END + 3_600 - 60)
    assert f"Quarter 4, for {slot_name(SLOT + 8)}: published, with 1 campaign." in told
    assert figures(url, FOURTH) == (5, 5)


class SetBack(HandClock):
    """A clock that is a year ahead until something is waited for."""

    def __init__(self, now: float, end: float) -> None:
        super().__init__(now + 365 * 86_400, end)
        self._right: float | None = now

    def wait_until(self, moment: float) -> None:
        if self._right is None:
            super().wait_until(moment)
        else:
            self._now, self._right = self._right, None


def test_a_clock_that_is_set_back_does_not_put_off_what_had_failed(events: Path, url: str) -> None:
    with_catalogue(url)
    see(events, SLOT, range(3))
    told: list[str] = []
    settings = settings_of(events, url)
    clock = SetBack(moment(SLOT + 1, 100), PUBLISH + 1)
    with (
        suppress(Ended),
        wiring.loop(settings, tell=told.append, on_step=lambda _: None, clock=clock) as loop,
    ):
        loop.run()
    assert "Nothing is closed, archived or removed, since the clock may be wrong." in told[0]
    assert f"Closed {slot_name(SLOT)}: 6 impressions, 3 clicks, 0 conversions." in told
    assert figures(url, FOURTH) == (3, 3)


def test_a_second_loop_says_who_runs(events: Path, url: str) -> None:
    settings = settings_of(events, url)
    told: list[str] = []
    with wiring.loop(settings, tell=told.append, on_step=lambda _: None):
        with (
            pytest.raises(LoopBusy, match=r"Process .\d+. of host .main., since .* already runs"),
            wiring.loop(settings, tell=told.append, on_step=lambda _: None),
        ):
            pass
        elsewhere = settings_of(events.parent / "elsewhere", url)
        with (
            pytest.raises(LoopBusy, match="Another loop publishes to"),
            wiring.loop(elsewhere, tell=told.append, on_step=lambda _: None),
        ):
            pass
    with wiring.loop(settings, tell=told.append, on_step=lambda _: None):
        pass


def test_its_sign_of_life_is_in_the_database(events: Path, url: str, other: Engine) -> None:
    run_loop(settings_of(events, url), moment(SLOT, 130), moment(SLOT, 140))
    process = DatabaseLoop(other).loop().process
    assert process is not None
    assert (process.host, process.doing, process.closed) == ("main", "waiting", SLOT - 1)
    assert process.beat_at == process.started_at == "2026-11-26T14:47:10+00:00"
    assert process.next_at == "2026-11-26T14:58:00+00:00"
    assert "no catalogue" in process.problem


def test_two_hosts_count_as_one_also_if_one_is_late_and_one_is_retired(
    events: Path, url: str
) -> None:
    with_catalogue(url)
    settings = settings_of(events, url)
    see(events, SLOT, range(3))
    see(events, SLOT - 1, range(1), host="web-2")
    told = run_loop(settings, moment(SLOT + 1, 120), moment(SLOT + 1, 121))
    assert [each for each in told if each.endswith("Records are still missing from: web-2.")]
    # The late host sends what both hosts have recorded, and more.
    see(events, SLOT, range(2, 6), host="web-2")
    run_loop(settings, PUBLISH, PUBLISH + 1)
    assert figures(url, FOURTH) == (6, 6)
    wiring.forget_host(settings, "web-2")
    told = run_loop(settings, END + 3_600 - 120, END + 3_600 - 119)
    assert not [each for each in told if "missing" in each]
    assert log_folder(events).joinpath("web-2").is_dir()
