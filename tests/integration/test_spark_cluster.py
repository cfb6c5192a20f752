"""The job as it is deployed: spark-submit, a cluster, and a database server."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from banners.store.schema import CANDIDATES, INVENTORY
from support.cluster import Cluster, cluster
from support.running import Workplace

# A worker is also lost in test_spark_addresses.py, where events are at an address.
pytestmark = pytest.mark.long

CRUNCH = ("crunch", "events", "--quarter")


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("spark")) as started:
        yield started


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A sample of several parts a quarter, crunched by DuckDB into SQLite."""
    workplace = Workplace(tmp_path_factory.mktemp("duckdb"))
    for words in (("sample", "events", "--impressions", "250000"), (*CRUNCH, "1", "2")):
        ended = workplace.run(*words)
        assert ended.returncode == 0, ended.stderr
    return workplace


@pytest.fixture
def deployed(on_duckdb: Workplace, tmp_path: Path, mariadb_url: str) -> Workplace:
    """The same sample, to be published to a MariaDB server."""
    (tmp_path / "events").symlink_to(on_duckdb.folder / "events")
    return Workplace(tmp_path, {"BANNERS_DATABASE_URL": mariadb_url})


def published(workplace: Workplace, *quarters: int) -> dict[str, list[tuple[Any, ...]]]:
    """Read all that was published of some quarters, but for the number of the generation."""
    url = workplace.variables.get(
        "BANNERS_DATABASE_URL", f"sqlite:///{workplace.folder / 'var' / 'banners.db'}"
    )
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = {
            table.name: [
                tuple(row)
                for row in connection.execute(
                    sa.select(*(each for each in table.columns if each.name != "generation"))
                    .where(table.columns["quarter"].in_(quarters))
                    .order_by(*table.primary_key.columns)
                )
            ]
            for table in (CANDIDATES, INVENTORY)
        }
    engine.dispose()
    return found


def ended(running: "subprocess.Popen[str]") -> str:
    """Wait for the end of a run that is to end well, and give what it still had to say."""
    said, _ = running.communicate(timeout=170)
    assert running.returncode == 0, said
    return said


def test_spark_submit_publishes_what_duckdb_does_though_a_worker_is_lost_in_the_middle(
    spark: Cluster, on_duckdb: Workplace, deployed: Workplace
) -> None:
    lost, left = spark.workers
    with spark.submit(deployed, *CRUNCH, "1", "2") as running:
        assert running.stdout is not None
        for line in running.stdout:
            if line == "quarter 2: crunching\n":
                # Both have computed quarter 1, and are to compute this one.
                assert spark.executors(lost)
                assert spark.executors(left)
                spark.kill(lost)
                break
        assert "Generation 1 is now live." in ended(running)
    assert published(deployed, 1, 2) == published(on_duckdb, 1, 2)
