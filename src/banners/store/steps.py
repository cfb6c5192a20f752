"""How a database gets its tables, and a newer Banners' tables later: by numbered steps.

The steps that a database has had are written down in it. A run takes those it lacks, in order,
while it keeps other runs away. Each of them

- looks at what is there and does what is lacking: it may have been broken off in its middle, which
  MySQL does not undo, and a new database has the latest tables from the first step on;
- leaves each column's meaning as it is: what is to mean something else gets another name. So
  whoever reads with an older Banners either reads right, or fails and is told why.
"""

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from banners.errors import StoreError
from banners.store.connect import named
from banners.store.schema import METADATA, SCHEMA_STEPS

Step = Callable[[Connection], None]


def make_tables(connection: Connection) -> None:
    """Make the tables that are not there.

    Raises:
        StoreError: there is one of the same name that lacks a column.
    """
    METADATA.create_all(connection)
    look = sa.inspect(connection)
    for table in METADATA.sorted_tables:
        found = {column["name"] for column in look.get_columns(table.name)}
        lacking = [column.name for column in table.columns if column.name not in found]
        if lacking:
            raise StoreError(
                f"{named(connection.engine)} has a table {table.name} without {lacking[0]}: of "
                "somebody else's, or of Banners before its first release. Name another database, "
                "or drop the tables (of SQLite: delete the file), and publish again."
            )


STEPS: Sequence[Step] = (make_tables,)
"""All steps, the first of them number 1. One that was released is neither changed nor moved."""


def bring_up_to_date(connection: Connection, now: Callable[[], str]) -> None:
    """Take the steps that the database lacks.

    Args:
        connection: the connection that keeps other runs away, outside a transaction.
        now: tells the time, in UTC, ISO 8601.

    Raises:
        StoreError: the database had steps that this Banners does not know.
    """
    with connection.begin():
        refuse_newer(connection)
        SCHEMA_STEPS.create(connection, checkfirst=True)
        taken = _taken(connection)
    for number, step in enumerate(STEPS, start=1):
        if number > taken:
            with connection.begin():
                step(connection)
                connection.execute(sa.insert(SCHEMA_STEPS).values(step=number, taken_at=now()))


def refuse_newer(connection: Connection) -> None:
    """Refuse to write to a database that was brought further than this Banners knows.

    Raises:
        StoreError: it was.
    """
    if (taken := _taken(connection)) > len(STEPS):
        raise StoreError(
            f"{named(connection.engine)} was brought to step {taken} of its tables by a newer "
            f"Banners; this one knows {len(STEPS)}. Use that one."
        )


def refuse_other(connection: Connection) -> None:
    """Refuse to read what an older or a newer Banners has made, where reading it failed.

    Raises:
        StoreError: the tables are not those of this Banners.
    """
    refuse_newer(connection)
    if (taken := _taken(connection)) < len(STEPS):
        raise StoreError(
            f"{named(connection.engine)} is at step {taken} of its tables, and this Banners reads "
            f"from step {len(STEPS)} on. To bring it there, publish: banners crunch DIR."
        )


def _taken(connection: Connection) -> int:
    """Tell the last step that the database has had; 0 for none."""
    if not sa.inspect(connection).has_table(SCHEMA_STEPS.name):
        return 0
    return connection.scalar(sa.select(sa.func.max(SCHEMA_STEPS.c.step))) or 0
