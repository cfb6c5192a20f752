"""Builds the batch job and the rollback."""

import os
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace as changed
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from banners.core.hadoop_address import HadoopAddress
from banners.core.model import Quarter
from banners.core.policy import PolicyName
from banners.core.slots import SLOTS_BETWEEN, slot_at
from banners.errors import NothingPublished, SettingsError, readable
from banners.settings import Settings
from banners.wiring.collect import events_of
from banners.wiring.database import database_name, reader, started
from banners.wiring.tiers import kept_warm

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy.engine import Engine as Database

    from banners.core.catalogue import CatalogueCampaign
    from banners.core.digest import Basis
    from banners.core.outcome import QuarterOutcome
    from banners.crunch.engines.engine import Engine
    from banners.crunch.engines.spark.crunch import SparkEngine
    from banners.crunch.files.place import Place
    from banners.job.in_memory import InMemory
    from banners.job.judgement import Judgement
    from banners.job.outcome import JobOutcome
    from banners.job.policies import Policies
    from banners.job.run import Check, OnStep
    from banners.job.window import ClosedSlots
    from banners.store.write.publisher import Publisher
    from banners.store.write.rollback import RolledBack

_now = partial(datetime.now, UTC)


def crunch(
    settings: Settings,
    folder: Path | HadoopAddress,
    quarters: Collection[Quarter],
    on_step: "OnStep",
    *,
    accept: bool = False,
    unchanged_too: bool = True,
    replace: bool = False,
    window: Container[int] | None = None,
    now: Callable[[], datetime] = _now,
) -> "JobOutcome":
    """Run the batch job: see :meth:`banners.job.run.Job.run`.

    Of closed slots in ``BANNERS_EVENTS``, only those that are new are crunched: the performance of
    each is kept there. Another folder with event files of closed slots has the same result.

    Args:
        settings: name the engine, the limits of the gate and the database.
        folder: holds a folder of event files for each quarter. Only Spark reads an address, and
            then crunches files of closed slots like any other event files.
        quarters: the quarters to crunch; empty for all that have files.
        on_step: called at each step.
        accept: whether to publish what the gate objects to.
        unchanged_too: whether to crunch a quarter even if its live generation was made from the
            same input.
        replace: whether to publish even if the loop has published from another folder.
        window: the slots that may count; None for all that have event files in the folder.
        now: returns the time in UTC, which also decides which slots have ended.

    Raises:
        LoopPublishes: the loop has published from another folder, and is not to be replaced.
    """
    from banners.store.write.publisher import ByHand

    return _run(
        *(settings, folder, quarters, on_step),
        accept=accept,
        unchanged_too=unchanged_too,
        publisher=ByHand(folder, Path(settings.events) if settings.events else None, replace),
        window=window,
        now=now,
        wait_seconds=settings.wait_seconds,
    )


def publish_quarter(
    settings: Settings,
    quarter: Quarter,
    slot: int,
    on_step: Callable[[str], None],
    *,
    now: Callable[[], datetime],
) -> "QuarterOutcome":
    """Publish a quarter from the event files of its window, as the loop does.

    Args:
        settings: name the folder of the event log and the database.
        quarter: the quarter.
        slot: the slot of the quarter that begins next.
        on_step: called with the name of each step before it is taken.
        now: returns the time in UTC.
    """
    from banners.store.write.publisher import ByLoop

    events = events_of(settings)
    ended = _run(
        *(settings, events, [quarter], lambda _, step: on_step(step)),
        accept=False,
        unchanged_too=False,
        publisher=ByLoop(events, slot),
        window=range(slot - settings.window * SLOTS_BETWEEN, slot),
        now=now,
        wait_seconds=0,
    )
    return next(each for each in ended.quarters if each.quarter == quarter)


def _run(
    settings: Settings,
    folder: Path | HadoopAddress,
    quarters: Collection[Quarter],
    on_step: "OnStep",
    *,
    accept: bool,
    unchanged_too: bool,
    publisher: "Publisher",
    window: Container[int] | None,
    now: Callable[[], datetime],
    wait_seconds: float,
) -> "JobOutcome":
    from banners.core.images import banners_with_image
    from banners.job.run import Job
    from banners.store.connect import open_database
    from banners.store.read.lineups import DatabaseReader
    from banners.store.write.publish import draft
    from banners.store.write.turn import prepare

    database = open_database(settings.database_url, create=True)
    served = DatabaseReader(database)
    in_folder = banners_with_image(settings.images)

    def with_image() -> Collection[int]:
        return in_folder | _uploaded(database)

    warm = kept_warm(settings, served)
    drafting = draft(
        database,
        source=readable(folder if isinstance(folder, HadoopAddress) else os.path.realpath(folder)),
        engine=settings.engine,
        now=now,
        wait_seconds=wait_seconds,
        publisher=publisher,
        keep_generations=settings.keep_generations,
    )
    ready = partial(prepare, database, now=now, wait_seconds=wait_seconds, publisher=publisher)
    try:
        with _engine(settings, on_step) as engine:
            place, check, slots = _reading(settings, folder, engine, window, now())
            job = Job(
                engine=engine,
                check=check,
                judgement=_judgement(settings, accept, served.served_rows, with_image),
                served_digest=(lambda _: None) if unchanged_too else served.served_digest,
                on_step=on_step,
                prepare=ready,
                before_serving=warm,
                slots=slots,
                basis=partial(_basis, database),
                policies=_policies(settings, database, now),
                preparing=(
                    cast("SparkEngine", engine).on_executors if settings.engine == "spark" else map
                ),
            )
            return job.run(place, quarters, drafting)
    finally:
        database.dispose()


def crunch_in_memory(
    settings: Settings,
    folder: Path | HadoopAddress,
    quarters: Collection[Quarter],
    *,
    accept: bool = False,
) -> "tuple[JobOutcome, InMemory]":
    """Run the batch job without a database: see :func:`banners.job.in_memory.crunch_in_memory`."""
    from banners.job.in_memory import crunch_in_memory as crunch

    # Nothing that is live is replaced, so there is nothing to compare with.
    judgement = _judgement(settings, accept, lambda _: None, lambda: ())
    with _engine(settings, lambda _quarter, _step: None) as engine:
        place, check, slots = _reading(settings, folder, engine, None, _now())
        kept = changed(slots, keep=False) if slots else None
        return crunch(engine, judgement, place, quarters, kept, check)


def _reading(
    settings: Settings,
    folder: Path | HadoopAddress,
    engine: "Engine",
    window: Container[int] | None,
    now: datetime,
) -> "tuple[Place, Check, ClosedSlots | None]":
    """Return where event files are, what checks them, and how those of closed slots are crunched.

    Raises:
        SettingsError: they are at an address of Hadoop, and the engine is not Spark.
    """
    from banners.crunch.files.find import check_quarter

    if not isinstance(folder, HadoopAddress):
        return folder, check_quarter, _slots(settings, folder, window, now)
    if settings.engine != "spark":
        raise SettingsError(
            f"{readable(folder)} is an address that only Spark can open. Add --engine spark, or "
            "give a folder of this machine."
        )

    spark = cast("SparkEngine", engine)
    return spark.folder(folder), spark.check, None


def _slots(
    settings: Settings, folder: Path, window: Container[int] | None, now: datetime
) -> "ClosedSlots":
    from banners.job.window import ClosedSlots

    return ClosedSlots(
        folder=folder,
        keep=bool(settings.events)
        and os.path.realpath(folder) == os.path.realpath(settings.events),
        window=window,
        now=slot_at(now.timestamp()),
        memory=settings.memory,
    )


def _uploaded(database: "Database") -> frozenset[int]:
    from banners.store.read.catalogue import DatabaseCatalogue

    catalogue = DatabaseCatalogue(database)
    version = catalogue.in_force()
    return catalogue.with_uploads(version) if version else frozenset()


def _basis(database: "Database", _quarter: Quarter, *, of_slots: bool) -> "Basis":
    """Return what decides the result of a quarter besides its events.

    The rule needs the catalogue only where pages are made, so the digest of other event files stays
    what it is without one.
    """
    from banners.core.digest import Basis
    from banners.store.read.catalogue import DatabaseCatalogue

    if not of_slots:
        return Basis()
    version = DatabaseCatalogue(database).in_force()
    return Basis(catalogue=version.number if version else None)


def _policies(settings: Settings, database: "Database", now: Callable[[], datetime]) -> "Policies":
    """Return the policies of campaigns; numpy is only loaded if one is not the rule."""
    from banners.job.policies import Policies
    from banners.policies.settings import PolicySettings
    from banners.store.read.catalogue import DatabaseCatalogue

    def campaigns() -> "Iterator[CatalogueCampaign]":
        catalogue = DatabaseCatalogue(database)
        version = catalogue.in_force()
        if version is None:
            return
        if settings.policy is not PolicyName.RULE:
            yield from catalogue.campaigns(version)
        else:
            yield from catalogue.with_policy(version)

    return Policies(
        default_policy=settings.policy,
        settings=PolicySettings(holdout=settings.holdout, theta=float(settings.theta)),
        campaigns=campaigns,
        second=lambda: int(now().timestamp()),
    )


def rank(settings: Settings, performance: "pa.Table") -> "Iterator[pa.RecordBatch]":
    """Rank candidates by their figures: see ``rank_with_duckdb`` of the DuckDB engine."""
    from banners.crunch.engines.duckdb.crunch import rank_with_duckdb

    return rank_with_duckdb(performance, memory=settings.memory)


def _judgement(
    settings: Settings,
    accept: bool,
    served_rows: Callable[[Quarter], int | None],
    with_image: Callable[[], Collection[int]],
) -> "Judgement":
    from banners.crunch.gate import Limits
    from banners.job.judgement import Judgement

    return Judgement(
        limits=Limits(
            bad_rows=settings.gate_bad_rows,
            orphans=settings.gate_orphans,
            least_rows=settings.gate_least_rows,
        ),
        accept=accept,
        served_rows=served_rows,
        rejects=settings.rejects,
        with_image=with_image,
    )


def _engine(settings: Settings, on_step: "OnStep") -> "AbstractContextManager[Engine]":
    if settings.engine == "spark":
        from banners.crunch.engines.spark.crunch import spark_engine

        return spark_engine(
            master=settings.spark_master,
            memory=settings.memory,
            tables=settings.spark_tables,
            on_tasks=lambda quarter, done, of: on_step(quarter, f"crunching, task {done} of {of}"),
        )
    from banners.crunch.engines.duckdb.crunch import duckdb_engine

    return duckdb_engine(memory=settings.memory)


def roll_back(settings: Settings, quarters: Collection[Quarter], to: int | None) -> "RolledBack":
    """Make an earlier generation live: see :func:`banners.store.write.rollback.roll_back`.

    Raises:
        NothingPublished: no quarter has been published.
        SettingsError: see :func:`check`.
    """
    from banners.job.rollback import roll_back as go_back
    from banners.store.read.lineups import DatabaseReader

    with _published(settings) as there, closing(DatabaseReader(there)) as served:
        warm = kept_warm(settings, served)
        with _for_writing(settings) as database:
            now = partial(datetime.now, UTC)
            return go_back(served, database, quarters, to, now=now, warm=warm)


def release(settings: Settings, quarters: Collection[Quarter]) -> Mapping[Quarter, int]:
    """Release quarters that a rollback holds: see :func:`banners.store.write.rollback.release`.

    Raises:
        NothingPublished: no quarter has been published.
        SettingsError: see :func:`check`.
    """
    from banners.store.write.rollback import release as let_go

    with _published(settings), _for_writing(settings) as database:
        return let_go(database, quarters)


@contextmanager
def _published(settings: Settings) -> "Iterator[Database]":
    """Open the database to read from it, when its server has started.

    Raises:
        NothingPublished: no quarter has been published.
    """
    from banners.store.read.lineups import DatabaseReader

    there = started(settings)
    with closing(DatabaseReader(there)) as served:
        if not served.active():
            raise NothingPublished(database_name(settings))
        yield there


@contextmanager
def _for_writing(settings: Settings) -> "Iterator[Database]":
    from banners.store.connect import open_database

    database = open_database(settings.database_url, create=True)
    try:
        yield database
    finally:
        database.dispose()


def check(settings: Settings) -> None:
    """Check the settings before a long run.

    Raises:
        SettingsError: the URL of the database or of Redis is invalid or unsupported, or its driver
            is not installed.
    """
    with closing(reader(settings)) as database:
        kept_warm(settings, database)
