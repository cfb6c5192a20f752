"""One suite over every database: listing and searching the campaigns of a catalogue."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.engine import Engine

from banners.catalogue.versions import Search, SearchOrder, Version
from banners.core.catalogue import CatalogueCampaign, State
from banners.store.read.catalogue import DatabaseCatalogue
from banners.store.write.catalogue import DatabaseCatalogueWriter
from support.catalogues import banner, campaign

Find = Callable[..., list[int]]

CAMPAIGNS = (
    replace(campaign(5, name="Autumn SALE"), banners=(banner(414, name="Red shoe"),)),
    replace(campaign(51, name="Été à Paris"), active=False),
    replace(campaign(52, name="Straße 100 %_"), starts=100, banners=(banner(1), banner(2))),
    replace(campaign(600, name="autumn hats"), ends=100, active=False),
    replace(campaign(10**18 - 1, name="Zebra"), starts=50, ends=150),
)


def written(database: Engine, *campaigns: CatalogueCampaign) -> Version:
    writer = DatabaseCatalogueWriter(database, now=lambda: datetime.now(UTC), wait_seconds=10)
    made = writer.replace(campaigns, by="ada", what="Imported")
    assert made is not None
    return made.version


@pytest.fixture
def find(database: Engine, reader: DatabaseCatalogue) -> Find:
    version = written(database, *CAMPAIGNS)

    def search(text: str = "", **wanted: object) -> list[int]:
        found = reader.search(version, Search(text=text, **wanted))  # type: ignore[arg-type]  # as given
        assert found.total == len(found.campaigns)
        return [each.campaign.campaign_id for each in found.campaigns]

    return search


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [5, 51, 52, 600, 10**18 - 1]),
        ("autumn", [5, 600]),
        ("  SALE ", [5]),
        ("red SHOE", [5]),
        ("été", [51]),
        ("E\u0301TE\u0301", [51]),
        ("strasse", [52]),
        ("%", [52]),
        ("_", [52]),
        ("5", [5, 51, 52]),
        ("52", [52]),
        ("0052", [52]),
        ("414", [5]),
        ("2", [52]),
        ("100", [52]),
        ("9" * 18, [10**18 - 1]),
        ("9" * 19, []),
        ("\u0665", []),
        ("no such name", []),
        ("'; DROP TABLE catalogue_active; --", []),
        ("x" * 5_000, []),
    ],
)
def test_names_and_ids_are_found_in_any_case(find: Find, text: str, ids: list[int]) -> None:
    assert find(text) == ids


@pytest.mark.parametrize("second", [0, 49, 50, 99, 100, 149, 150])
@pytest.mark.parametrize("state", State)
def test_campaigns_are_found_by_state(find: Find, state: State, second: int) -> None:
    expected = [each.campaign_id for each in CAMPAIGNS if each.state(second) is state]
    assert find(state=state, second=second) == expected


def test_text_and_state_are_both_required(find: Find) -> None:
    assert find("autumn", state=State.ON, second=200) == [5]


@pytest.mark.parametrize(
    ("order", "descending", "ids"),
    [
        (SearchOrder.CAMPAIGN, True, [10**18 - 1, 600, 52, 51, 5]),
        (SearchOrder.NAME, False, [600, 5, 52, 10**18 - 1, 51]),
        (SearchOrder.NAME, True, [51, 10**18 - 1, 52, 5, 600]),
    ],
)
def test_campaigns_are_sorted(
    find: Find, order: SearchOrder, descending: bool, ids: list[int]
) -> None:
    assert find(order=order, descending=descending) == ids


@pytest.mark.parametrize(
    ("text", "descending", "ids"),
    [
        ("", False, [52, 10**18 - 1, 5, 51, 600]),
        ("", True, [600, 51, 5, 10**18 - 1, 52]),
        ("autumn", False, [5, 600]),
        ("5", False, [52, 5, 51]),
    ],
)
def test_campaigns_without_a_rank_come_after_ranked_ones(
    find: Find, text: str, descending: bool, ids: list[int]
) -> None:
    assert find(text, ranked=(7, 52, 10**18 - 1), descending=descending) == ids


def test_a_page_of_a_ranking_has_only_its_own_campaigns(
    database: Engine, reader: DatabaseCatalogue
) -> None:
    version = written(database, *CAMPAIGNS)
    found = reader.search(version, Search(ranked=(600, 52, 5), first=1, most=3))
    assert [each.campaign.campaign_id for each in found.campaigns] == [52, 5, 51]
    assert found.total == len(CAMPAIGNS)


def test_a_page_has_its_part_and_the_number_of_all(
    database: Engine, reader: DatabaseCatalogue
) -> None:
    version = written(database, *CAMPAIGNS)
    found = reader.search(version, Search(first=1, most=2))
    assert found.total == len(CAMPAIGNS)
    assert [(each.campaign.campaign_id, each.banners) for each in found.campaigns] == [
        (51, 0),
        (52, 2),
    ]
    assert [each.campaign for each in found.campaigns] == [
        replace(each, banners=()) for each in CAMPAIGNS[1:3]
    ]
    assert reader.search(version, Search(first=9)).total == len(CAMPAIGNS)


def test_each_version_is_searched_by_itself(database: Engine, reader: DatabaseCatalogue) -> None:
    old = written(database, campaign(5, 1, name="old"))
    new = written(database, replace(campaign(5, name="new"), banners=(banner(1, name="other"),)))
    assert [reader.search(old, Search(text=text)).total for text in ("old", "new", "banner")] == [
        1,
        0,
        1,
    ]
    assert [reader.search(new, Search(text=text)).total for text in ("old", "new", "banner")] == [
        0,
        1,
        0,
    ]


def test_nothing_is_found_where_there_is_no_catalogue(reader: DatabaseCatalogue) -> None:
    found = reader.search(Version(1, "none"), Search())
    assert (found.total, found.campaigns) == (0, [])
