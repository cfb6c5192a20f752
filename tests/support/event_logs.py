"""Event logs for tests: a clock to set, views, and what a log holds."""

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

from banners.collect.close.duckdb_engine import duckdb_closer
from banners.collect.close.run import Closing
from banners.collect.segments.log import EventLog
from banners.collect.segments.names import log_folder, segments_of
from banners.collect.segments.read import Read, read_records
from banners.core.model import Quarter
from banners.core.slots import SLOT_SECONDS, slot_at, slot_named
from banners.core.views import Group, View
from reference.closing import Clicked, Converted, Event, Seen

SLOT = slot_named("20261126T1445Z")
HOST = "main"


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, slot: int = SLOT, second: float = 100) -> None:
        self.now = slot * SLOT_SECONDS + second

    def __call__(self) -> float:
        return self.now

    def set(self, slot: int, second: float = 100) -> None:
        self.now = slot * SLOT_SECONDS + second


def view_of(number: int, *, slot: int = SLOT, banners: Iterable[int] = (414, 251)) -> View:
    """Return a view of campaign 54."""
    return View(
        slot=slot,
        quarter=Quarter(slot % 4 + 1),
        campaign_id=54,
        generation=3,
        group=Group.RULE,
        view_id=number,
        banner_ids=tuple(banners),
    )


def open_log(
    events: Path, clock: Clock, host: str = HOST, most_buffered: int = 4 << 20
) -> EventLog:
    return EventLog(events, host, clock=clock, most_buffered=most_buffered)


def contents(path: Path) -> list[bytes]:
    """Return the contents of the records of a segment."""
    with path.open("rb") as file:
        return list(read_records(file, Read()))


def logged(events: Path, host: str = HOST) -> list[bytes]:
    """Return the contents of all records of events of a host, in the order of the segments."""
    return [
        content
        for segment in segments_of(log_folder(events) / host)
        for content in contents(segment.path)
        if not content.startswith(b"e,")
    ]


def names(events: Path, host: str = HOST) -> list[str]:
    """Return the names in the folder of a host, without the name of the worker."""
    found = sorted(path.name for path in (log_folder(events) / host).iterdir())
    return ["-".join(name.split("-")[::2]) if "-" in name else name for name in found]


def record(log: EventLog, event: Event) -> None:
    """Record an event."""
    match event:
        case Seen(view, traffic):
            assert log.impressions(view, traffic)
        case Clicked(view, position, traffic):
            assert log.click(view, position, traffic)
        case Converted(slot, conversion_id, click_id, revenue, campaign_id):
            assert log.conversion(slot, conversion_id, click_id, revenue, campaign_id)


def closing_of(events: Path, **changed: Any) -> Closing:
    """Return how slots are closed in tests."""
    usual = Closing(
        events=events,
        host=HOST,
        zone=UTC,
        window=72,
        keep_events_seconds=30 * 86_400,
        opened=partial(duckdb_closer, memory="512MB"),
        memory="512MB",
        wait_seconds=0,
    )
    return replace(usual, **changed)


def files_in(events: Path) -> dict[str, str]:
    """Return the content of all event files by path, those in the archive included."""
    return {
        str(path.relative_to(events)): path.read_text("utf-8")
        for path in sorted(events.rglob("*.csv"))
    }


def ended_slot() -> int:
    """Return a slot that has ended; it does not depend on when in a slot a test runs."""
    return slot_at(time.time()) - 2


def views_of(slot: int) -> list[View]:
    """Return twenty views of a slot."""
    quarter = Quarter(slot % 4 + 1)
    return [view_of(number, slot=slot)._replace(quarter=quarter) for number in range(20)]
