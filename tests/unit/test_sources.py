"""Which files of a folder are taken for a quarter, and which are skipped."""

import gzip
import tempfile
from pathlib import Path

import pytest

from banners.crunch.kinds import Kind
from banners.crunch.plain import PlainFile, make_plain
from banners.crunch.scratch import scratch_folder
from banners.crunch.sources import check_quarter, check_unchanged, find_quarters, looks
from banners.errors import CrunchError, SourceError
from banners.model import Quarter
from deliveries import CLICKS, small_quarter
from nobody import somebody_ordinary

SECOND = Quarter.SECOND


def test_a_copy_is_skipped_before_anything_is_made_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = small_quarter(tmp_path)
    for name, clicks in (("b", "1,10,5\n"), ("c", "2,10,5\n"), ("d", "1,10,5\n")):
        (here / f"clicks_2{name}.csv").write_text(CLICKS + clicks)
    made = []

    def making(kind: Kind, path: Path, scratch: Path) -> PlainFile:
        made.append(path.name)
        return make_plain(kind, path, scratch)

    monkeypatch.setattr("banners.crunch.sources.make_plain", making)
    found = check_quarter(SECOND, find_quarters(tmp_path / "events")[SECOND], tmp_path)
    assert made == ["impressions_2.csv", "clicks_2.csv", "clicks_2c.csv", "conversions_2.csv"]
    assert [path.name for path in found.skipped] == ["clicks_2b.csv", "clicks_2d.csv"]
    assert found.rows(Kind.CLICKS) == 2


def test_the_same_content_as_two_kinds_is_no_copy(tmp_path: Path) -> None:
    here = small_quarter(tmp_path)
    both = "click_id,banner_id,campaign_id\n1,10,5\n"
    (here / "impressions_2.csv").write_text(both)
    (here / "clicks_2.csv").write_text(both)
    found = check_quarter(SECOND, find_quarters(tmp_path / "events")[SECOND], tmp_path)
    assert found.skipped == ()


@pytest.fixture
def links_needed(tmp_path: Path) -> Path:
    """A folder of events that engines know only by a link."""
    small_quarter(tmp_path, events="events [1]")
    return tmp_path / "events [1]"


@pytest.fixture
def copies_needed(tmp_path: Path) -> Path:
    """A folder of events of which a plain copy of 100 kilobytes has to be written."""
    clicks = small_quarter(tmp_path) / "clicks_2.csv"
    clicks.with_name("clicks_2.csv.gz").write_bytes(gzip.compress(clicks.read_bytes() * 2_000))
    clicks.unlink()
    return tmp_path / "events"


@pytest.mark.parametrize("events", ["links_needed", "copies_needed"])
def test_a_folder_for_temporary_files_that_cannot_be_written_to_is_said_to_be(
    request: pytest.FixtureRequest, tmp_path: Path, events: str
) -> None:
    paths = find_quarters(request.getfixturevalue(events))[SECOND]
    with pytest.raises(CrunchError, match=r"cannot be written to .*nowhere.*: No such .*TMPDIR"):
        check_quarter(SECOND, paths, tmp_path / "nowhere")


@pytest.mark.usefixtures("files_of_50_kilobytes")
def test_a_full_disk_is_said_to_be(tmp_path: Path, copies_needed: Path) -> None:
    with pytest.raises(CrunchError, match=r"Temporary files cannot be written: .*TMPDIR"):
        check_quarter(SECOND, find_quarters(copies_needed)[SECOND], tmp_path)


def test_a_machine_without_a_folder_for_temporary_files_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(CrunchError, match=r"cannot be written to .*nowhere"), scratch_folder():
        pass


def test_a_file_taken_away_after_it_was_checked_is_an_error(tmp_path: Path) -> None:
    clicks = small_quarter(tmp_path) / "clicks_2.csv"
    sources = check_quarter(SECOND, find_quarters(tmp_path / "events")[SECOND], tmp_path)
    clicks.unlink()
    with pytest.raises(CrunchError, match=r"clicks_2\.csv changed while it was read"):
        check_unchanged(sources)


def test_a_file_out_of_reach_looks_other_than_when_it_is_back(tmp_path: Path) -> None:
    clicks = small_quarter(tmp_path) / "clicks_2.csv"
    clicks.rename(tmp_path / "elsewhere")
    clicks.symlink_to(tmp_path / "nowhere")
    before = looks(tmp_path / "events")[SECOND]
    (tmp_path / "elsewhere").rename(tmp_path / "nowhere")
    assert looks(tmp_path / "events")[SECOND] != before


def test_a_name_longer_than_that_of_any_folder_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: File name too long"):
        find_quarters(tmp_path / ("x" * 5_000))


def test_a_folder_that_this_user_may_not_enter_is_said_to_be() -> None:
    with tempfile.TemporaryDirectory(prefix="banners-") as name:
        Path(name).chmod(0o755)
        events = small_quarter(Path(name)).parent
        events.chmod(0o600)
        with somebody_ordinary(), pytest.raises(SourceError, match=r"Let this user enter it\.$"):
            find_quarters(events)
