"""Event files: their names and columns, and what a row of them must be."""

from pathlib import Path

import pytest

from banners.core.events import (
    Kind,
    Reason,
    bad_value,
    kind_meant,
    kind_of,
    slot_meant,
)
from banners.core.model import Quarter
from banners.core.views import Group

SECOND = Quarter.SECOND


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("clicks_2.csv", Kind.CLICKS),
        ("impressions_2-part.csv.gz", Kind.IMPRESSIONS),
        ("Conversions_2.Parquet", Kind.CONVERSIONS),
        ("clicks_3.csv", None),
        ("clicks_2.txt", None),
        ("my_clicks_2.csv", None),
        ("rejects_2.csv", None),
    ],
)
def test_a_name_says_which_kind_of_event_file_it_is(name: str, kind: Kind | None) -> None:
    assert kind_of(name, SECOND) is kind


def test_the_name_of_a_folder_of_part_files_needs_no_ending() -> None:
    assert kind_meant("CLICKS_2", SECOND) is Kind.CLICKS
    assert kind_meant("clicks_2.txt", SECOND) is Kind.CLICKS
    assert kind_meant("clicks_3", SECOND) is None


def test_every_kind_has_a_usual_place_for_each_quarter() -> None:
    assert [kind.path(SECOND) for kind in Kind] == [
        "2/impressions_2.csv",
        "2/clicks_2.csv",
        "2/conversions_2.csv",
    ]


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        (Kind.IMPRESSIONS, "impression_id"),
        (Kind.CLICKS, "click_id"),
        (Kind.CONVERSIONS, "conversion_id"),
    ],
)
def test_the_column_that_differs_between_rows_is_one_that_is_read(kind: Kind, column: str) -> None:
    assert kind.id_column == column
    assert column in {*kind.columns, *kind.further}


def test_every_reason_is_explained_in_words_of_its_own() -> None:
    assert len({reason.meaning for reason in Reason}) == len(Reason)
    assert all(group in Reason.BAD_GROUP.meaning for group in Group)


def test_a_column_that_a_file_may_have_is_read_where_it_has_it() -> None:
    needed = ("banner_id", "campaign_id")
    assert Kind.IMPRESSIONS.read_from(["campaign_id", "banner_id", "note"]) == needed
    assert Kind.IMPRESSIONS.read_from(
        ["fill", "note", "campaign_id", "impression_id", "banner_id"]
    ) == (*needed, "impression_id", "fill")


@pytest.mark.parametrize(
    ("path", "slot"),
    [
        ("4/clicks_4-20261126T1445Z.csv", "20261126T1445Z"),
        ("4/clicks_4-20261126T1445Z.csv.gz", "20261126T1445Z"),
        ("clicks_4-20261126T1445Z/part-0.parquet", "20261126T1445Z"),
        ("4/clicks_4.csv", None),
        ("4/clicks_4-20261126T1445Z-2.csv", None),
        ("clicks_4-20261126T1445Z/deeper/part-0.parquet", None),
    ],
)
def test_the_slot_of_a_file_is_in_its_name_or_in_that_of_its_folder(
    path: str, slot: str | None
) -> None:
    assert slot_meant(Path(path)) == slot


COLUMNS = ("banner_id", "campaign_id", "impression_id", "group", "fill")
GOOD = (b"414", b"54", b"77", b"trial_rule", b"1")


def test_a_valid_row_has_no_reason() -> None:
    assert bad_value(COLUMNS, GOOD) is None
    assert bad_value(Kind.CONVERSIONS.columns, (b"5", b"1", b"-0.675")) is None


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("banner_id", b"0", Reason.BAD_ID),
        ("campaign_id", b"000", Reason.BAD_ID),
        ("impression_id", b"1234567890123456789", Reason.BAD_ID),
        ("impression_id", b"", Reason.BAD_ID),
        ("banner_id", b"1x", Reason.BAD_ID),
        ("group", b"Rule", Reason.BAD_GROUP),
        ("group", b"", Reason.BAD_GROUP),
        ("fill", b"2", Reason.BAD_FILL),
        ("fill", b"01", Reason.BAD_FILL),
    ],
)
def test_the_first_bad_value_is_the_reason(column: str, value: bytes, reason: Reason) -> None:
    place = COLUMNS.index(column)
    assert bad_value(COLUMNS, (*GOOD[:place], value, *GOOD[place + 1 :])) is reason


@pytest.mark.parametrize("revenue", [b"", b"+1", b"1.", b".5", b"1e3", b"1.1234567", b"1" * 13])
def test_a_revenue_of_another_form_is_bad(revenue: bytes) -> None:
    assert bad_value(Kind.CONVERSIONS.columns, (b"5", b"1", revenue)) is Reason.BAD_REVENUE


def test_an_id_of_one_is_the_smallest() -> None:
    assert bad_value(("click_id",), (b"1",)) is None
