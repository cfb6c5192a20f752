"""What is drawn is what the figures say."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.figures import Figures
from banners.core.model import Quarter, RuleName
from banners.reports.figures import Money, Row, Shown
from banners.reports.reader import QuarterTotals
from banners.web.pages.charts import (
    BAR_STEP,
    COLUMN_PIXELS,
    MOST_BARS,
    funnel_chart,
    quarters_chart,
    revenue_chart,
)

MONEY = Money(2)


def row(place: int, revenue: int, *, picked: bool) -> Row:
    return Row(
        place=place,
        banner_id=100 + place,
        position=place if picked else None,
        shown=Shown.LINEUP if picked else Shown.NO,
        figures=Figures(10, 2, 1, revenue * 1_000_000),
    )


def rows(count: int, picked: int) -> list[Row]:
    return [row(place, 100 - place, picked=place <= picked) for place in range(1, count + 1)]


def share(length: str) -> Decimal:
    assert length.endswith("%")
    return Decimal(length.rstrip("%"))


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=30))
def test_bars_are_as_long_as_their_revenue_and_the_longest_fills_the_chart(
    revenues: list[int],
) -> None:
    revenues.sort(reverse=True)
    drawn = [row(place, each, picked=False) for place, each in enumerate(revenues, 1)]
    bars = revenue_chart(drawn, MONEY).bars
    assert len(bars) == min(MOST_BARS, len(drawn))
    for bar, revenue in zip(bars, revenues, strict=False):
        expected = Decimal(100) * revenue / max(revenues[0], 1)
        assert abs(share(bar.length) - expected) <= (Decimal("0.01") if expected > 1 else 1)
        assert (share(bar.length) > 0) == (revenue > 0)
    if revenues[0]:
        assert bars[0].length == "100.00%"


@pytest.mark.parametrize(("count", "picked"), [(11, 10), (30, 10), (6, 5), (7, 1)])
def test_the_cut_lies_between_the_last_of_the_lineup_and_the_next(count: int, picked: int) -> None:
    chart = revenue_chart(rows(count, picked), MONEY)
    assert chart.cut is not None
    assert chart.bars[picked - 1].top + BAR_STEP <= chart.cut < chart.bars[picked].top
    assert [bar.kind for bar in chart.bars[: picked + 1]] == [*["lineup"] * picked, "no"]
    assert chart.bars[-1].top + BAR_STEP == chart.height


@pytest.mark.parametrize(("count", "picked"), [(5, 5), (3, 0)])
def test_there_is_no_cut_where_all_are_in_or_none(count: int, picked: int) -> None:
    assert revenue_chart(rows(count, picked), MONEY).cut is None


def test_a_charts_description_says_what_is_drawn() -> None:
    description = revenue_chart(rows(44, 10), MONEY).description
    assert "the best 20 of 44 banners" in description
    assert "from 99.00 down to 80.00" in description
    assert "a line after banner 110 marks where the lineup ends" in description
    assert "all 3 banners" in revenue_chart(rows(3, 3), MONEY).description
    assert "the only banner" in revenue_chart(rows(1, 1), MONEY).description


def test_the_funnel_shows_each_step_with_the_lineups_part() -> None:
    chart = funnel_chart(Figures(2_000, 500, 50, 0), Figures(1_000, 400, 50, 0))
    assert [(bar.label, bar.length, bar.inner) for bar in chart.bars] == [
        ("Impressions", "100.00%", "50.00%"),
        ("Clicks", "25.00%", "20.00%"),
        ("Conversions", "2.50%", "2.50%"),
    ]
    assert chart.bars[1].value == "500 · 25.00\N{NO-BREAK SPACE}% of impressions"
    assert "clicks 500" in chart.description
    assert "of which 400 are the lineup's" in chart.description


def test_a_funnel_may_begin_with_clicks_alone() -> None:
    chart = funnel_chart(Figures(0, 4, 1, 0), Figures(0, 4, 1, 0))
    assert [bar.length for bar in chart.bars] == ["0%", "100.00%", "25.00%"]
    assert chart.bars[1].value == "4"


def totals(revenue: int) -> QuarterTotals:
    return QuarterTotals(RuleName.TOP_REVENUE, 11, 10, 12, Figures(9, 8, 7, revenue * 1_000_000))


def test_the_four_quarters_stand_side_by_side() -> None:
    earned = {Quarter.FIRST: totals(30), Quarter.THIRD: totals(60), Quarter.FOURTH: totals(0)}
    chart = quarters_chart(earned, Quarter.THIRD)
    assert chart is not None
    assert [each.height for each in chart.columns] == [COLUMN_PIXELS // 2, 0, COLUMN_PIXELS, 0]
    assert [each.value for each in chart.columns] == ["30.00", "\N{EN DASH}", "60.00", "0"]
    assert [each.current for each in chart.columns] == [False, False, True, False]
    assert {each.top + each.height for each in chart.columns} == {chart.base}
    assert chart.description == (
        "Quarter 1 30.00, quarter 2 no banners, quarter 3 60.00, quarter 4 0.00."
    )


def test_four_quarters_without_revenue_are_not_drawn() -> None:
    assert quarters_chart({Quarter.FIRST: totals(0)}, Quarter.FIRST) is None
