"""Ids and quarters, parsed from text and from the time."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.model import Performance, Quarter, parse_campaign_id
from banners.errors import InvalidCampaignId, InvalidQuarter


@pytest.mark.parametrize(
    ("minute", "second", "expected"),
    [
        (0, 0, 1),
        (14, 59, 1),
        (15, 0, 2),
        (29, 59, 2),
        (30, 0, 3),
        (44, 59, 3),
        (45, 0, 4),
        (59, 59, 4),
    ],
)
def test_a_quarter_begins_with_its_first_minute(minute: int, second: int, expected: int) -> None:
    moment = datetime(2026, 1, 1, 12, minute, second, 999_999, tzinfo=ZoneInfo("UTC"))
    assert Quarter.at(moment) == expected


def test_the_quarter_is_that_of_the_time_zone() -> None:
    moment = datetime(2026, 1, 1, 12, 5, tzinfo=ZoneInfo("UTC"))
    assert Quarter.at(moment.astimezone(ZoneInfo("Asia/Kolkata"))) == Quarter.THIRD
    assert Quarter.at(moment.astimezone(ZoneInfo("Asia/Kathmandu"))) == Quarter.FOURTH


@given(st.datetimes())
def test_quarters_follow_each_other_every_quarter_of_an_hour(moment: datetime) -> None:
    if moment < datetime.max - timedelta(minutes=15):  # noqa: DTZ901  # no zone is meant
        later = Quarter.at(moment + timedelta(minutes=15))
        assert later == Quarter.at(moment) % 4 + 1


def test_a_quarter_knows_its_minutes() -> None:
    assert [quarter.minutes for quarter in Quarter] == [
        ":00 to :14",
        ":15 to :29",
        ":30 to :44",
        ":45 to :59",
    ]


def test_a_quarter_knows_when_the_next_one_begins() -> None:
    assert [quarter.end for quarter in Quarter] == [":15", ":30", ":45", ":00"]


@given(st.integers(1, 10**18 - 1), st.integers(0, 17))
def test_an_id_of_up_to_18_digits_is_read(number: int, zeros: int) -> None:
    text = ("0" * zeros + str(number))[-18:]
    assert parse_campaign_id(text if int(text) else str(number)) == (int(text) or number)


@pytest.mark.parametrize(
    "text",
    [
        *("", "0", "000", "-3", "+3", "1.5", "1e3", " 7", "7 ", "7\n", "²", "٣", "\uff11", "5\x00"),
        *("1" * 19, "9" * 5_000, "1'; DROP TABLE lineups; --", "<script>", "1_000", "0x1f", "None"),
    ],
)
def test_anything_else_is_not_a_campaign_id(text: str) -> None:
    with pytest.raises(InvalidCampaignId) as refused:
        parse_campaign_id(text)
    assert refused.value.given == text


def test_an_error_echoes_only_a_short_piece_of_what_was_given() -> None:
    with pytest.raises(InvalidCampaignId) as caught:
        parse_campaign_id("9" * 5_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("text", "quarter"), [*zip("1234", Quarter, strict=True)])
def test_a_quarter_is_read_by_its_number(text: str, quarter: Quarter) -> None:
    assert Quarter.parse(text) is quarter


@pytest.mark.parametrize("text", ["0", "5", "01", "", "first", "²", "1 "])
def test_anything_but_1_to_4_is_not_a_quarter(text: str) -> None:
    with pytest.raises(InvalidQuarter):
        Quarter.parse(text)


def test_revenue_is_exact_to_the_last_place() -> None:
    assert str(Performance(0, 1, 1, 9_007_199_254_740_993_000_001, banner_id=1).revenue) == (
        "9007199254740993.000001"
    )
