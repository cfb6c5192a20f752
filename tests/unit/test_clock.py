"""The clock of requests: the quarter that it keeps is always the one of the second."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.model import Quarter
from banners.web.http.clock import QuarterClock, reading

ZONES: list[tzinfo] = [UTC, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Europe/Berlin")]


@given(st.lists(st.floats(1.7e9, 1.7e9 + 5_000), min_size=1, max_size=20), st.sampled_from(ZONES))
def test_the_quarter_is_that_of_each_second_also_when_the_clock_is_set_back(
    seconds: list[float], zone: tzinfo
) -> None:
    coming = iter(seconds)
    clock = QuarterClock(lambda: next(coming), zone)
    for second in seconds:
        assert clock() == (second, Quarter.at(datetime.fromtimestamp(second, zone)))


@pytest.mark.parametrize(
    ("minute", "quarter"), [(0, Quarter.FIRST), (14, Quarter.FIRST), (15, Quarter.SECOND)]
)
def test_a_clock_that_reads_another_gives_its_second_and_quarter(
    minute: int, quarter: Quarter
) -> None:
    time = datetime(2026, 1, 31, 10, minute, 59, tzinfo=UTC)
    assert reading(lambda: time)() == (time.timestamp(), quarter)


def test_the_quarter_is_worked_out_anew_where_the_clocks_change() -> None:
    # In Lord Howe the clocks go back by half an hour, at 15:00 UTC.
    zone = ZoneInfo("Australia/Lord_Howe")
    change = datetime(2026, 4, 4, 15, 0, tzinfo=UTC).timestamp()
    times = iter([change - 1, change])
    clock = QuarterClock(lambda: next(times), zone)
    assert [clock()[1], clock()[1]] == [Quarter.FOURTH, Quarter.THIRD]
