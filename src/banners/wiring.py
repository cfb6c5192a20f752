"""Builds the parts from the settings: the only module that knows all of them.

Heavy libraries are imported when a part that needs them is asked for, and not before.
"""

import logging
import os
import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from banners.errors import NothingPublished, SettingsError, StoreError, listed, readable
from banners.model import Generation, Quarter
from banners.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

    from banners.crunch.engine import Engine
    from banners.in_memory import InMemory
    from banners.job import Judgement, OnStep
    from banners.job_report import JobReport
    from banners.serve.reader import LineupReader
    from banners.serve.redis import RedisReader
    from banners.store.read import DatabaseReader
    from banners.store.report import DatabaseReports
    from banners.stress.run import OnProgress, Outcome, Plan

STRESSED_CAMPAIGNS = 20_000
"""So many campaigns a stress test asks for at most, spread evenly over all that are published."""

_LOG = logging.getLogger(__name__)


def quarter_now(settings: Settings) -> Quarter:
    """Tell the current quarter of the hour in the configured time zone."""
    return Quarter.at(datetime.now(settings.timezone))


def reader(settings: Settings) -> "DatabaseReader":
    """Open what is published for reading; it is to be closed.

    Raises:
        SettingsError: the database's URL is none that Banners knows.
    """
    from banners.store.connect import open_database
    from banners.store.read import DatabaseReader

    return DatabaseReader(open_database(settings.database_url, create=False))


def reports(settings: Settings) -> "DatabaseReports":
    """Open what is published for reports; it is to be closed.

    Raises:
        SettingsError: the database's URL is none that Banners knows.
    """
    from banners.store.connect import open_database
    from banners.store.report import DatabaseReports

    return DatabaseReports(open_database(settings.database_url, create=False))


def database_name(settings: Settings) -> str:
    """Name the database for people: its URL without the password."""
    from sqlalchemy import make_url

    return make_url(settings.database_url).render_as_string(hide_password=True)


def crunch(
    settings: Settings,
    folder: Path,
    quarters: Collection[Quarter],
    on_step: "OnStep",
    *,
    accept: bool = False,
    unchanged_too: bool = True,
) -> "JobReport":
    """Run the batch job: see :meth:`banners.job.Job.run`.

    Args:
        settings: what to crunch with, and where to publish.
        folder: holds a folder of event files for each quarter.
        quarters: the quarters to crunch; none stands for all that have files.
        on_step: is told of each step.
        accept: whether to publish what the gate refuses.
        unchanged_too: whether to crunch also what is served already, made from the same files.
    """
    from banners.images import pictured_banners
    from banners.job import Job
    from banners.store.connect import open_database
    from banners.store.publish import draft
    from banners.store.read import DatabaseReader

    database = open_database(settings.database_url, create=True)
    served = DatabaseReader(database)
    pictured = pictured_banners(settings.images)
    kept_warm = _kept_warm(settings, served)
    drafting = draft(
        database,
        source=readable(os.path.realpath(folder)),
        engine=settings.engine,
        now=partial(datetime.now, UTC),
        wait_seconds=settings.wait_seconds,
    )
    try:
        with _engine(settings, on_step) as engine:
            job = Job(
                engine=engine,
                judgement=_judgement(settings, accept, served.rows_served, pictured),
                served_digest=(lambda _: None) if unchanged_too else served.digest_served,
                on_step=on_step,
                before_serving=kept_warm,
            )
            return job.run(folder, quarters, drafting)
    finally:
        database.dispose()


def crunch_in_memory(
    settings: Settings, folder: Path, quarters: Collection[Quarter], *, accept: bool = False
) -> "tuple[JobReport, InMemory]":
    """Run the batch job with no database: see :func:`banners.in_memory.crunch_in_memory`."""
    from banners.in_memory import crunch_in_memory as crunch

    # Nothing of what is served is replaced, so that it need not be compared with.
    judgement = _judgement(settings, accept, lambda _: None, ())
    with _engine(settings, lambda _quarter, _step: None) as engine:
        return crunch(engine, judgement, folder, quarters)


def choose(settings: Settings, performance: "pa.Table") -> "Iterator[pa.RecordBatch]":
    """Apply the rule to figures: see :func:`banners.crunch.duckdb.choose_with_duckdb`."""
    from banners.crunch.duckdb import choose_with_duckdb

    return choose_with_duckdb(performance, memory=settings.memory)


def _judgement(
    settings: Settings,
    accept: bool,
    served_rows: Callable[[Quarter], int | None],
    pictured: Collection[int],
) -> "Judgement":
    from banners.crunch.gate import Limits
    from banners.job import Judgement

    return Judgement(
        limits=Limits(
            bad_rows=settings.gate_bad_rows,
            orphans=settings.gate_orphans,
            least_rows=settings.gate_least_rows,
        ),
        accept=accept,
        served_rows=served_rows,
        rejects=settings.rejects,
        pictured=pictured,
    )


def _engine(settings: Settings, on_step: "OnStep") -> "AbstractContextManager[Engine]":
    if settings.engine == "spark":
        from banners.crunch.spark import spark_engine

        return spark_engine(
            master=settings.spark_master,
            memory=settings.memory,
            on_tasks=lambda quarter, done, of: on_step(quarter, f"crunching, task {done} of {of}"),
        )
    from banners.crunch.duckdb import crunch_with_duckdb

    return nullcontext(partial(crunch_with_duckdb, memory=settings.memory))


def roll_back(
    settings: Settings, quarters: Collection[Quarter], to: int | None
) -> Mapping[Quarter, tuple[int | None, int]]:
    """Serve an earlier generation: see :func:`banners.store.rollback.roll_back`.

    Returns:
        For each quarter that was changed, the numbers of what was served and of what is now.

    Raises:
        NothingPublished: no quarter has been published.
        SettingsError: see :func:`check`.
    """
    from banners.store.connect import open_database, wait_for_server
    from banners.store.read import DatabaseReader
    from banners.store.rollback import roll_back as set_pointers

    there = open_database(settings.database_url, create=False)
    with closing(DatabaseReader(there)) as served:
        wait_for_server(there, seconds=settings.wait_seconds)
        before = served.active()
        if not before:
            raise NothingPublished(database_name(settings))
        fill = _kept_warm(settings, served)
        database = open_database(settings.database_url, create=True)
        try:
            changed = set_pointers(database, quarters, to)
        finally:
            database.dispose()
        active = {quarter: served.active()[quarter] for quarter in changed}
        for quarter, generation in active.items():
            fill(generation, quarter)
        return {
            quarter: (before[quarter].number if quarter in before else None, generation.number)
            for quarter, generation in active.items()
        }


def check(settings: Settings) -> None:
    """Refuse settings that nothing can go on with, before something that is to go on for long.

    Raises:
        SettingsError: the database's or Redis' URL is none that Banners knows, or what reaches it
            is not installed.
    """
    with closing(reader(settings)) as database:
        _kept_warm(settings, database)


def _kept_warm(
    settings: Settings, source: "DatabaseReader"
) -> Callable[[Generation, Quarter], None]:
    """Give what brings a quarter into Redis, where there is one; that it fails is no failure."""
    if not settings.redis_url:
        return lambda _generation, _quarter: None
    from banners.serve.redis import PUBLISH_SECONDS

    redis = _redis(settings, source, seconds=PUBLISH_SECONDS, count=lambda _outcome: None)

    def fill(generation: Generation, quarter: Quarter) -> None:
        try:
            redis.fill(generation, quarter)
        except StoreError:
            raise  # of the database, which it is filled from
        except Exception as error:  # noqa: BLE001  # its client raises all sorts
            _LOG.warning(
                "Redis could not be filled with quarter %d, which will be read from the database "
                "as it is asked for: %s",
                quarter,
                error,
            )

    return fill


def _redis(
    settings: Settings,
    source: "LineupReader",
    *,
    seconds: float,
    count: Callable[[str], None],
) -> "RedisReader":
    try:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ModuleNotFoundError as error:
        raise SettingsError(
            "BANNERS_REDIS_URL names a Redis, and its client is not installed. "
            "Install it with: pip install 'redis>=7'"
        ) from error

    from banners.serve.breaker import Breaker
    from banners.serve.redis import RedisReader

    try:
        client = Redis.from_url(
            settings.redis_url,
            socket_connect_timeout=seconds,
            socket_timeout=seconds,
            # Whoever asks cannot wait, and has somebody else to ask.
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        raise SettingsError(
            "BANNERS_REDIS_URL holds a value (not shown here) that Redis' client cannot read; "
            "expected something like redis://localhost:6379/0."
        ) from error
    return RedisReader(
        client,
        source,
        keep_seconds=settings.redis_seconds,
        breaker=Breaker("Redis", time.monotonic),
        count=count,
    )


def _told(numbers: Mapping[int, int]) -> str:
    quarters: dict[int, list[int]] = {}
    for quarter, number in sorted(numbers.items()):
        quarters.setdefault(number, []).append(quarter)
    return ", ".join(f"generation {each} in {listed(of)}" for each, of in quarters.items())


def web_application(settings: Settings) -> Callable[..., Any]:
    """Build the web application over all tiers, with the real clock and real randomness.

    Raises:
        SettingsError: the database's or Redis' URL is none that Banners knows.
    """
    from banners import logs
    from banners.serve.follow import following
    from banners.serve.memory import MemoryReader, Shelf
    from banners.serve.redis import REQUEST_SECONDS
    from banners.serve.remember import RememberedKept
    from banners.web.app import PUBLIC_URL
    from banners.web.app import web_application as build
    from banners.web.metrics import Metrics

    logs.configure(settings.log_format)
    metrics = Metrics()
    database = reader(settings)
    redis = None
    if settings.redis_url:
        redis = _redis(settings, database, seconds=REQUEST_SECONDS, count=metrics.count_redis)

    def on_load(shelf: Shelf, seconds: float) -> None:
        accounts: list[dict[str, Any]] = []
        with suppress(StoreError):
            accounts = database.summary(shelf.generation, shelf.quarter).get("accounts", [])
        metrics.loaded(
            int(shelf.quarter),
            generation=shelf.generation.number,
            lineups=len(shelf.records or ()),
            seconds=seconds,
            accounts=accounts,
        )

    memory = MemoryReader(redis or database, most_lineups=settings.memory_lineups, on_load=on_load)
    reported = reports(settings)
    remembered = RememberedKept(reported.kept, time.monotonic)

    def out_of_reach() -> list[str]:
        trouble = memory.trouble or (redis.trouble if redis else None)
        gone = {"redis": redis is not None and redis.is_down, "database": bool(trouble)}
        return [tier for tier, is_gone in gone.items() if is_gone]

    def look() -> None:
        before = memory.numbers()
        memory.load()
        if (numbers := memory.numbers()) != before:
            _LOG.info("Serving %s.", _told(numbers))
        metrics.looked(out_of_reach())
        application.forget_replaced()
        if not memory.trouble:
            remembered.look(changed=numbers != before)

    logs.with_generations(memory.numbers)
    application = build(
        reader=memory,
        reports=reported,
        images=settings.images,
        fill=settings.fill,
        now=partial(datetime.now, settings.timezone),
        source=random.Random(),  # noqa: S311  # of no use to whoever guesses it
        public_url=settings.public_url or PUBLIC_URL,
        held=memory.held,
        following=following(look),
        metrics=metrics,
        out_of_reach=out_of_reach,
        tiers=("memory", "redis", "database") if redis else ("memory", "database"),
        kept=remembered.kept,
    )
    return application


def stress(settings: Settings, plan: "Plan", on_progress: "OnProgress") -> "Outcome":
    """Run a stress test against what the settings' database has: see :func:`banners.stress.run`.

    Args:
        settings: those of the server that is tested.
        plan: what to do.
        on_progress: is told how far it is.
    """
    from banners.stress.follow import Following
    from banners.stress.run import run

    def quarter_at(moment: float) -> Quarter:
        ago = time.perf_counter() - moment
        return Quarter.at(datetime.fromtimestamp(time.time() - ago, settings.timezone))

    with closing(reader(settings)) as published:
        following = Following(
            published,
            fill=settings.fill,
            now=time.perf_counter,
            quarter_at=quarter_at,
            at_most=STRESSED_CAMPAIGNS,
        )
        return run(plan, following, on_progress, time.perf_counter)
