"""``banners loop`` and what it changes for other commands, as processes."""

import json
import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.store.schema import GENERATION_QUARTERS
from support.event_logs import SLOT
from support.loops import CAMPAIGN, figures, moment, run_loop, see, settings_of, with_catalogue
from support.running import Workplace

PUBLISH = moment(SLOT + 4, -120)


@pytest.fixture
def recording(workplace: Workplace) -> Workplace:
    (workplace.folder / "live").mkdir()
    return Workplace(
        workplace.folder,
        {**workplace.variables, "BANNERS_EVENTS": "live", "BANNERS_WAIT_SECONDS": "0"},
    )


@pytest.fixture
def published(recording: Workplace) -> Workplace:
    """A workplace in whose database the loop has published the fourth quarter."""
    with_catalogue(url_of(recording.folder))
    see(recording.folder / "live", SLOT, range(3))
    settings = settings_of(recording.folder / "live", url_of(recording.folder))
    run_loop(settings, PUBLISH, PUBLISH + 1)
    return recording


def url_of(folder: Path, name: str = "var/banners.db") -> str:
    return f"sqlite:///{folder / name}"


def digest(url: str) -> str:
    database = open_database(url, create=False)
    with database.connect() as connection:
        newest = GENERATION_QUARTERS.c.generation.desc()
        found = connection.scalar(sa.select(GENERATION_QUARTERS.c.digest).order_by(newest))
    database.dispose()
    return str(found)


def test_it_runs_alone_until_a_signal_ends_it(recording: Workplace) -> None:
    with recording.start("loop") as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "The loop runs in live" in line:
                break
        second = recording.run("loop")
        assert second.returncode == 1
        assert "already runs the loop in live" in second.stderr
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0


def test_without_a_folder_of_events_it_is_wrong_usage(workplace: Workplace) -> None:
    ended = workplace.run("loop")
    assert (ended.returncode, "BANNERS_EVENTS is empty" in ended.stderr) == (2, True)


def test_a_folder_of_events_that_cannot_be_made_is_named(workplace: Workplace) -> None:
    (workplace.folder / "taken").write_text("not a folder")
    workplace.variables["BANNERS_EVENTS"] = "taken"
    ended = workplace.run("loop")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: taken cannot be made: File exists. ")


def test_the_files_alone_give_what_the_loop_gives(published: Workplace) -> None:
    alone = url_of(published.folder, "alone.db")
    with_catalogue(alone)
    ended = published.run("crunch", "live", "--quarter", "4", "--database", alone)
    assert ended.returncode == 0, ended.stderr
    assert digest(alone) == digest(url_of(published.folder))
    for url in (alone, url_of(published.folder)):
        assert figures(url, Quarter.FOURTH) == (3, 3)
    of_both = [
        published.run("show", str(CAMPAIGN), "--quarter", "4", "--json", *words).stdout
        for words in ((), ("--database", alone))
    ]
    assert json.loads(of_both[0]) == json.loads(of_both[1])


def test_another_folder_is_refused_or_left_alone_or_replaces(published: Workplace) -> None:
    assert published.run("sample", "other", "--impressions", "500").returncode == 0
    refused = published.run("crunch", "other")
    assert refused.returncode == 1
    assert "has what the loop published from" in refused.stderr
    left = published.run("crunch", "other", "--unless-loop")
    assert (left.returncode, "has what the loop published from" in left.stderr) == (0, True)
    assert figures(url_of(published.folder), Quarter.FOURTH) == (3, 3)
    assert published.run("crunch", "other", "--replace", "--accept").returncode == 0


def test_a_rollback_is_shown_as_held_until_it_is_released(published: Workplace) -> None:
    assert published.run("crunch", "live", "--quarter", "4").returncode == 0
    rolled = published.run("rollback", "--json")
    assert json.loads(rolled.stdout) == {"generations": {"4": 1}, "held": True}
    assert "held until: banners rollback --release" in published.run("generations").stdout
    kept = json.loads(published.run("generations", "--json").stdout)["generations"]
    assert [bool(each["held_since"]) for each in kept] == [False, True]
    held = published.run("crunch", "live", "--quarter", "4")
    assert (held.returncode, "is held on generation 1" in held.stderr) == (3, True)
    assert published.run("rollback", "--release", "--to", "1").returncode == 2
    released = published.run("rollback", "--release")
    assert released.stdout == ("Quarter 4: released from generation 1; the loop publishes again.\n")
    again = published.run("rollback", "--release")
    assert (again.returncode, "Nothing is held" in again.stderr) == (1, True)
