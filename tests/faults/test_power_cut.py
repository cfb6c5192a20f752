"""The power goes: what was confirmed is in the event files, and everything else at most once."""

import os
import random
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from banners.collect.close.run import close_slots
from banners.collect.segments.commit import GroupCommit
from banners.collect.segments.log import EventLog
from banners.collect.segments.names import OPEN, SEALED
from banners.core.slots import SLOT_SECONDS
from banners.core.views import Traffic
from faults.ledger import rows_of
from support.event_logs import SLOT, Clock, closing_of, open_log, view_of
from support.servers import until

CUTS, CUTS_IN_LONG_RUNS = 15, 200
MOST_SYNCS = 30
COLUMNS = {
    "impressions": "impression_id",
    "clicks": "click_id",
    "conversions": "conversion_id",
}


class PowerCut(BaseException):
    """The power goes, which no program notices."""


@dataclass
class Disk:
    """A disk that keeps for certain only what it was told to sync.

    Args:
        syncs: number of syncs after which the power goes.
        synced: the length of each file when it was synced last, by its inode.
        listed: the files whose names have been synced.
    """

    syncs: int = 1_000_000
    synced: dict[int, int] = field(default_factory=dict)
    listed: set[int] = field(default_factory=set)

    def sync(self, descriptor: int) -> None:
        """Sync a file, or the names in a folder."""
        self.syncs -= 1
        if self.syncs < 0:
            raise PowerCut
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            self.listed |= {each.inode() for each in os.scandir(descriptor)}
        else:
            self.synced[found.st_ino] = found.st_size

    def after_the_cut(self, events: Path, copy: Path, chance: random.Random) -> None:
        """Copy a folder as it may be then: what was not synced is missing, there, or zeros."""
        shutil.copytree(events, copy)
        for path in (events / "log").rglob("*"):
            if path.suffix not in {OPEN, SEALED}:
                continue
            found, there = path.stat(), copy / path.relative_to(events)
            if found.st_ino not in self.listed and chance.random() < 0.5:
                there.unlink()
                continue
            kept = self.synced.get(found.st_ino, 0)
            length = chance.choice([kept, chance.randint(kept, found.st_size), found.st_size])
            content = path.read_bytes()[:length]
            if chance.random() < 0.3:
                content = content[:kept] + bytes(length - kept)
            there.write_bytes(content)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "fdatasync", disk.sync)
    monkeypatch.setattr(os, "fsync", disk.sync)
    return disk


def turn(log: EventLog, number: int) -> None:
    """Record in one turn of an event loop what a visitor does, and an advertiser reports."""
    view = view_of(number)
    assert log.impressions(view, Traffic.CLEAN)
    assert log.click(view, 1, Traffic.CLEAN)
    assert log.conversion(view.slot, number + 1, number * 16 + 1, "1.5", 54)
    assert log.flush()


def record_until_the_cut(log: EventLog, clock: Clock, chance: random.Random) -> tuple[int, int]:
    """Return how many turns were confirmed to be safe, and how many there were."""
    turns = confirmed = 0
    try:
        while True:
            turn(log, turns)
            turns += 1
            if chance.random() < 0.02:
                clock.now += chance.choice([SLOT_SECONDS, -SLOT_SECONDS])
            if chance.random() < 0.1 and log.sync():
                confirmed = turns
    except PowerCut:
        return confirmed, turns


def test_turns_are_confirmed_before_a_late_cut(tmp_path: Path, disk: Disk) -> None:
    clock = Clock()
    disk.syncs = MOST_SYNCS
    confirmed, turns = record_until_the_cut(
        open_log(tmp_path / "events", clock), clock, random.Random(0)
    )
    # Otherwise the test of what was confirmed would look for nothing.
    assert 0 < confirmed <= turns


def ids(kind: str, turns: int) -> set[int]:
    """Return the ids of the events of a kind in the first turns."""
    if kind == "conversions":
        return {number + 1 for number in range(turns)}
    places = (1, 2) if kind == "impressions" else (1,)
    return {number * 16 + place for number in range(turns) for place in places}


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed",
    [
        *range(CUTS),
        *(pytest.param(seed, marks=pytest.mark.long) for seed in range(CUTS, CUTS_IN_LONG_RUNS)),
    ],
)
def test_what_was_confirmed_survives_a_loss_of_power(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance, clock = random.Random(seed), Clock()
    events, after = tmp_path / "events", tmp_path / "after"
    disk.syncs = chance.randrange(1, MOST_SYNCS)
    log = open_log(events, clock)
    confirmed, turns = record_until_the_cut(log, clock, chance)
    disk.after_the_cut(events, after, chance)
    monkeypatch.undo()
    close_slots(closing_of(after), Clock(SLOT + 200).now, [SLOT])
    for kind, column in COLUMNS.items():
        found = [int(row[column]) for row in rows_of(after, kind)]
        assert len(found) == len(set(found))
        assert ids(kind, confirmed) <= set(found) <= ids(kind, turns)


def test_impressions_that_nobody_waits_for_are_synced_all_the_same(
    tmp_path: Path, disk: Disk
) -> None:
    log = open_log(tmp_path / "events", Clock())
    commit = GroupCommit(log.sync)
    for number in range(20):
        assert log.impressions(view_of(number), Traffic.CLEAN)
    assert log.flush()
    until(lambda: log.unsynced_since is None)
    commit.close()
    (segment,) = (tmp_path / "events" / "log").rglob(f"*{OPEN}")
    found = segment.stat()
    assert disk.synced[found.st_ino] == found.st_size
    assert found.st_ino in disk.listed
    log.close()
