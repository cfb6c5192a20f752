"""A tier with one quarter, and workers that share a copy of it."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from banners.core.candidates import Candidates
from banners.core.model import Generation, Quarter
from banners.errors import StoreError
from banners.serve.memory import MemoryReader, Shelf
from banners.serve.packed import encode_candidates
from banners.serve.shared_copies import SharedCopies
from support.tiers import Asked

FIRST = Quarter.FIRST
CAMPAIGNS = (3, 5, 2**32, 10**18 - 1)
OLD, NEW = Generation(7, "2026-01-31T10:00:00+00:00"), Generation(8, "2026-01-31T11:00:00+00:00")


def candidates(campaign_id: int, generation: Generation) -> Candidates:
    """Two candidates, whose ids tell the generation."""
    columns = (
        (10 * generation.number, 10 * generation.number + 1),
        (9, 8),
        (2, 1),
        (1, 0),
        (70, 0),
    )
    return Candidates(campaign_id, FIRST, generation, *columns)


class Source:
    """A tier with one quarter of four campaigns."""

    def __init__(self, generation: Generation = OLD) -> None:
        self.generation = generation
        self.on_record: Callable[[], None] = lambda: None
        self.banner_ids: Sequence[int] = array("Q", (1, 2, 2**40))
        self.has_rows = True

    def active(self) -> Mapping[Quarter, Generation]:
        return {FIRST: self.generation} if self.has_rows else {FIRST: NEW}

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        assert quarter == FIRST
        return candidates(campaign_id, generation) if campaign_id in CAMPAIGNS else None

    def records_of(
        self, generation: Generation, _quarter: Quarter, campaign_ids: Sequence[int]
    ) -> Mapping[int, bytes | StoreError]:
        return {
            each: encode_candidates(candidates(each, generation))
            for each in campaign_ids
            if each in CAMPAIGNS
        }

    def inventory(self, _generation: Generation, _quarter: Quarter) -> Sequence[int]:
        return self.banner_ids if self.has_rows else ()

    def campaigns(self, _generation: Generation, _quarter: Quarter) -> Sequence[int]:
        return CAMPAIGNS

    def records(self, generation: Generation, _quarter: Quarter) -> Iterator[tuple[int, bytes]]:
        for each in CAMPAIGNS if self.has_rows else ():
            self.on_record()
            yield each, encode_candidates(candidates(each, generation))

    def close(self) -> None:
        pass


def copies(folder: Path, database: str = "a database", wait_seconds: float = 0) -> SharedCopies:
    return SharedCopies(folder, database, wait_seconds)


def worker(folder: Path, source: Source | Asked) -> MemoryReader:
    """A worker that holds nothing by itself, after its first look."""
    memory = MemoryReader(source, most_lineups=0, copies=copies(folder))
    memory.load()
    return memory


def held(memory: MemoryReader) -> Shelf:
    found = memory.held(FIRST)
    assert found is not None
    return found


def ids_of(memory: MemoryReader, generation: Generation = OLD) -> list[list[int]]:
    found = [memory.candidates(generation, FIRST, each) for each in CAMPAIGNS]
    return [list(each.banner_ids) for each in found if each is not None]


def files(folder: Path) -> list[Path]:
    """The files of copies, without the locks."""
    return sorted(each for each in folder.iterdir() if each.suffix != ".lock")
