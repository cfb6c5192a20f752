"""The first tier: what is served, in the memory of this worker.

A generation is loaded before it is switched to, so that no request waits for it. Where it fits the
bound it is loaded whole, and the worker needs nobody any more; where it does not, the campaigns'
ids are, so that an unknown one troubles nobody, and the lineups come one by one when asked for.
"""

import logging
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cachetools import LRUCache, cached
from cachetools.keys import hashkey

from banners.errors import DamagedRecord, StoreClosed, StoreError, StoreUnavailable
from banners.model import Generation, Lineup, Quarter
from banners.record import decode_lineup, encode_lineup
from banners.serve.reader import LineupReader

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What this worker holds of a generation in a quarter.

    Args:
        generation: the generation.
        quarter: the quarter of the hour.
        campaigns: the ids of all campaigns that have a lineup, sorted.
        records: the record of each of them; None where they do not fit.
        inventory: the ids of all candidates, sorted.
    """

    generation: Generation
    quarter: Quarter
    campaigns: Sequence[int]
    records: Mapping[int, bytes] | None
    inventory: Sequence[int]

    def lineup(self, campaign_id: int) -> Lineup | None:
        """Read the lineup of a campaign; None where it is not held, or not there at all."""
        record = self.records.get(campaign_id) if self.records is not None else None
        if record is None:
            return None
        return decode_lineup(record, self.generation, self.quarter, campaign_id)

    def __contains__(self, campaign_id: int) -> bool:
        """Whether the campaign has a lineup."""
        if self.records is not None:
            return campaign_id in self.records
        place = bisect_left(self.campaigns, campaign_id)
        return place < len(self.campaigns) and self.campaigns[place] == campaign_id


class MemoryReader:
    """A LineupReader that answers from memory; :meth:`load` brings there what is served.

    Args:
        source: the tier behind it.
        most_lineups: how many lineups it holds at the most.
        on_load: is told of each quarter that was loaded, and of the seconds it took.
    """

    def __init__(
        self,
        source: LineupReader,
        *,
        most_lineups: int,
        on_load: Callable[[Shelf, float], None] = lambda _shelf, _seconds: None,
    ) -> None:
        self._source = source
        self._most_lineups = most_lineups
        self._on_load = on_load
        self._shelves: Mapping[Quarter, Shelf] = {}
        self._trouble: StoreError | None = StoreUnavailable("Nothing has been loaded yet.")
        self._loading = threading.Lock()
        # One query a key at a time: whoever asks for what is being read waits for it.
        self._read_through = cached(
            LRUCache(max(1, most_lineups)), key=hashkey, condition=threading.Condition()
        )(self._read_record)

    @property
    def trouble(self) -> StoreError | None:
        """Why what is served may be old by now: the source was out of reach when last asked."""
        return self._trouble

    def numbers(self) -> dict[int, int]:
        """Tell the number of the generation that is loaded in each quarter; {} for none."""
        return {int(each): shelf.generation.number for each, shelf in self._shelves.items()}

    def load(self) -> None:
        """Bring what is served now into memory, and switch to it.

        A source that is out of reach, or that has lost everything, changes nothing.
        """
        with self._loading:
            self._load()

    def active(self) -> Mapping[Quarter, Generation]:
        """Tell the generation that is loaded in each quarter."""
        if self._trouble and not self._shelves:
            raise self._trouble
        return {quarter: shelf.generation for quarter, shelf in self._shelves.items()}

    def lineup(self, generation: Generation, quarter: Quarter, campaign_id: int) -> Lineup | None:
        """Read a lineup from memory, or through it."""
        shelf = self._shelf(generation, quarter)
        if shelf is None:
            return self._source.lineup(generation, quarter, campaign_id)
        if campaign_id not in shelf:
            return None
        if shelf.records is not None:
            return shelf.lineup(campaign_id)
        record = self._read_through(generation, quarter, campaign_id)
        if record is None:
            self._replace(shelf)
            return None
        return decode_lineup(record, generation, quarter, campaign_id)

    def held(self, quarter: Quarter) -> Shelf | None:
        """Give what is held of a quarter: another object once another generation is held."""
        return self._shelves.get(quarter)

    def inventory(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Read the inventory from memory."""
        shelf = self._shelf(generation, quarter)
        return shelf.inventory if shelf else self._source.inventory(generation, quarter)

    def campaigns(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        """Read the campaigns' ids from memory."""
        shelf = self._shelf(generation, quarter)
        return shelf.campaigns if shelf else self._source.campaigns(generation, quarter)

    def records(self, generation: Generation, quarter: Quarter) -> Iterable[tuple[int, bytes]]:
        """Stream all lineups, from memory where they are all there."""
        shelf = self._shelf(generation, quarter)
        if shelf is None or shelf.records is None:
            return self._source.records(generation, quarter)
        return shelf.records.items()

    def close(self) -> None:
        """Close the source, and forget what is in memory."""
        self._shelves = {}
        self._trouble = StoreClosed("The reader has been closed. To read from it, open it again.")
        self._source.close()

    def _shelf(self, generation: Generation, quarter: Quarter) -> Shelf | None:
        """Find what is held of a generation; None for an old one, or one from a moment ago."""
        shelf = self._shelves.get(quarter)
        return shelf if shelf is not None and shelf.generation == generation else None

    def _replace(self, dropped: Shelf) -> None:
        """Load what is served now, where a generation was dropped before it was looked again."""
        with self._loading:
            if self._shelves.get(dropped.quarter) is dropped:
                self._load()
            if self._shelves.get(dropped.quarter) is dropped:
                raise StoreUnavailable(
                    f"Generation {dropped.generation.number} is no longer in the database, and "
                    "what is served in its place cannot be loaded yet."
                )

    def _load(self) -> None:
        trouble: StoreError | None = None
        try:
            active = self._source.active()
            if active or not self._shelves:
                self._switch(active)
            else:
                trouble = StoreUnavailable("The database has lost everything it had published.")
        except StoreError as error:
            trouble = error
        if str(trouble) != str(self._trouble):
            if trouble:
                _LOG.warning("Serving what is in memory: %s", trouble)
            elif self._shelves:
                _LOG.info("What is in memory is up to date.")
        self._trouble = trouble

    def _switch(self, active: Mapping[Quarter, Generation]) -> None:
        shelves = {quarter: shelf for quarter, shelf in self._shelves.items() if quarter in active}
        damaged: DamagedRecord | None = None
        for quarter, generation in active.items():
            if self._shelf(generation, quarter) is None:
                start = time.perf_counter()
                try:
                    shelf = self._fetch(generation, quarter, shelves.values())
                except DamagedRecord as error:
                    damaged = error  # of this quarter; the others are none the worse for it
                    continue
                shelves[quarter] = shelf
                self._on_load(shelf, time.perf_counter() - start)
            # Whoever starts has all quarters at once: one that is yet to come is not one that
            # has nothing.
            if self._shelves:
                self._shelves = dict(shelves)
        self._shelves = shelves
        if damaged:
            raise damaged

    def _fetch(self, generation: Generation, quarter: Quarter, held: Iterable[Shelf]) -> Shelf:
        campaigns = self._source.campaigns(generation, quarter)
        others = (len(shelf.records or ()) for shelf in held if shelf.quarter != quarter)
        room = self._most_lineups - sum(others)
        records = None
        if len(campaigns) <= room:
            records = dict(self._source.records(generation, quarter))
        inventory = self._source.inventory(generation, quarter)
        shelf = Shelf(generation, quarter, campaigns, records, inventory)
        lacking = records is not None and len(records) < len(campaigns)
        empty = not (campaigns and inventory)
        if lacking or (empty and self._source.active().get(quarter) != generation):
            raise StoreUnavailable(
                f"Generation {generation.number} was dropped while it was loaded."
            )
        return shelf

    def _read_record(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> bytes | None:
        lineup = self._source.lineup(generation, quarter, campaign_id)
        return encode_lineup(lineup) if lineup else None
