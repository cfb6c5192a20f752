"""Totals and recent figures are added up value by value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.figures import Figures, as_decimal
from banners.core.totals import (
    NOTHING,
    TOTAL_NAMES,
    RecentFigures,
    Totals,
    sum_of_recent,
)

NUMBERS = st.integers(0, 2**63 - 1)
FIGURES = st.builds(Figures, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
TOTALS = st.builds(Totals, FIGURES, FIGURES, NUMBERS, NUMBERS, FIGURES, FIGURES)
RECENT = st.builds(
    RecentFigures, FIGURES, FIGURES, st.lists(FIGURES, min_size=24, max_size=24).map(tuple)
)


@pytest.mark.parametrize(
    ("micros", "amount"), [(0, "0.000000"), (675_000, "0.675000"), (-1, "-0.000001")]
)
def test_millionths_are_written_to_six_places(micros: int, amount: str) -> None:
    assert f"{as_decimal(micros):f}" == amount


def test_the_values_of_totals_are_named_in_their_order() -> None:
    totals = Totals(
        gross=Figures(1, 2, 3, 4),
        net=Figures(5, 6, 7, 8),
        refunds=9,
        refund_micros=10,
        crawler=Figures(11, 12, 13, 14),
        flood=Figures(15, 16, 17, 18),
    )
    assert dict(zip(TOTAL_NAMES, totals.values(), strict=True)) == {
        "impressions": 1,
        "clicks": 2,
        "conversions": 3,
        "revenue_micros": 4,
        "net_impressions": 5,
        "net_clicks": 6,
        "net_conversions": 7,
        "net_revenue_micros": 8,
        "refunds": 9,
        "refund_micros": 10,
        "crawler_impressions": 11,
        "crawler_clicks": 12,
        "crawler_conversions": 13,
        "crawler_revenue_micros": 14,
        "flood_impressions": 15,
        "flood_clicks": 16,
        "flood_conversions": 17,
        "flood_revenue_micros": 18,
    }
    assert Totals.of(range(1, 19)) == totals


@given(st.lists(TOTALS, max_size=5))
def test_each_value_of_totals_is_added_up(parts: list[Totals]) -> None:
    expected = [0] * len(TOTAL_NAMES)
    for part in parts:
        for place, value in enumerate(part.values()):
            expected[place] += value
    assert list(Totals.sum_of(parts).values()) == expected


def test_what_was_left_out_otherwise_is_neither_of_crawlers_nor_of_floods() -> None:
    totals = Totals(
        gross=Figures(100, 50, 20, 9_000),
        net=Figures(60, 30, 10, 5_000),
        crawler=Figures(25, 12, 4, 1_500),
        flood=Figures(15, 8, 3, 1_100),
    )
    assert totals.otherwise == Figures(0, 0, 3, 1_400)


@given(st.lists(RECENT, max_size=4))
def test_recent_figures_are_added_up_hour_by_hour(parts: list[RecentFigures]) -> None:
    whole = sum_of_recent(iter(parts))
    assert whole.last == Figures.sum_of([each.last for each in parts])
    assert whole.before == Figures.sum_of([each.before for each in parts])
    assert len(whole.hours) == 24
    for hour, found in enumerate(whole.hours):
        assert found == Figures.sum_of([each.hours[hour] for each in parts])


def test_without_any_the_sums_are_zeros() -> None:
    assert Totals.sum_of([]) == Totals()
    assert sum_of_recent([]) == RecentFigures(NOTHING, NOTHING, (NOTHING,) * 24)
