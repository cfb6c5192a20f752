"""What is read of a folder, and that everything else is named."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from banners.core.events import Kind
from banners.core.model import Quarter
from banners.crunch.files.find import check_quarter, find_quarters, stamps_by_quarter
from banners.crunch.files.listing import event_files, left_out
from banners.errors import SourceError
from support.deliveries import CLICKS, small_quarter
from support.nobody import somebody_ordinary

SECOND = Quarter.SECOND


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return small_quarter(tmp_path)


def clicks_of(here: Path) -> list[str]:
    return [str(path.relative_to(here)) for path in event_files(here.parent, SECOND)[Kind.CLICKS]]


@pytest.mark.parametrize(
    "name", ["CLICKS_2.CSV", "Clicks_2b.csv.GZ", "CLICKS_2.PARQUET", "clicks_2.snappy.parquet"]
)
def test_capitals_in_a_name_make_no_difference(here: Path, name: str) -> None:
    (here / "clicks_2.csv").rename(here / name)
    assert clicks_of(here) == [name]
    assert left_out(here.parent, SECOND) == []


@pytest.mark.parametrize("name", ["clicks_2.csv", "clicks_2", "CLICKS_2-night.parquet"])
def test_the_part_files_of_a_folder_are_read(here: Path, name: str) -> None:
    (here / "clicks_2.csv").unlink()
    (here / name).mkdir()
    for part in ("part-00000.csv", "part-00001-c000.csv.gz", "_SUCCESS", ".part-00000.csv.crc"):
        (here / name / part).touch()
    assert clicks_of(here) == [f"{name}/part-00000.csv", f"{name}/part-00001-c000.csv.gz"]
    assert left_out(here.parent, SECOND) == []


def spark_folder(here: Path) -> Path:
    (here / "clicks_2.csv").unlink()
    folder = here / "clicks_2.csv"
    folder.mkdir()
    (folder / "part-00000").write_text(CLICKS + "1,10,5\n")
    (folder / "part-00001.csv.gz").write_bytes(gzip.compress(f"{CLICKS}2,10,5\n".encode()))
    return folder


def test_a_part_without_ending_has_the_form_of_its_folder(here: Path, tmp_path: Path) -> None:
    spark_folder(here)
    sources = check_quarter(SECOND, find_quarters(here.parent)[SECOND], tmp_path)
    assert sources.rows(Kind.CLICKS) == 2


def test_a_part_is_csv_if_neither_its_name_nor_its_folder_says_a_form(
    here: Path, tmp_path: Path
) -> None:
    spark_folder(here).rename(here / "clicks_2")
    sources = check_quarter(SECOND, find_quarters(here.parent)[SECOND], tmp_path)
    assert sources.rows(Kind.CLICKS) == 2


def test_a_part_that_changes_is_noticed(here: Path) -> None:
    folder = spark_folder(here)
    before = stamps_by_quarter(here.parent)
    (folder / "part-00000").write_text(CLICKS)
    assert stamps_by_quarter(here.parent) != before


@pytest.mark.parametrize("name", ["_temporary", None])
def test_a_folder_that_is_not_complete_is_refused(
    here: Path, tmp_path: Path, name: str | None
) -> None:
    folder = spark_folder(here)
    if name:
        (folder / name).mkdir()
    else:
        for part in folder.iterdir():
            part.unlink()
    with pytest.raises(
        SourceError, match=r"clicks_2\.csv is a folder without part-\* files, or is"
    ):
        check_quarter(SECOND, find_quarters(here.parent)[SECOND], tmp_path)


def test_parts_without_a_header_are_refused_with_the_option_of_spark(
    here: Path, tmp_path: Path
) -> None:
    (spark_folder(here) / "part-00000").write_text("1,10,5\n")
    with pytest.raises(SourceError, match=r"part-00000, line 1: .* \(in Spark: header=True\)\."):
        check_quarter(SECOND, find_quarters(here.parent)[SECOND], tmp_path)


def test_everything_that_is_not_read_is_named_with_what_it_is(here: Path) -> None:
    folder = spark_folder(here)
    (folder / "notes.txt").touch()
    for name in ("clicks_2.tsv", "clicks_1.csv", "clicks_2.txt", ".clicks_2.csv", "read me"):
        (here / name).touch()
    for name in (".DS_Store", "Thumbs.db", "_SUCCESS", "x.crc"):
        (here / name).touch()
    (here / "clicks_2.csv.zip").write_bytes(b"PK\x03\x04")
    (here / "old").mkdir()
    assert left_out(here.parent, SECOND) == [
        ".clicks_2.csv",
        "clicks_1.csv",
        "clicks_2.csv/notes.txt",
        "clicks_2.csv.zip (a ZIP archive)",
        "clicks_2.tsv",
        "clicks_2.txt",
        "old (a folder)",
        "read me",
    ]


def test_what_is_not_read_is_named_even_if_its_content_cannot_be_read(here: Path) -> None:
    # Reading this file is an error of the disk.
    (here / "clicks_2.txt").symlink_to("/proc/self/mem")
    assert left_out(here.parent, SECOND) == ["clicks_2.txt"]


def test_a_folder_without_event_files_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    for name in (
        "clicks_1.csv",
        "1/clicks_1.tsv",
        "1/clicks_2.csv",
        *map("1/x{}".format, range(20)),
    ):
        (tmp_path / name).touch()
    said = r"Found instead: clicks_1\.csv, 1/clicks_1\.tsv, 1/clicks_2\.csv, 1/x0, .* 11 more\.$"
    with pytest.raises(SourceError, match=said):
        find_quarters(tmp_path)


@pytest.fixture
def to_everybody() -> Iterator[Path]:
    """A folder that users other than the one who made it may enter."""
    with TemporaryDirectory(prefix="banners-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_folder_that_cannot_be_listed_says_what_its_quarters_hold(to_everybody: Path) -> None:
    here = to_everybody / "events" / "1"
    here.mkdir(parents=True)
    (here / "clicks_1.tsv").touch()
    here.parent.chmod(0o711)
    with (
        somebody_ordinary(),
        pytest.raises(SourceError, match=r"Found instead: 1/clicks_1\.tsv\.$"),
    ):
        find_quarters(here.parent)


def test_a_folder_of_part_files_that_cannot_be_listed_is_refused(to_everybody: Path) -> None:
    folder = spark_folder(small_quarter(to_everybody))
    folder.chmod(0o711)
    with (
        somebody_ordinary(),
        pytest.raises(
            SourceError, match=r"clicks_2\.csv cannot be read: Permission denied\. Check"
        ),
    ):
        check_quarter(SECOND, find_quarters(to_everybody / "events")[SECOND], to_everybody)


# The same content


def with_mark(content: bytes) -> bytes:
    return b"\xef\xbb\xbf" + content


def with_crlf(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


def with_cr_cr_lf(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\r\n")


def with_cr(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r")


def unended(content: bytes) -> bytes:
    return content.removesuffix(b"\n")


@pytest.mark.parametrize("form", [with_mark, with_crlf, with_cr_cr_lf, with_cr, unended, bytes])
@pytest.mark.parametrize("packed", [True, False])
def test_the_same_content_in_another_form_is_skipped(
    here: Path, tmp_path: Path, form: Callable[[bytes], bytes], packed: bool
) -> None:
    content = form((here / "impressions_2.csv").read_bytes())
    again = here / ("impressions_2.csv.gz" if packed else "impressions_2b.csv")
    again.write_bytes(gzip.compress(content) if packed else content)
    sources = check_quarter(SECOND, find_quarters(here.parent)[SECOND], tmp_path)
    assert sources.skipped == (again,)
    assert len(list(sources.of(Kind.IMPRESSIONS))) == 1


def test_the_form_of_the_files_makes_no_difference_to_the_digest(
    here: Path, tmp_path: Path
) -> None:
    before = check_quarter(SECOND, find_quarters(here.parent)[SECOND], tmp_path)
    for path in list(here.iterdir()):
        packed = gzip.compress(with_mark(with_crlf(path.read_bytes())))
        path.with_name(f"{path.name}.gz").write_bytes(packed)
        path.unlink()
    after = check_quarter(SECOND, find_quarters(here.parent)[SECOND], tmp_path)
    assert after.digest == before.digest
