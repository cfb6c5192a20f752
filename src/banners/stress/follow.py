"""Follows what is published while a run goes on, so that a change of it is no failure."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from banners.errors import NothingPublished, StoreError, StressError, listed
from banners.model import FillPolicy, Generation, Quarter
from banners.record import decode_lineup
from banners.serve.reader import LineupReader
from banners.stress.check import Answer, Complaint, Fault, check
from banners.stress.schedule import PATIENCE_SECONDS
from banners.stress.shows import QuarterShows, Shows, shows_of

LEEWAY_SECONDS = 2.0
"""So long what was published before may be served on, and two hosts' clocks may differ."""


@dataclass(frozen=True, slots=True)
class _Look:
    at: float
    active: Mapping[Quarter, Generation]


class Following:
    """What may be served, now and at the moments that answers are of.

    Args:
        reader: what is published.
        fill: where the fill of a short lineup may come from.
        now: a clock that never goes back, in seconds.
        quarter_at: tells the quarter of the hour at a moment of that clock.
        at_most: of so many campaigns the lineups are kept; others are read when they are needed.
    """

    def __init__(
        self,
        reader: LineupReader,
        *,
        fill: FillPolicy,
        now: Callable[[], float],
        quarter_at: Callable[[float], Quarter],
        at_most: int,
    ) -> None:
        self._reader = reader
        self._fill = fill
        self._now = now
        self._quarter_at = quarter_at
        self._at_most = at_most
        self._looks: deque[_Look] = deque()
        # What is published never changes, and little of it is served at a time: two quarters, and
        # in each the generations before, during and after a change.
        self._read = lru_cache(maxsize=8)(self._read_quarter)
        self._inventory = lru_cache(maxsize=8)(self._read_inventory)

    def begin(self) -> QuarterShows:
        """Look for the first time.

        Raises:
            NothingPublished: no generation is active.
            StressError: none is in this quarter of the hour.
            StoreError: the database cannot be read.
        """
        active = self._reader.active()
        if not active:
            raise NothingPublished
        quarter = self._quarter_at(self._now())
        shows = self._read(quarter, active.get(quarter))
        if not shows.campaigns:
            raise StressError(
                f"Nothing is published for quarter {int(quarter)} of the hour, so there is no page "
                f"to ask for; {listed(sorted(active))} would have some. "
                "Publish this one too with: banners crunch DIR"
            )
        self._looks.append(_Look(self._now(), active))
        return shows

    def look(self) -> QuarterShows | None:
        """Look again; None if the database cannot be read, which then has what it had."""
        at = self._now()
        active = self._looks[-1].active
        shows = None
        try:
            active = self._reader.active()
            quarter = self._quarter_at(at)
            shows = self._read(quarter, active.get(quarter))
        except StoreError:
            pass
        self._looks.append(_Look(at, active))
        while self._looks[1].at < at - PATIENCE_SECONDS - LEEWAY_SECONDS:
            self._looks.popleft()
        return shows

    def judge(self, answer: Answer) -> Complaint | None:
        """Check an answer against all that may have been served from when it was asked for.

        Args:
            answer: came before the last look.

        Returns:
            what is wrong by what is served now, if it is wrong by everything.
        """
        complaint = None
        for quarter, generation in self._served(answer.sent, answer.received):
            try:
                expected = self._read(quarter, generation)
                shows = self._shows(expected, answer.campaign_id)
            except StoreError as error:
                complaint = Complaint(Fault.NOT_CHECKED, answer.campaign_id, str(error))
                continue
            complaint = check(answer, expected, shows)
            if complaint is None:
                return None
        return complaint

    def _served(self, sent: float, received: float) -> list[tuple[Quarter, Generation | None]]:
        """Tell the quarters and generations that may have been served, the latest last."""
        before = [look for look in self._looks if look.at <= sent - LEEWAY_SECONDS]
        during = [look for look in self._looks if sent - LEEWAY_SECONDS < look.at < received]
        after = [look for look in self._looks if look.at >= received]
        looks = [*before[-1:], *during, *after[:1]]
        moments = (sent - LEEWAY_SECONDS, sent, received + LEEWAY_SECONDS, received)
        quarters = [self._quarter_at(moment) for moment in moments]
        pairs = [(quarter, look.active.get(quarter)) for look in looks for quarter in quarters]
        return [*dict.fromkeys(reversed(pairs))][::-1]

    def _shows(self, expected: QuarterShows, campaign_id: int) -> Shows | None:
        shows = expected.campaigns.get(campaign_id)
        if shows is not None or expected.whole or expected.generation is None:
            return shows
        lineup = self._reader.lineup(expected.generation, expected.quarter, campaign_id)
        return shows_of(lineup, self._fill, self._inventory) if lineup else None

    def _read_quarter(self, quarter: Quarter, generation: Generation | None) -> QuarterShows:
        if generation is None:
            return QuarterShows(quarter, None, {}, whole=True)
        step = -(-len(self._reader.campaigns(generation, quarter)) // self._at_most) or 1
        records = islice(self._reader.records(generation, quarter), None, None, step)
        lineups = (
            decode_lineup(record, generation, quarter, campaign_id)
            for campaign_id, record in records
        )
        shows = {each.campaign_id: shows_of(each, self._fill, self._inventory) for each in lineups}
        return QuarterShows(quarter, generation, shows, whole=step == 1)

    def _read_inventory(self, generation: Generation, quarter: Quarter) -> frozenset[int]:
        return frozenset(self._reader.inventory(generation, quarter))
