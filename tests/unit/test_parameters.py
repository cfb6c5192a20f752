"""The patterns of parameters accept what they describe, and nothing else."""

import re
from datetime import date, timedelta

import pytest

from banners.web.http.parameters import day_pattern

DAYS = [f"{month:02}-{day:02}" for month in range(14) for day in range(33)]


def is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("year", [2000, 2026, 2028, 2100, 2400, 2900, 2999])
def test_the_pattern_of_days_takes_the_days_of_a_year_and_no_others(year: int) -> None:
    pattern = re.compile(day_pattern("-"))
    texts = [f"{year}-{each}" for each in DAYS]
    assert [each for each in texts if pattern.fullmatch(each)] == list(filter(is_day, texts))


def test_years_before_2000_and_after_2999_are_not_days() -> None:
    pattern = re.compile(day_pattern())
    first, last = date(2000, 1, 1), date(2999, 12, 31)
    day = timedelta(1)
    accepted = [
        bool(pattern.fullmatch(f"{each:%Y%m%d}")) for each in (first - day, first, last, last + day)
    ]
    assert accepted == [False, True, True, False]
