"""The age of a kept quarter, and the number of its rows that were not accepted."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from banners.core.account import Account, Accounting, Remarks
from banners.core.events import Kind, Reason
from banners.core.model import Quarter
from banners.core.outcome import QuarterOutcome, as_json
from banners.reports.reader import KeptQuarter

KEPT = KeptQuarter(
    3, 1, True, "2026-01-31T10:00:00+00:00", "duckdb", "events", 5, QuarterOutcome(Quarter.FIRST)
)


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
def test_an_age_is_written_in_its_largest_unit(passed: timedelta, words: str) -> None:
    assert KEPT.age(datetime.fromisoformat(KEPT.published_at) + passed) == words


def test_an_age_is_the_same_in_any_time_zone() -> None:
    in_kolkata = timezone(timedelta(hours=5, minutes=30))
    assert KEPT.age(datetime(2026, 1, 31, 17, 30, tzinfo=in_kolkata)) == "2 hours"


def with_accounts(*accounts: Account) -> KeptQuarter:
    accounting = Accounting(accounts, Remarks(0, 0)) if accounts else None
    return replace(KEPT, outcome=QuarterOutcome(Quarter.FIRST, accounting=accounting))


def account(*, rejected: dict[Reason, int], quarantined: dict[Reason, int]) -> Account:
    return Account(Kind.CLICKS, 100, 9, 9, rejected, quarantined)


def test_rows_that_were_rejected_or_quarantined_count_and_copies_do_not() -> None:
    kept = with_accounts(
        account(rejected={Reason.BAD_ID: 1, Reason.BAD_WIDTH: 2}, quarantined={}),
        account(rejected={}, quarantined={Reason.REFUND: 4}),
    )
    assert kept.unaccepted == 7


def test_where_every_row_was_accepted_none_was_not() -> None:
    assert with_accounts(account(rejected={}, quarantined={})).unaccepted == 0


def test_what_the_job_did_not_record_is_not_known() -> None:
    assert with_accounts().unaccepted is None


def test_programs_get_the_outcome_as_the_job_prints_it() -> None:
    kept = with_accounts(account(rejected={}, quarantined={}))
    assert kept.outcome is not None
    assert kept.summary == as_json(kept.outcome)


def test_of_an_outcome_that_cannot_be_read_nothing_is_known() -> None:
    kept = replace(KEPT, outcome=None)
    assert (kept.summary, kept.unaccepted) == (None, None)
