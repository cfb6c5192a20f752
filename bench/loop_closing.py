"""Measure closing a slot of many events against a bare scan of its event files."""

import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import data
from claims import FOLDER, show_step
from process import Command, measure

from banners.collect.segments.log import EventLog
from banners.core.model import Quarter
from banners.core.slots import SLOT_SECONDS, slot_at, slot_name
from banners.core.views import Group, Traffic, View, event_id

HERE = Path(__file__).parent
PLACES = 5
_CLICKS_EVERY, _CONVERSIONS_EVERY = 4, 50
_FLUSH_EVERY = 1_000
_CAMPAIGNS = 20_000
_DAY_SLOTS = 96
_DAY_SHARE = 10


@dataclass(frozen=True, slots=True)
class ClosingFigures:
    """What closing takes.

    Args:
        events: number of impressions, clicks and conversions of the slot.
        scan_seconds: time of a bare scan of its event files.
        close_seconds: time of closing it.
        close_mb: peak memory of closing it, in MiB.
        crunch_seconds: time of crunching and publishing it.
        day_slots: number of the slots of a day that are closed in one run, as after a day without.
        day_events: number of their events.
        day_seconds: time of closing them.
    """

    events: int
    scan_seconds: float
    close_seconds: float
    close_mb: float
    crunch_seconds: float
    day_slots: int
    day_events: int
    day_seconds: float


def measure_closing(events: int, *, rounds: int) -> ClosingFigures:
    """Measure closing one slot, and the slots of a day.

    Args:
        events: number of events of the one slot, about; the day has a tenth of it.
        rounds: number of runs of each command.
    """
    slot = slot_at(time.time()) - _DAY_SLOTS - 1
    folder, made = recorded("closing", [slot], events)
    quarter = Quarter(slot % 4 + 1)
    database = f"sqlite:///{folder}.db"
    close = _close(folder, database, slot_name(slot))
    scan: list[str | Path] = [sys.executable, HERE / "bare_scan.py", folder]
    own = {"BANNERS_IMAGES": str(data.IMAGES), "BANNERS_REJECTS": str(FOLDER / "rejects")}
    own |= {"BANNERS_EVENTS": str(folder), "BANNERS_TIMEZONE": "UTC"}
    words: list[str | Path] = [data.BANNERS, "crunch", folder, "--quarter", str(int(quarter))]
    words += ["--database", database, "--accept"]
    commands = {"close": close, "scan": Command(scan, {}), "crunch": Command(words, own)}
    found = []
    for _ in range(rounds):
        _forget(folder)
        found.append(measure(commands, 1))
    day, of_day = recorded("closing-day", range(slot, slot + _DAY_SLOTS), events // _DAY_SHARE)
    caught_up = measure({"close": _close(day, f"sqlite:///{day}.db")}, 1)
    for each in (folder, day):
        shutil.rmtree(each)

    def seconds(name: str) -> float:
        return median(each[name].typical for each in found)

    return ClosingFigures(
        events=made,
        scan_seconds=seconds("scan"),
        close_seconds=seconds("close"),
        close_mb=max(each["close"].most_mb for each in found),
        crunch_seconds=seconds("crunch"),
        day_slots=_DAY_SLOTS,
        day_events=of_day,
        day_seconds=caught_up["close"].typical,
    )


def _forget(folder: Path) -> None:
    """Remove what was made of the log: otherwise little is left to do the second time."""
    for each in folder.iterdir():
        if each.is_dir() and each.name != "log":
            shutil.rmtree(each)
    Path(f"{folder}.db").unlink(missing_ok=True)


def _close(folder: Path, database: str, *words: str) -> Command:
    return Command(
        [data.BANNERS, "close", *words, "--database", database],
        {"BANNERS_EVENTS": str(folder), "BANNERS_TIMEZONE": "UTC"},
    )


def recorded(
    name: str, slots: "Iterator[int] | range | list[int]", events: int
) -> tuple[Path, int]:
    """Record about as many events, evenly over slots, in a folder that is empty at first.

    Returns:
        The folder, and the number of events.
    """
    folder = FOLDER / f"{name}-{events}"
    show_step(f"Making {folder} …")
    shutil.rmtree(folder, ignore_errors=True)
    Path(f"{folder}.db").unlink(missing_ok=True)
    slots = list(slots)
    of_100_views = 100 * PLACES + 100 // _CLICKS_EVERY + 100 // _CONVERSIONS_EVERY
    views = max(1, events * 100 // of_100_views // len(slots))
    now = float(slots[0] * SLOT_SECONDS)
    log = EventLog(folder, "main", clock=lambda: now)
    made = 0
    for slot in slots:
        now = float(slot * SLOT_SECONDS)
        for number in range(views):
            made += _record(log, slot, number)
            if number % _FLUSH_EVERY == 0:
                log.flush()
        log.flush()
        log.sync()
    log.close()
    return folder, made


def _record(log: EventLog, slot: int, number: int) -> int:
    """Record a view, and now and then a click and a conversion; return the number of events."""
    first = 1_000 + number % 43
    view = View(
        slot=slot,
        quarter=Quarter(slot % 4 + 1),
        campaign_id=1 + number % _CAMPAIGNS,
        generation=1,
        group=Group.RULE,
        view_id=slot % 4_096 << 32 | number,
        banner_ids=tuple(range(first, first + PLACES)),
    )
    log.impressions(view, Traffic.CLEAN)
    made = PLACES
    if number % _CLICKS_EVERY == 0:
        log.click(view, 1, Traffic.CLEAN)
        made += 1
    if number % (_CLICKS_EVERY * _CONVERSIONS_EVERY) == 0:
        click_id = event_id(view.view_id, 1)
        log.conversion(slot, click_id + 1, click_id, "1.25", 0)
        made += 1
    return made
