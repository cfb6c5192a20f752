"""Builds what records views, clicks and conversions in the web application."""

import logging
import random
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from banners.errors import CollectError, StoreError
from banners.settings import Settings
from banners.wiring.catalogue import catalogue
from banners.wiring.collect import conversions_of, keys_not_shared, tokens

if TYPE_CHECKING:
    from banners.collect.conversions.check import Conversions
    from banners.collect.token import Tokens
    from banners.web.metrics import Metrics
    from banners.web.recording.recorder import HeldCatalogue
    from banners.web.shared_memory import SharedMemory

_LOG = logging.getLogger(__name__)


class Recording:
    """What records views, clicks and conversions in one worker, with the keys that this takes.

    Args:
        settings: name the event log, the senders of conversions, and what counts.
        held: where the catalogue of this worker is.
        source: where the randomness of view ids comes from.
        metrics: the metrics of this worker.
        previews: returns whether a request with these headers that asks for a preview gets one.
        shared: where all workers count floods.
        clock: tells the time, in seconds since 1970 in UTC.
    """

    def __init__(
        self,
        settings: Settings,
        held: "HeldCatalogue",
        source: random.Random,
        metrics: "Metrics",
        previews: Callable[[Sequence[tuple[bytes, bytes]]], bool],
        shared: "SharedMemory",
        clock: Callable[[], float],
    ) -> None:
        from banners.collect.conversions.received import ReceivedConversions, WatchedSenders
        from banners.collect.segments.log import EventLog
        from banners.web.recording.conversions import ReportedConversions
        from banners.web.recording.counts import RecordingCounts
        from banners.web.recording.crawlers import prepare
        from banners.web.recording.floods import Floods
        from banners.web.recording.recorder import Recorder
        from banners.web.recording.sources import Sources
        from banners.web.recording.turns import Turns
        from banners.web.recording.what_counts import WhatCounts

        self._settings = settings
        self._metrics = metrics.events
        self._failed = False
        self._clock = clock
        self._checks: Conversions | None = None
        floods = None
        if settings.flood:
            floods = Floods(shared.floods, shared.flood_salt, settings.flood)
        self._sources = Sources(settings.trusted_proxies, settings.public_url if floods else "")
        judge = WhatCounts(
            honours_opt_out=settings.honour_opt_out == "on",
            is_operator=previews,
            sources=self._sources,
            floods=floods,
        )
        prepare()
        log = EventLog(Path(settings.events), settings.host, clock=clock)
        turns = Turns(log, RecordingCounts())
        self.recorder = Recorder(
            turns, held, source.getrandbits, judge=judge, tokens=self._read_keys()
        )
        path = settings.conversion_keys_file
        self._senders = WatchedSenders(Path(path) if path else None)
        self.reported = ReportedConversions(
            ReceivedConversions(self._senders, self._conversions), turns
        )

    def look(self) -> None:
        """Read the keys again, and write to the metrics what was recorded."""
        if self.recorder.tokens is None:
            self.recorder.tokens = self._read_keys()
        self._senders.look()
        from banners.web.recording.told import tell

        turns = self.recorder.turns
        tell(self._metrics, turns.counts, turns.log, self._clock())

    def complaints(self) -> list[str]:
        """Return what operators should correct; usually nothing."""
        return [each for each in (self._sources.warning, self._senders.fault) if each]

    def _conversions(self) -> "Conversions | None":
        """Return what checks conversions; None while the keys of links cannot be read."""
        if self._checks is None and self.recorder.tokens is not None:
            self._checks = conversions_of(self._settings, self.recorder.tokens, self._clock)
        return self._checks

    def _read_keys(self) -> "Tokens | None":
        try:
            found = tokens(self._settings)
        except CollectError as error:
            # Visitors are served in any case.
            if not self._failed:
                _LOG.error("Nothing is recorded: %s", error)
            self._failed = True
            return None
        if self._failed:
            _LOG.info("The keys of links could be read. From now on, events are recorded.")
        return found


def check_recording(settings: Settings) -> list[str]:
    """Return what a person should know who starts a server that records.

    Args:
        settings: name the event log; without one, there is nothing to say.

    Raises:
        CollectError: a file of keys is set that cannot be used.
    """
    from banners.collect.conversions.senders import read_senders

    if not settings.events:
        return []
    remarks = [keys_not_shared(settings), _no_catalogue(settings)]
    if settings.conversion_keys_file:
        read_senders(Path(settings.conversion_keys_file))
    try:
        tokens(settings)
    except CollectError as error:
        if settings.token_keys_file:
            raise
        remarks.append(f"Nothing is recorded yet: {error}")
    return [each for each in remarks if each]


def _no_catalogue(settings: Settings) -> str:
    try:
        with closing(catalogue(settings)) as opened:
            if opened.in_force() is not None:
                return ""
    except StoreError:
        return ""  # said elsewhere
    return (
        "Nothing is recorded yet: BANNERS_EVENTS is set, but there is no catalogue to say where "
        "clicks lead. Make one on the page of campaigns, or with: banners catalogue import"
    )
