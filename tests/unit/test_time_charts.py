"""The geometry of charts over time, and of sparklines."""

import itertools
import re
from datetime import UTC
from decimal import Decimal

import pytest

from banners.core.figures import Figures
from banners.core.totals import NOTHING, Totals
from banners.reports.figures import changed_by
from banners.reports.over_time import Over, OverTime, Point, points_until
from banners.web.pages.time_charts import CHART_PIXELS, SPARK_PIXELS, sparkline, time_charts

# 2026-11-27 14:20 UTC, a Friday
NOW = 1_795_789_200


def over_time(*impressions: int | None, over: Over = Over.DAY) -> OverTime:
    """Figures of which only the last points have any, each impression with a click of 0.01."""
    spans = points_until(over, NOW, UTC)
    known = [None] * (len(spans) - len(impressions)) + list(impressions)
    points = [
        Point(
            slots,
            None if each is None else Totals(NOTHING, Figures(each, each, 1, 10_000 * each)),
            is_complete=place < len(spans) - 1 and each is not None,
        )
        for place, (slots, each) in enumerate(zip(spans, known, strict=True))
    ]
    return OverTime(over, spans[-1].start, points, Totals(), Totals())


def test_columns_are_as_high_as_their_values() -> None:
    impressions, rate, per_thousand = time_charts(over_time(100, 50, 25, 0), UTC)
    assert [each.height for each in impressions.columns[-4:]] == [
        CHART_PIXELS,
        CHART_PIXELS // 2,
        CHART_PIXELS // 4,
        0,
    ]
    assert {each.top + each.height for each in impressions.columns} == {impressions.base}
    assert (impressions.most, rate.most, per_thousand.most) == (
        "100",
        "100.00\N{NO-BREAK SPACE}%",
        "10.00",
    )


def test_a_small_value_can_be_seen() -> None:
    chart, *_ = time_charts(over_time(1_000_000, 1), UTC)
    assert chart.columns[-1].height == 2


def test_columns_stand_side_by_side_within_the_chart() -> None:
    for over in Over:
        chart, *_ = time_charts(over_time(1, over=over), UTC)
        wide = Decimal(chart.wide.removesuffix("%"))
        lefts = [Decimal(each.left.removesuffix("%")) for each in chart.columns]
        assert all(left + wide < after for left, after in itertools.pairwise(lefts))
        assert lefts[-1] + wide <= 100


def test_what_is_not_closed_yet_is_marked() -> None:
    chart, *_ = time_charts(over_time(100, None, 30), UTC)
    assert [each.is_open for each in chart.columns[-3:]] == [False, True, True]
    assert [each.title for each in chart.columns[-3:]] == [
        "Fri 27 Nov, 12:00 to 13:00: 100",
        "Fri 27 Nov, 13:00 to 14:00: not closed yet",
        "Fri 27 Nov, 14:00 to 15:00: 30 so far",
    ]
    assert "the most are 100 (Fri 27 Nov, 12:00 to 13:00)" in chart.description
    assert "23 hours have not been closed completely." in chart.description


def test_days_have_their_names() -> None:
    chart, *_ = time_charts(over_time(3, 2, over=Over.WEEK), UTC)
    assert [each.text for each in chart.labels] == ["Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"]
    assert chart.title == "Impressions by day"
    assert chart.columns[-1].title == "Fri 27 Nov: 2 so far"


def test_a_chart_without_events_says_so() -> None:
    for chart in time_charts(over_time(0, 0), UTC):
        assert chart.description == "There are none in these 24 hours."
        assert chart.most == ""


def points_of(path: str) -> list[tuple[str, int, int]]:
    found = re.findall(r"([ML])(\d+) (\d+)", path)
    assert "".join(f"{kind}{x} {y}" for kind, x, y in found) == path
    return [(kind, int(x), int(y)) for kind, x, y in found]


def test_a_sparkline_goes_through_its_values() -> None:
    assert points_of(sparkline([0, 4, 8])) == [("M", 0, 9), ("L", 1, 5), ("L", 2, 1)]


def test_a_sparkline_has_a_gap_where_there_is_no_value() -> None:
    found = points_of(sparkline([Decimal(1), None, Decimal(2), Decimal(2)]))
    assert [each[:2] for each in found] == [("M", 0), ("M", 2), ("L", 3)]


@pytest.mark.parametrize("values", [[], [0, 0, 0], [None, None]])
def test_nothing_has_no_sparkline(values: list[int | None]) -> None:
    assert sparkline(values) == ""


def test_a_sparkline_stays_in_its_box() -> None:
    found = points_of(sparkline([7, 1, 10**18, 0, 3]))
    assert all(1 <= height <= SPARK_PIXELS for _, _, height in found)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("0.0423", "+4.23 %"),
        ("-0.5", "\N{MINUS SIGN}50.00 %"),
        ("12", "+1,200.00 %"),
        ("0.000001", "no change"),
        (None, ""),
    ],
)
def test_a_change_is_written_with_its_sign(part: str | None, text: str) -> None:
    written = changed_by(None if part is None else Decimal(part))
    assert written == text.replace(" %", "\N{NO-BREAK SPACE}%")
