"""A database as Banners made it before candidates were packed (commit 8ccc380), at schema step 1.

It holds two generations: the first of all four quarters, the second of quarters 1 and 2. For
MariaDB, whose files are no fixtures, its rows are copied into tables of the same commit.
"""

import gzip
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

FOLDER = Path(__file__).parents[1] / "older"
CAMPAIGNS = (5, 6, 7, 8, 9, 10, 11, 12, 300, 10**18 - 1)
_TABLES = (
    "schema_steps",
    "generations",
    "generation_quarters",
    "active_generations",
    "lineups",
    "performance",
    "inventory",
)


@dataclass(frozen=True)
class OldLineup:
    """A row of the old table ``lineups``."""

    rule: str
    converting: int
    slots: int
    revenue_micros: int
    banners: list[tuple[int, ...]]
    others: tuple[int, ...]


def contents() -> bytes:
    """The file of the database."""
    return gzip.decompress((FOLDER / "step_1.db.gz").read_bytes())


def restore(database: Engine) -> None:
    """Put the old tables with their rows in place of what a database has."""
    if database.dialect.name == "sqlite":
        database.dispose()
        file = Path(str(database.url.database))
        for each in file.parent.glob(f"{file.name}-*"):
            each.unlink()
        file.write_bytes(contents())
        return
    with database.begin() as connection:
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        for table in sa.inspect(connection).get_table_names():
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")
        for statement in (FOLDER / "step_1.mysql.sql").read_text("utf-8").split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        for table in _TABLES:
            rows = read(f"SELECT * FROM {table}")  # noqa: S608
            places = ", ".join(["%s"] * len(rows[0]))
            connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608


def read(query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Query the old database."""
    with sqlite3.connect(":memory:") as connection:
        file = bytearray(contents())
        file[18:20] = b"\1\1"  # no journal of its own, which a database in memory cannot have
        connection.deserialize(bytes(file))
        rows = connection.execute(query, values).fetchall()
    connection.close()
    return rows


def lineups() -> dict[tuple[int, int, int], OldLineup]:
    """All old lineups, by generation, quarter and campaign."""
    return {
        key: OldLineup(
            *rest,
            [(each, *row) for each, row in zip(*map(json.loads, (ids, figures)), strict=True)],
            tuple(json.loads(fill)),
        )
        for *place, rule, converting, slots, revenue, ids, figures, fill in read(
            "SELECT * FROM lineups"
        )
        for key, rest in [((*place,), (rule, converting, slots, revenue))]
    }
