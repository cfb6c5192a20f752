"""Where sample events are written: what is made, kept, replaced and never touched."""

import json
import os
import re
import signal
import threading
from pathlib import Path

import pytest

from banners.core.model import Quarter
from banners.errors import SampleError
from banners.sample.events import SampleSpec, is_made, write_events

KINDS = ("impressions", "clicks", "conversions")
SMALL = SampleSpec(impressions=2_000)
FIRST = (Quarter.FIRST,)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def test_each_file_is_reported_when_it_is_done(tmp_path: Path) -> None:
    told: list[tuple[str, bool]] = []
    write_events(tmp_path, SMALL, lambda path: told.append((path.name, path.exists())))
    assert told == [(f"{kind}_{number}.csv", True) for number in range(1, 5) for kind in KINDS]


def test_a_sample_that_was_made_is_known_as_such(tmp_path: Path) -> None:
    write_events(tmp_path, SMALL)
    assert is_made(tmp_path, SMALL)


@pytest.mark.parametrize(
    "other",
    [
        SampleSpec(impressions=2_001),
        SampleSpec(impressions=2_000, seed=2),
        SampleSpec(impressions=2_000, campaigns=49),
    ],
)
def test_a_sample_with_other_parameters_is_not_made(tmp_path: Path, other: SampleSpec) -> None:
    write_events(tmp_path, SMALL)
    assert not is_made(tmp_path, other)


def test_a_sample_without_one_of_its_files_is_not_made(tmp_path: Path) -> None:
    write_events(tmp_path, SMALL)
    (tmp_path / "4" / "clicks_4.csv").unlink()
    assert not is_made(tmp_path, SMALL)


def test_a_sample_of_another_version_is_not_made(tmp_path: Path) -> None:
    write_events(tmp_path, SMALL)
    manifest = tmp_path / "sample.json"
    manifest.write_text(
        json.dumps(json.loads(manifest.read_text()) | {"format": "banners sample 0"})
    )
    assert not is_made(tmp_path, SMALL)


def test_the_manifest_names_the_version_the_parameters_and_the_files(tmp_path: Path) -> None:
    write_events(tmp_path, SMALL)
    manifest = json.loads((tmp_path / "sample.json").read_text())
    assert manifest["format"] == "banners sample 1"
    assert manifest["parameters"] == {"impressions": 2_000, "campaigns": 50, "seed": 1}
    assert set(manifest["files"]) == {f"{q}/{kind}_{q}.csv" for q in range(1, 5) for kind in KINDS}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1, "files": 7, "parameters": {}}'])
def test_a_manifest_that_is_not_ours_means_that_no_sample_is_made(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "sample.json").write_text(content)
    assert not is_made(tmp_path, SMALL)


def test_a_sample_of_another_version_is_replaced(tmp_path: Path) -> None:
    write_events(tmp_path, SMALL)
    manifest = tmp_path / "sample.json"
    manifest.write_text(
        json.dumps(json.loads(manifest.read_text()) | {"format": "banners sample 0"})
    )
    write_events(tmp_path, SMALL)
    assert is_made(tmp_path, SMALL)


def test_no_sample_is_made_in_a_missing_folder(tmp_path: Path) -> None:
    assert not is_made(tmp_path / "nowhere", SMALL)


class Stopped(Exception):
    pass


@pytest.fixture
def broken_off(tmp_path: Path) -> Path:
    """A folder whose sample was broken off after two files."""

    def stop(path: Path) -> None:
        if path.name == "clicks_1.csv":
            raise Stopped

    with pytest.raises(Stopped):
        write_events(tmp_path, SMALL, stop)
    return tmp_path


def test_a_sample_that_was_broken_off_is_not_made(broken_off: Path) -> None:
    assert not is_made(broken_off, SMALL)


def test_a_sample_that_was_broken_off_can_be_made_again(broken_off: Path) -> None:
    write_events(broken_off, SMALL)
    assert is_made(broken_off, SMALL)


def test_a_broken_off_change_leaves_neither_sample_made(tmp_path: Path) -> None:
    other = SampleSpec(impressions=2_000, seed=2)

    def stop(_: Path) -> None:
        raise Stopped

    write_events(tmp_path, SMALL)
    with pytest.raises(Stopped):
        write_events(tmp_path, other, stop)
    assert not is_made(tmp_path, SMALL)
    assert not is_made(tmp_path, other)


def test_a_stopped_engine_leaves_no_half_file(tmp_path: Path) -> None:
    part = tmp_path / "1" / "impressions_1.part"

    ended = threading.Event()

    def stop() -> None:
        while not part.exists():
            if ended.is_set():
                return
        os.kill(os.getpid(), signal.SIGINT)

    stopper = threading.Thread(target=stop)
    stopper.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            write_events(tmp_path, SampleSpec(impressions=30_000_000))
    finally:
        ended.set()
        stopper.join()
    assert not list((tmp_path / "1").iterdir())


def test_another_sample_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    write_events(tmp_path, SMALL)
    write_events(tmp_path, SampleSpec(impressions=3_000, quarters=FIRST))
    assert sorted(path.name for path in tmp_path.rglob("*.csv")) == [
        "clicks_1.csv",
        "conversions_1.csv",
        "impressions_1.csv",
    ]


def test_quarters_of_the_same_sample_can_be_made_one_after_the_other(tmp_path: Path) -> None:
    for quarter in Quarter:
        write_events(tmp_path, SampleSpec(impressions=2_000, quarters=(quarter,)))
    assert is_made(tmp_path, SMALL)


@pytest.mark.parametrize("name", ["1/clicks_1.csv", "4/impressions_4b.csv.gz", "2/anything.csv"])
def test_a_folder_with_data_of_the_user_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_bytes(b"somebody's own")
    with pytest.raises(SampleError, match=re.escape(name)):
        write_events(tmp_path, SMALL)
    assert contents(tmp_path) == {name: b"somebody's own"}


@pytest.mark.parametrize("name", ["1/clicks_1.csv", "1/clicks_1b.csv"])
def test_what_the_user_added_to_a_sample_is_never_overwritten(tmp_path: Path, name: str) -> None:
    write_events(tmp_path, SMALL)
    with (tmp_path / name).open("a") as file:
        file.write("somebody's own\n")
    before = contents(tmp_path)
    with pytest.raises(SampleError, match=re.escape(name)):
        write_events(tmp_path, SampleSpec(impressions=3_000))
    assert contents(tmp_path) == before


def test_a_manifest_that_is_not_ours_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "sample.json").write_text('{"somebody": "else"}')
    with pytest.raises(SampleError, match=r"sample\.json is not the manifest of a sample"):
        write_events(tmp_path, SMALL)


def test_files_of_the_user_are_not_taken_for_those_of_the_sample(tmp_path: Path) -> None:
    write_events(tmp_path, SampleSpec(impressions=2_000, quarters=FIRST))
    (tmp_path / "2").mkdir()
    for kind in KINDS:
        (tmp_path / "2" / f"{kind}_2.csv").write_bytes(b"somebody's own")
    assert not is_made(tmp_path, SampleSpec(impressions=2_000, quarters=(Quarter.SECOND,)))


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "it's *here* [ü]"
    write_events(folder, SMALL)
    assert is_made(folder, SMALL)


@pytest.mark.parametrize("below", ["", "folder"])
def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SampleError, match="could not be written"):
        write_events(tmp_path / "file" / below, SMALL)


@pytest.mark.usefixtures("files_of_50_kilobytes")
def test_a_full_disk_is_reported_and_leaves_no_half_file(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="enough room"):
        write_events(tmp_path, SampleSpec(impressions=100_000))
    assert not list((tmp_path / "1").iterdir())
