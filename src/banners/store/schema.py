"""The tables, as they are after the latest step."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

from banners.core.figures import FIGURE_NAMES
from banners.core.totals import REASON_NAMES, TOTAL_NAMES

METADATA = MetaData()

IMAGE_BYTES = 2**24
"""Length of the column of uploaded images, for which MySQL takes LONGBLOB."""

# SQLite assigns numbers only in a column of its own INTEGER type.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")
# The lengths make MySQL choose types that hold more than the 64 kB of its TEXT and BLOB.
_LONG_TEXT = Text(1_000_000)
_LONG_BYTES = LargeBinary(2**32 - 1)
# With `sqlite_with_rowid` False, rows are stored in the order of their key, so that the rows of a
# campaign are adjacent and fast to read. InnoDB, which banners.store.dialects.mysql chooses, stores
# all rows like that.

SCHEMA_STEPS = Table(
    "schema_steps",
    METADATA,
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("taken_at", String(32), nullable=False),
)
"""The schema steps that the database has had (banners.store.steps), and when."""

GENERATIONS = Table(
    "generations",
    METADATA,
    # A number is never reused, since caches distinguish results by it.
    Column("generation", _NUMBER, primary_key=True, autoincrement=True),
    Column("state", String(10), nullable=False),
    Column("engine", String(20), nullable=False),
    Column("source", Text, nullable=False),
    Column("started_at", String(32), nullable=False),
    Column("published_at", String(32)),
    sqlite_autoincrement=True,
)
"""One row per generation. ``state`` is ``writing``, then ``complete``, or ``abandoned`` if the run
that wrote it did not finish. Times are UTC, ISO 8601."""

GENERATION_QUARTERS = Table(
    "generation_quarters",
    METADATA,
    Column("generation", ForeignKey("generations.generation"), primary_key=True),
    Column("quarter", SmallInteger, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("event_rows", BigInteger, nullable=False),
    Column("summary", _LONG_TEXT, nullable=False),
    sqlite_with_rowid=False,
)
"""What each quarter of a generation was made from: the digest of its event files, the number of
their rows, and the accounting of these as JSON."""

ACTIVE_GENERATIONS = Table(
    "active_generations",
    METADATA,
    Column("quarter", SmallInteger, primary_key=True, autoincrement=False),
    Column("generation", ForeignKey("generations.generation"), nullable=False),
)
"""The pointer of each quarter to the generation that is live."""

CANDIDATES = Table(
    "candidates",
    METADATA,
    Column("generation", _NUMBER, primary_key=True),
    Column("quarter", SmallInteger, primary_key=True),
    Column("campaign_id", BigInteger, primary_key=True),
    Column("candidates", Integer, nullable=False),
    Column("converting", Integer, nullable=False),
    Column("picked", SmallInteger, nullable=False),
    Column("impressions", BigInteger, nullable=False),
    Column("clicks", BigInteger, nullable=False),
    Column("conversions", BigInteger, nullable=False),
    Column("revenue_micros", BigInteger, nullable=False),
    Column("packed", _LONG_BYTES, nullable=False),
    sqlite_with_rowid=False,
)
"""The candidates of each campaign, in one row. ``packed`` has each of them with its figures, best
first (banners.serve.packed). The other columns are what lists and totals show, so that they read no
record: the number of candidates, X, the number of banners in the lineup, and the campaign's
figures, which are the sums of its candidates'."""

INVENTORY = Table(
    "inventory",
    METADATA,
    Column("generation", _NUMBER, primary_key=True),
    Column("quarter", SmallInteger, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("banner_ids", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""The ids of all candidates in a quarter, as JSON arrays of up to 3,000 ids each."""

CATALOGUE_IMAGES = Table(
    "catalogue_images",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("content", LargeBinary(IMAGE_BYTES), nullable=False),
    Column("written_at", String(32), nullable=False),
)
"""Uploaded images by SHA-256 of their content, where ``BANNERS_UPLOADS`` is ``database``."""

CATALOGUE_VERSIONS = Table(
    "catalogue_versions",
    METADATA,
    # A number is never reused, as that of a generation.
    Column("version", _NUMBER, primary_key=True, autoincrement=True),
    Column("state", String(10), nullable=False),
    Column("made_at", String(32), nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("what", _LONG_TEXT, nullable=False),
    Column("house", BigInteger),
    sqlite_autoincrement=True,
)
"""One row per version of the catalogue. ``state`` is ``writing``, then ``complete``. ``house`` is
the campaign whose banners are shown where another has nothing to show. Tables of the catalogue have
no foreign keys, so that their writer needs no rights to other tables."""

CATALOGUE_ACTIVE = Table(
    "catalogue_active",
    METADATA,
    Column("pointer", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)
"""The version in force: one row, whose ``pointer`` is 1, or none."""

CATALOGUE_CAMPAIGNS = Table(
    "catalogue_campaigns",
    METADATA,
    Column("campaign_id", BigInteger, primary_key=True, autoincrement=False),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger),
    Column("name", String(200), nullable=False),
    Column("folded", String(600), nullable=False),
    Column("policy", String(20), nullable=False),
    Column("starts", BigInteger),
    Column("ends", BigInteger),
    Column("active", SmallInteger, nullable=False),
    Index("catalogue_campaigns_since", "since"),
    Index("catalogue_campaigns_until", "until"),
    sqlite_with_rowid=False,
)
"""The campaigns of all versions. A row belongs to every version from ``since`` on, before
``until`` (NULL: also to all later ones). ``folded`` is the name as it is searched for. Times are
seconds since 1970 in UTC."""

CATALOGUE_BANNERS = Table(
    "catalogue_banners",
    METADATA,
    Column("campaign_id", BigInteger, primary_key=True, autoincrement=False),
    Column("banner_id", BigInteger, primary_key=True, autoincrement=False),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger),
    Column("name", String(200), nullable=False),
    Column("folded", String(600), nullable=False),
    Column("landing_url", String(2_048), nullable=False),
    Column("image", String(64), nullable=False),
    Column("starts", BigInteger),
    Column("ends", BigInteger),
    Column("active", SmallInteger, nullable=False),
    Index("catalogue_banners_since", "since"),
    # Holds all that a search of names compares, in far fewer pages than the table.
    Index("catalogue_banners_search", "until", "since", "campaign_id", "folded"),
    sqlite_with_rowid=False,
)
"""The banners of each campaign, as ``catalogue_campaigns`` has the campaigns."""

CATALOGUE_TABLES = (CATALOGUE_VERSIONS, CATALOGUE_ACTIVE, CATALOGUE_CAMPAIGNS, CATALOGUE_BANNERS)
"""The tables that a writer of the catalogue makes and writes; it touches no other."""


def _total_columns() -> list[Column[int]]:
    # Those with a default are added to tables of an earlier release.
    defaults = dict.fromkeys(REASON_NAMES, "0")
    return [
        Column(name, BigInteger, nullable=False, server_default=defaults.get(name))
        for name in TOTAL_NAMES
    ]


CLOSED_SLOTS = Table(
    "closed_slots",
    METADATA,
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("day", String(10), nullable=False),
    Column("closed_at", String(32), nullable=False),
    Column("missing", _LONG_TEXT, nullable=False),
    Column("account", _LONG_TEXT, nullable=False),
    *_total_columns(),
)
"""One row per closed slot whose totals the database holds, with the sums over all campaigns.
``digest`` tells whether these are the totals that the slot was closed with last. ``day`` is the day
in ``day_totals`` that they count in, ISO 8601. ``missing`` and ``account`` are JSON. If ``digest``
is DROPPED, the slot was old and its rows of ``slot_totals`` are deleted; the row says that the slot
counts in ``day_totals`` already."""

DROPPED = "dropped"
"""The digest of a slot whose totals are kept in ``day_totals`` alone."""

SLOT_TOTALS = Table(
    "slot_totals",
    METADATA,
    # Slot first: all rows of a slot are written and deleted together; a chart knows its slots.
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    Column("campaign_id", BigInteger, primary_key=True, autoincrement=False),
    Column("group_name", String(12), primary_key=True),
    *_total_columns(),
    Column("banners", _LONG_BYTES, nullable=False),
    sqlite_with_rowid=False,
)
"""The totals of each campaign and group in a slot. ``banners`` has what counts of each banner:
its id and its four figures (banners.store.packed_figures)."""

DAY_TOTALS = Table(
    "day_totals",
    METADATA,
    Column("day", String(10), primary_key=True),
    Column("campaign_id", BigInteger, primary_key=True, autoincrement=False),
    Column("group_name", String(12), primary_key=True),
    *_total_columns(),
    sqlite_with_rowid=False,
)
"""The totals of each campaign and group on a day of the configured time zone. They are kept for
ever, and are the sums over the slots of the day, also of those that are no longer kept."""

RECENT_TOTALS = Table(
    "recent_totals",
    METADATA,
    Column("campaign_id", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger, nullable=False),
    *[Column(name, BigInteger, nullable=False) for name in FIGURE_NAMES],
    *[Column(f"before_{name}", BigInteger, nullable=False) for name in FIGURE_NAMES],
    Column("click_rate", BigInteger, nullable=False),
    Column("hours", _LONG_BYTES, nullable=False),
    # With these, campaigns are sorted without reading the column ``hours``.
    Index("recent_totals_impressions", "impressions"),
    Index("recent_totals_click_rate", "click_rate"),
    Index("recent_totals_revenue", "revenue_micros"),
    sqlite_with_rowid=False,
)
"""What counts of each campaign in the 24 hours that end before the slot ``until``, and, as
``before_…``, in the 24 hours before these. ``click_rate`` is in millionths, and -1 without
impressions. ``hours`` has the four figures of each of the last 24 hours, oldest first
(banners.store.packed_figures). The row of campaign 0 has all campaigns together. All rows are
replaced together."""

COMPARISONS = Table(
    "comparisons",
    METADATA,
    Column("campaign_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(10), primary_key=True),
    Column("slots", BigInteger, nullable=False),
    Column("last_slot", BigInteger, nullable=False),
    Column("pages", BigInteger, nullable=False),
    Column("alternative_pages", BigInteger, nullable=False),
    Column("revenue_micros", BigInteger, nullable=False),
    Column("alternative_revenue_micros", BigInteger, nullable=False),
    Column("conversions", BigInteger, nullable=False),
    Column("lower_micros", BigInteger),
    Column("upper_micros", BigInteger),
    sqlite_with_rowid=False,
)
"""What policies earn compared with the rule (banners.policies.comparison), over the closed slots
of seven days: in each campaign and, in the row of campaign 0, in all together. ``kind`` is
``guard`` or ``trial``. The bounds of the lift are in millionths, and NULL while nothing can be
said. All rows are replaced together."""

TOTALS_TABLES = (CLOSED_SLOTS, SLOT_TOTALS, DAY_TOTALS, RECENT_TOTALS, COMPARISONS)
"""The tables that closing makes and writes; it touches no other."""

LOOP_QUARTERS = Table(
    "loop_quarters",
    METADATA,
    Column("quarter", SmallInteger, primary_key=True, autoincrement=False),
    Column("slot", BigInteger, nullable=False),
    Column("events", Text, nullable=False),
    Column("published_at", String(32), nullable=False),
    Column("seconds", Integer, nullable=False),
)
"""What the loop has published in each quarter: for which slot, from which folder, when, and in how
many seconds. Where it has a row, the loop publishes into this database."""

HELD_QUARTERS = Table(
    "held_quarters",
    METADATA,
    Column("quarter", SmallInteger, primary_key=True, autoincrement=False),
    Column("generation", BigInteger, nullable=False),
    Column("since", String(32), nullable=False),
)
"""The quarters that a rollback holds on a generation, so that nothing is published in them."""

LOOP_PROCESS = Table(
    "loop_process",
    METADATA,
    Column("pointer", SmallInteger, primary_key=True, autoincrement=False),
    Column("host", String(63), nullable=False),
    Column("process", BigInteger, nullable=False),
    Column("started_at", String(32), nullable=False),
    Column("beat_at", String(32), nullable=False),
    Column("doing", String(200), nullable=False),
    Column("closed", BigInteger),
    Column("next_at", String(32), nullable=False),
    Column("problem", _LONG_TEXT, nullable=False),
)
"""The process of the loop, in one row, whose ``pointer`` is 1: its last sign of life, what it does,
the last slot that it has closed after its end, when something is due next, and what fails now."""

LOOP_TABLES = (LOOP_QUARTERS, HELD_QUARTERS, LOOP_PROCESS)

RESULT_TABLES = (CANDIDATES, INVENTORY, GENERATION_QUARTERS)
"""The tables that hold rows of generations, in the order in which these are deleted. Sweeping and
dropping old generations touch no other table but ``generations``."""

ROWS_AT_ONCE = 100_000
"""Maximum number of rows a transaction changes; a larger one takes long to undo if the run ends."""
