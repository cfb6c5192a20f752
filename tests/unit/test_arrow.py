"""Figures as tables: exact in both directions, and validated when a caller provides them."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from banners.core.model import Quarter
from banners.errors import FiguresError
from banners.reports.arrow import figures_by_quarter, lineups_table, performance_table
from support.publishing import batches, campaign

MOST_MICROS = 2**63 - 1


def figures(**columns: list[Any]) -> pa.Table:
    """Figures of two banners, with other values in some columns."""
    values: dict[str, list[Any]] = {
        "campaign_id": [5, 5],
        "banner_id": [10, 11],
        "impressions": [7, 8],
        "clicks": [2, 0],
        "conversions": [1, 0],
        "revenue": [Decimal("0.5"), Decimal(0)],
    }
    return pa.table(values | columns)


class Stream:
    """A table of some other library: all that is known of it is that it speaks Arrow."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def micros(table: Any) -> list[int]:
    (judged,) = figures_by_quarter(table).values()
    found: list[int] = judged.column("revenue_micros").to_pylist()
    return found


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        ([Decimal("0.000001"), Decimal("9223372036854.775807")], [1, MOST_MICROS]),
        ([Decimal("0.1"), Decimal("1E+2")], [100_000, 100_000_000]),
        ([3, 0], [3_000_000, 0]),
        (["0.675000", "7"], [675_000, 7_000_000]),
    ],
)
def test_revenue_is_counted_exactly_however_it_is_given(
    given: list[Any], counted: list[int]
) -> None:
    assert micros(figures(clicks=[1, 1], revenue=given)) == counted


def test_any_table_that_speaks_arrow_is_taken() -> None:
    assert micros(Stream(figures())) == [500_000, 0]


def test_what_is_made_decimal_can_be_counted_again() -> None:
    row = (5, 10, 1, 1, 1, MOST_MICROS)
    table = performance_table(batches(row), Quarter.FIRST)
    assert table.column("revenue").to_pylist() == [Decimal("9223372036854.775807")]
    assert micros(table) == [MOST_MICROS]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"revenue": [0.5, 0.0]}, "column revenue holds floats"),
        ({"revenue": [Decimal("0.0000001"), Decimal(0)]}, "up to six places"),
        ({"revenue": [Decimal("-0.5"), Decimal(0)]}, "column revenue holds -0.5"),
        ({"revenue": [Decimal("9223372036854.775808"), 0]}, "holds 9223372036854.775808"),
        ({"revenue": [Decimal("1E+25"), 0]}, "column revenue holds values that do not fit"),
        ({"revenue": ["much", "0"]}, "column revenue holds values that do not fit"),
        ({"clicks": [1.0, 2.0]}, "column clicks holds floats"),
        ({"clicks": [2, -1]}, "column clicks holds -1"),
        ({"conversions": [1, None]}, "column conversions holds 1 empty values"),
        ({"impressions": [None, None]}, "column impressions holds 2 empty values"),
        ({"impressions": [[1], [2]]}, "column impressions holds values that do not fit"),
        ({"campaign_id": [0, 5]}, "column campaign_id holds 0"),
        ({"banner_id": [10, 10**18]}, "column banner_id holds 1000000000000000000"),
        ({"banner_id": [10, 10]}, "Banner 10 occurs 2 times in campaign 5"),
        ({"quarter": [1, 5]}, "column quarter holds 5"),
    ],
)
def test_figures_that_cannot_be_are_refused_by_column(columns: Any, told: str) -> None:
    with pytest.raises(FiguresError, match=told):
        figures_by_quarter(figures(**columns))


@pytest.mark.parametrize("name", figures().column_names)
def test_a_missing_column_is_named(name: str) -> None:
    with pytest.raises(FiguresError, match=f"no columns {name}"):
        figures_by_quarter(figures().drop_columns([name]))


def test_a_column_that_is_there_twice_is_named() -> None:
    table = figures().append_column("clicks", pa.array([1, 2]))
    with pytest.raises(FiguresError, match="2 columns clicks"):
        figures_by_quarter(table)


def test_what_is_no_table_of_one_sort_is_refused_as_figures() -> None:
    mixed: Any = {"campaign_id": ["x", 5]}
    with pytest.raises(FiguresError, match="The figures are not a table"):
        figures_by_quarter(mixed)


def test_a_banner_may_be_there_once_in_every_quarter() -> None:
    judged = figures_by_quarter(figures(banner_id=[10, 10], quarter=[3, 1]))
    assert [(each, table.num_rows) for each, table in judged.items()] == [(1, 1), (3, 1)]


def test_lineups_are_put_together_across_batches() -> None:
    rows = [*campaign(5, 10, shown=3, others=2), *campaign(6, 20, shown=0, others=1)]
    for size in (1, 2, 100):
        found = lineups_table(batches(*rows, size=size), None).to_pylist()
        assert [(each["campaign_id"], each["banner_ids"], each["others"]) for each in found] == [
            (5, [10, 11, 12], [13, 14]),
            (6, [], [20]),
        ]


def test_lineups_stand_in_the_order_of_campaigns_however_many_there_are() -> None:
    campaigns = list(range(1, 3_000))
    rows = [row for each in campaigns for row in campaign(each, each * 10)]
    found = lineups_table(batches(*rows, size=1_000), None)
    assert found.column("campaign_id").to_pylist() == campaigns
    assert found.column("others").to_pylist() == [[each * 10 + 2] for each in campaigns]


@pytest.mark.parametrize("make", [performance_table, lineups_table])
def test_of_nothing_a_table_has_its_columns_and_no_rows(make: Any) -> None:
    some = make(batches(*campaign(5, 10)), Quarter.FIRST)
    assert make([], Quarter.FIRST).equals(some.slice(0, 0))
