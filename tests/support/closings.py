"""Events in sealed segments, and the event files that they are to become."""

from collections.abc import Iterable
from datetime import UTC
from pathlib import Path

from banners.collect.close.files import EventFolder
from banners.collect.close.totals_file import read_totals
from banners.core.slots import quarter_of, slot_name
from banners.core.totals import CampaignTotals
from banners.core.views import Traffic
from reference.closing import (
    Clicked,
    Converted,
    Event,
    Seen,
    event_files,
)
from support.event_logs import (
    HOST,
    SLOT,
    Clock,
    open_log,
    record,
    view_of,
)

CLEAN = Traffic.CLEAN


NAME = slot_name(SLOT)


LATER = Clock(SLOT + 1).now


VIEW = view_of(77)


CLICK = 77 * 16 + 1


EVENTS: list[Event] = [
    Seen(VIEW, CLEAN),
    Clicked(VIEW, 1, CLEAN),
    Converted(SLOT, 5, CLICK, "0.675", 54),
]


def keep(events: Path, kept: Iterable[Event], slot: int = SLOT, host: str = HOST) -> None:
    """Record events in a sealed segment."""
    log = open_log(events, Clock(slot), host)
    for event in kept:
        record(log, event)
    assert log.close()


def expected_files(kept: Iterable[Event], slots: Iterable[int]) -> dict[str, str]:
    return {
        f"{quarter:d}/{kind}_{quarter:d}-{slot_name(slot)}.csv": content
        for slot in slots
        for (kind, quarter), content in event_files(kept, slot, quarter_of(slot, UTC)).items()
    }


def totals_in(events: Path, slot: int = SLOT) -> list[CampaignTotals]:
    """Return the totals of a closed slot."""
    return list(read_totals(EventFolder(events).totals(slot)))
