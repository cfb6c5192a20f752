"""Schema step 2: one row per campaign, with its candidates packed, in place of one per candidate.

The tables ``performance`` and ``lineups`` become the table ``candidates``. The generations that are
kept are carried over, so that all can still be served, reported and rolled back to.

The new table is filled under another name, campaign by campaign in order, in transactions of
bounded size; then it is renamed. At last the old tables are dropped, after a check that the new one
has every campaign that is kept. So an attempt that is interrupted at any moment is continued where
it stopped, and readers never see a partly filled table.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from banners.core.candidates import COLUMNS, Candidates
from banners.core.figures import FIGURE_NAMES
from banners.core.model import LARGEST_ID, Generation, Quarter
from banners.core.rule import choose, count_clicked, count_converting
from banners.errors import StoreError, listed
from banners.serve.packed import encode_candidates
from banners.store.schema import CANDIDATES, GENERATION_QUARTERS, GENERATIONS

OnProgress = Callable[[str], None]
"""Called with a sentence about each part of a step that takes long."""

ROWS_AT_ONCE = 20_000
"""Maximum number of old rows that are read by a query."""

# The old tables, as far as the step reads them.
_OLD = sa.MetaData()
OLD_RESULTS = "performance"
"""The name of the old table that has all figures."""

_PERFORMANCE = sa.Table(
    OLD_RESULTS,
    _OLD,
    *(
        sa.Column(name, sa.BigInteger)
        for name in ("generation", "quarter", "campaign_id", *COLUMNS)
    ),
)
_LINEUPS = sa.Table("lineups", _OLD)
_FILLING = CANDIDATES.to_metadata(sa.MetaData(), name="candidates_filling")


def carry_over(connection: Connection, on_progress: OnProgress) -> None:
    """Make the table ``candidates``, fill it from the old tables, and drop these.

    Args:
        connection: the connection that holds the publish lock, outside a transaction.
        on_progress: called with each quarter that is carried over.

    Raises:
        StoreError: ``candidates`` has results, but not all that the old tables have.
    """
    if _has(connection, _PERFORMANCE):
        _drop_empty(connection)
        if not _has(connection, CANDIDATES):
            _fill(connection, on_progress)
            with connection.begin():
                connection.exec_driver_sql(
                    f"ALTER TABLE {_FILLING.name} RENAME TO {CANDIDATES.name}"
                )
        _refuse_loss(connection)
    with connection.begin():
        _LINEUPS.drop(connection, checkfirst=True)
    with connection.begin():
        _PERFORMANCE.drop(connection, checkfirst=True)


def _drop_empty(connection: Connection) -> None:
    """Drop the new table if it has no rows, so that it is filled like one that does not exist."""
    if not _has(connection, CANDIDATES):
        return
    with connection.begin():
        if connection.scalar(sa.select(CANDIDATES.c.campaign_id).limit(1)) is None:
            CANDIDATES.drop(connection)


def _refuse_loss(connection: Connection) -> None:
    """Refuse to drop the old tables if they have campaigns that the new one lacks.

    Raises:
        StoreError: a quarter of a complete generation has fewer campaigns in the new table.
    """
    with connection.begin():
        kept = [(each.generation, each.quarter) for each in _kept(connection)]
        old, new = (_campaigns(connection, table) for table in (_PERFORMANCE, CANDIDATES))
    for place in kept:
        if (found := new.get(place, 0)) < (expected := old.get(place, 0)):
            raise StoreError(
                f"The table {CANDIDATES.name} has {found:,} campaigns of generation {place[0]}, "
                f"{listed([place[1]])}; the older table {OLD_RESULTS} has {expected:,}. Neither "
                f"was changed. Rename {CANDIDATES.name}, so that it is made again from the older "
                "tables: banners upgrade"
            )


def _campaigns(connection: Connection, table: sa.Table) -> dict[tuple[int, int], int]:
    """Return the number of campaigns that a table has, by generation and quarter."""
    place = (table.c.generation, table.c.quarter)
    count = sa.func.count(sa.distinct(table.c.campaign_id))
    rows = connection.execute(sa.select(*place, count.label("campaigns")).group_by(*place))
    return {(row.generation, row.quarter): row.campaigns for row in rows}


def _has(connection: Connection, table: sa.Table) -> bool:
    with connection.begin():
        return sa.inspect(connection).has_table(table.name)


def _fill(connection: Connection, on_progress: OnProgress) -> None:
    with connection.begin():
        _FILLING.create(connection, checkfirst=True)
        kept = _kept(connection)
    for place, (number, quarter, stamp) in enumerate(kept, start=1):
        on_progress(
            f"packing generation {number}, {listed([quarter])} ({place} of {len(kept)} quarters)"
        )
        _carry(connection, Generation(number, stamp), Quarter(quarter))


def _kept(connection: Connection) -> Sequence[sa.Row[int, int, str]]:
    """Return number, quarter and start of all complete generations, in order."""
    return connection.execute(
        sa.select(
            GENERATION_QUARTERS.c.generation,
            GENERATION_QUARTERS.c.quarter,
            GENERATIONS.c.started_at,
        )
        .join(GENERATIONS, GENERATIONS.c.generation == GENERATION_QUARTERS.c.generation)
        .where(GENERATIONS.c.state == "complete")
        .order_by(GENERATION_QUARTERS.c.generation, GENERATION_QUARTERS.c.quarter)
    ).all()


def _carry(connection: Connection, generation: Generation, quarter: Quarter) -> None:
    """Carry a quarter over, from the campaign on that an earlier attempt did not reach."""
    key = {"generation": generation.number, "quarter": int(quarter)}
    of_quarter = (sa.column(name) == value for name, value in key.items())
    with connection.begin():
        last = connection.scalar(sa.select(sa.func.max(_FILLING.c.campaign_id)).where(*of_quarter))
    for campaigns in _pages(connection, key, last or 0):
        rows = [_row(generation, quarter, campaign_id, rows) for campaign_id, rows in campaigns]
        with connection.begin():
            connection.execute(sa.insert(_FILLING), rows)


def _pages(
    connection: Connection, key: dict[str, int], last: int
) -> Iterator[list[tuple[int, list[sa.Row[Any]]]]]:
    """Read the old rows of a quarter; yield complete campaigns, each with its rows."""
    campaign_id, banner_id = _PERFORMANCE.c.campaign_id, _PERFORMANCE.c.banner_id
    page = (
        sa.select(campaign_id, *(_PERFORMANCE.c[name] for name in COLUMNS))
        .where(
            *(_PERFORMANCE.c[name] == value for name, value in key.items()),
            # MySQL uses the primary key for this condition, but not for a comparison of pairs.
            campaign_id >= sa.bindparam("campaign", type_=sa.BigInteger),
            (campaign_id > sa.bindparam("campaign", type_=sa.BigInteger))
            | (banner_id > sa.bindparam("banner", type_=sa.BigInteger)),
        )
        .order_by(campaign_id, banner_id)
        .limit(ROWS_AT_ONCE)
    )
    # No id is larger, so that the first page begins after the last campaign that was carried over.
    after = {"campaign": last, "banner": LARGEST_ID}
    unfinished: list[sa.Row[Any]] = []
    while True:
        with connection.begin():
            rows = connection.execute(page, after).all()
        if not rows:
            break
        found = _by_campaign([*unfinished, *rows])
        *complete, (_, unfinished) = found
        if complete:
            yield complete
        after = {"campaign": rows[-1].campaign_id, "banner": rows[-1].banner_id}
    if unfinished:
        yield _by_campaign(unfinished)


def _by_campaign(rows: Iterable[sa.Row[Any]]) -> list[tuple[int, list[sa.Row[Any]]]]:
    return [(each, list(of)) for each, of in groupby(rows, attrgetter("campaign_id"))]


def _row(
    generation: Generation, quarter: Quarter, campaign_id: int, rows: list[sa.Row[Any]]
) -> dict[str, object]:
    # The ranking of core.rule.RANKING.
    ranked = sorted(rows, key=lambda row: (-row.revenue_micros, -row.clicks, row.banner_id))
    columns = ([getattr(row, name) for row in ranked] for name in COLUMNS)
    candidates = Candidates(campaign_id, quarter, generation, *columns)
    converting = count_converting(candidates)
    choice = choose(len(candidates), converting, count_clicked(candidates))
    return {
        "generation": generation.number,
        "quarter": int(quarter),
        "campaign_id": campaign_id,
        "candidates": len(candidates),
        "converting": converting,
        "picked": choice.picked,
        **{name: sum(getattr(candidates, name)) for name in FIGURE_NAMES},
        "packed": encode_candidates(candidates),
    }
