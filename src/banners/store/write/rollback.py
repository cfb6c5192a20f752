"""Rolls back to an earlier generation: sets pointers, and holds them where the loop publishes."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.core.model import Quarter
from banners.errors import RollbackError, listed
from banners.store.connect import translated
from banners.store.schema import (
    ACTIVE_GENERATIONS,
    GENERATION_QUARTERS,
    GENERATIONS,
    HELD_QUARTERS,
)
from banners.store.steps import refuse_newer
from banners.store.write.publisher import hold


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback has changed.

    Args:
        generations: for each quarter that was changed, the number that was live and the number that
            is live now.
        is_held: whether these quarters are held on it, because the loop publishes.
    """

    generations: Mapping[Quarter, tuple[int, int]]
    is_held: bool


def roll_back(
    database: Engine,
    quarters: Collection[Quarter],
    to: int | None,
    *,
    now: Callable[[], datetime],
    undoes: int | None = None,
) -> RolledBack:
    """Make an earlier generation live, and hold the quarters on it if the loop publishes.

    This takes one short transaction, and does not wait for a run that holds the publish lock.

    Args:
        database: an open database.
        quarters: the quarters to change; if empty, all that have an earlier generation.
        to: the number of the generation to make live, which may also be a later one; None for the
            one before the live one.
        now: returns the time in UTC.
        undoes: to undo a rollback, the number of the generation that it made live; the quarters are
            then released. None to roll back.

    Raises:
        RollbackError: there is no such generation, or another one has become live since the
            rollback that is to be undone; nothing was changed.
        StoreError: the database refused or failed, or a newer Banners has made its tables.
    """
    with translated(database), database.begin() as connection:
        refuse_newer(connection)
        active = dict(
            connection.execute(
                sa.select(ACTIVE_GENERATIONS.c.quarter, ACTIVE_GENERATIONS.c.generation)
            ).all()
        )
        changed = _targets(connection, active, quarters, to)
        others = [each for each in changed if undoes not in {None, active.get(int(each))}]
        if others:
            raise RollbackError(
                f"Since that rollback, another generation has become live in {listed(others)}; "
                "nothing was changed."
            )
        for quarter, target in changed.items():
            _go_back(connection, quarter, active.get(int(quarter)), target)
        if undoes is not None:
            _release(connection, _held(connection).keys() & changed.keys())
        is_held = undoes is None and hold(connection, changed, lambda: now().isoformat())
    return RolledBack(
        {quarter: (active[int(quarter)], number) for quarter, number in changed.items()}, is_held
    )


def _targets(
    connection: Connection,
    active: Mapping[int, int],
    quarters: Collection[Quarter],
    to: int | None,
) -> dict[Quarter, int]:
    """Return the generation that each quarter goes back to; see :func:`roll_back`."""
    kept = _kept(connection)
    targets = {
        quarter: _target(kept.get(quarter, []), active.get(int(quarter)), to)
        for quarter in quarters or Quarter
    }
    lacking = [quarter for quarter, target in targets.items() if target is None]
    if lacking and (quarters or len(lacking) == len(targets)):
        raise RollbackError(_refusal(lacking, kept, active, to))
    return {quarter: target for quarter, target in targets.items() if target is not None}


def release(database: Engine, quarters: Collection[Quarter]) -> Mapping[Quarter, int]:
    """Let the loop publish quarters again that a rollback holds.

    Args:
        database: an open database.
        quarters: the quarters to release; if empty, all that are held.

    Returns:
        The number of the generation on which each of them was held.

    Raises:
        RollbackError: one of the given quarters, or none at all, is held; nothing was changed.
        StoreError: the database refused or failed, or a newer Banners has made its tables.
    """
    with translated(database), database.begin() as connection:
        refuse_newer(connection)
        held = _held(connection)
        lacking = [quarter for quarter in quarters if quarter not in held]
        if lacking or not held:
            found = f"A rollback does not hold {listed(lacking)}" if lacking else "Nothing is held"
            raise RollbackError(f"{found}; nothing was changed. See: banners generations")
        released = {each: held[each] for each in quarters or held}
        _release(connection, released)
    return released


def _release(connection: Connection, quarters: Iterable[Quarter]) -> None:
    for quarter in quarters:
        connection.execute(sa.delete(HELD_QUARTERS).where(HELD_QUARTERS.c.quarter == int(quarter)))


def _held(connection: Connection) -> dict[Quarter, int]:
    # A database of an older Banners has no such table.
    if not sa.inspect(connection).has_table(HELD_QUARTERS.name):
        return {}
    rows = connection.execute(sa.select(HELD_QUARTERS).order_by(HELD_QUARTERS.c.quarter))
    return {Quarter(row.quarter): row.generation for row in rows}


def _go_back(connection: Connection, quarter: Quarter, active: int | None, generation: int) -> None:
    """Set a pointer if no run has meanwhile changed it, or is dropping the generation."""
    there = sa.exists().where(
        GENERATION_QUARTERS.c.quarter == int(quarter),
        GENERATION_QUARTERS.c.generation == generation,
    )
    changed = connection.execute(
        sa.update(ACTIVE_GENERATIONS)
        .where(
            ACTIVE_GENERATIONS.c.quarter == int(quarter),
            ACTIVE_GENERATIONS.c.generation == active,
            there,
        )
        .values(generation=generation)
    )
    # SQLAlchemy makes MySQL count the rows found, changed or not.
    if changed.rowcount == 0:
        raise RollbackError(
            f"In quarter {int(quarter)}, another generation has just become live, or generation "
            f"{generation} has just been dropped; nothing was changed. See: banners generations"
        )


def _kept(connection: Connection) -> dict[Quarter, list[int]]:
    """Return the generations that each quarter can be rolled back to, the oldest first."""
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
        f"quarter {int(quarter)} has {', '.join(_listed(each, active.get(int(quarter))))}"
        for quarter in lacking
        for each in [kept.get(quarter, [])]
        if each
    )
    return (
        f"There is no {wanted} of {listed(lacking)} to go back to; nothing was changed. "
        f"{there[:1].upper()}{there[1:]}{'. ' if there else ''}See: banners generations"
    )


def _listed(kept: list[int], active: int | None) -> list[str]:
    return [f"{each} (live)" if each == active else str(each) for each in kept]
