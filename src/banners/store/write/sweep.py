"""Deletes what is not needed: generations that a run did not finish, and old ones."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from banners.core.model import Quarter
from banners.store.dialects.dialect import bounded
from banners.store.schema import (
    ACTIVE_GENERATIONS,
    GENERATION_QUARTERS,
    GENERATIONS,
    RESULT_TABLES,
    ROWS_AT_ONCE,
)
from banners.store.write.publisher import loop_folder

KEPT = 3
"""Number of generations of each quarter that are kept to roll back to, the newest ones."""

KEPT_OF_LOOP = 24
"""The same where the loop publishes: the generations of a day."""


def sweep_unfinished(connection: Connection) -> None:
    """Delete the generations that a run began and did not finish, but never a live one.

    They are first marked as abandoned, so that a run that is still alive, which the lock should
    make impossible, cannot activate a generation whose rows are being deleted.

    Args:
        connection: the connection that holds the publish lock, outside a transaction.
    """
    abandoned = GENERATIONS.c.state == "abandoned"
    with connection.begin():
        connection.execute(
            sa.update(GENERATIONS)
            .where(
                GENERATIONS.c.state == "writing",
                GENERATIONS.c.generation.not_in(sa.select(ACTIVE_GENERATIONS.c.generation)),
            )
            .values(state="abandoned")
        )
        generations = connection.scalars(sa.select(GENERATIONS.c.generation).where(abandoned)).all()
    for generation in generations:
        clear(connection, generation, Quarter)
        forget(connection, generation)


def drop_old(connection: Connection, keep_generations: int | None = None) -> None:
    """Delete all but the newest generations of each quarter, but never a live one.

    Args:
        connection: the connection that holds the publish lock, outside a transaction.
        keep_generations: the number to keep, 1 or more; None for the usual number.
    """
    active = sa.select(ACTIVE_GENERATIONS.c.quarter, ACTIVE_GENERATIONS.c.generation)
    known = sa.select(GENERATION_QUARTERS.c.quarter, GENERATION_QUARTERS.c.generation).order_by(
        GENERATION_QUARTERS.c.generation.desc()
    )
    with connection.begin():
        served = set(map(tuple, connection.execute(active)))
        newest_first = list(map(tuple, connection.execute(known)))
        usual = KEPT if loop_folder(connection) is None else KEPT_OF_LOOP
    for quarter in Quarter:
        for each in [row for row in newest_first if row[0] == quarter][keep_generations or usual :]:
            if each not in served and _withdrawn(connection, quarter, each[1]):
                clear(connection, each[1], [quarter])
    _clear_withdrawn(connection)
    with connection.begin():
        connection.execute(
            sa.delete(GENERATIONS).where(
                GENERATIONS.c.state == "complete",
                GENERATIONS.c.generation.not_in(sa.select(GENERATION_QUARTERS.c.generation)),
                GENERATIONS.c.generation.not_in(sa.select(ACTIVE_GENERATIONS.c.generation)),
            )
        )


def _withdrawn(connection: Connection, quarter: Quarter, generation: int) -> bool:
    """Make a quarter unavailable for a rollback, unless a rollback has just made it live."""
    of_quarter = GENERATION_QUARTERS.c.quarter == int(quarter)
    served = sa.exists().where(
        ACTIVE_GENERATIONS.c.quarter == int(quarter), ACTIVE_GENERATIONS.c.generation == generation
    )
    with connection.begin():
        withdrawn = connection.execute(
            sa.delete(GENERATION_QUARTERS).where(
                GENERATION_QUARTERS.c.generation == generation, of_quarter, ~served
            )
        )
    return withdrawn.rowcount == 1


def _clear_withdrawn(connection: Connection) -> None:
    """Delete the rows of quarters that are withdrawn, also those that a killed run left."""
    with connection.begin():
        kept = set(
            map(
                tuple,
                connection.execute(
                    sa.select(GENERATION_QUARTERS.c.generation, GENERATION_QUARTERS.c.quarter)
                ),
            )
        )
        complete = connection.scalars(
            sa.select(GENERATIONS.c.generation).where(
                GENERATIONS.c.state == "complete",
                GENERATIONS.c.generation.not_in(sa.select(ACTIVE_GENERATIONS.c.generation)),
            )
        ).all()
    for generation in complete:
        clear(connection, generation, [each for each in Quarter if (generation, each) not in kept])


def clear(connection: Connection, generation: int, quarters: Iterable[Quarter]) -> None:
    """Delete the rows of some quarters of a generation, in transactions of bounded size."""
    numbers = [int(quarter) for quarter in quarters]
    for table in RESULT_TABLES:
        rows = sa.delete(table).where(
            table.c.generation == generation, table.c.quarter.in_(numbers)
        )
        some = bounded(connection, rows, ROWS_AT_ONCE)
        dropped = ROWS_AT_ONCE
        while dropped >= ROWS_AT_ONCE:
            with connection.begin():
                dropped = connection.execute(some).rowcount


def forget(connection: Connection, generation: int) -> None:
    """Delete a generation that has no rows; its number is not reused."""
    with connection.begin():
        connection.execute(sa.delete(GENERATIONS).where(GENERATIONS.c.generation == generation))
