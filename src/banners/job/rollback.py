"""Rolls back to an earlier generation, and warms the cache for it."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING

from banners.core.model import Generation, Quarter
from banners.store.write.rollback import RolledBack
from banners.store.write.rollback import roll_back as set_pointers

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from banners.store.read.lineups import DatabaseReader


def roll_back(
    served: "DatabaseReader",
    database: "Engine",
    quarters: Collection[Quarter],
    to: int | None,
    *,
    now: Callable[[], datetime],
    warm: Callable[[Generation, Quarter], None],
) -> RolledBack:
    """Make an earlier generation live: see :func:`banners.store.write.rollback.roll_back`.

    Args:
        served: reads what is live.
        database: the same database, open for writing.
        quarters: the quarters to change; empty for all that can be changed.
        to: the number of the generation to make live; None for the one before the live one.
        now: returns the time in UTC.
        warm: called with the generation that is now live in each quarter that was changed.
    """
    done = set_pointers(database, quarters, to, now=now)
    after = served.active()
    for quarter in done.generations:
        warm(after[quarter], quarter)
    return done
