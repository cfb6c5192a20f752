"""The tables as the latest step has them."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

METADATA = MetaData()

# SQLite numbers rows by itself only in a column of its own INTEGER type.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
# By the length, MySQL takes a type that goes beyond the 64 kB of its TEXT.
_LONG_TEXT = Text(1_000_000)
# Where `sqlite_with_rowid` is False, rows lie in the order of their key: a campaign's rows are
# neighbours, and are read at once. InnoDB keeps all its rows so.
_MYSQL: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}

SCHEMA_STEPS = Table(
    "schema_steps",
    METADATA,
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("taken_at", String(32), nullable=False),
    **_MYSQL,
)
"""The steps that brought the tables to where they are (banners.store.steps), and when."""

GENERATIONS = Table(
    "generations",
    METADATA,
    # A number is never given twice, since caches tell results apart by it.
    Column("generation", _NUMBER, primary_key=True, autoincrement=True),
    Column("state", String(10), nullable=False),
    Column("engine", String(20), nullable=False),
    Column("source", Text, nullable=False),
    Column("started_at", String(32), nullable=False),
    Column("published_at", String(32)),
    sqlite_autoincrement=True,
    **_MYSQL,
)
"""One row a generation. ``state`` is ``writing``, then ``complete``, or ``abandoned`` when the run
that wrote it did not finish; times are UTC, ISO 8601."""

GENERATION_QUARTERS = Table(
    "generation_quarters",
    METADATA,
    Column("generation", ForeignKey("generations.generation"), primary_key=True),
    Column("quarter", SmallInteger, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("event_rows", BigInteger, nullable=False),
    Column("summary", _LONG_TEXT, nullable=False),
    sqlite_with_rowid=False,
    **_MYSQL,
)
"""What a generation says of each of its quarters: the digest of its input, its rows, and a
summary in JSON."""

ACTIVE_GENERATIONS = Table(
    "active_generations",
    METADATA,
    Column("quarter", SmallInteger, primary_key=True, autoincrement=False),
    Column("generation", ForeignKey("generations.generation"), nullable=False),
    **_MYSQL,
)
"""The pointer of each quarter to the generation that is served."""

LINEUPS = Table(
    "lineups",
    METADATA,
    Column("generation", _NUMBER, primary_key=True),
    Column("quarter", SmallInteger, primary_key=True),
    Column("campaign_id", BigInteger, primary_key=True),
    Column("rule", String(20), nullable=False),
    Column("converting", Integer, nullable=False),
    Column("slots", SmallInteger, nullable=False),
    Column("revenue_micros", BigInteger, nullable=False),
    Column("banner_ids", Text, nullable=False),
    Column("figures", Text, nullable=False),
    Column("fill_ids", Text, nullable=False),
    sqlite_with_rowid=False,
    **_MYSQL,
)
"""The lineup of each campaign; ids are JSON arrays, best first. ``figures`` are those of its
banners, so that a lineup is read from one row: an array of arrays of impressions, clicks,
conversions and revenue in millionths. ``fill_ids`` are the campaign's other candidates, and empty
where no fill is needed. ``revenue_micros`` is that of all the campaign's candidates, so that
campaigns are listed without reading ``performance``."""

PERFORMANCE = Table(
    "performance",
    METADATA,
    Column("generation", _NUMBER, primary_key=True),
    Column("quarter", SmallInteger, primary_key=True),
    Column("campaign_id", BigInteger, primary_key=True),
    Column("banner_id", BigInteger, primary_key=True),
    Column("impressions", BigInteger, nullable=False),
    Column("clicks", BigInteger, nullable=False),
    Column("conversions", BigInteger, nullable=False),
    Column("revenue_micros", BigInteger, nullable=False),
    Column("position", SmallInteger),
    sqlite_with_rowid=False,
    **_MYSQL,
)
"""The figures of every candidate; ``position`` is its place in the lineup, if it has one."""

INVENTORY = Table(
    "inventory",
    METADATA,
    Column("generation", _NUMBER, primary_key=True),
    Column("quarter", SmallInteger, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("banner_ids", Text, nullable=False),
    sqlite_with_rowid=False,
    **_MYSQL,
)
"""Every candidate of any campaign in a quarter, as JSON arrays of some thousand ids each."""

RESULT_TABLES = (LINEUPS, PERFORMANCE, INVENTORY, GENERATION_QUARTERS)
"""The tables that hold rows of a generation, in the order in which they are cleared."""

ROWS_AT_ONCE = 100_000
"""So many rows a transaction changes at most: a large one takes long to undo if the run ends."""
