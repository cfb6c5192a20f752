"""Event files at addresses that only Hadoop can open, read only by the workers of a cluster."""

import gzip
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from banners.core.account import Accounting
from banners.core.hadoop_address import HadoopAddress
from banners.core.model import Quarter
from banners.crunch.accounting import settle
from banners.crunch.engines.engine import CrunchedQuarter
from banners.crunch.engines.spark.crunch import SparkEngine, spark_engine
from banners.crunch.files.find import QuarterSources, check_quarter, check_unchanged, find_quarters
from banners.crunch.files.listing import left_out
from banners.crunch.rejects import unaccepted_rows
from banners.errors import SourceError
from banners.sample.events import SampleSpec, write_events
from support.cluster import RETRY_WAIT, Cluster, cluster
from support.engines import QUICK_START, crunch_with_duckdb

# Spark compiles each statement anew, which takes a busy machine minutes.
pytestmark = pytest.mark.timeout(1200)

QUARTER = Quarter.FIRST
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Mounted:
    """A cluster, and a folder that it sees as ``viewfs://banners/events``."""

    cluster: Cluster
    engine: SparkEngine
    folder: Path

    def put(self, name: str, files: Mapping[str, bytes]) -> HadoopAddress:
        """Write files of the quarter to a folder of their own, and return its address."""
        for each, content in files.items():
            path = self.folder / name / "1" / each
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return HadoopAddress(f"viewfs://banners/events/{name}")

    def check(self, address: HadoopAddress, scratch: Path) -> QuarterSources:
        folder = self.engine.folder(address)
        return self.engine.check(QUARTER, find_quarters(folder)[QUARTER], scratch)


@pytest.fixture(scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mounted]:
    folder = tmp_path_factory.mktemp("mounted")
    for name in ("events", "tables"):
        (folder / name).mkdir()
    with cluster(tmp_path_factory.mktemp("spark")) as started:
        link = "spark.hadoop.fs.viewfs.mounttable.banners.link"
        options = {
            f"{link}./events": f"file://{folder}/events",
            f"{link}./tables": f"file://{folder}/tables",
            "spark.driver.host": HOST,
            "spark.driver.bindAddress": HOST,
            "spark.driver.extraJavaOptions": QUICK_START,
            "spark.executor.extraJavaOptions": QUICK_START,
            "spark.shuffle.io.retryWait": RETRY_WAIT,
        }
        with spark_engine(
            master=started.master,
            memory="500MB",
            tables=HadoopAddress("viewfs://banners/tables"),
            options=options,
        ) as engine:
            yield Mounted(started, engine, folder / "events")
    assert not list((folder / "tables").iterdir())


def clean(tmp_path: Path) -> dict[str, bytes]:
    """Return the files of a clean quarter."""
    write_events(tmp_path / "sample", SampleSpec(impressions=3_000))
    return {path.name: path.read_bytes() for path in (tmp_path / "sample" / "1").iterdir()}


def dirty(tmp_path: Path) -> dict[str, bytes]:
    """Return files of all forms, with rows of all kinds of faults, and one file delivered twice."""
    files = clean(tmp_path)
    head, *rows = files.pop("impressions_1.csv").decode().splitlines()
    shown = [row.split(",") for row in rows]
    files["impressions_1.csv"] = "\n".join([head, *rows[:1000]]).encode()
    files["impressions_1 copy.csv.gz"] = gzip.compress(
        "\r\n".join([head, *rows[:1000], ""]).encode()
    )
    turned = [f'{campaign},{banner},"a ""b"", c"' for banner, campaign in shown[1000:2000]]
    lines = ["campaign_id,BANNER_ID,note", *turned, '"7","8",', '8,"9"x,', "", "9,8,a\rb"]
    files["impressions_1-b.csv"] = b"\xef\xbb\xbf" + "\r\n".join([*lines, ""]).encode()
    faults = [head, "1", "", "2,3,4", '"x"y,3', "0,1", "1,-1", ",", "1,99999999999999999999"]
    files["impressions_1-c.csv.gz"] = gzip.compress(
        "\n".join([head, *rows[2000:2500], *faults]).encode()
    )
    table = pa.table(
        {
            "banner_id": pa.array([int(banner) for banner, _ in shown[2500:]] + [None, 0]),
            "place": pa.array(["a,b"] * len(shown[2500:]) + [None, 'c"d']),
            "campaign_id": pa.array([int(campaign) for _, campaign in shown[2500:]] + [1, 2]),
        }
    )
    files["impressions_1.parquet/part-0"] = parquet(table)
    files["impressions_1.parquet/_SUCCESS"] = b""
    clicks = files["clicks_1.csv"].decode().splitlines()
    repeated = [*clicks[1:30], "5,x,7", "12,3,4", "12,3,5", "12,3,5", "007,1,1"]
    files["clicks_1-again.csv"] = "\n".join([clicks[0], *repeated, ""]).encode()
    files["conversions_1.parquet"] = parquet(
        pa.table(
            {
                "conversion_id": [900001, 900002, 900003],
                "click_id": [1, 2, 99999999],
                "revenue": pa.array(
                    [Decimal("1.50000000"), Decimal("-2.25"), Decimal("0.00000001")],
                    pa.decimal128(20, 8),
                ),
            }
        )
    )
    files["notes.txt"] = b"left out"
    return files


def parquet(table: pa.Table) -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(table, out)
    return bytes(out.getvalue())


@dataclass(frozen=True)
class Seen:
    """All that a crunch reports, with files by their names."""

    accounting: Accounting
    unaccepted: list[tuple[Any, ...]]
    skipped: list[str]
    candidates: list[dict[str, Any]]
    inventory: list[dict[str, Any]]


def seen(sources: QuarterSources, crunched: CrunchedQuarter) -> Seen:
    accounting = settle(sources, crunched)
    return Seen(
        accounting,
        [
            (row.kind, row.path.name, row.line, row.reason, row.text)
            for row in unaccepted_rows(sources, accounting, crunched)
        ],
        [path.name for path in sources.skipped],
        [row for batch in crunched.candidates() for row in batch.to_pylist()],
        [row for batch in crunched.inventory() for row in batch.to_pylist()],
    )


@contextmanager
def on_duckdb(folder: Path, scratch: Path) -> Iterator[tuple[QuarterSources, CrunchedQuarter]]:
    sources = check_quarter(QUARTER, find_quarters(folder)[QUARTER], scratch)
    with crunch_with_duckdb(sources, scratch) as crunched:
        yield sources, crunched


def bytes_read_by_driver(engine: SparkEngine) -> int:
    """Return how many bytes Java has read in the process of the driver, of all file systems."""
    java: Any = engine.folder(HadoopAddress("file:///")).session.sparkContext._jvm  # noqa: SLF001
    return sum(
        each.getBytesRead() for each in java.org.apache.hadoop.fs.FileSystem.getAllStatistics()
    )


def test_a_cluster_crunches_an_address_of_hadoop_even_if_a_worker_is_lost(
    mounted: Mounted, tmp_path: Path
) -> None:
    address = mounted.put("dirty", dirty(tmp_path))
    with on_duckdb(mounted.folder / "dirty", tmp_path) as (plain, crunched):
        expected = seen(plain, crunched)
    assert {reason.value for _, _, _, reason, _ in expected.unaccepted} == {
        *("bad_id", "bad_revenue", "bad_width", "conflicting_id", "orphan_conversion", "refund"),
    }
    before = bytes_read_by_driver(mounted.engine)
    sources = mounted.check(address, tmp_path)
    mounted.cluster.kill(mounted.cluster.workers[0])
    with mounted.engine(sources, tmp_path) as crunched:
        assert seen(sources, crunched) == expected
    check_unchanged(sources)
    assert bytes_read_by_driver(mounted.engine) == before
    assert left_out(mounted.engine.folder(address), QUARTER) == ["notes.txt"]


def test_a_folder_that_does_not_exist_is_refused(mounted: Mounted) -> None:
    with pytest.raises(SourceError, match="viewfs://banners/nothing is not a folder"):
        find_quarters(mounted.engine.folder(HadoopAddress("viewfs://banners/nothing")))


def test_an_unknown_file_system_is_named_in_the_error(
    mounted: Mounted,
) -> None:
    with pytest.raises(SourceError, match='No FileSystem for scheme "nowhere"'):
        find_quarters(mounted.engine.folder(HadoopAddress("nowhere://host/events")))
