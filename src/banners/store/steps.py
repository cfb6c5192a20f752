"""Creates the tables, and upgrades those of an earlier release, in numbered steps.

The database records the steps that it has had. A run takes the missing ones, in order, while it
holds the publish lock. Each step

- looks at the tables and does what is missing: an earlier attempt may have been interrupted, and a
  new database has the latest tables from the first step on;
- never changes what a column means: a new meaning gets a new name. So a reader of an older Banners
  either reads correctly, or fails and says why.
"""

from collections.abc import Callable, Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from banners.errors import OlderTables, StoreError
from banners.store.carry_over import OLD_RESULTS, OnProgress, carry_over
from banners.store.connect import named
from banners.store.schema import (
    CANDIDATES,
    CATALOGUE_TABLES,
    LOOP_TABLES,
    METADATA,
    SCHEMA_STEPS,
    TOTALS_TABLES,
)

Step = Callable[[Connection, OnProgress], None]
"""A step, given the connection that holds the publish lock, outside a transaction."""


def make_tables(connection: Connection, _on_progress: OnProgress) -> None:
    """Create the tables of a new database.

    A database with the old tables of results but without a record of its steps does not get the
    table ``candidates`` here: the next step makes it, filled from the old tables.

    Raises:
        StoreError: a table of that name exists without one of the columns.
    """
    with connection.begin():
        is_old = sa.inspect(connection).has_table(OLD_RESULTS)
        _make(
            connection,
            [table for table in METADATA.sorted_tables if not (is_old and table is CANDIDATES)],
        )


def add_catalogue(connection: Connection, _on_progress: OnProgress) -> None:
    """Create the tables of the catalogue in a database of an older Banners.

    Raises:
        StoreError: a table of that name exists without one of the columns.
    """
    with connection.begin():
        make_catalogue(connection)


def make_catalogue(connection: Connection) -> None:
    """Create the tables of the catalogue that do not exist.

    The first writer of a catalogue does so too, without recording a step: it may have no rights to
    any other table.

    Raises:
        StoreError: a table of that name exists without one of the columns.
    """
    _make(connection, CATALOGUE_TABLES)


def add_totals(connection: Connection, _on_progress: OnProgress) -> None:
    """Create the tables of totals in a database of an older Banners.

    Raises:
        StoreError: a table of that name exists without one of the columns.
    """
    with connection.begin():
        make_totals(connection)


def make_totals(connection: Connection) -> None:
    """Create the tables of totals that do not exist.

    Closing does so too, without recording a step, so that it never waits for a run that publishes.

    Raises:
        StoreError: a table of that name exists without one of the columns.
    """
    _make(connection, TOTALS_TABLES)


def add_loop(connection: Connection, _on_progress: OnProgress) -> None:
    """Create the tables of the loop in a database of an older Banners.

    Raises:
        StoreError: a table of that name exists without one of the columns.
    """
    with connection.begin():
        _make(connection, LOOP_TABLES)


def _make(connection: Connection, tables: Collection[sa.Table]) -> None:
    """Create the tables that do not exist, and add columns with a default to those that do."""
    METADATA.create_all(connection, tables=list(tables))
    look = sa.inspect(connection)
    for table in tables:
        found = {column["name"] for column in look.get_columns(table.name)}
        lacking = [column for column in table.columns if column.name not in found]
        if lacking and all(column.server_default is not None for column in lacking):
            for column in lacking:
                described = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {described}")
        elif lacking:
            raise StoreError(
                f"{named(connection.engine)} has a table {table.name} without {lacking[0].name}: "
                "it belongs to another program, or to Banners before its first release. Name "
                "another database, and publish to that: banners crunch DIR."
            )


STEPS: Sequence[Step] = (make_tables, carry_over, add_catalogue, add_totals, add_loop, add_totals)
"""All steps; the first has number 1. A released step is neither changed nor moved. The last
one adds the columns that say why events of a campaign were left out."""


def bring_up_to_date(
    connection: Connection, now: Callable[[], str], on_progress: OnProgress = lambda _: None
) -> list[int]:
    """Take the steps that the database has not had, and return their numbers.

    Args:
        connection: the connection that holds the publish lock, outside a transaction.
        now: returns the time in UTC, ISO 8601.
        on_progress: called with a sentence about each part of a step that takes long.

    Raises:
        StoreError: the database has had steps that this Banners does not know.
    """
    with connection.begin():
        refuse_newer(connection)
        SCHEMA_STEPS.create(connection, checkfirst=True)
        taken = _taken(connection)
    missing = list(range(taken + 1, len(STEPS) + 1))
    for number in missing:
        STEPS[number - 1](connection, on_progress)
        with connection.begin():
            connection.execute(sa.insert(SCHEMA_STEPS).values(step=number, taken_at=now()))
    return missing


def is_up_to_date(connection: Connection) -> bool:
    """Return whether the database has had all steps that this Banners knows."""
    return _taken(connection) >= len(STEPS)


def refuse_newer(connection: Connection) -> None:
    """Refuse to write to a database of a newer Banners.

    Raises:
        StoreError: the database has had steps that this Banners does not know.
    """
    if (taken := _taken(connection)) > len(STEPS):
        raise StoreError(
            f"{named(connection.engine)} was brought to step {taken} of its tables by a newer "
            f"Banners; this one knows {len(STEPS)}. Use the newer one."
        )


def refuse_other(connection: Connection) -> None:
    """Explain a failed query by tables of an older or a newer Banners, if that is the reason.

    Raises:
        OlderTables: the tables are those of an older Banners.
        StoreError: they are those of a newer one.
    """
    refuse_newer(connection)
    if (taken := _taken(connection)) < len(STEPS):
        raise OlderTables(
            f"{named(connection.engine)} is at step {taken} of its tables, and this Banners reads "
            f"from step {len(STEPS)} on. Bring the tables up to date: banners upgrade"
        )


def _taken(connection: Connection) -> int:
    """Return the number of the last step that the database has had; 0 for none."""
    if not sa.inspect(connection).has_table(SCHEMA_STEPS.name):
        return 0
    return connection.scalar(sa.select(sa.func.max(SCHEMA_STEPS.c.step))) or 0
