"""Slots are closed on a cluster, and by the command with a Spark of its own."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from banners.collect.close.closer import OpenCloser
from banners.collect.close.duckdb_engine import duckdb_closer
from banners.collect.close.files import EventFolder, slot_file
from banners.collect.segments.names import log_folder, segments_of
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.views import Traffic
from banners.crunch.engines.spark.crunch import spark_engine
from banners.crunch.engines.spark.errors import translated
from banners.crunch.engines.spark.session import spark_session
from banners.errors import CrunchError
from banners.job.spark_closer import spark_closer
from reference.closing import Clicked, Event, Seen
from support.closings import EVENTS, expected_files, keep
from support.cluster import RETRY_WAIT, Cluster, cluster
from support.engines import QUICK_START, require_spark
from support.event_logs import HOST, SLOT, ended_slot, files_in, view_of
from support.running import Workplace

# Spark compiles each statement anew, which takes a busy machine minutes.
pytestmark = pytest.mark.timeout(1200)

_HERE = "127.0.0.1"


def closed(events: Path, opened: OpenCloser, started: Cluster | None = None) -> list[object]:
    """Close a slot; return its account and what its files hold.

    Args:
        events: the folder of all events.
        opened: opens the engine.
        started: the cluster, of which one worker is lost while the slot is closed.
    """
    folder = EventFolder(events)
    with opened(folder.scratch()) as closer:
        assert closer.read(list(segments_of(log_folder(events) / HOST)), [SLOT]) == 0
        if started:
            assert all(map(started.executors, started.workers))
            started.kill(started.workers[0])
        staged = folder.staged(SLOT)
        path_of = {
            (kind, each): staged / slot_file(kind, each, SLOT) for kind in Kind for each in Quarter
        }
        account = closer.close(SLOT, Quarter.FOURTH, path_of, staged / "totals")
        return [account, {path.name: path.read_bytes() for path in staged.iterdir()}]


def test_a_cluster_closes_a_slot_even_if_a_worker_is_lost(tmp_path: Path) -> None:
    views = [view_of(number) for number in range(100, 400)]
    kept: list[Event] = [*EVENTS]
    kept += [Seen(view, Traffic.CLEAN) for view in views]
    kept += [Clicked(view, 2, Traffic.CLEAN) for view in views[::7]]
    keep(tmp_path, kept[:200])
    keep(tmp_path, kept[200:])
    (tmp_path / "spark").mkdir()
    options = {
        "spark.driver.host": _HERE,
        "spark.driver.bindAddress": _HERE,
        "spark.driver.extraJavaOptions": QUICK_START,
        "spark.executor.extraJavaOptions": QUICK_START,
        "spark.shuffle.io.retryWait": RETRY_WAIT,
    }
    with (
        cluster(tmp_path / "spark") as started,
        spark_engine(master=started.master, memory="500MB", options=options) as engine,
    ):
        opened = partial(spark_closer, engine=lambda: nullcontext(engine), memory="500MB")
        found = closed(tmp_path, opened, started)
    assert found == closed(tmp_path, partial(duckdb_closer, memory="500MB"))


def test_the_command_closes_slots_with_spark_and_tables_at_an_address(tmp_path: Path) -> None:
    require_spark()
    keep(tmp_path / "events", EVENTS, ended_slot())
    tables = tmp_path / "tables [1]"
    tables.mkdir()
    workplace = Workplace(
        tmp_path,
        {
            "JDK_JAVA_OPTIONS": QUICK_START,
            "BANNERS_ENGINE": "spark",
            "BANNERS_SPARK_MASTER": "local[1]",
            "BANNERS_SPARK_TABLES": f"file://{tables}",
            "BANNERS_MEMORY": "500MB",
            "BANNERS_EVENTS": str(tmp_path / "events"),
            "BANNERS_TIMEZONE": "UTC",
        },
    )
    ended = workplace.run("close")
    assert ended.returncode == 0, ended.stderr
    assert "(quarter 4): 2 impressions, 1 click, 1 conversion." in ended.stdout
    assert files_in(tmp_path / "events").items() >= expected_files(EVENTS, [SLOT]).items()
    assert list(tables.iterdir()) == []
    assert [path.name for path in (tmp_path / "events" / "closing").iterdir()] == []


def test_spark_starts_again_after_its_java_has_ended() -> None:
    require_spark()
    options = {"spark.driver.extraJavaOptions": QUICK_START}
    opened = partial(spark_session, master="local[1]", memory="500MB", options=options)
    with opened() as session:
        java: Any = session.sparkContext._gateway  # noqa: SLF001
        java.proc.kill()
        java.proc.wait()
        with pytest.raises(CrunchError, match="Java process has ended"), translated():
            session.range(3).count()
    with opened() as session:
        assert session.range(3).count() == 3
