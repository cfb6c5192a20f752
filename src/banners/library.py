"""What ``import banners`` offers to programs and notebooks; docs/library.md has examples.

Each function opens what it needs and closes it before it returns. Settings are read as the commands
read them. PyArrow, engines and drivers are loaded by the first call that needs them.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from banners import wiring
from banners.core.hadoop_address import hadoop_address
from banners.core.model import Generation, Lineup, Quarter, parse_campaign_id
from banners.errors import (
    NothingPublished,
    SourceError,
    StoreUnavailable,
    UnknownGeneration,
)
from banners.serve.reader import read_lineup as read_from
from banners.settings import load_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from banners.core.account import Accounting
    from banners.core.outcome import QuarterOutcome
    from banners.job.outcome import JobOutcome
    from banners.reports.arrow import ArrowTable
    from banners.reports.reader import KeptQuarter
    from banners.store.read.reports import DatabaseReports


@dataclass(frozen=True, slots=True, repr=False)
class Chosen:
    """Lineups and the performance that they were chosen from, as two Arrow tables.

    If pandas is installed, ``.to_pandas()`` turns either into a data frame.

    Args:
        performance: a row for each banner of each campaign and quarter: ``quarter``,
            ``campaign_id``, ``banner_id``, ``impressions``, ``clicks``, ``conversions``,
            ``revenue`` (an exact decimal) and ``position`` (its place in the lineup, from 1; null
            if it is not in the lineup). Sorted by quarter and campaign, then the lineup in its
            order, then the other candidates by id.
        lineups: a row for each campaign and quarter: ``quarter``, ``campaign_id``, ``rule`` (the
            case of the rule that applied), ``converting`` (the number of banners with revenue),
            ``slots`` (number of banners that the rule asks for), ``banner_ids`` (the banners of the
            lineup, best first) and ``others`` (the banners that a lineup of fewer than five is
            filled up from).
    """

    performance: "pa.Table"
    lineups: "pa.Table"

    def __repr__(self) -> str:
        """Return the sizes of the tables, since a notebook would print them in full."""
        banners, campaigns = self.performance.num_rows, self.lineups.num_rows
        return f"<{type(self).__name__}: performance {banners:,} rows, lineups {campaigns:,} rows>"


@dataclass(frozen=True, slots=True, repr=False)
class Crunched(Chosen):
    """The result of a folder of event files. The keys of each mapping are quarters, 1 to 4.

    Args:
        performance: see :class:`Chosen`.
        lineups: see :class:`Chosen`.
        accounting: what became of the rows of each quarter: accepted, duplicate, rejected or
            quarantined, by kind of file and reason.
        objections: the objections of the gate to a quarter that was accepted nevertheless.
        rejects: the CSV file with the rows that were not accepted, for quarters with such rows.
        unread: the CSV files of a quarter that were not read: copies of other files, and files
            that are not named like event files.
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

    No database is opened, so the gate does not compare the number of rows with the live one. Rows
    that are not accepted are written to a file in ``BANNERS_REJECTS``.

    Args:
        folder: contains a folder of event files for each quarter of the hour; with Spark, this may
            be an address of Hadoop.
        quarter: the quarter to crunch, 1 to 4; all that have files if not given.
        engine: ``duckdb`` or ``spark``; ``BANNERS_ENGINE`` if not given.
        memory: memory limit of the engine, such as ``2GB``; ``BANNERS_MEMORY`` if not given.
        accept: whether to accept quarters that the gate refuses.

    Returns:
        The performance and the lineups as Arrow tables, and what became of the rows.

    Raises:
        InvalidQuarter: the quarter is not 1 to 4.
        SourceError: there are no event files, or the gate refused a quarter; the message says which
            quarter, and why.
        CrunchError: the engine failed.
        SettingsError: the engine, the memory or another setting is invalid.
    """
    import pyarrow as pa

    settings = load_settings({"engine": engine, "memory": memory})
    quarters = [] if quarter is None else [_quarter(quarter)]
    place = hadoop_address(os.fspath(folder)) or Path(folder)
    ended, taken = wiring.crunch_in_memory(settings, place, quarters, accept=accept)
    by_quarter = _none_refused(ended)
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
    """Apply the rule to figures: which banners would each campaign show if it had these figures?

    This is the rule of ``banners crunch`` (``core/rule.py``).

    Args:
        performance: a table of PyArrow, pandas, Polars, DuckDB or another library that exports
            Arrow, such as :attr:`Chosen.performance` with other figures in it. It has the columns
            ``campaign_id``, ``banner_id``, ``impressions``, ``clicks``, ``conversions``, and
            ``revenue``, in decimals, whole numbers or text; floats are refused, since they are not
            exact. With a column ``quarter``, the rule is applied to each quarter separately.
            Further columns are ignored.
        memory: memory limit of the engine, such as ``2GB``; ``BANNERS_MEMORY`` if not given.

    Returns:
        The figures with the position of each banner, and the lineups.

    Raises:
        FiguresError: a column is missing or holds an invalid value, or a banner occurs twice.
        CrunchError: the engine failed.
        SettingsError: the memory or another setting is invalid.
    """
    import pyarrow as pa

    from banners.reports.arrow import figures_by_quarter, lineups_table, performance_table

    settings = load_settings({"memory": memory})
    ruled = {
        quarter: list(wiring.rank(settings, figures))
        for quarter, figures in figures_by_quarter(performance).items()
    }
    return Chosen(
        performance=pa.concat_tables(performance_table(ruled[each], each) for each in ruled),
        lineups=pa.concat_tables(lineups_table(ruled[each], each) for each in ruled),
    )


def list_generations(*, database: str | None = None) -> "list[KeptQuarter]":
    """Return the generations that are kept, newest first, as ``banners generations`` lists them.

    ``pandas.DataFrame(banners.list_generations())`` shows it as a table.

    Args:
        database: an SQLAlchemy URL; ``BANNERS_DATABASE_URL`` if not given.

    Returns:
        An entry for each quarter of each generation: ``generation``, ``quarter``, ``served``,
        ``published_at``, ``engine``, ``source``, ``rows``, ``outcome`` (what became of it in the
        run of the job) and ``summary`` (the outcome as a flat ``dict``), both None if the database
        keeps them in a form that cannot be read; empty if nothing has been published.

    Raises:
        SettingsError: the URL or another setting is invalid.
        StoreError: the database cannot be reached, or is damaged.
    """
    with closing(wiring.reports(load_settings({"database_url": database}))) as reports:
        return reports.kept()


def read_generation(
    number: int | None = None, *, quarter: int | None = None, database: str | None = None
) -> "pa.Table":
    """Return the performance of all banners in a generation as an Arrow table.

    Args:
        number: the number of a generation that is kept; for each quarter the live one if not
            given.
        quarter: the quarter to read, 1 to 4; all quarters of the generation if not given.
        database: an SQLAlchemy URL; ``BANNERS_DATABASE_URL`` if not given.

    Returns:
        The same table as :attr:`Chosen.performance`, with two more columns: ``campaign_name`` and
        ``banner_name``, as the catalogue in force has them, and null where it has none.

    Raises:
        InvalidQuarter: the quarter is not 1 to 4.
        NothingPublished: nothing has been published, or nothing of this quarter.
        UnknownGeneration: the generation is not kept, or does not have this quarter.
        StoreUnavailable: the database cannot be reached, or the generation was dropped during the
            read.
        StoreError: the database is damaged.
        SettingsError: the URL or another setting is invalid.
    """
    import pyarrow as pa

    from banners.reports.arrow import performance_table

    settings = load_settings({"database_url": database})
    only = None if quarter is None else _quarter(quarter)
    with closing(wiring.reports(settings)) as reports:
        found = _find(reports, number, only, wiring.database_name(settings))
        names = wiring.names_of(settings)
        tables = [
            performance_table(reports.performance(generation, each), each, names)
            for each, generation in sorted(found.items())
        ]
        kept = reports.generations()
    for each, generation in found.items():
        if generation not in kept.get(each, ()):
            raise StoreUnavailable(
                f"Generation {generation.number} was dropped while it was read. Try again."
            )
    return pa.concat_tables(tables)


def read_lineup(
    campaign_id: int, quarter: int | None = None, *, database: str | None = None
) -> Lineup:
    """Return the live lineup of a campaign, as ``banners show`` prints it.

    Args:
        campaign_id: 1 to 18 digits.
        quarter: the quarter of the hour, 1 to 4; the current one (``BANNERS_TIMEZONE``) if not
            given.
        database: an SQLAlchemy URL; ``BANNERS_DATABASE_URL`` if not given.

    Returns:
        The banners that the rule picked, best first, each with its figures, and the case of the
        rule that applied.

    Raises:
        InvalidCampaignId: the campaign id is not 1 to 18 digits above zero.
        InvalidQuarter: the quarter is not 1 to 4.
        NothingPublished: nothing has been published.
        NotInQuarter: the campaign has banners in other quarters only.
        UnknownCampaign: no published quarter has events of the campaign.
        StoreError: the database cannot be reached, or is damaged.
        SettingsError: the URL or another setting is invalid.
    """
    campaign_id = parse_campaign_id(str(campaign_id))
    settings = load_settings({"database_url": database})
    wanted = wiring.quarter_now(settings) if quarter is None else _quarter(quarter)
    try:
        with closing(wiring.reader(settings)) as reader:
            return read_from(reader, campaign_id, wanted)
    except NothingPublished as error:
        raise NothingPublished(wiring.database_name(settings)) from error


def _none_refused(ended: "JobOutcome") -> Mapping[int, "QuarterOutcome"]:
    """Return the outcome of each quarter by its number.

    Raises:
        SourceError: a quarter was refused.
    """
    refused = [each for each in ended.quarters if each.refused]
    if refused:
        reasons = [f"Quarter {int(each.quarter)} refused: {each.refused}" for each in refused]
        raise SourceError(*"\n".join(reasons).split("\n"))
    return {int(each.quarter): each for each in ended.quarters}


def _quarter(given: int) -> Quarter:
    return Quarter.parse(str(given))


def _find(
    reports: "DatabaseReports", number: int | None, only: Quarter | None, database: str
) -> Mapping[Quarter, Generation]:
    """Return the generation to read in each quarter: the one of this number, or the live one."""
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
