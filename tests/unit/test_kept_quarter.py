"""What a kept quarter tells of itself: its age, and the rows that were not accepted."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from banners.serve.report import KeptQuarter

KEPT = KeptQuarter(3, 1, True, "2026-01-31T10:00:00+00:00", "duckdb", "events", 5, {})


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "less than a minute"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(seconds=60), "1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(days=2), "2 days"),
    ],
)
def test_an_age_is_told_by_its_largest_unit(passed: timedelta, words: str) -> None:
    assert KEPT.age(datetime.fromisoformat(KEPT.published_at) + passed) == words


def test_an_age_is_the_same_in_any_time_zone() -> None:
    in_kolkata = timezone(timedelta(hours=5, minutes=30))
    assert KEPT.age(datetime(2026, 1, 31, 17, 30, tzinfo=in_kolkata)) == "2 hours"


def account(*, rejected: dict[str, int], quarantined: dict[str, int]) -> dict[str, Any]:
    return {"duplicate": 9, "rejected": rejected, "quarantined": quarantined}


def test_rows_that_were_rejected_or_quarantined_count_and_copies_do_not() -> None:
    accounts = [
        account(rejected={"bad_id": 1, "bad_width": 2}, quarantined={}),
        account(rejected={}, quarantined={"refund": 4}),
    ]
    assert replace(KEPT, summary={"accounts": accounts}).unaccepted == 7


def test_where_every_row_was_accepted_none_was_not() -> None:
    accounts = [account(rejected={}, quarantined={})]
    assert replace(KEPT, summary={"accounts": accounts}).unaccepted == 0


@pytest.mark.parametrize("summary", [{}, {"accounts": []}])
def test_what_the_job_did_not_say_is_not_known(summary: dict[str, Any]) -> None:
    assert replace(KEPT, summary=summary).unaccepted is None
