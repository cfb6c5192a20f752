"""Makes a generation live: checks its rows, and sets the pointers of its quarters atomically."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from banners.core.model import Quarter
from banners.errors import StoreError
from banners.store.schema import (
    ACTIVE_GENERATIONS,
    CANDIDATES,
    GENERATION_QUARTERS,
    GENERATIONS,
    INVENTORY,
)
from banners.store.write.publisher import Publisher, record_publisher, refuse_held
from banners.store.write.quarter import Written


def make_live(
    connection: Connection,
    generation: int,
    written: Mapping[Quarter, Written],
    published_at: str,
    publisher: Publisher | None = None,
) -> None:
    """Check a generation and point all of its quarters to it, in one transaction.

    Args:
        connection: the connection that holds the publish lock, outside a transaction.
        generation: the number of a generation that is being written.
        written: what was written of each of its quarters.
        published_at: the time in UTC, ISO 8601.
        publisher: who publishes; None for whoever may.

    Raises:
        QuarterHeld: a rollback has meanwhile made an earlier generation live, and holds it.
        StoreError: the database does not hold what was written, or another run marked the
            generation as abandoned; the previous generation stays live.
    """
    with connection.begin():
        _complete(connection, generation, published_at)
        for quarter, rows in written.items():
            _check(connection, generation, quarter, rows)
        for quarter in written:
            _point(connection, quarter, generation)
            refuse_held(connection, quarter)
        record_publisher(connection, publisher, written, published_at)


def _complete(connection: Connection, generation: int, published_at: str) -> None:
    completed = connection.execute(
        sa.update(GENERATIONS)
        .where(GENERATIONS.c.generation == generation, GENERATIONS.c.state == "writing")
        .values(state="complete", published_at=published_at)
    )
    if completed.rowcount != 1:
        raise StoreError(
            f"Generation {generation} was not published: another run marked it as abandoned. "
            "Run again."
        )


def _check(connection: Connection, generation: int, quarter: Quarter, written: Written) -> None:
    for table, expected in (
        (CANDIDATES, written.campaigns),
        (INVENTORY, written.inventory_parts),
        (GENERATION_QUARTERS, 1),
    ):
        found = connection.execute(
            sa.select(sa.func.count()).where(
                table.c.generation == generation, table.c.quarter == int(quarter)
            )
        ).scalar_one()
        if found != expected:
            raise StoreError(
                f"Generation {generation} was not published: in quarter {quarter} the table "
                f"{table.name} holds {found} rows of the {expected} written. Run again."
            )


def _point(connection: Connection, quarter: Quarter, generation: int) -> None:
    pointer = ACTIVE_GENERATIONS.c.quarter == int(quarter)
    changed = connection.execute(
        sa.update(ACTIVE_GENERATIONS).where(pointer).values(generation=generation)
    )
    if changed.rowcount == 0:
        connection.execute(
            sa.insert(ACTIVE_GENERATIONS).values(quarter=int(quarter), generation=generation)
        )
