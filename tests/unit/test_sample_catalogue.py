"""The catalogue of a sample: it fits the events, reads well, and replaces nobody's files."""

import csv
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from banners.catalogue.export import write_folder
from banners.catalogue.folder import read_folder
from banners.core.catalogue import State
from banners.core.model import Quarter
from banners.errors import SampleError
from banners.sample.catalogue import campaigns, has_catalogue, write_catalogue
from banners.sample.events import SampleSpec, banner_ids, write_events
from banners.sample.names import banner_name, campaign_name

SMALL = SampleSpec(impressions=20_000, quarters=(Quarter.FIRST, Quarter.SECOND))
LARGE = SampleSpec(impressions=2_000, campaigns=70, quarters=(Quarter.FIRST,))


def made(folder: Path, spec: SampleSpec) -> Path:
    """Make the events and the catalogue of a sample."""
    write_events(folder, spec)
    write_catalogue(folder, spec, write_folder)
    return folder


def pairs_with_events(folder: Path) -> dict[int, set[int]]:
    """Read the banners of each campaign from the event files."""
    found = defaultdict(set)
    for path in [*folder.glob("*/impressions_*.csv"), *folder.glob("*/clicks_*.csv")]:
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                found[int(row["campaign_id"])].add(int(row["banner_id"]))
    return found


@pytest.mark.parametrize("spec", [SMALL, LARGE], ids=["shared banners", "own banners"])
def test_every_banner_with_events_belongs_to_its_campaign(tmp_path: Path, spec: SampleSpec) -> None:
    found = pairs_with_events(made(tmp_path, spec))
    catalogue = {
        each.campaign_id: {banner.banner_id for banner in each.banners} for each in campaigns(spec)
    }
    assert {each: banners - catalogue[each] for each, banners in found.items()} == {
        each: set() for each in found
    }
    assert set().union(*catalogue.values()) <= set(banner_ids(spec))


def test_a_campaign_has_no_banners_without_events_if_there_are_enough(tmp_path: Path) -> None:
    spec = SampleSpec(impressions=150_000, quarters=(Quarter.FIRST,))
    found = pairs_with_events(made(tmp_path, spec))
    assert {
        each.campaign_id: {banner.banner_id for banner in each.banners} for each in campaigns(spec)
    } == found


@pytest.mark.parametrize("spec", [SMALL, LARGE], ids=["shared banners", "own banners"])
def test_the_files_are_a_catalogue_without_faults(tmp_path: Path, spec: SampleSpec) -> None:
    read = read_folder(made(tmp_path, spec), ZoneInfo("Europe/Vienna"))
    assert (read.faults, read.campaigns) == ((), tuple(campaigns(spec)))


def test_everything_is_shown_and_leads_somewhere() -> None:
    noon = 1_767_225_600
    for campaign in campaigns(SMALL):
        assert campaign.state(noon) is State.ON
        assert {banner.state(noon) for banner in campaign.banners} == {State.ON}
        assert all(banner.landing_url.startswith("https://") for banner in campaign.banners)
        assert all(banner.landing_url.endswith("={click}") for banner in campaign.banners)


def test_landing_pages_can_be_elsewhere() -> None:
    first = next(campaigns(SMALL, lambda campaign, banner: f"http://here/{campaign}/{banner}"))
    assert first.banners[0].landing_url == f"http://here/1/{first.banners[0].banner_id}"


def test_no_two_banners_of_the_sample_have_the_same_name_nor_do_campaigns() -> None:
    names = [banner_name(each) for each in banner_ids(SMALL)]
    assert len(set(names)) == len(names)
    assert len({each.name for each in campaigns(SMALL)}) == 63
    assert len({campaign_name(each, 1) for each in range(1, 20_001)}) == 20_000
    assert len({banner_name(each) for each in range(100, 20_000)}) == 19_900


def test_neighbours_have_no_word_in_common() -> None:
    for one, other in pairwise(banner_name(each).split() for each in banner_ids(SMALL)):
        assert set(one).isdisjoint(other)


def test_a_seed_always_gives_the_same_catalogue_and_another_seed_other_campaigns() -> None:
    one, again, other = (tuple(campaigns(SampleSpec(seed=seed))) for seed in (1, 1, 2))
    assert one == again
    assert all(a.name != b.name for a, b in zip(one, other, strict=True))


def test_the_largest_ids_have_names_that_fit() -> None:
    assert len(banner_name(10**18 - 1)) < 50
    assert len(campaign_name(10**12, 10**12)) < 50


def test_a_sample_of_more_campaigns_than_a_catalogue_may_have_has_none() -> None:
    assert has_catalogue(SampleSpec(campaigns=20_000))
    assert not has_catalogue(SampleSpec(campaigns=20_001))


def test_another_sample_takes_the_place_of_the_catalogue_before(tmp_path: Path) -> None:
    made(tmp_path, SMALL)
    write_events(tmp_path, LARGE)
    assert not (tmp_path / "campaigns.csv").exists()
    assert not (tmp_path / "banners.csv").exists()


@pytest.mark.parametrize("name", ["campaigns.csv", "banners.csv"])
def test_a_catalogue_of_the_user_is_never_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("somebody's own\n")
    with pytest.raises(SampleError, match=f"{name} was not written by a sample"):
        write_events(tmp_path, SMALL)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [
        (name, "somebody's own\n")
    ]


def test_a_catalogue_that_was_edited_is_never_replaced(tmp_path: Path) -> None:
    with (made(tmp_path, SMALL) / "banners.csv").open("a") as file:
        file.write("1,7,Mine,,,,\n")
    before = (tmp_path / "banners.csv").read_bytes()
    with pytest.raises(SampleError, match=r"banners\.csv .* changed since"):
        write_catalogue(tmp_path, SMALL, write_folder)
    assert (tmp_path / "banners.csv").read_bytes() == before


def test_a_catalogue_can_be_written_again(tmp_path: Path) -> None:
    made(tmp_path, SMALL)
    before = (tmp_path / "banners.csv").read_bytes()
    write_catalogue(tmp_path, SMALL, write_folder)
    assert (tmp_path / "banners.csv").read_bytes() == before
    assert not list(tmp_path.glob(".catalogue-*"))
