"""Event files at an address, which a Spark of this machine checks and crunches."""

import gzip
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow.parquet import write_table

from banners.core.events import Kind
from banners.core.hadoop_address import HadoopAddress
from banners.core.model import Quarter
from banners.crunch.accounting import settle
from banners.crunch.engines.spark.crunch import SparkEngine, spark_engine
from banners.crunch.files.find import QuarterSources, check_unchanged, find_quarters
from banners.crunch.files.lines import MOST_BYTES
from banners.errors import CrunchError, SourceError
from support.deliveries import CLICKS, small_quarter
from support.engines import QUICK_START, require_spark

# Spark compiles each statement anew, which takes a busy machine minutes.
pytestmark = pytest.mark.timeout(1200)

FIRST = Quarter.FIRST
ROWS = CLICKS.encode() + b"1,10,5\n"


@pytest.fixture(scope="module")
def engine() -> Iterator[SparkEngine]:
    require_spark()
    options = {"spark.driver.extraJavaOptions": QUICK_START}
    with spark_engine(master="local[2]", memory="500MB", options=options) as opened:
        yield opened


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The folder of the first quarter, with a file of each kind."""
    return small_quarter(tmp_path, 1)


def check(engine: SparkEngine, here: Path) -> QuarterSources:
    """Check the files of the quarter."""
    folder = engine.folder(HadoopAddress(f"file://{here.parent}"))
    return engine.check(FIRST, find_quarters(folder)[FIRST], here.parents[1])


def write_revenues(path: Path, revenues: pa.Array) -> None:
    """Write a Parquet file of conversions, all of the first click."""
    ids = pa.array(range(1, len(revenues) + 1))
    clicks = pa.array([1] * len(revenues))
    write_table(pa.table({"conversion_id": ids, "click_id": clicks, "revenue": revenues}), path)


REFUSED = {
    "empty": ("clicks_1.csv", b"", "is empty"),
    "header": ("clicks_1.csv", ROWS.replace(b"click_id", b"id"), "expected a header"),
    "cut off": ("clicks_1.csv", ROWS + b"1,2", "line 3: the last line is cut off"),
    "quote": ("clicks_1.csv", ROWS + b'1,2,"\n3"\n', "line 3: the quote that opens"),
    "no UTF-8": ("clicks_1.csv", ROWS + b"1,\xff,3\n", "line 3: found a byte that is not UTF-8"),
    "CR": ("clicks_1.csv", ROWS.replace(b"\n", b"\r"), "lines end in CR alone"),
    "ZIP": ("clicks_1.csv", b"PK\x03\x04 and more", "is a ZIP archive"),
    "cut gzip": ("clicks_1.csv.gz", gzip.compress(ROWS)[:-9], "cannot be read, or is damaged"),
    "wildcard": ("clicks_1*.csv", ROWS, "which Spark takes for a wildcard"),
    "folder": ("clicks_1/notes.txt", b"", "is a folder without part-[*] files"),
}


@pytest.mark.parametrize(("name", "content", "message"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(
    engine: SparkEngine, here: Path, name: str, content: bytes, message: str
) -> None:
    (here / "clicks_1.csv").unlink()
    (here / name).parent.mkdir(exist_ok=True)
    (here / name).write_bytes(content)
    with pytest.raises(SourceError, match=message) as refused:
        check(engine, here)
    assert f"file://{here}/clicks_1" in str(refused.value)


def test_a_file_of_which_spark_leaves_out_a_line_is_refused(
    engine: SparkEngine, here: Path
) -> None:
    (here / "clicks_1.csv").write_bytes(ROWS + b"9" * MOST_BYTES + b",2,3\n")
    with pytest.raises(SourceError, match=r"clicks_1\.csv: .* has a line of more than 16 MB"):
        check(engine, here)


def test_a_revenue_that_is_not_exact_is_refused(engine: SparkEngine, here: Path) -> None:
    (here / "conversions_1.csv").unlink()
    write_revenues(here / "conversions_1.parquet", pa.array([1.5]))
    with pytest.raises(SourceError, match="found the type double, which is not exact"):
        check(engine, here)


def test_a_quarter_without_a_kind_is_refused(engine: SparkEngine, here: Path) -> None:
    (here / "clicks_1.csv").unlink()
    with pytest.raises(SourceError, match=r"no file of clicks; expected 1/clicks_1\.csv"):
        check(engine, here)


def test_a_file_that_is_gone_when_it_is_checked_is_refused(engine: SparkEngine, here: Path) -> None:
    paths = find_quarters(engine.folder(HadoopAddress(f"file://{here.parent}")))[FIRST]
    (here / "clicks_1.csv").unlink()
    with pytest.raises(SourceError, match=r"clicks_1\.csv cannot be read: No such file"):
        engine.check(FIRST, paths, here.parents[1])


def add_a_row(path: Path) -> None:
    path.write_bytes(ROWS + b"2,10,5\n")


@pytest.mark.parametrize("change", [add_a_row, Path.unlink])
def test_a_file_that_changes_after_it_was_read_is_noticed(
    engine: SparkEngine, here: Path, change: Callable[[Path], None]
) -> None:
    sources = check(engine, here)
    check_unchanged(sources)
    change(here / "clicks_1.csv")
    with pytest.raises(CrunchError, match=r"clicks_1\.csv changed while it was read"):
        check_unchanged(sources)


def test_the_digest_depends_on_the_rows_and_not_on_the_names_of_files(
    engine: SparkEngine, here: Path
) -> None:
    clicks = here / "clicks_1.csv"
    clicks.write_bytes(ROWS + b"2,10,5\n")
    before = check(engine, here).digest
    clicks.unlink()
    other = here / "clicks_1-x.csv.gz"
    other.write_bytes(gzip.compress(CLICKS.encode() + b"2,10,5\r\n1,10,5\r\n"))
    assert check(engine, here).digest == before
    other.write_bytes(gzip.compress(ROWS))
    assert check(engine, here).digest != before


def test_the_same_rows_as_csv_and_parquet_count_once(engine: SparkEngine, here: Path) -> None:
    (here / "conversions_1.csv").write_text("conversion_id,click_id,revenue\n1,1,0.50\n")
    write_revenues(here / "conversions_1.parquet", pa.array([Decimal("0.50")], pa.decimal128(9, 2)))
    sources = check(engine, here)
    assert [path.name for path in sources.skipped] == ["conversions_1.parquet"]
    assert sources.rows(Kind.CONVERSIONS) == 1


def test_rows_of_files_without_the_groups_that_others_have_are_accepted(
    engine: SparkEngine, here: Path
) -> None:
    (here / "clicks_1-group.csv").write_text(
        "click_id,banner_id,campaign_id,group,fill\n2,10,5,rule,0\n3,10,5,wild,0\n"
    )
    sources = check(engine, here)
    with engine(sources, here.parents[1]) as crunched:
        clicks = settle(sources, crunched).of(Kind.CLICKS)
    assert (clicks.rows, clicks.accepted, dict(clicks.rejected)) == (3, 2, {"bad_group": 1})
