"""Says who publishes into a database: the loop, or people by hand."""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from banners.core.model import Quarter
from banners.errors import LoopPublishes, QuarterHeld, readable
from banners.store.connect import named
from banners.store.schema import HELD_QUARTERS, LOOP_QUARTERS


@dataclass(frozen=True, slots=True)
class ByHand:
    """Somebody publishes the event files of a folder.

    Args:
        folder: the folder of event files.
        events: the folder of the event log; None if there is none.
        replace: whether to replace what the loop has published from another folder. It does not
            count as the publisher any more, until it publishes again.
    """

    folder: os.PathLike[str]
    events: Path | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class ByLoop:
    """The loop publishes a quarter.

    Args:
        folder: the folder of the event log.
        slot: the slot that begins next in the quarter, for whose views it publishes.
    """

    folder: Path
    slot: int


Publisher = ByHand | ByLoop


def check_may_publish(connection: Connection, publisher: Publisher | None) -> None:
    """Refuse to publish another folder than that of the loop, unless it is to be replaced.

    Args:
        connection: a connection of a database whose tables are up to date, outside a transaction.
        publisher: who publishes; None for whoever may.

    Raises:
        LoopPublishes: the loop has published from another folder.
    """
    if not isinstance(publisher, ByHand) or publisher.replace:
        return
    with connection.begin():
        of_loop = loop_folder(connection)
    own = {os.path.realpath(each) for each in (publisher.events, of_loop) if each}
    if of_loop and os.path.realpath(publisher.folder) not in own:
        raise LoopPublishes(
            f"{named(connection.engine)} has what the loop published from {readable(of_loop)}. "
            f"{readable(publisher.folder)} is another folder, so nothing was crunched. To publish "
            "it nevertheless, stop the loop and add --replace; to publish somewhere else, name "
            "another database with --database."
        )


def loop_folder(connection: Connection) -> str | None:
    """Return the folder from which the loop has published last; None if it never has.

    A database of an older Banners, which has no such table, has not seen the loop either.
    """
    if not sa.inspect(connection).has_table(LOOP_QUARTERS.name):
        return None
    newest = LOOP_QUARTERS.c.published_at.desc()
    return connection.scalar(sa.select(LOOP_QUARTERS.c.events).order_by(newest).limit(1))


def record_publisher(
    connection: Connection, publisher: Publisher | None, quarters: Collection[Quarter], at: str
) -> None:
    """Record who has published some quarters, in the transaction that makes them live.

    Args:
        connection: the connection that publishes, in a transaction.
        publisher: who publishes; None for whoever may.
        quarters: the quarters.
        at: the time in UTC, ISO 8601.
    """
    if isinstance(publisher, ByHand) and publisher.replace:
        connection.execute(sa.delete(LOOP_QUARTERS))
    if isinstance(publisher, ByLoop):
        for quarter in quarters:
            record_slot(connection, quarter, publisher, at, seconds=0)


def record_slot(
    connection: Connection, quarter: Quarter, publisher: ByLoop, at: str, *, seconds: int
) -> None:
    """Record for which slot the loop has published a quarter, or found it unchanged.

    Args:
        connection: a connection, in a transaction.
        quarter: the quarter.
        publisher: the loop.
        at: the time in UTC, ISO 8601.
        seconds: seconds that it took, 0 or more.
    """
    folder = os.path.realpath(publisher.folder)
    values = {"slot": publisher.slot, "events": folder, "published_at": at, "seconds": seconds}
    put_row(connection, LOOP_QUARTERS, {"quarter": int(quarter)}, values)


def put_row(
    connection: Connection,
    table: sa.Table,
    key: Mapping[str, object],
    values: Mapping[str, object],
) -> None:
    """Replace the row of a key, or insert it, in a transaction of the caller."""
    same = [table.c[name] == value for name, value in key.items()]
    if connection.execute(sa.update(table).where(*same).values(**values)).rowcount == 0:
        connection.execute(sa.insert(table).values(**key, **values))


def hold(connection: Connection, changed: Mapping[Quarter, int], now: Callable[[], str]) -> bool:
    """Hold quarters on the generations that they were rolled back to, if the loop publishes.

    Without the loop, the next run is somebody's decision, and publishes as usual.

    Args:
        connection: the connection of the rollback, in its transaction.
        changed: the generation of each quarter that was rolled back.
        now: returns the time in UTC, ISO 8601.

    Returns:
        Whether they are held.
    """
    if loop_folder(connection) is None:
        return False
    for quarter, generation in changed.items():
        values = {"generation": generation, "since": now()}
        put_row(connection, HELD_QUARTERS, {"quarter": int(quarter)}, values)
    return True


def refuse_held(connection: Connection, quarter: Quarter) -> None:
    """Refuse to publish a quarter that a rollback holds.

    Args:
        connection: a connection, in a transaction. If that has changed the pointer of the quarter,
            no rollback can come in between.
        quarter: the quarter.

    Raises:
        QuarterHeld: a rollback holds it.
    """
    held = connection.scalar(
        sa.select(HELD_QUARTERS.c.generation)
        .where(HELD_QUARTERS.c.quarter == int(quarter))
        # MySQL would otherwise look at the rows as they were when the transaction began.
        .with_for_update(read=True)
    )
    if held is not None:
        raise QuarterHeld(int(quarter), held)
