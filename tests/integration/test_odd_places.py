"""The commands with folders that have odd names, cannot be read, or are missing."""

import csv
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from support.catalogues import banner, campaign
from support.deliveries import small_quarter
from support.learned import put_catalogue
from support.running import Workplace
from support.tiny_images import IMAGES

NOT_UTF8 = os.fsdecode(b"caf\xe9")


@pytest.fixture
def at_home(workplace: Workplace) -> Workplace:
    """A working folder, with a home folder elsewhere."""
    return Workplace(workplace.folder, {"HOME": str(workplace.folder / "home")})


def test_a_tilde_is_an_ordinary_folder_name(at_home: Workplace) -> None:
    made = at_home.run("sample", "~", "--impressions", "500", "--quarter", "1")
    assert made.returncode == 0, made.stderr
    assert (at_home.folder / "~" / "1" / "clicks_1.csv").exists()
    crunched = at_home.run("crunch", "~")
    assert crunched.returncode == 0, crunched.stderr
    assert not (at_home.folder / "home").exists()


def test_a_path_that_is_not_utf8_is_crunched_and_shown_readably(workplace: Workplace) -> None:
    here = small_quarter(workplace.folder, 2, "1,10,5\nten,10,5\n", events=NOT_UTF8)
    (here / os.fsdecode(b"clicks_2\xff.csv")).write_bytes((here / "clicks_2.csv").read_bytes())
    (here / os.fsdecode(b"other\xff.csv")).touch()
    refused = workplace.run("crunch", NOT_UTF8)
    assert refused.returncode == 3, refused.stderr
    assert r"caf\xe9/2/clicks_2.csv, line 3: bad_id" in refused.stderr
    accepted = workplace.run("crunch", NOT_UTF8, "--accept")
    assert accepted.returncode == 0, accepted.stderr
    assert r"clicks_2\xff.csv is a copy" in accepted.stdout
    assert r"because of their names: other\xff.csv" in accepted.stdout
    (rejects,) = (workplace.folder / "var" / "rejects").iterdir()
    with rejects.open(encoding="utf-8", newline="") as file:
        assert [row["file"] for row in csv.DictReader(file)] == [r"caf\xe9/2/clicks_2.csv"]


def test_a_sample_for_a_path_that_is_not_utf8_is_refused(workplace: Workplace) -> None:
    ended = workplace.run("sample", NOT_UTF8, "--impressions", "500")
    assert ended.returncode == 1
    assert r"caf\xe9, because the path is not UTF-8" in ended.stderr
    assert not (workplace.folder / NOT_UTF8).exists()


def loop(path: Path) -> None:
    """Make a path that no user can read, not even root: a link to itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(path.name)


@pytest.mark.parametrize("beside", [(), (1,), (3,)])
def test_a_quarter_with_an_unreadable_folder_is_refused(
    workplace: Workplace, beside: tuple[int, ...]
) -> None:
    for quarter in beside:
        small_quarter(workplace.folder, quarter)
    loop(workplace.folder / "events" / "2")
    ended = workplace.run("crunch", "events")
    assert ended.returncode == 3
    assert "Quarter 2 refused: events/2 cannot be read: Too many levels" in ended.stderr
    assert ("Generation 1 is now live" in ended.stdout) == bool(beside)


@pytest.mark.parametrize("name", ["loop", "n" * 300])
def test_an_unreachable_folder_of_events_is_reported(workplace: Workplace, name: str) -> None:
    loop(workplace.folder / "loop")
    for watching in ((), ("--watch",)):
        ended = workplace.run("crunch", name, *watching)
        assert (ended.returncode, ended.stderr.count("\n")) == (1, 1), ended.stderr
        assert "Give the folder that holds the quarters." in ended.stderr


def test_a_pipe_among_the_files_does_not_block(workplace: Workplace) -> None:
    clicks = small_quarter(workplace.folder) / "clicks_2.csv"
    clicks.unlink()
    os.mkfifo(clicks)
    ended = workplace.run("crunch", "events")
    assert ended.returncode == 3
    assert "events/2/clicks_2.csv is not a regular file" in ended.stderr


def test_a_requested_quarter_without_files_is_refused(workplace: Workplace) -> None:
    small_quarter(workplace.folder, 2)
    ended = workplace.run("crunch", "events", "--quarter", "2", "3")
    assert ended.returncode == 3
    assert "Quarter 3 refused: There is no file of impressions and clicks and" in ended.stderr
    assert "Generation 1 is now live" in ended.stdout


def test_an_unreadable_folder_of_images_is_named(workplace: Workplace) -> None:
    small_quarter(workplace.folder)
    loop(workplace.folder / "var" / "images")
    ended = workplace.run("crunch", "events")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
    assert "BANNERS_IMAGES names “var/images”, which cannot be read" in ended.stderr


@pytest.mark.parametrize(
    ("names", "lacking"),
    [
        ((), 2),
        (("image_10.png",), 1),
        (("image_10.png", "image_10.jpg", "image_99.png"), 1),
        (("image_10.svg", "image_11.webp"), 0),
        (("image_10.txt", "image_010.png", "IMAGE_10.png", "image_11.png.part"), 2),
    ],
)
def test_banners_without_an_image_are_counted(
    workplace: Workplace, names: tuple[str, ...], lacking: int
) -> None:
    images = workplace.folder / "var" / "images"
    images.mkdir(parents=True)
    for name in names:
        (images / name).write_bytes(IMAGES.get(Path(name).suffix, IMAGES[".png"]))
    small_quarter(workplace.folder, 2)
    outcome = json.loads(workplace.run("crunch", "events", "--json").stdout)["quarters"][1]
    assert (outcome["banners"], outcome["without_image"]) == (2, lacking)


def test_a_banner_with_an_uploaded_image_counts_as_one_with_an_image(workplace: Workplace) -> None:
    uploaded = replace(campaign(1, 11), banners=(replace(banner(10), image="ab" * 32), banner(11)))
    (workplace.folder / "var").mkdir()
    put_catalogue(f"sqlite:///{workplace.folder}/var/banners.db", uploaded)
    small_quarter(workplace.folder, 2)
    outcome = json.loads(workplace.run("crunch", "events", "--json").stdout)["quarters"][1]
    assert (outcome["banners"], outcome["without_image"]) == (2, 1)
