"""Clears away what nobody reads: what a run did not finish, and what is older than needed."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from banners.model import Quarter
from banners.store.schema import (
    ACTIVE_GENERATIONS,
    GENERATION_QUARTERS,
    GENERATIONS,
    RESULT_TABLES,
    ROWS_AT_ONCE,
)

KEPT = 3
"""So many generations of each quarter are kept, the newest, to roll back to."""


def sweep_unfinished(connection: Connection) -> None:
    """Drop the generations that a run began and did not finish, but never what is served.

    From the first step on, a run that goes on all the same can activate nothing any more.
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


def drop_old(connection: Connection) -> None:
    """Drop what lies beyond the newest generations of each quarter, but never what is served."""
    active = sa.select(ACTIVE_GENERATIONS.c.quarter, ACTIVE_GENERATIONS.c.generation)
    known = sa.select(GENERATION_QUARTERS.c.quarter, GENERATION_QUARTERS.c.generation).order_by(
        GENERATION_QUARTERS.c.generation.desc()
    )
    with connection.begin():
        served = set(map(tuple, connection.execute(active)))
        newest_first = list(map(tuple, connection.execute(known)))
    for quarter in Quarter:
        for each in [row for row in newest_first if row[0] == quarter][KEPT:]:
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
    """Take a quarter from those that one can go back to, unless somebody just went back to it."""
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
    """Drop what a run that ended in between had withdrawn and not yet dropped."""
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
    """Drop the rows that a generation has of some quarters, in transactions of bounded size."""
    numbers = [int(quarter) for quarter in quarters]
    for table in RESULT_TABLES:
        rows = sa.delete(table).where(
            table.c.generation == generation, table.c.quarter.in_(numbers)
        )
        # Only MySQL has such a limit, and only it needs one: SQLite drops them all at once.
        some = rows.with_dialect_options(mysql_limit=ROWS_AT_ONCE)
        dropped = ROWS_AT_ONCE
        while dropped >= ROWS_AT_ONCE:
            with connection.begin():
                dropped = connection.execute(some).rowcount


def forget(connection: Connection, generation: int) -> None:
    """Drop a generation that has no rows; its number is not given again."""
    with connection.begin():
        connection.execute(sa.delete(GENERATIONS).where(GENERATIONS.c.generation == generation))
