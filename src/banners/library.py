"""What ``import banners`` offers to programs and notebooks; docs/library.md shows it at work.

Each function opens what it needs, and closes it before it returns. Settings are read as the
commands read them, and PyArrow, engines and drivers load with the first call that needs them.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from banners import wiring
from banners.errors import (
    NothingPublished,
    SourceError,
    StoreUnavailable,
    UnknownGeneration,
)
from banners.model import Generation, Lineup, Quarter, parse_campaign_id
from banners.serve.reader import read_lineup as read_from
from banners.settings import load_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from banners.crunch.quality import Accounting
    from banners.serve.report import KeptQuarter
    from banners.store.report import DatabaseReports
    from banners.tables import ArrowTable


@dataclass(frozen=True, slots=True, repr=False)
class Chosen:
    """Lineups and the performance that they were chosen from, as two Arrow tables.

    ``.to_pandas()`` makes a data frame of either, where pandas is installed.

    Args:
        performance: a row for each banner of each campaign and quarter: ``quarter``,
            ``campaign_id``, ``banner_id``, ``impressions``, ``clicks``, ``conversions``,
            ``revenue`` (an exact decimal) and ``position`` (its place in the lineup, from 1; null
            where it has none). By quarter and campaign: the lineup in its order, then the other
            candidates by id.
        lineups: a row for each campaign and quarter: ``quarter``, ``campaign_id``, ``rule`` (which
            case of the rule decided), ``converting`` (X, the number of banners with revenue),
            ``slots`` (how many banners the rule asks for), ``banner_ids`` (those picked, best
            first) and ``others`` (those that a lineup of fewer than five is filled up from).
    """

    performance: "pa.Table"
    lineups: "pa.Table"

    def __repr__(self) -> str:
        """Say how large the tables are; a notebook would show all of them."""
        banners, campaigns = self.performance.num_rows, self.lineups.num_rows
        return f"<{type(self).__name__}: performance {banners:,} rows, lineups {campaigns:,} rows>"


@dataclass(frozen=True, slots=True, repr=False)
class Crunched(Chosen):
    """What came of a folder of event files. Each mapping is by the number of the quarter.

    Args:
        performance: see :class:`Chosen`.
        lineups: see :class:`Chosen`.
        accounting: what became of the rows of each quarter: accepted, duplicate, rejected or
            quarantined, by kind of file and reason.
        objections: what the gate said against a quarter that was accepted all the same.
        rejects: the CSV file with the rows that were not accepted, for a quarter that has any.
        unread: the CSV files of a quarter that were left out, if there are any: copies of others,
            and those that are named otherwise than event files are.
    """

    accounting: "Mapping[int, Accounting]"
    objections: Mapping[int, Sequence[str]]
    rejects: Mapping[int, str]
    unread: Mapping[int, Sequence[str]]


def crunch_folder(
    folder: str | os.PathLike[str],
    quarter: int | None = None,
    *,
    engine: str | None = None,
    memory: str | None = None,
    accept: bool = False,
) -> Crunched:
    """Crunch a folder of event files, as ``banners crunch`` does, and publish nothing.

    No database is opened; of the gate's limits, that on the rows now served is left out. Where rows
    were not accepted, they are written to a file in ``BANNERS_REJECTS``.

    Args:
        folder: holds a folder of event files for each quarter of the hour.
        quarter: the quarter to crunch, 1 to 4; all that have files if not given.
        engine: ``duckdb`` or ``spark``; ``BANNERS_ENGINE`` if not given.
        memory: what the engine may take, such as ``2GB``; ``BANNERS_MEMORY`` if not given.
        accept: whether to take even what the gate refuses.

    Returns:
        The performance and the lineups as Arrow tables, and what became of the rows.

    Raises:
        InvalidQuarter: the quarter is none.
        SourceError: there are no event files, or a quarter is refused: the message says which, and
            why.
        CrunchError: the engine failed.
        SettingsError: the engine, the memory or another setting is none.
    """
    import pyarrow as pa

    settings = load_settings({"engine": engine, "memory": memory})
    quarters = [] if quarter is None else [_quarter(quarter)]
    report, taken = wiring.crunch_in_memory(settings, Path(folder), quarters, accept=accept)
    refused = [each for each in report.quarters if each.refused]
    if refused:
        raise SourceError(
            "\n".join(f"Quarter {int(each.quarter)} refused: {each.refused}" for each in refused)
        )
    by_quarter = {int(each.quarter): each for each in report.quarters}
    return Crunched(
        performance=pa.concat_tables(taken.performance),
        lineups=pa.concat_tables(taken.lineups),
        accounting={q: each.accounting for q, each in by_quarter.items() if each.accounting},
        objections={q: each.objections for q, each in by_quarter.items() if each.objections},
        rejects={q: each.rejects for q, each in by_quarter.items() if each.rejects},
        unread={
            q: unread for q, each in by_quarter.items() if (unread := each.skipped + each.unknown)
        },
    )


def choose_lineups(performance: "ArrowTable", *, memory: str | None = None) -> Chosen:
    """Apply the rule to figures: which banners would each campaign show, if it had performed so?

    It is the rule that ``banners crunch`` applies, in the same words (``crunch/sql/lineup.sql``).

    Args:
        performance: a table of PyArrow, pandas, Polars, DuckDB or another that speaks Arrow, such
            as :attr:`Chosen.performance` with other figures in it. It has the columns
            ``campaign_id``, ``banner_id``, ``impressions``, ``clicks``, ``conversions``, and
            ``revenue``, in decimals, whole numbers or text; never in floats, of which nobody knows
            the exact value. With a column ``quarter``, each quarter is judged by itself. Further
            columns are left out.
        memory: what the engine may take, such as ``2GB``; ``BANNERS_MEMORY`` if not given.

    Returns:
        The figures with the position of each banner, and the lineups.

    Raises:
        FiguresError: a column is missing, holds what it cannot, or a banner is there twice.
        CrunchError: the engine failed.
        SettingsError: the memory or another setting is none.
    """
    import pyarrow as pa

    from banners.tables import figures_by_quarter, lineups_table, performance_table

    settings = load_settings({"memory": memory})
    ruled = {
        quarter: list(wiring.choose(settings, figures))
        for quarter, figures in figures_by_quarter(performance).items()
    }
    return Chosen(
        performance=pa.concat_tables(performance_table(ruled[each], each) for each in ruled),
        lineups=pa.concat_tables(lineups_table(ruled[each], each) for each in ruled),
    )


def list_generations(*, database: str | None = None) -> "list[KeptQuarter]":
    """List what is kept of each generation, the newest first, as ``banners generations`` does.

    ``pandas.DataFrame(banners.list_generations())`` shows it as a table.

    Args:
        database: an SQLAlchemy URL; ``BANNERS_DATABASE_URL`` if not given.

    Returns:
        An entry for each quarter of each generation: ``generation``, ``quarter``, ``served``,
        ``published_at``, ``engine``, ``source``, ``rows`` and ``summary``; none where nothing has
        been published.

    Raises:
        SettingsError: the URL or another setting is none.
        StoreError: the database cannot be reached, or broke.
    """
    with closing(wiring.reports(load_settings({"database_url": database}))) as reports:
        return reports.kept()


def read_generation(
    number: int | None = None, *, quarter: int | None = None, database: str | None = None
) -> "pa.Table":
    """Read the performance of all banners in a generation as an Arrow table.

    Args:
        number: of a generation that is kept; for each quarter that which is served if not given.
        quarter: the quarter to read, 1 to 4; all that there are if not given.
        database: an SQLAlchemy URL; ``BANNERS_DATABASE_URL`` if not given.

    Returns:
        The same table as :attr:`Chosen.performance`.

    Raises:
        InvalidQuarter: the quarter is none.
        NothingPublished: nothing has been published, or nothing of this quarter.
        UnknownGeneration: the generation is not kept, or not of this quarter.
        StoreUnavailable: the database cannot be reached, or has just dropped the generation.
        StoreError: the database broke.
        SettingsError: the URL or another setting is none.
    """
    import pyarrow as pa

    from banners.tables import performance_table

    settings = load_settings({"database_url": database})
    only = None if quarter is None else _quarter(quarter)
    with closing(wiring.reports(settings)) as reports:
        found = _find(reports, number, only, wiring.database_name(settings))
        tables = [
            performance_table(reports.performance(generation, each), each)
            for each, generation in sorted(found.items())
        ]
        kept = reports.generations()
    for each, generation in found.items():
        if generation not in kept.get(each, ()):
            raise StoreUnavailable(
                f"Generation {generation.number} has been dropped while it was read. Ask again."
            )
    return pa.concat_tables(tables)


def read_lineup(
    campaign_id: int, quarter: int | None = None, *, database: str | None = None
) -> Lineup:
    """Read the lineup that a campaign has in what is served, as ``banners show`` does.

    Args:
        campaign_id: 1 to 18 digits.
        quarter: the quarter of the hour, 1 to 4; the current one (``BANNERS_TIMEZONE``) if not
            given.
        database: an SQLAlchemy URL; ``BANNERS_DATABASE_URL`` if not given.

    Returns:
        The banners that the rule picked, best first, each with its figures; and why.

    Raises:
        InvalidCampaignId: the campaign id is none.
        InvalidQuarter: the quarter is none.
        NothingPublished: nothing has been published.
        NotInQuarter: the campaign has banners in other quarters only.
        UnknownCampaign: no published quarter has events of the campaign.
        StoreError: the database cannot be reached, or broke.
        SettingsError: the URL or another setting is none.
    """
    parse_campaign_id(str(campaign_id))
    settings = load_settings({"database_url": database})
    wanted = wiring.quarter_now(settings) if quarter is None else _quarter(quarter)
    try:
        with closing(wiring.reader(settings)) as reader:
            return read_from(reader, campaign_id, wanted)
    except NothingPublished as error:
        raise NothingPublished(wiring.database_name(settings)) from error


def _quarter(given: int) -> Quarter:
    return Quarter.parse(str(given))


def _find(
    reports: "DatabaseReports", number: int | None, only: Quarter | None, database: str
) -> Mapping[Quarter, Generation]:
    """Find the generation to read in each quarter: the one of this number, or what is served."""
    kept = reports.generations()
    if number is None:
        found = dict(reports.active())
    else:
        found = {
            quarter: generation
            for quarter, generations in kept.items()
            for generation in generations
            if generation.number == number
        }
    if only is None and found:
        return found
    if only in found:
        return {only: found[only]}
    if not kept:
        raise NothingPublished(database)
    if number is None:
        raise NothingPublished(f"{database} of quarter {only}")
    of_these = kept.values() if only is None else [kept.get(only, [])]
    numbers = {generation.number for generations in of_these for generation in generations}
    raise UnknownGeneration(number, only, sorted(numbers, reverse=True))
