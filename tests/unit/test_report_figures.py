"""The figures of a report: exact, in the requested order, and written without misleading."""

from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.figures import Figures
from banners.core.model import FillPolicy, Generation, Lineup, Performance, Quarter, RuleName
from banners.reports.figures import (
    Column,
    Money,
    Row,
    Shown,
    exactly,
    in_order,
    percent,
    rows_of,
)
from banners.reports.reader import Candidate

counts = st.integers(0, 10**15)
figures = st.builds(Figures, counts, counts, counts, st.integers(0, 2**63 - 1))


def row(place: int, **changed: int) -> Row:
    words = {"impressions": 10, "clicks": 5, "conversions": 1, "revenue_micros": 1_000_000}
    return Row(place, 100 + place, None, Shown.NO, Figures(**{**words, **changed}))


def rounded(part: int, whole: int) -> Decimal:
    with localcontext(prec=60):
        return (Decimal(part) / whole).quantize(Decimal("1E-6"), ROUND_HALF_UP)


@given(figures)
def test_rates_are_exact_to_six_places(figures: Figures) -> None:
    if figures.impressions:
        assert figures.click_rate == rounded(figures.clicks, figures.impressions)
        assert figures.revenue_per_thousand == rounded(
            figures.revenue_micros * 1_000, figures.impressions * 1_000_000
        )
    else:
        assert (figures.click_rate, figures.revenue_per_thousand) == (None, None)
    if figures.clicks:
        assert figures.conversion_rate == rounded(figures.conversions, figures.clicks)
    else:
        assert figures.conversion_rate is None


@given(st.lists(figures, max_size=20))
def test_sums_are_exact_whatever_the_order(parts: list[Figures]) -> None:
    whole = Figures.sum_of(parts)
    assert whole == Figures.sum_of(reversed(parts))
    with localcontext(prec=60):
        assert whole.revenue == sum((each.revenue for each in parts), Decimal(0))


@pytest.mark.parametrize("column", Column)
@pytest.mark.parametrize("falling", [True, False])
@given(parts=st.lists(figures, max_size=20))
def test_the_table_is_sorted_with_what_has_no_value_last(
    column: Column, falling: bool, parts: list[Figures]
) -> None:
    rows = [Row(place, -place, None, Shown.NO, each) for place, each in enumerate(parts, 1)]
    ordered = in_order(rows, column, falling=falling)
    assert sorted(each.place for each in ordered) == [each.place for each in rows]
    values = [getattr(each, column, getattr(each.figures, column, None)) for each in ordered]
    there = [value for value in values if value is not None]
    assert values[: len(there)] == sorted(there, reverse=falling)


def test_what_is_equal_stays_as_the_rule_ranks_it() -> None:
    rows = [row(1), row(2, clicks=9), row(3), row(4)]
    for falling, places in ((True, [2, 1, 3, 4]), (False, [1, 3, 4, 2])):
        ordered = in_order(rows, Column.CLICKS, falling=falling)
        assert [each.place for each in ordered] == places


@pytest.mark.parametrize(
    ("largest", "amount", "written"),
    [
        ("1234567.891", "1234567.891", "1,234,567.89"),
        ("3", "0.675", "0.68"),
        ("3", "0.0049", "<\N{NO-BREAK SPACE}0.01"),
        ("3", "0.005", "<\N{NO-BREAK SPACE}0.01"),
        ("3", "0.0051", "0.01"),
        ("0.9", "0.675", "0.6750"),
        ("0.9", "0.000001", "<\N{NO-BREAK SPACE}0.0001"),
        ("3", "0", "0"),
        ("0", "0", "0"),
    ],
)
def test_an_amount_is_written_to_places_that_fit_the_largest(
    largest: str, amount: str, written: str
) -> None:
    assert Money.fitting([Decimal(largest), None])(Decimal(amount)) == written


def test_only_nothing_at_all_is_written_as_nothing() -> None:
    money = Money.fitting([Decimal(5)])
    assert (money(Decimal(0)), money(None)) == ("0", "\N{EN DASH}")
    for micros in range(1, 6_000):
        assert money(Decimal(micros).scaleb(-6)).strip("0.")
        assert percent(Decimal(micros).scaleb(-6)).strip("0.\N{NO-BREAK SPACE}%")


@pytest.mark.parametrize(
    ("rate", "written"),
    [
        ("0.344444", "34.44\N{NO-BREAK SPACE}%"),
        ("1.5", "150.00\N{NO-BREAK SPACE}%"),
        ("0.000049", "<\N{NO-BREAK SPACE}0.01\N{NO-BREAK SPACE}%"),
        ("0", "0\N{NO-BREAK SPACE}%"),
    ],
)
def test_a_rate_is_written_as_a_percentage(rate: str, written: str) -> None:
    assert percent(Decimal(rate)) == written


@pytest.mark.parametrize(
    ("amount", "written"),
    [("0.675000", "0.675"), ("12.000000", "12.00"), ("1234.100000", "1,234.10"), ("0", "0.00")],
)
def test_an_exact_amount_has_all_its_places_and_no_more(amount: str, written: str) -> None:
    assert exactly(Decimal(amount)) == written


@pytest.mark.parametrize(
    ("policy", "marks"),
    [
        (FillPolicy.INVENTORY, ["lineup", "fill", "no"]),
        (FillPolicy.CAMPAIGN, ["lineup", "fill", "no"]),
        (FillPolicy.NONE, ["lineup", "no", "no"]),
    ],
)
def test_candidates_are_marked_by_whether_they_are_shown(
    policy: FillPolicy, marks: list[str]
) -> None:
    banners = [Performance(1, 1, 0, 0, banner_id=each) for each in (7, 8, 9)]
    lineup = Lineup(
        5, Quarter.FIRST, Generation(1, ""), RuleName.MOST_CLICKS, 0, 5, (banners[0],), (8,)
    )
    candidates = [
        Candidate(banners[0], 1),
        Candidate(banners[1], None),
        Candidate(banners[2], None),
    ]
    rows = rows_of(lineup, candidates, policy)
    assert [each.shown for each in rows] == marks
    assert [each.place for each in rows] == [1, 2, 3]
