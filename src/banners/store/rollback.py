"""Goes back to a generation that was served before: sets pointers, and nothing else."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.errors import RollbackError, listed
from banners.model import Quarter
from banners.store.connect import translated
from banners.store.schema import ACTIVE_GENERATIONS, GENERATION_QUARTERS, GENERATIONS
from banners.store.steps import refuse_newer


def roll_back(
    database: Engine, quarters: Collection[Quarter], to: int | None
) -> Mapping[Quarter, int]:
    """Serve an earlier generation from now on.

    It takes one short transaction, and waits for nobody who is publishing at the time.

    Args:
        database: an open database.
        quarters: the quarters to change; none stands for all that it is possible for.
        to: the number of the generation to serve, which may also be a later one; None for the one
            before the one now served.

    Returns:
        The number of what is served now in each quarter that was changed.

    Raises:
        RollbackError: there is no such generation to go back to; nothing was changed.
        StoreError: the database refused or broke, or a newer Banners has made its tables.
    """
    with translated(database), database.begin() as connection:
        refuse_newer(connection)
        kept = _kept(connection)
        active = dict(
            connection.execute(
                sa.select(ACTIVE_GENERATIONS.c.quarter, ACTIVE_GENERATIONS.c.generation)
            ).all()
        )
        targets = {
            quarter: _target(kept.get(quarter, []), active.get(int(quarter)), to)
            for quarter in quarters or Quarter
        }
        lacking = [quarter for quarter, target in targets.items() if target is None]
        if lacking and (quarters or len(lacking) == len(targets)):
            raise RollbackError(_refusal(lacking, kept, active, to))
        changed = {quarter: target for quarter, target in targets.items() if target is not None}
        for quarter, target in changed.items():
            _go_back(connection, quarter, target)
    return changed


def _go_back(connection: Connection, quarter: Quarter, generation: int) -> None:
    """Set a pointer, if what it is to point to is still there: a run may be dropping it."""
    there = sa.exists().where(
        GENERATION_QUARTERS.c.quarter == int(quarter),
        GENERATION_QUARTERS.c.generation == generation,
    )
    changed = connection.execute(
        sa.update(ACTIVE_GENERATIONS)
        .where(ACTIVE_GENERATIONS.c.quarter == int(quarter), there)
        .values(generation=generation)
    )
    # The rows found, changed or not: so SQLAlchemy has MySQL count too.
    if changed.rowcount == 0:
        raise RollbackError(
            f"Generation {generation} of quarter {int(quarter)} has just been dropped; nothing was "
            "changed. See: banners generations"
        )


def _kept(connection: Connection) -> dict[Quarter, list[int]]:
    """List the generations that each quarter could be served from, the oldest first."""
    rows = connection.execute(
        sa.select(GENERATION_QUARTERS.c.quarter, GENERATION_QUARTERS.c.generation)
        .join(GENERATIONS, GENERATIONS.c.generation == GENERATION_QUARTERS.c.generation)
        .where(GENERATIONS.c.state == "complete")
        .order_by(GENERATION_QUARTERS.c.generation)
    )
    kept: dict[Quarter, list[int]] = {}
    for quarter, generation in rows:
        kept.setdefault(Quarter(quarter), []).append(generation)
    return kept


def _target(kept: list[int], active: int | None, to: int | None) -> int | None:
    if to is not None:
        return to if to in kept else None
    return max((each for each in kept if active is not None and each < active), default=None)


def _refusal(
    lacking: list[Quarter],
    kept: Mapping[Quarter, list[int]],
    active: Mapping[int, int],
    to: int | None,
) -> str:
    wanted = f"generation {to}" if to is not None else "earlier generation"
    there = "; ".join(
        f"quarter {int(quarter)} has {', '.join(_told(each, active.get(int(quarter))))}"
        for quarter in lacking
        for each in [kept.get(quarter, [])]
        if each
    )
    return (
        f"There is no {wanted} of {listed(lacking)} to go back to; nothing was changed. "
        f"{there[:1].upper()}{there[1:]}{'. ' if there else ''}See: banners generations"
    )


def _told(kept: list[int], active: int | None) -> list[str]:
    return [f"{each} (served)" if each == active else str(each) for each in kept]
