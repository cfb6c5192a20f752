"""Rolls back to an earlier generation, and warms the cache for it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from banners.core.model import Generation, Quarter
from banners.store.write.rollback import roll_back as set_pointers

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from banners.store.read.lineups import DatabaseReader


@dataclass(frozen=True, slots=True)
class Changed:
    """What a rollback has changed.

    Args:
        generations: for each quarter that was changed, the number that was live (None if none was)
            and the number that is live now.
        is_held: whether these quarters are held on it, because the loop publishes.
    """

    generations: Mapping[Quarter, tuple[int | None, int]]
    is_held: bool


def roll_back(
    served: "DatabaseReader",
    database: "Engine",
    quarters: Collection[Quarter],
    to: int | None,
    *,
    now: Callable[[], datetime],
    warm: Callable[[Generation, Quarter], None],
) -> Changed:
    """Make an earlier generation live: see :func:`banners.store.write.rollback.roll_back`.

    Args:
        served: reads what is live.
        database: the same database, open for writing.
        quarters: the quarters to change; empty for all that can be changed.
        to: the number of the generation to make live; None for the one before the live one.
        now: returns the time in UTC.
        warm: called with the generation that is now live in each quarter that was changed.
    """
    before = served.active()
    done = set_pointers(database, quarters, to, now=now)
    after = served.active()
    for quarter in done.generations:
        warm(after[quarter], quarter)
    return Changed(
        {
            quarter: (before[quarter].number if quarter in before else None, after[quarter].number)
            for quarter in done.generations
        },
        done.is_held,
    )
