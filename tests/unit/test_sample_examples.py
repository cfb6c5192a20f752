"""The examples of a sample, read from its event files."""

import csv
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from banners.core.model import Quarter
from banners.sample.events import SampleSpec, write_events
from banners.sample.examples import EXAMPLES

Row = dict[str, str]


class Figures(NamedTuple):
    impressions: int
    clicks: int
    conversions: int
    revenue: Decimal


Campaigns = dict[int, dict[int, Figures]]


def rows(folder: Path, kind: str) -> list[Row]:
    with (folder / "1" / f"{kind}_1.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_events(folder, SampleSpec(impressions=100, quarters=(Quarter.FIRST,)))
    return folder


@pytest.fixture(scope="module")
def campaigns(folder: Path) -> Campaigns:
    clicked = {
        row["click_id"]: (int(row["campaign_id"]), int(row["banner_id"]))
        for row in rows(folder, "clicks")
    }
    impressions = Counter(
        (int(row["campaign_id"]), int(row["banner_id"])) for row in rows(folder, "impressions")
    )
    clicks = Counter(clicked.values())
    conversions = Counter(clicked[row["click_id"]] for row in rows(folder, "conversions"))
    revenue: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for row in rows(folder, "conversions"):
        revenue[clicked[row["click_id"]]] += Decimal(row["revenue"])
    found: Campaigns = defaultdict(dict)
    for pair in impressions | clicks:
        campaign_id, banner_id = pair
        found[campaign_id][banner_id] = Figures(
            impressions[pair], clicks[pair], conversions[pair], revenue[pair]
        )
    return found


def converting(banners: dict[int, Figures]) -> int:
    return sum(figures.revenue > 0 for figures in banners.values())


def by_revenue(banners: dict[int, Figures]) -> list[int]:
    return sorted(banners, key=lambda banner_id: -banners[banner_id].revenue)


def test_the_examples_are_campaigns_51_to_64_but_63(campaigns: Campaigns) -> None:
    assert {campaign for campaign in campaigns if campaign > 50} == {*range(51, 63), 64}


def test_every_boundary_of_the_rule_is_reached(campaigns: Campaigns) -> None:
    reached = {converting(campaigns[campaign_id]) for campaign_id in EXAMPLES}
    assert reached == {11, 10, 9, 5, 4, 2, 1, 0}


@pytest.mark.parametrize(
    ("campaign_id", "expected"),
    [
        *((51, 11), (52, 10), (53, 9), (54, 11), (55, 5), (56, 4), (57, 1)),
        *((58, 2), (59, 2), (60, 0), (61, 0), (62, 2), (64, 11)),
    ],
)
def test_an_example_has_as_many_converting_banners_as_it_says(
    campaigns: Campaigns, campaign_id: int, expected: int
) -> None:
    assert converting(campaigns[campaign_id]) == expected


def test_the_banners_of_campaign_51_bring_from_0_10_to_1_10(campaigns: Campaigns) -> None:
    revenues = sorted(figures.revenue for figures in campaigns[51].values())
    assert revenues == [Decimal(tenths) / 10 for tenths in range(1, 12)]


def test_clicks_do_not_make_up_for_revenue_in_campaign_52(campaigns: Campaigns) -> None:
    banners = campaigns[52]
    idle = [figures.clicks for figures in banners.values() if not figures.revenue]
    paid = [figures.clicks for figures in banners.values() if figures.revenue]
    assert min(idle) > max(paid)


def test_campaign_54_begins_with_banner_414(campaigns: Campaigns) -> None:
    first = by_revenue(campaigns[54])[0]
    assert (first, campaigns[54][first]) == (414, Figures(1, 1, 1, Decimal("0.675000")))


def test_campaign_56_has_a_banner_that_was_clicked_but_never_seen(campaigns: Campaigns) -> None:
    assert campaigns[56][226] == Figures(0, 2, 0, Decimal(0))


def test_campaign_57_has_a_conversion_of_nothing(campaigns: Campaigns) -> None:
    assert campaigns[57][234] == Figures(6, 3, 1, Decimal(0))


def test_campaign_57_has_a_tie_of_clicks_on_the_fifth_place(campaigns: Campaigns) -> None:
    banners = campaigns[57]
    ranked = sorted(
        banners, key=lambda banner_id: (-banners[banner_id].revenue, -banners[banner_id].clicks)
    )
    fifth, sixth = ranked[4:6]
    assert banners[fifth].clicks == banners[sixth].clicks > 0


def test_all_six_banners_of_campaign_58_were_clicked_once(campaigns: Campaigns) -> None:
    assert [figures.clicks for figures in campaigns[58].values()] == [1] * 6


@pytest.mark.parametrize(("campaign_id", "clicked"), [(59, 3), (60, 3), (61, 0)])
def test_only_some_of_six_banners_were_clicked(
    campaigns: Campaigns, campaign_id: int, clicked: int
) -> None:
    banners = campaigns[campaign_id].values()
    assert (len(banners), sum(figures.clicks > 0 for figures in banners)) == (6, clicked)


def test_campaign_62_has_two_banners_of_which_both_convert(campaigns: Campaigns) -> None:
    assert (len(campaigns[62]), converting(campaigns[62])) == (2, 2)


def test_one_click_of_campaign_62_brought_three_conversions(campaigns: Campaigns) -> None:
    assert campaigns[62][281] == Figures(3, 1, 3, Decimal("0.6"))


def test_tenth_and_eleventh_of_campaign_64_are_equal(campaigns: Campaigns) -> None:
    tenth, eleventh = by_revenue(campaigns[64])[9:]
    assert campaigns[64][tenth] == campaigns[64][eleventh]


@pytest.mark.parametrize(
    ("kind", "column"), [("clicks", "click_id"), ("conversions", "conversion_id")]
)
def test_no_example_takes_an_id_twice(folder: Path, kind: str, column: str) -> None:
    ids = [row[column] for row in rows(folder, kind)]
    assert len(set(ids)) == len(ids)


def test_the_examples_use_banners_of_the_inventory_only() -> None:
    shown = {shown.banner_id for banners in EXAMPLES.values() for shown in banners}
    assert shown <= set(range(100, 501))


def test_the_examples_are_in_the_first_quarter_only(tmp_path: Path) -> None:
    write_events(tmp_path, SampleSpec(impressions=100, quarters=(Quarter.SECOND,)))
    with (tmp_path / "2" / "impressions_2.csv").open(newline="") as file:
        assert max(int(row["campaign_id"]) for row in csv.DictReader(file)) <= 50


def test_the_examples_come_with_fewer_campaigns_too(tmp_path: Path) -> None:
    write_events(tmp_path, SampleSpec(impressions=100, campaigns=3, quarters=(Quarter.FIRST,)))
    assert {int(row["campaign_id"]) for row in rows(tmp_path, "impressions")} >= {
        1,
        2,
        3,
        *EXAMPLES,
    }


def test_the_examples_are_left_out_where_their_numbers_are_taken(tmp_path: Path) -> None:
    write_events(tmp_path, SampleSpec(impressions=5_000, campaigns=64, quarters=(Quarter.FIRST,)))
    seen = {
        (int(row["campaign_id"]), int(row["banner_id"])) for row in rows(tmp_path, "impressions")
    }
    assert not seen & {(54, shown.banner_id) for shown in EXAMPLES[54]}
