"""Which files of a folder are read for a quarter, and which are skipped."""

import gzip
import tempfile
from pathlib import Path

import pytest

from banners.core.events import Kind
from banners.core.model import Quarter
from banners.crunch.files.content import digest_of
from banners.crunch.files.find import (
    check_quarter,
    check_unchanged,
    find_quarters,
    stamps_by_quarter,
)
from banners.crunch.files.plain import PlainFile, make_plain
from banners.crunch.scratch import scratch_folder
from banners.errors import CrunchError, SourceError
from support.deliveries import CLICKS, small_quarter
from support.nobody import somebody_ordinary

SECOND = Quarter.SECOND


def test_a_copy_is_skipped_before_it_is_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = small_quarter(tmp_path)
    for name, clicks in (("b", "1,10,5\n"), ("c", "2,10,5\n"), ("d", "1,10,5\n")):
        (here / f"clicks_2{name}.csv").write_text(CLICKS + clicks)
    made = []

    def making(kind: Kind, path: Path, scratch: Path) -> PlainFile:
        made.append(path.name)
        return make_plain(kind, path, scratch)

    monkeypatch.setattr("banners.crunch.files.find.make_plain", making)
    found = check_quarter(SECOND, find_quarters(tmp_path / "events")[SECOND], tmp_path)
    assert made == ["impressions_2.csv", "clicks_2.csv", "clicks_2c.csv", "conversions_2.csv"]
    assert [path.name for path in found.skipped] == ["clicks_2b.csv", "clicks_2d.csv"]
    assert found.rows(Kind.CLICKS) == 2


def test_two_slots_with_the_same_content_are_two_deliveries(tmp_path: Path) -> None:
    here = small_quarter(tmp_path)
    for slot in ("20261126T1415Z", "20261126T1515Z"):
        (here / f"clicks_2-{slot}.csv").write_text(CLICKS)
        (here / f"impressions_2-{slot}.csv").write_text("banner_id,campaign_id\n10,5\n")
    (here / "clicks_2-20261126T1515Z.csv.gz").write_bytes(gzip.compress(CLICKS.encode()))
    found = check_quarter(SECOND, find_quarters(tmp_path / "events")[SECOND], tmp_path)
    assert [path.name for path in found.skipped] == ["clicks_2-20261126T1515Z.csv.gz"]
    assert found.rows(Kind.IMPRESSIONS) == 4
    (here / "impressions_2-20261126T1515Z.csv").unlink()
    fewer = check_quarter(SECOND, find_quarters(tmp_path / "events")[SECOND], tmp_path)
    assert fewer.digest != found.digest


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\r\n"])
def test_line_ends_make_no_difference_to_the_content_also_within_quotes(
    tmp_path: Path, end: bytes
) -> None:
    lines = [b"banner_id,campaign_id,note", b'1,2,"a', b'b"', b"3,4,c", b""]
    (tmp_path / "one.csv").write_bytes(end.join(lines))
    (tmp_path / "other.csv").write_bytes(b"\r".join(lines).replace(b"a\r", b"a\n"))
    (tmp_path / "third.csv").write_bytes(b"\r".join(lines))
    assert len({digest_of(path) for path in tmp_path.iterdir()}) == 1


def test_the_same_content_as_two_kinds_is_no_copy(tmp_path: Path) -> None:
    here = small_quarter(tmp_path)
    both = "click_id,banner_id,campaign_id\n1,10,5\n"
    (here / "impressions_2.csv").write_text(both)
    (here / "clicks_2.csv").write_text(both)
    found = check_quarter(SECOND, find_quarters(tmp_path / "events")[SECOND], tmp_path)
    assert found.skipped == ()


@pytest.fixture
def links_needed(tmp_path: Path) -> Path:
    """An events folder whose path engines cannot read, so that they need a link."""
    small_quarter(tmp_path, events="events [1]")
    return tmp_path / "events [1]"


@pytest.fixture
def copies_needed(tmp_path: Path) -> Path:
    """An events folder that needs a plain copy of 100 kilobytes."""
    clicks = small_quarter(tmp_path) / "clicks_2.csv"
    clicks.with_name("clicks_2.csv.gz").write_bytes(gzip.compress(clicks.read_bytes() * 2_000))
    clicks.unlink()
    return tmp_path / "events"


@pytest.mark.parametrize("events", ["links_needed", "copies_needed"])
def test_a_temporary_folder_that_cannot_be_written_to_is_reported(
    request: pytest.FixtureRequest, tmp_path: Path, events: str
) -> None:
    paths = find_quarters(request.getfixturevalue(events))[SECOND]
    with pytest.raises(CrunchError, match=r"cannot be written to .*nowhere.*: No such .*TMPDIR"):
        check_quarter(SECOND, paths, tmp_path / "nowhere")


@pytest.mark.usefixtures("files_of_50_kilobytes")
def test_a_full_disk_is_reported(tmp_path: Path, copies_needed: Path) -> None:
    with pytest.raises(CrunchError, match=r"Temporary files cannot be written to /.*TMPDIR"):
        check_quarter(SECOND, find_quarters(copies_needed)[SECOND], tmp_path)


def test_a_missing_temporary_folder_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(CrunchError, match=r"cannot be written to .*nowhere"), scratch_folder():
        pass


def test_a_file_that_is_removed_after_the_check_is_an_error(tmp_path: Path) -> None:
    clicks = small_quarter(tmp_path) / "clicks_2.csv"
    sources = check_quarter(SECOND, find_quarters(tmp_path / "events")[SECOND], tmp_path)
    clicks.unlink()
    with pytest.raises(CrunchError, match=r"clicks_2\.csv changed while it was read"):
        check_unchanged(sources)


def test_an_unreadable_file_differs_from_the_same_file_when_readable(tmp_path: Path) -> None:
    clicks = small_quarter(tmp_path) / "clicks_2.csv"
    clicks.rename(tmp_path / "elsewhere")
    clicks.symlink_to(tmp_path / "nowhere")
    before = stamps_by_quarter(tmp_path / "events")[SECOND]
    (tmp_path / "elsewhere").rename(tmp_path / "nowhere")
    assert stamps_by_quarter(tmp_path / "events")[SECOND] != before


def test_a_folder_name_that_is_too_long_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: File name too long"):
        find_quarters(tmp_path / ("x" * 5_000))


def test_a_folder_without_permission_is_reported() -> None:
    with tempfile.TemporaryDirectory(prefix="banners-") as name:
        Path(name).chmod(0o755)
        events = small_quarter(Path(name)).parent
        events.chmod(0o600)
        with (
            somebody_ordinary(),
            pytest.raises(SourceError, match=r"Give this user access to the folder\.$"),
        ):
            find_quarters(events)
