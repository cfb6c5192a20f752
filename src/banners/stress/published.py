"""Keeps track of what is published during a run, so that a change of it is not a failure."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice

from banners.core.candidates import Candidates
from banners.core.model import FillPolicy, Generation, Quarter
from banners.core.rule import line_up
from banners.core.showing import fill_policy
from banners.errors import NothingPublished, StoreError, StressError, listed
from banners.serve.catalogue import NO_CATALOGUE, Catalogue
from banners.serve.packed import decode_candidates
from banners.serve.reader import LineupReader
from banners.stress.expectations import (
    Expectation,
    QuarterExpectations,
    expectation_of,
    prepared_expectation,
)
from banners.stress.schedule import PATIENCE_SECONDS
from banners.stress.shown import ShownCampaigns, banners_on
from banners.stress.verify import Answer, Failure, Fault, verify

LEEWAY_SECONDS = 2.0
"""Seconds that a server may still serve the previous generation, or its clock may differ."""


@dataclass(frozen=True, slots=True)
class _State:
    at: float
    active: Mapping[Quarter, Generation]
    catalogue: Catalogue


_Served = tuple[Quarter, Generation | None, Catalogue, int]
"""The quarter, its generation, the catalogue, and the second; 0 if there is no catalogue."""


class PublishedHistory:
    """What may be served now, and what might have been served since a request was sent.

    Args:
        reader: what is published.
        fill: where the fill of a short lineup may come from; None for the default.
        now: a monotonic clock, in seconds.
        quarter_at: returns the quarter of the hour at a moment of that clock.
        at_most: the number of campaigns whose lineups are kept; others are read when needed.
        second_at: returns the second, since 1970 in UTC, at a moment of that clock.
        catalogue: returns the catalogue that is in force.
        prefix: what the addresses of images must begin with; empty for nothing.
    """

    def __init__(
        self,
        reader: LineupReader,
        *,
        fill: FillPolicy | None,
        now: Callable[[], float],
        quarter_at: Callable[[float], Quarter],
        at_most: int,
        second_at: Callable[[float], float] = lambda _moment: 0.0,
        catalogue: Callable[[], Catalogue] = lambda: NO_CATALOGUE,
        prefix: str = "",
    ) -> None:
        self._reader = reader
        self._fill = fill
        self._now = now
        self._quarter_at = quarter_at
        self._second_at = second_at
        self._catalogue = catalogue
        self._at_most = at_most
        self._prefix = prefix
        self._states: deque[_State] = deque()
        # What is published never changes, and little of it is served at a time: two quarters, and
        # in each the generations before, during and after a change.
        self._selected = lru_cache(maxsize=8)(self._read_records)
        self._read = lru_cache(maxsize=16)(self._read_quarter)
        self._inventory = lru_cache(maxsize=8)(self._read_inventory)
        self._on = lru_cache(maxsize=16)(banners_on)

    def start(self) -> QuarterExpectations:
        """Read what is published for the first time.

        Raises:
            NothingPublished: no generation is live.
            StressError: no generation is live in this quarter of the hour.
            StoreError: the database cannot be read.
        """
        active, catalogue = self._reader.active(), self._catalogue()
        if not active:
            raise NothingPublished
        quarter = self._quarter_at(self._now())
        expected = self._at(self._now(), active, catalogue)
        if not expected.campaigns:
            raise StressError(
                f"Nothing is published for quarter {int(quarter)} of the hour, so there is no page "
                f"to request; published: {listed(sorted(active))}. "
                "Publish this quarter too with: banners crunch DIR"
            )
        self._states.append(_State(self._now(), active, catalogue))
        return expected

    def refresh(self) -> QuarterExpectations | None:
        """Read again what is published.

        Returns:
            None if the database cannot be read; the last state that was read then stays valid.
        """
        at = self._now()
        active, catalogue = self._states[-1].active, self._states[-1].catalogue
        expected = None
        try:
            active, catalogue = self._reader.active(), self._catalogue()
            expected = self._at(at, active, catalogue)
        except StoreError:
            pass
        self._states.append(_State(at, active, catalogue))
        while self._states[1].at < at - PATIENCE_SECONDS - LEEWAY_SECONDS:
            self._states.popleft()
        return expected

    def verify(self, answer: Answer) -> Failure | None:
        """Verify an answer against everything that may have been served since it was requested.

        Args:
            answer: was received before the last call of :meth:`refresh`.

        Returns:
            None if it matches any of these states; otherwise how it differs from the latest.
        """
        failure = None
        for served in self._served(answer.sent, answer.received):
            try:
                expected = self._read(*served)
                expectation = self._expectation(expected, answer.campaign_id)
            except StoreError as error:
                failure = Failure(Fault.NOT_CHECKED, answer.campaign_id, str(error))
                continue
            failure = verify(answer, expected, expectation, self._prefix)
            if failure is None:
                return None
        return failure

    def _at(
        self, moment: float, active: Mapping[Quarter, Generation], catalogue: Catalogue
    ) -> QuarterExpectations:
        quarter = self._quarter_at(moment)
        return self._read(quarter, active.get(quarter), catalogue, self._second(moment, catalogue))

    def _second(self, moment: float, catalogue: Catalogue) -> int:
        return int(self._second_at(moment)) if catalogue.exists else 0

    def _served(self, sent: float, received: float) -> list[_Served]:
        """Return what may have been served, the latest last."""
        before = [state for state in self._states if state.at <= sent - LEEWAY_SECONDS]
        during = [state for state in self._states if sent - LEEWAY_SECONDS < state.at < received]
        after = [state for state in self._states if state.at >= received]
        states = [*before[-1:], *during, *after[:1]]
        moments = (sent - LEEWAY_SECONDS, sent, received + LEEWAY_SECONDS, received)
        quarters = [(self._quarter_at(moment), moment) for moment in moments]
        found = [
            (
                *(quarter, state.active.get(quarter)),
                *(state.catalogue, self._second(moment, state.catalogue)),
            )
            for state in states
            for quarter, moment in quarters
        ]
        return [*dict.fromkeys(reversed(found))][::-1]

    def _expectation(self, expected: QuarterExpectations, campaign_id: int) -> Expectation | None:
        expectation = expected.campaigns.get(campaign_id)
        if expectation is not None or expected.complete or expected.generation is None:
            return expectation
        candidates = self._reader.candidates(expected.generation, expected.quarter, campaign_id)
        return self._expected(candidates) if candidates is not None else None

    def _expected(self, candidates: Candidates) -> Expectation:
        policy = fill_policy(self._fill, has_catalogue=False)
        return expectation_of(line_up(candidates), policy, self._inventory)

    def _read_quarter(
        self, quarter: Quarter, generation: Generation | None, catalogue: Catalogue, second: int
    ) -> QuarterExpectations:
        if generation is None:
            return QuarterExpectations(quarter, None, {}, complete=True)
        records, is_complete = self._selected(quarter, generation)

        def candidates(campaign_id: int) -> Candidates | None:
            record = records.get(campaign_id)
            if record is not None:
                return decode_candidates(record, generation, quarter, campaign_id)
            return (
                None if is_complete else self._reader.candidates(generation, quarter, campaign_id)
            )

        def shown(ranked: Candidates, left: Candidates) -> Expectation:
            policy = fill_policy(self._fill, has_catalogue=True)
            if ranked.prepared:
                on = partial(self._on, catalogue, second)
                return prepared_expectation(ranked, left, policy, on)
            return expectation_of(line_up(left), policy, lambda *_: self._on(catalogue, second))

        if catalogue.exists:
            campaigns = ShownCampaigns(candidates, records, catalogue, second, shown)
            return QuarterExpectations(
                quarter, generation, campaigns, complete=True, has_catalogue=True
            )
        expectations = {
            each: self._expected(decode_candidates(record, generation, quarter, each))
            for each, record in records.items()
        }
        return QuarterExpectations(quarter, generation, expectations, complete=is_complete)

    def _read_records(
        self, quarter: Quarter, generation: Generation
    ) -> tuple[Mapping[int, bytes], bool]:
        """Return the records of the campaigns to request, and whether these are all."""
        step = -(-len(self._reader.campaigns(generation, quarter)) // self._at_most) or 1
        records = islice(self._reader.records(generation, quarter), None, None, step)
        return dict(records), step == 1

    def _read_inventory(self, generation: Generation, quarter: Quarter) -> frozenset[int]:
        return frozenset(self._reader.inventory(generation, quarter))
