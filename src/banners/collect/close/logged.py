"""Reads from the event log what the banners of each lineup earned, for evaluations."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from banners.collect.close.duckdb_engine import duckdb_closer
from banners.collect.close.records import index_of
from banners.core.model import Quarter

_SLOTS_AT_ONCE = 8
"""Number of slots whose records are on the disk at the same time."""


@dataclass(frozen=True, slots=True)
class LoggedFigures:
    """The impressions and revenue of a banner.

    Args:
        impressions: its impressions.
        micros: its revenue in millionths.
        squares: sum of the squares of the revenues of its conversions.
    """

    impressions: int
    micros: float
    squares: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCampaign:
    """The views of a campaign in a slot that show the same number of banners of one generation.

    Args:
        slot: the slot.
        quarter: the quarter of the lineups.
        campaign_id: the campaign.
        generation: the generation that they were served from.
        places: the number of banners in each view, fill not counted.
        pages: the number of views that were seen and count.
        altered: whether a pause changed the lineup of any view of that generation in the slot.
        banners: the figures of each banner.
    """

    slot: int
    quarter: Quarter
    campaign_id: int
    generation: int
    places: int
    pages: int
    altered: bool
    banners: Mapping[int, LoggedFigures] = field(default_factory=dict)


def logged_campaigns(
    events: Path,
    wanted: Collection[int],
    scratch: Path,
    memory: str,
    on_slot: Callable[[int], None],
) -> Iterator[LoggedCampaign]:
    """Yield the views of some slots from the segments of the event log, slot by slot.

    Args:
        events: the folder of all events.
        wanted: the slots.
        scratch: an existing empty folder for temporary files.
        memory: memory limit of DuckDB, such as ``2GB``.
        on_slot: called with each slot before it is read.

    Raises:
        CollectError: DuckDB fails, or a segment has a record of another form.
        OSError: the log cannot be read.
    """
    index = index_of(events)
    slots = sorted(set(index.by_slot) & set(wanted))
    with duckdb_closer(scratch, memory) as closer:
        for first in range(0, len(slots), _SLOTS_AT_ONCE):
            some = slots[first : first + _SLOTS_AT_ONCE]
            keys = {key for slot in some for key in index.by_slot[slot]}
            closer.read([each for each, _ in index.segments if each.key in keys], some)
            for slot in some:
                on_slot(slot)
                yield from _campaigns(slot, closer.logged(slot))


def _campaigns(slot: int, rows: Iterable[Sequence[Any]]) -> Iterator[LoggedCampaign]:
    """Yield the campaigns of the rows of ``logged.sql``."""
    found: dict[tuple[Any, ...], dict[int, LoggedFigures]] = {}
    for *key, banner_id, impressions, micros, squares in rows:
        figures = LoggedFigures(int(impressions), float(micros), float(squares))
        found.setdefault(tuple(key), {})[int(banner_id)] = figures
    for (quarter, campaign_id, generation, places, pages, altered), banners in found.items():
        yield LoggedCampaign(
            slot=slot,
            quarter=Quarter(quarter),
            campaign_id=campaign_id,
            generation=generation,
            places=places,
            pages=pages,
            altered=altered,
            banners=banners,
        )
