"""The first tier: the live generations, in the memory of this worker.

A generation is loaded before the switch to it, so that no request waits for it. The workers of a
host share one copy of it, and then need no other tier. Where they can share none, each worker loads
all lineups, up to a maximum. If there are more, it loads only the campaigns' ids, so that unknown
campaigns cause no query, and reads each lineup when it is requested.
"""

import logging
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple

from banners.core.candidates import Candidates
from banners.core.model import Generation, Quarter
from banners.errors import DamagedRecord, StoreClosed, StoreError, StoreUnavailable
from banners.serve.lasting import Lasting
from banners.serve.lookups import Lookups, weight
from banners.serve.packed import check_record, decode_candidates
from banners.serve.reader import LineupSource
from banners.serve.shared_copies import SharedCopies, SharedCopy

_LOG = logging.getLogger(__name__)

DAMAGED_SECONDS = 60.0
"""Seconds after which a damaged quarter is read again; a new generation is read immediately."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What this worker holds of a generation in a quarter.

    Args:
        generation: the generation.
        quarter: the quarter of the hour.
        campaigns: the ids of all campaigns that have candidates, sorted.
        records: the record of each campaign; None if they do not fit.
        inventory: the ids of all candidates, sorted.
        lookups: reads the lineups that are not held.
        damage: what is wrong with a record; its campaign is answered with an error.
        copy: the shared copy that holds records and inventory; None if they are held here.
    """

    generation: Generation
    quarter: Quarter
    campaigns: Sequence[int]
    records: Mapping[int, bytes] | None
    inventory: Sequence[int]
    lookups: Lookups
    damage: DamagedRecord | None = None
    copy: SharedCopy | None = None

    @property
    def is_usable(self) -> bool:
        """Whether the shared copy, if there is one, has shown no damage."""
        return self.copy is None or not self.copy.is_spoiled

    def candidates(self, campaign_id: int) -> Candidates | None:
        """Return the candidates of a campaign; None if they are not held, or there are none."""
        if self.records is None:
            return None
        try:
            record = self.records.get(campaign_id)
            if record is None:
                return None
            return decode_candidates(record, self.generation, self.quarter, campaign_id)
        except (DamagedRecord, OSError) as error:
            if self.copy is None:
                raise
            self.copy.spoil(error)
            return None

    def read_later(self, campaign_id: int) -> "Future[Candidates | None]":
        """Read the candidates of a campaign that are not held; see HeldQuarter."""
        return self.lookups.ask(self.generation, self.quarter, campaign_id)

    def __contains__(self, campaign_id: int) -> bool:
        """Whether the campaign has a lineup."""
        if self.records is not None:
            return campaign_id in self.records
        place = bisect_left(self.campaigns, campaign_id)
        return place < len(self.campaigns) and self.campaigns[place] == campaign_id


class _Damage(NamedTuple):
    """A generation that cannot be loaded in a quarter, why, and when to read it again."""

    generation: Generation
    error: DamagedRecord
    next_read: float


class MemoryReader:
    """A LineupReader that answers from memory; :meth:`load` loads the live generations.

    Args:
        source: the tier behind it.
        most_lineups: maximum number of lineups that it holds; a large campaign counts as several.
        copies: the copies that the workers of this host share; None if they share none.
        on_load: called after each quarter is loaded, with the seconds that it took.
        clock: returns the time in seconds; only differences matter.
    """

    def __init__(
        self,
        source: LineupSource,
        *,
        most_lineups: int,
        copies: SharedCopies | None = None,
        on_load: Callable[[Shelf, float], None] = lambda _shelf, _seconds: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._most_lineups = most_lineups
        self._copies = copies
        self._on_load = on_load
        self._clock = clock
        self._lasting = Lasting(clock)
        self._damaged: dict[Quarter, _Damage] = {}
        self._shelves: Mapping[Quarter, Shelf] = {}
        self._source_error: StoreError | None = StoreUnavailable("Nothing has been loaded yet.")
        self._loading = threading.Lock()
        self._lookups = Lookups(source.records_of, most_lineups)

    @property
    def source_error(self) -> StoreError | None:
        """The error of the source when it was last read; None if it answered."""
        return self._source_error

    @property
    def is_damaged(self) -> bool:
        """Whether the source answers, and what it holds of a quarter is damaged."""
        return isinstance(self._source_error, DamagedRecord)

    def numbers(self) -> dict[int, int]:
        """Return the number of the loaded generation of each quarter."""
        return {int(each): shelf.generation.number for each, shelf in self._shelves.items()}

    def load(self) -> None:
        """Load the generations that are live now, and switch to them.

        If the source cannot be reached, or has lost what it had, the loaded generations stay.
        """
        with self._loading:
            self._load()

    def active(self) -> Mapping[Quarter, Generation]:
        """Return the loaded generation of each quarter."""
        if self._source_error and not self._shelves:
            raise self._source_error
        return {quarter: shelf.generation for quarter, shelf in self._shelves.items()}

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        """Return the candidates of a campaign from memory, or read and keep them."""
        shelf = self._shelf(generation, quarter)
        if shelf is None:
            return self._source.candidates(generation, quarter, campaign_id)
        if campaign_id not in shelf:
            return None
        found = shelf.candidates(campaign_id)
        if found is not None:
            return found
        found = self._lookups.candidates(generation, quarter, campaign_id)
        if found is None:
            self._replace(shelf)
        return found

    def held(self, quarter: Quarter) -> Shelf | None:
        """Return what is held of a quarter: another object for each generation."""
        return self._shelves.get(quarter)

    def inventory(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Return the inventory from memory."""
        shelf = self._shelf(generation, quarter)
        return shelf.inventory if shelf else self._source.inventory(generation, quarter)

    def campaigns(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Return the campaigns' ids from memory."""
        shelf = self._shelf(generation, quarter)
        return shelf.campaigns if shelf else self._source.campaigns(generation, quarter)

    def records(self, generation: Generation, quarter: Quarter) -> Iterable[tuple[int, bytes]]:
        """Stream all records, from memory if all are held."""
        shelf = self._shelf(generation, quarter)
        if shelf is None or shelf.records is None or shelf.copy is not None:
            return self._source.records(generation, quarter)
        return shelf.records.items()

    def close(self) -> None:
        """Close the source, and drop what is in memory."""
        self._shelves = {}
        self._source_error = StoreClosed(
            "The reader has been closed. To read from it, open it again."
        )
        self._source.close()

    def _shelf(self, generation: Generation, quarter: Quarter) -> Shelf | None:
        """Return what is held of a generation; None if another generation is held."""
        shelf = self._shelves.get(quarter)
        return shelf if shelf is not None and shelf.generation == generation else None

    def _replace(self, dropped: Shelf) -> None:
        """Load what is live now, because a generation was dropped before the next look."""
        with self._loading:
            if self._shelves.get(dropped.quarter) is dropped:
                self._load()
            if self._shelves.get(dropped.quarter) is dropped:
                raise StoreUnavailable(
                    f"Generation {dropped.generation.number} is no longer in the database, and "
                    "the one that replaces it cannot be loaded yet. Ask again."
                )

    def _load(self) -> None:
        source_error: StoreError | None = None
        try:
            active = self._source.active()
            if active or not self._shelves:
                self._switch(active)
            else:
                source_error = StoreUnavailable(
                    "The database has lost everything that was published in it."
                )
        except StoreError as error:
            source_error = error
        if source_error:
            if self._lasting.is_due(type(source_error)):
                _LOG.warning("Serving what is in memory: %s", source_error)
        elif self._source_error:
            self._lasting.end()
            if self._shelves:
                _LOG.info("What is in memory is up to date.")
        self._source_error = source_error

    def _switch(self, active: Mapping[Quarter, Generation]) -> None:
        shelves = dict(self._shelves)
        damaged: DamagedRecord | None = None
        for quarter in shelves.keys() - active.keys():
            # No run removes a pointer.
            damaged = DamagedRecord(
                f"The database no longer says what is live in quarter {int(quarter)}. "
                "Crunch the quarter again."
            )
        for quarter, generation in active.items():
            held = self._shelf(generation, quarter)
            if held is None or not held.is_usable:
                start = time.perf_counter()
                try:
                    shelf = self._fetch_once(generation, quarter, shelves.values())
                except DamagedRecord as error:
                    damaged = error  # of this quarter; the others can be loaded
                    continue
                shelves[quarter] = shelf
                self._on_load(shelf, time.perf_counter() - start)
            self._damaged.pop(quarter, None)
            # At the start all quarters appear together: a quarter that is not loaded yet would be
            # answered as one without data.
            if self._shelves:
                self._shelves = dict(shelves)
        self._shelves = shelves
        damaged = damaged or next(filter(None, (each.damage for each in shelves.values())), None)
        if damaged:
            raise damaged

    def _fetch_once(self, generation: Generation, quarter: Quarter, held: Iterable[Shelf]) -> Shelf:
        """Fetch a quarter; if it is damaged, do not read all of it again at every look."""
        known = self._damaged.get(quarter)
        if known and known.generation == generation and self._clock() < known.next_read:
            raise known.error
        try:
            return self._fetch(generation, quarter, held)
        except DamagedRecord as error:
            self._damaged[quarter] = _Damage(generation, error, self._clock() + DAMAGED_SECONDS)
            raise

    def _fetch(self, generation: Generation, quarter: Quarter, held: Iterable[Shelf]) -> Shelf:
        copied = self._fetch_copy(generation, quarter)
        if copied is not None:
            return copied
        campaigns = self._source.campaigns(generation, quarter)
        room = self._most_lineups - sum(
            _weight_of(shelf) for shelf in held if shelf.quarter != quarter
        )
        records = None
        if len(campaigns) <= room:
            records = self._fetch_records(generation, quarter, room)
        inventory = self._source.inventory(generation, quarter)
        damage = _damage_in(records or {}, generation, quarter)
        if damage and quarter in self._shelves:
            raise damage
        shelf = Shelf(
            generation, quarter, campaigns, records, inventory, self._lookups, damage=damage
        )
        lacking = records is not None and len(records) < len(campaigns)
        empty = not (campaigns and inventory)
        if lacking or (empty and self._source.active().get(quarter) != generation):
            raise StoreUnavailable(
                f"Generation {generation.number} was dropped while it was loaded."
            )
        return shelf

    def _fetch_copy(self, generation: Generation, quarter: Quarter) -> Shelf | None:
        """Fetch the copy of a quarter that this host's workers share; None if there is none."""
        if self._copies is None:
            return None
        if self._shelf(generation, quarter) is not None:
            # The copy is damaged. A new one would be on the same disk.
            self._copies.remove(generation, quarter)
            return None
        try:
            copy = self._copies.copy_of(generation, quarter, self._source)
        except DamagedRecord:
            if quarter in self._shelves:
                raise
            return None  # the undamaged campaigns are served without a copy
        if copy is None:
            return None
        campaigns, inventory = copy.records.campaigns, copy.inventory
        return Shelf(
            generation, quarter, campaigns, copy.records, inventory, self._lookups, copy=copy
        )

    def _fetch_records(
        self, generation: Generation, quarter: Quarter, room: int
    ) -> dict[int, bytes] | None:
        """Fetch the records of a quarter; None if they take more room than there is."""
        records = {}
        for campaign_id, record in self._source.records(generation, quarter):
            records[campaign_id] = record
            room -= weight(record)
            if room < 0:
                return None
        return records


def _weight_of(shelf: Shelf) -> int:
    """Return how many lineups a quarter in memory counts as."""
    return 0 if shelf.copy else sum(map(weight, (shelf.records or {}).values()))


def _damage_in(
    records: Mapping[int, bytes], generation: Generation, quarter: Quarter
) -> DamagedRecord | None:
    """Return what is wrong with the first damaged record; None if none is."""
    try:
        for campaign_id, record in records.items():
            check_record(record, generation, quarter, campaign_id)
    except DamagedRecord as error:
        return error
    return None
