"""``banners close``: what was recorded becomes event files, and these become lineups."""

import json
from pathlib import Path

import pytest

from banners.collect.segments.names import log_folder
from banners.core.figures import Figures
from banners.core.slots import slot_name
from banners.core.totals import Totals
from banners.core.views import Traffic
from banners.store.connect import open_database
from banners.store.read.totals import DatabaseTotals
from support.event_logs import Clock, ended_slot, open_log, view_of, views_of
from support.running import Workplace

CLEAN = Traffic.CLEAN


@pytest.fixture
def recording(workplace: Workplace) -> Workplace:
    return Workplace(workplace.folder, {**workplace.variables, "BANNERS_EVENTS": "live"})


def keep(recording: Workplace, slot: int, host: str = "main") -> None:
    log = open_log(recording.folder / "live", Clock(slot), host)
    for view in views_of(slot):
        assert log.impressions(view, CLEAN)
        assert log.impressions(view, Traffic.CRAWLER)
    for view in views_of(slot)[:3]:
        assert log.click(view, 2, CLEAN)
    click_id = views_of(slot)[0].view_id * 16 + 2
    assert log.conversion(slot, 5, click_id, "2.5", 54)
    assert log.close()


def test_what_was_recorded_is_published(recording: Workplace) -> None:
    slot = ended_slot()
    keep(recording, slot)
    ended = recording.run("close")
    assert ended.returncode == 0, ended.stderr
    quarter = slot % 4 + 1
    first, second, *_ = ended.stdout.splitlines()
    assert first == (
        f"{slot_name(slot)} (quarter {quarter}): 40 impressions, 3 clicks, 1 conversion; "
        "40 repeated or left out."
    )
    assert second == (
        f"{slot_name(slot + 1)} (quarter {quarter % 4 + 1}): 0 impressions, 0 clicks, "
        "0 conversions."
    )
    assert recording.run("crunch", "live", "--quarter", str(quarter)).returncode == 0
    shown = recording.run("show", "54", "--quarter", str(quarter), "--json")
    lineup = json.loads(shown.stdout)["lineup"]
    figures = ("banner_id", "impressions", "clicks", "revenue")
    assert [[each[name] for name in figures] for each in lineup] == [[251, 20, 3, "2.500000"]]


def test_many_quiet_slots_are_no_repeated_delivery(recording: Workplace) -> None:
    slot = ended_slot()
    for each in range(slot - 8, slot + 1, 4):
        keep(recording, each) if each == slot else keep_nothing(recording, each)
    assert recording.run("close").returncode == 0
    quarter = slot % 4 + 1
    crunched = recording.run("crunch", "live", "--quarter", str(quarter), "--json")
    assert crunched.returncode == 0
    outcomes = json.loads(crunched.stdout)["quarters"]
    (outcome,) = (each for each in outcomes if each["quarter"] == quarter)
    assert outcome["skipped"] == []


def keep_nothing(recording: Workplace, slot: int) -> None:
    log = open_log(recording.folder / "live", Clock(slot))
    assert log.impressions(view_of(1, slot=slot), Traffic.CRAWLER)
    assert log.close()


def test_closing_again_has_nothing_to_do(recording: Workplace) -> None:
    slot = ended_slot()
    keep(recording, slot)
    assert slot_name(slot) in recording.run("close").stdout
    again = recording.run("close")
    assert again.returncode == 0
    assert slot_name(slot) not in again.stdout


def test_a_log_without_anything_has_nothing_to_close(recording: Workplace) -> None:
    (recording.folder / "live").mkdir()
    ended = recording.run("close")
    assert (ended.returncode, ended.stdout) == (0, "No slot has anything new.\n")


def test_a_slot_is_closed_by_its_name(recording: Workplace) -> None:
    slot = ended_slot()
    keep(recording, slot)
    ended = recording.run("close", slot_name(slot))
    assert len(ended.stdout.splitlines()) == 1


def test_a_host_that_is_missing_is_named_until_it_is_forgotten(recording: Workplace) -> None:
    slot = ended_slot()
    keep(recording, slot, "web-2")
    assert "Records are still missing from: web-2." in recording.run("close").stdout
    forgotten = recording.run("close", "--forget", "web-2")
    assert "web-2" not in forgotten.stdout
    assert slot_name(slot) in forgotten.stdout


def test_a_segment_that_has_vanished_is_a_failure(recording: Workplace) -> None:
    keep(recording, ended_slot())
    recording.run("close")
    (segment,) = log_folder(recording.folder / "live").rglob("*.segment")
    segment.unlink()
    ended = recording.run("close")
    assert ended.returncode == 1
    assert "is not closed again: segment main/" in ended.stderr


def test_damaged_late_and_old_records_are_counted(recording: Workplace) -> None:
    slot = ended_slot()
    keep(recording, slot - 100)
    changed = Workplace(
        recording.folder,
        {**recording.variables, "BANNERS_WINDOW": "1", "BANNERS_KEEP_EVENTS": "1"},
    )
    recording.run("close")
    archived = changed.run("close")
    assert "Archived, since they have left the window:" in archived.stdout
    assert "Removed, since nothing needs them any more: 1 segment." in archived.stdout
    keep(recording, slot - 100)
    keep(recording, slot)
    paths = sorted(log_folder(Path(recording.folder) / "live").rglob("*.segment"))
    paths[-1].write_bytes(paths[-1].read_bytes()[:-10])
    late = changed.run("close").stdout
    assert "Too late for the files of archived slots: 44 records." in late
    assert "Damaged, and left out:" in late


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("close", "20261126T1446Z"), "is not a slot"),
        (("close", "now"), "is not a slot"),
    ],
)
def test_what_is_no_slot_is_wrong_usage(
    recording: Workplace, words: tuple[str, ...], sentence: str
) -> None:
    ended = recording.run(*words)
    assert ended.returncode == 2
    assert sentence in ended.stderr


def test_without_a_folder_it_is_said_which_setting_names_it(workplace: Workplace) -> None:
    for words in (("close",), ("close", "--forget", "web-2")):
        ended = workplace.run(*words)
        assert ended.returncode == 2
        assert "BANNERS_EVENTS is empty" in ended.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BANNERS_HOST", "../main"),
        ("BANNERS_HOST", ".closed"),
        ("BANNERS_WINDOW", "0"),
        ("BANNERS_KEEP_EVENTS", "-1"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    recording: Workplace, name: str, value: str
) -> None:
    changed = Workplace(recording.folder, {**recording.variables, name: value})
    ended = changed.run("close")
    assert ended.returncode == 2
    assert name in ended.stderr


def test_totals_are_written_and_caught_up_with_after_an_outage(recording: Workplace) -> None:
    slot = ended_slot()
    keep(recording, slot)
    ended = recording.run("close", "--database", "sqlite:////proc/nowhere/banners.db")
    assert ended.returncode == 1
    assert slot_name(slot) in ended.stdout
    assert "Not all totals of closed slots are in the database" in ended.stderr
    again = recording.run("close")
    assert again.returncode == 0
    assert "Totals that the database lacked:" in again.stdout
    database = open_database(f"sqlite:///{recording.folder / 'var' / 'banners.db'}", create=False)
    series = DatabaseTotals(database).series(54, range(slot, slot + 1))
    net, gross = Figures(40, 3, 1, 2_500_000), Figures(40, 3, 1, 2_500_000)
    assert series == {slot: Totals(gross, net)}
