"""The reference's rule against the worked examples of docs/rule.md."""

from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference.rule
from reference.files import Click, Conversion, Impression
from reference.rule import Performance, by_revenue, line_up

Banner = tuple[int, int, int, list[str]]
"""Id, impressions, clicks, revenues of the conversions (of the first click)."""


class Crunched:
    """What the reference makes of banners, by campaign."""

    def __init__(self, campaigns: dict[int, list[Banner]]) -> None:
        impressions: list[Impression] = []
        clicks: list[Click] = []
        conversions: list[Conversion] = []
        for campaign_id, banners in campaigns.items():
            for banner_id, shown, clicked, revenues in banners:
                impressions += [Impression(banner_id, campaign_id)] * shown
                first = len(clicks)
                clicks += [Click(first + n, banner_id, campaign_id) for n in range(clicked)]
                start = len(conversions)
                conversions += [
                    Conversion(start + n, first, Decimal(sum_)) for n, sum_ in enumerate(revenues)
                ]
        self.performance = reference.rule.measure(impressions, clicks, conversions)
        self.inventory = reference.rule.list_inventory(self.performance)
        self.lineups = reference.rule.line_up_all(self.performance)

    def fill(self, campaign_id: int, policy: str = "inventory") -> dict[str, object]:
        return reference.rule.fill_json(self.lineups[campaign_id], policy)


def ids(banners: Iterable[Performance]) -> list[int]:
    return [banner.banner_id for banner in banners]


def converting(count: int) -> list[Banner]:
    return [(number, 1, 1, [f"{number / 10:.2f}"]) for number in range(1, count + 1)]


def test_of_eleven_converting_banners_the_worst_is_not_shown() -> None:
    lineup = Crunched({27: converting(11)}).lineups[27]
    assert (lineup.rule, lineup.converting, lineup.slots) == ("top_revenue", 11, 10)
    assert ids(lineup.banners) == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]


@pytest.mark.parametrize(
    ("count", "rule", "slots"),
    [
        (10, "top_revenue", 10),
        (9, "all_converting", 9),
        (5, "all_converting", 5),
        (4, "revenue_then_clicks", 5),
        (1, "revenue_then_clicks", 5),
        (0, "most_clicks", 5),
    ],
)
def test_the_number_of_converting_banners_decides_the_rule(
    count: int, rule: str, slots: int
) -> None:
    lineup = Crunched({27: [*converting(count), (99, 1, 0, [])]}).lineups[27]
    assert (lineup.rule, lineup.converting, lineup.slots) == (rule, count, slots)


def test_two_converting_of_six_clicked_are_followed_by_the_smallest_ids() -> None:
    banners: list[Banner] = [(n, 1, 1, ["0.5"] if n in {4, 6} else []) for n in range(1, 7)]
    lineup = Crunched({27: banners}).lineups[27]
    assert lineup.converting == 2
    assert ids(lineup.banners) == [4, 6, 1, 2, 3]


def test_a_short_lineup_is_filled_from_the_candidates_without_clicks() -> None:
    banners: list[Banner] = [(1, 1, 1, ["1"]), (2, 1, 1, ["2"]), (3, 1, 1, [])]
    unclicked: list[Banner] = [(4, 1, 0, []), (5, 1, 0, []), (6, 1, 0, [])]
    lineup = Crunched({27: banners + unclicked}).lineups[27]
    assert ids(lineup.banners) == [2, 1, 3]
    assert lineup.others == (4, 5, 6)


@pytest.mark.parametrize("clicked", [3, 0])
def test_without_conversions_the_clicked_come_first_and_the_rest_fills(clicked: int) -> None:
    banners: list[Banner] = [(n, 1, int(n <= clicked), []) for n in range(1, 7)]
    result = Crunched({27: banners})
    assert result.lineups[27].rule == "most_clicks"
    assert ids(result.lineups[27].banners) == list(range(1, clicked + 1))
    assert result.fill(27) == {
        "needed": 5 - clicked,
        "campaign": list(range(clicked + 1, 7)),
        "campaign_text": [str(each) for each in range(clicked + 1, 7)],
        "inventory": False,
    }


@pytest.mark.parametrize(
    ("policy", "fill"),
    [
        ("inventory", {"needed": 3, "campaign": [], "campaign_text": [], "inventory": True}),
        ("campaign", {"needed": 3, "campaign": [], "campaign_text": [], "inventory": False}),
        ("none", {"needed": 0, "campaign": [], "campaign_text": [], "inventory": False}),
    ],
)
def test_the_policy_decides_where_two_banners_are_filled_from(
    policy: str, fill: dict[str, object]
) -> None:
    result = Crunched({27: converting(2), 28: [(n, 1, 0, []) for n in range(2, 8)]})
    assert result.fill(27, policy) == fill
    assert result.inventory == (1, 2, 3, 4, 5, 6, 7)


def test_the_inventory_is_left_alone_where_the_campaign_has_just_enough() -> None:
    others: list[Banner] = [(3, 1, 0, []), (4, 1, 0, []), (5, 1, 0, [])]
    assert Crunched({27: [*converting(2), *others]}).fill(27) == {
        "needed": 3,
        "campaign": [3, 4, 5],
        "campaign_text": ["3", "4", "5"],
        "inventory": False,
    }


def test_a_click_with_three_conversions_counts_once_and_sums() -> None:
    result = Crunched({27: [(5, 2, 1, ["0.1", "0.2", "0.000001"])]})
    assert result.performance == {(27, 5): Performance(5, 2, 1, 3, Decimal("0.300001"))}


def test_a_conversion_of_nothing_does_not_make_its_banner_convert() -> None:
    result = Crunched({27: [(5, 1, 1, ["0.00"])]})
    assert result.performance[27, 5].conversions == 1
    assert result.lineups[27].converting == 0


def test_on_the_edge_of_the_tenth_place_the_smaller_id_is_in() -> None:
    banners: list[Banner] = [(number, 1, 1, ["0.5"]) for number in range(11, 0, -1)]
    assert ids(Crunched({27: banners}).lineups[27].banners) == list(range(1, 11))


def test_clicks_come_before_the_id_where_revenue_is_equal() -> None:
    lineup = Crunched({27: [(1, 1, 1, ["0.5"]), (2, 1, 2, ["0.5"])]}).lineups[27]
    assert ids(lineup.banners) == [2, 1]


def test_a_banner_without_clicks_is_in_no_lineup_of_five() -> None:
    lineup = Crunched({27: [*converting(5), (9, 50, 0, [])]}).lineups[27]
    assert ids(lineup.banners) == [5, 4, 3, 2, 1]
    assert lineup.others == ()


def test_the_fill_lists_a_hundred_candidates_with_the_smallest_ids() -> None:
    crowd: list[Banner] = [(number, 1, 0, []) for number in range(150, 1, -1)]
    lineup = Crunched({27: [(1, 1, 1, ["1"]), *crowd]}).lineups[27]
    assert lineup.others == tuple(range(2, 102))


@given(
    st.lists(
        st.builds(
            Performance,
            banner_id=st.integers(1, 99),
            impressions=st.just(1),
            clicks=st.integers(0, 2),
            conversions=st.just(1),
            revenue=st.integers(0, 3).map(Decimal),
        ).filter(lambda banner: banner.clicks > 0 or banner.revenue == 0),
        max_size=14,
        unique_by=lambda banner: banner.banner_id,
    )
)
def test_the_table_of_four_cases_is_the_one_rule(candidates: list[Performance]) -> None:
    lineup = line_up(candidates)
    clicked = [banner for banner in by_revenue(candidates) if banner.clicks > 0]
    assert list(lineup.banners) == clicked[: lineup.slots]
