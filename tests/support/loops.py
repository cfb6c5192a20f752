"""Runs the loop by a clock that a test drives by hand."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from banners import wiring
from banners.core.model import Quarter
from banners.core.views import Traffic
from banners.errors import NothingPublished
from banners.serve.reader import read_lineup
from banners.settings import Settings
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.write.catalogue import DatabaseCatalogueWriter
from support.catalogue_versions import NOON
from support.catalogues import campaign
from support.event_logs import HOST, Clock, open_log, view_of

CAMPAIGN = 54
"""The campaign of the views of ``support.event_logs``."""


class Ended(Exception):
    """The clock has reached the end of a test."""


class HandClock:
    """A clock that goes to the moment that is waited for, at once, until its end.

    Args:
        now: seconds since 1970 in UTC.
        end: the moment at which the waiting ends with :class:`Ended`.
        on_wait: called with each moment before it is reached.
    """

    def __init__(
        self, now: float, end: float, on_wait: Callable[[float], None] = lambda _: None
    ) -> None:
        self._now = now
        self._end = end
        self._on_wait = on_wait

    def now(self) -> float:
        return self._now

    def wait_until(self, moment: float) -> None:
        if moment >= self._end:
            self._now = self._end
            raise Ended
        self._on_wait(moment)
        self._now = max(self._now, moment)


def moment(slot: int, seconds: float = 0) -> float:
    """Return a moment in or after a slot, in seconds since 1970 in UTC."""
    return slot * 900 + seconds


def settings_of(events: Path, url: str, **changed: object) -> Settings:
    usual = {
        "events": str(events),
        "database_url": url,
        "rejects": events.parent / "rejects",
        "images": events.parent / "images",
        "memory": "512MB",
        "wait_seconds": 0,
    }
    return Settings(**{**usual, **changed})  # type: ignore[arg-type]


def with_catalogue(url: str) -> None:
    """Put a catalogue into a database."""
    database = open_database(url, create=True)
    writer = DatabaseCatalogueWriter(database, now=lambda: NOON, wait_seconds=10)
    writer.replace([campaign(CAMPAIGN)], by="ada", what="Imported")
    writer.close()
    database.dispose()


def run_loop(
    settings: Settings,
    begin: float,
    end: float,
    *,
    on_step: Callable[[str], None] = lambda _: None,
    on_wait: Callable[[float], None] = lambda _: None,
) -> list[str]:
    """Run the loop from one moment to another, and return what it has told."""
    told: list[str] = []
    clock = HandClock(begin, end, on_wait)
    with (
        suppress(Ended),
        wiring.loop(settings, tell=told.append, on_step=on_step, clock=clock) as loop,
    ):
        loop.run()
    return told


def see(events: Path, slot: int, numbers: Iterable[int], *, host: str = HOST, now: int = 0) -> None:
    """Record views of a slot, and clicks on their first banner, in a sealed segment.

    Args:
        events: the folder of the event log.
        slot: the slot of the views.
        numbers: the numbers of the views.
        host: the host that records them.
        now: the slot in which they arrive; that of the views if not given.
    """
    log = open_log(events, Clock(now or slot), host)
    for number in numbers:
        view = view_of(number, slot=slot)
        assert log.impressions(view, Traffic.CLEAN)
        assert log.click(view, 1, Traffic.CLEAN)
    assert log.close()


def figures(url: str, quarter: Quarter) -> tuple[int, int] | None:
    """Return impressions and clicks of the first banner that is live; None before any publish."""
    database = open_database(url, create=False)
    try:
        with suppress(NothingPublished):
            first = read_lineup(DatabaseReader(database), CAMPAIGN, quarter).banners[0]
            return first.impressions, first.clicks
        return None
    finally:
        database.dispose()


def generations(url: str) -> dict[int, int]:
    """Return the generation that is live in each quarter."""
    database = open_database(url, create=False)
    try:
        active = DatabaseReader(database).active()
        return {int(quarter): each.number for quarter, each in active.items()}
    finally:
        database.dispose()
