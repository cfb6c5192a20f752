"""What is kept of closed slots: it is used while their event files are the same, and only then."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pyarrow import parquet

from banners import wiring
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.slots import slot_name
from banners.crunch.files.find import find_quarters
from banners.crunch.window.kept import Kept
from banners.crunch.window.slots import by_slot, has_slots
from banners.errors import SourceError
from banners.job.outcome import JobOutcome
from banners.serve.reader import read_lineup
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from support.event_logs import SLOT
from support.windows import window_of

QUARTER = Quarter.FOURTH
LATER = SLOT + 1
NAME = slot_name(SLOT)
BEFORE = slot_name(SLOT - 4)


def deliver(events: Path, slot: int, impressions: int, *, bad: int = 0) -> None:
    """Write the event files of a slot: impressions of one banner, and a click on the first."""
    here = events / "4"
    here.mkdir(parents=True, exist_ok=True)
    name = f"4-{slot_name(slot)}.csv"
    rows = [f"251,54,{slot * 10_000 + number},rule,0,1" for number in range(1, impressions + 1)]
    rows += ["251,54,x,rule,0,1"] * bad
    header = "banner_id,campaign_id,impression_id,group,fill,places"
    (here / f"impressions_{name}").write_text("\n".join([header, *rows]) + "\n")
    clicks = [f"{slot * 10_000 + 1},251,54,rule,0"] if impressions else []
    header = "click_id,banner_id,campaign_id,group,fill"
    (here / f"clicks_{name}").write_text("\n".join([header, *clicks]) + "\n")
    (here / f"conversions_{name}").write_text("conversion_id,click_id,revenue\n")


def archive(events: Path, *slots: int) -> None:
    """Move the event files of slots to where the loop puts those that have left the window."""
    there = events / "archive" / "4"
    there.mkdir(parents=True, exist_ok=True)
    for slot in slots:
        for path in (events / "4").glob(f"*{slot_name(slot)}*"):
            path.replace(there / path.name)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    folder = tmp_path / "events"
    deliver(folder, SLOT - 4, 3)
    deliver(folder, SLOT, 2)
    return folder


def test_a_slot_is_crunched_once(events: Path) -> None:
    first = window_of(events, QUARTER, now=LATER)
    again = window_of(events, QUARTER, now=LATER)
    assert (first.crunched, again.crunched) == ([BEFORE, NAME], [])
    assert again == first
    assert again.candidates == [(54, 251, 5, 2, 0, 0)]


def test_a_slot_whose_event_files_change_is_crunched_again(events: Path) -> None:
    window_of(events, QUARTER, now=LATER)
    deliver(events, SLOT, 7)
    found = window_of(events, QUARTER, now=LATER)
    assert found.crunched == [NAME]
    assert found == window_of(events, QUARTER, now=LATER, keep=False)


def test_a_copied_folder_is_not_crunched_again(events: Path, tmp_path: Path) -> None:
    first = window_of(events, QUARTER, now=LATER)
    copied = tmp_path / "copied"
    shutil.copytree(events, copied, copy_function=shutil.copyfile)
    for path in copied.rglob("*.csv"):
        os.utime(path, ns=(1, 1))
    found = window_of(copied, QUARTER, now=LATER)
    assert found == first
    assert found.crunched == []


@pytest.mark.parametrize("ending", ["json", "parquet"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"PAR1"])
def test_what_is_missing_or_damaged_is_made_again(
    events: Path, ending: str, content: bytes | None
) -> None:
    first = window_of(events, QUARTER, now=LATER)
    path = events / "performance" / "4" / f"{NAME}.{ending}"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    found = window_of(events, QUARTER, now=LATER)
    assert found == first
    assert found.crunched == [NAME]


def test_what_another_version_has_kept_is_made_again(events: Path) -> None:
    first = window_of(events, QUARTER, now=LATER)
    path = events / "performance" / "4" / f"{NAME}.json"
    account = json.loads(path.read_text())
    path.write_text(json.dumps(account | {"format": account["format"] + 1}))
    found = window_of(events, QUARTER, now=LATER)
    assert found == first
    assert found.crunched == [NAME]


@pytest.mark.parametrize("change", [Path.touch, Path.unlink])
def test_an_event_file_that_changes_after_it_was_read_is_noticed(
    events: Path, change: Callable[[Path], None]
) -> None:
    window_of(events, QUARTER, now=LATER)
    files = by_slot(find_quarters(events)[QUARTER])[SLOT]
    kept = Kept(events / "performance").read(QUARTER, SLOT, files)
    assert kept is not None
    assert kept.changed_file() is None
    clicks = events / "4" / f"clicks_4-{NAME}.csv"
    change(clicks)
    assert kept.changed_file() == clicks


def test_figures_from_other_event_files_are_not_used(events: Path) -> None:
    first = window_of(events, QUARTER, now=LATER)
    kept = events / "performance" / "4"
    shutil.copyfile(kept / f"{BEFORE}.parquet", kept / f"{NAME}.parquet")
    found = window_of(events, QUARTER, now=LATER)
    assert found == first
    assert found.crunched == [NAME]


def test_the_figures_are_in_a_parquet_file_of_the_documented_columns(events: Path) -> None:
    window_of(events, QUARTER, now=LATER)
    table = parquet.read_table(events / "performance" / "4" / f"{NAME}.parquet")
    assert table.to_pylist() == [
        {
            "quarter": 4,
            "campaign_id": 54,
            "banner_id": 251,
            "group": "rule",
            "fill": False,
            "impressions": 2,
            "clicks": 1,
            "conversions": 0,
            "revenue_micros": 0,
        }
    ]


def test_only_what_the_window_and_the_gate_need_is_kept(events: Path) -> None:
    deliver(events, SLOT - 4 * 24, 5)
    deliver(events, SLOT - 4 * 25, 5)
    deliver(events, SLOT - 4 * 26, 5)
    window_of(events, QUARTER, now=LATER)
    archive(events, SLOT - 4 * 24, SLOT - 4 * 25, SLOT - 4 * 26)
    window_of(events, QUARTER, now=LATER)
    kept = {path.name for path in (events / "performance" / "4").iterdir()}
    in_window = {f"{name}.{ending}" for name in (BEFORE, NAME) for ending in ("json", "parquet")}
    assert kept == in_window | {f"{slot_name(SLOT - 4 * each)}.json" for each in (24, 25)}


def test_a_folder_that_is_not_of_the_loop_is_left_as_it_is(events: Path) -> None:
    window_of(events, QUARTER, now=LATER, keep=False)
    assert sorted(path.name for path in events.iterdir()) == ["4"]


def test_event_files_are_those_of_closed_slots_if_they_have_further_columns(events: Path) -> None:
    assert has_slots(find_quarters(events)[QUARTER])


@pytest.mark.parametrize("impressions", ["banner_id,campaign_id\n251,54\n", ""])
def test_event_files_that_are_only_named_as_those_of_a_slot_are_not(
    tmp_path: Path, impressions: str
) -> None:
    path = tmp_path / f"impressions_4-{NAME}.csv"
    path.write_text(impressions)
    assert not has_slots({Kind.IMPRESSIONS: [path]})


def test_a_slot_outside_the_window_does_not_count(events: Path) -> None:
    found = window_of(events, QUARTER, now=LATER, window=range(SLOT, LATER))
    assert found.slots == [NAME]
    assert found.candidates == [(54, 251, 2, 1, 0, 0)]


def test_slots_without_events_make_no_difference(events: Path) -> None:
    first = window_of(events, QUARTER, now=LATER)
    deliver(events, SLOT - 8, 0)
    deliver(events, SLOT - 12, 0)
    found = window_of(events, QUARTER, now=LATER)
    assert len(found.slots) == 4
    assert (found.digest, found.candidates) == (first.digest, first.candidates)


def test_event_files_of_no_slot_are_one_more_part_of_the_sum(events: Path) -> None:
    here = events / "4"
    (here / "impressions_4.csv").write_text("banner_id,campaign_id\n251,54\n251,54\n")
    (here / "clicks_4.csv").write_text("click_id,banner_id,campaign_id\n1,7,54\n")
    (here / "conversions_4.csv").write_text("conversion_id,click_id,revenue\n1,1,0.5\n")
    found = window_of(events, QUARTER, now=LATER)
    assert found.candidates == [(54, 7, 0, 1, 1, 500_000), (54, 251, 7, 2, 0, 0)]
    assert found.slots == [BEFORE, NAME]


def test_event_files_of_no_slot_that_cannot_be_used_are_an_error(events: Path) -> None:
    (events / "4" / "impressions_4.csv").write_text("banner_id,campaign_id\n251,54\n")
    with pytest.raises(SourceError, match="There is no file of clicks and conversions"):
        window_of(events, QUARTER, now=LATER)


class TestTheGate:
    """Slots that are left out of the window."""

    @pytest.fixture
    def day(self, tmp_path: Path) -> Path:
        """Return a folder with 24 slots of 10 to 12 rows before the last one."""
        folder = tmp_path / "events"
        for place in range(1, 25):
            deliver(folder, SLOT - 4 * place, 9 + place % 3)
        return folder

    @pytest.mark.parametrize("archived", [0, 10])
    def test_a_slot_with_too_few_rows_is_left_out(self, day: Path, archived: int) -> None:
        deliver(day, SLOT, 3)
        archive(day, *(SLOT - 4 * place for place in range(25 - archived, 25)))
        found = window_of(day, QUARTER, now=LATER)
        assert "; ".join(found.left_out[NAME]) == (
            "there are 4 rows, which is less than 50% of 10, the least of the 24 slots of this "
            "quarter before it"
        )
        assert NAME not in found.slots
        assert found == window_of(day, QUARTER, now=LATER, keep=False)

    @pytest.mark.parametrize("impressions", [0, 4])
    def test_a_slot_without_events_or_with_half_of_them_counts(
        self, day: Path, impressions: int
    ) -> None:
        deliver(day, SLOT, impressions)
        assert window_of(day, QUARTER, now=LATER).left_out == {}

    def test_a_slot_that_has_not_ended_counts(self, day: Path) -> None:
        deliver(day, SLOT, 1)
        assert window_of(day, QUARTER, now=SLOT).left_out == {}

    def test_rows_are_compared_only_with_a_whole_day(self, day: Path) -> None:
        deliver(day, SLOT, 1)
        for path in (day / "4").glob(f"*{slot_name(SLOT - 4 * 24)}*"):
            path.unlink()
        assert window_of(day, QUARTER, now=LATER).left_out == {}

    def test_the_rows_of_an_archived_slot_are_known_when_its_files_are_gone(
        self, day: Path
    ) -> None:
        deliver(day, SLOT, 3)
        archive(day, SLOT - 4 * 24)
        assert list(window_of(day, QUARTER, now=LATER).left_out) == [NAME]
        shutil.rmtree(day / "archive")
        assert list(window_of(day, QUARTER, now=LATER).left_out) == [NAME]

    def test_the_rows_of_an_archived_slot_are_counted_again_when_its_files_change(
        self, day: Path
    ) -> None:
        deliver(day, SLOT, 3)
        archive(day, SLOT - 4 * 24)
        assert list(window_of(day, QUARTER, now=LATER).left_out) == [NAME]
        deliver(day, SLOT - 4 * 24, 5)
        archive(day, SLOT - 4 * 24)
        assert window_of(day, QUARTER, now=LATER).left_out == {}

    def test_rows_are_not_compared_if_an_archived_slot_cannot_be_read(self, day: Path) -> None:
        deliver(day, SLOT, 3)
        archive(day, SLOT - 4 * 24)
        (day / "archive" / "4" / f"clicks_4-{slot_name(SLOT - 4 * 24)}.csv").write_text("")
        assert window_of(day, QUARTER, now=LATER).left_out == {}

    def test_rows_are_not_compared_if_the_archive_is_no_folder(self, day: Path) -> None:
        deliver(day, SLOT, 3)
        archive(day, SLOT - 4 * 24)
        shutil.rmtree(day / "archive" / "4")
        (day / "archive" / "4").touch()
        assert window_of(day, QUARTER, now=LATER).left_out == {}

    def test_bad_rows_count_from_a_thousand_rows_on(self, tmp_path: Path) -> None:
        few, many = tmp_path / "few", tmp_path / "many"
        deliver(few, SLOT, 900, bad=50)
        deliver(many, SLOT, 1_000, bad=50)
        assert window_of(few, QUARTER, now=LATER).left_out == {}
        assert list(window_of(many, QUARTER, now=LATER).left_out) == [NAME]

    def test_a_slot_with_a_missing_file_is_left_out(self, events: Path) -> None:
        (events / "4" / f"clicks_4-{NAME}.csv").unlink()
        found = window_of(events, QUARTER, now=LATER)
        assert found.slots == [BEFORE]
        assert "There is no file of clicks" in found.left_out[NAME][0]

    def test_an_accepted_slot_counts_from_then_on(self, day: Path) -> None:
        deliver(day, SLOT, 1)
        assert NAME in window_of(day, QUARTER, now=LATER, accept=True).slots
        assert NAME in window_of(day, QUARTER, now=LATER).slots
        shutil.rmtree(day / "performance")
        assert NAME in window_of(day, QUARTER, now=LATER).slots
        (day / "accepted" / "4" / NAME).unlink()
        assert NAME not in window_of(day, QUARTER, now=LATER).slots


def crunch(events: Path, *, kept: bool = True, accept: bool = False) -> JobOutcome:
    url = f"sqlite:///{events.parent / 'banners.db'}"
    settings = load_settings(
        {
            "database_url": url,
            "events": str(events) if kept else "",
            "rejects": f"{events.parent}/r",
        }
    )
    return wiring.crunch(settings, events, (), lambda *_: None, accept=accept, unchanged_too=False)


def test_a_crunch_publishes_the_sum_and_nothing_if_the_input_is_the_same(events: Path) -> None:
    assert crunch(events).generation == 1
    deliver(events, SLOT - 8, 0)
    again = crunch(events, kept=False)
    assert again.generation is None
    assert again.quarters[3].status == "unchanged"
    deliver(events, SLOT - 12, 1)
    assert crunch(events).generation == 2
    database = open_database(f"sqlite:///{events.parent / 'banners.db'}", create=False)
    lineup = read_lineup(DatabaseReader(database), 54, QUARTER)
    (banner,) = lineup.banners
    assert (banner.impressions, banner.clicks) == (6, 3)
    database.dispose()


def test_a_crunch_says_which_slots_it_left_out(events: Path) -> None:
    deliver(events, SLOT, 1_000, bad=500)
    refused = crunch(events)
    assert refused.refused
    slots = refused.quarters[3].slots
    assert slots is not None
    assert (slots.counted, list(slots.left_out)) == (1, [NAME])
    accepted = crunch(events, accept=True)
    assert not accepted.refused
    assert accepted.quarters[3].objections[0].startswith(f"slot {NAME}: 500 of 1,501 rows")
    rejects = Path(str(accepted.quarters[3].rejects))
    assert rejects.name.startswith(f"quarter-4-{NAME}-")
    assert len(rejects.read_text().splitlines()) == 501
    assert json.loads((events / "performance" / "4" / f"{NAME}.json").read_text())["rows"] == 1_501
