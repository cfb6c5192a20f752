"""The outcome of a quarter as the job prints it and the database keeps it."""

import json
from typing import Any

import pytest

from banners.core.account import Account, Accounting, Remarks
from banners.core.events import Kind, Reason
from banners.core.model import Quarter, RuleName
from banners.core.outcome import (
    Published,
    QuarterOutcome,
    SlotsOutcome,
    as_json,
    parse_accounting,
    parse_outcome,
)

STORED = (
    '{"quarter": 2, "status": "published", "seconds": 1.234, "refused": null, '
    '"objections": ["1 of 2 rows are rejected"], "rejects": "var/rejects/quarter-2.csv", '
    '"skipped": ["events/2/clicks_2b.csv"], "unknown": ["events/2/odd.csv"], '
    '"accounts": [{"kind": "clicks", "rows": 12, "accepted": 6, "duplicate": 1, '
    '"rejected": {"bad_id": 3}, "quarantined": {"conflicting_id": 2}}], '
    '"unseen_clicks": 4, "orphan_revenue_micros": 5000000, "campaigns": 7, "candidates": 8, '
    '"rules": {"top_revenue": 3, "most_clicks": 4}, "banners": 9, "without_image": 1}'
)
"""As every version since the first has written it."""

OUTCOME = QuarterOutcome(
    Quarter.SECOND,
    seconds=1.234,
    skipped=["events/2/clicks_2b.csv"],
    unknown=["events/2/odd.csv"],
    accounting=Accounting(
        (Account(Kind.CLICKS, 12, 6, 1, {Reason.BAD_ID: 3}, {Reason.CONFLICTING_ID: 2}),),
        Remarks(unseen_clicks=4, orphan_revenue_micros=5_000_000),
    ),
    objections=["1 of 2 rows are rejected"],
    rejects="var/rejects/quarter-2.csv",
    published=Published(7, 8, {RuleName.TOP_REVENUE: 3, RuleName.MOST_CLICKS: 4}, 9, 1),
)


def test_what_any_version_stored_is_read() -> None:
    assert parse_outcome(Quarter.SECOND, STORED) == OUTCOME


def test_the_text_that_is_stored_stays_the_same_to_the_byte() -> None:
    assert json.dumps(as_json(OUTCOME)) == STORED


@pytest.mark.parametrize(
    "outcome",
    [
        QuarterOutcome(Quarter.FIRST),
        QuarterOutcome(Quarter.FIRST, asked_for=False),
        QuarterOutcome(Quarter.FIRST, seconds=0.25, unchanged=True),
        QuarterOutcome(
            Quarter.FIRST, unchanged=True, slots=SlotsOutcome(3, 1, {"20261126T1445Z": ["no"]})
        ),
        QuarterOutcome(Quarter.FIRST, refused="there are no impressions"),
    ],
)
def test_an_outcome_of_any_status_is_read_as_it_was_written(outcome: QuarterOutcome) -> None:
    assert parse_outcome(outcome.quarter, json.dumps(as_json(outcome))) == outcome


def test_the_accounts_are_those_of_the_rows_that_were_read() -> None:
    assert OUTCOME.accounting is not None
    assert OUTCOME.accounts == OUTCOME.accounting.accounts
    assert QuarterOutcome(Quarter.FIRST).accounts == ()


def test_slots_are_stored_with_the_reasons_for_which_some_do_not_count() -> None:
    slots = SlotsOutcome(counted=3, crunched=1, left_out={"20261126T1445Z": ["no impressions"]})
    assert as_json(QuarterOutcome(Quarter.FIRST, slots=slots))["slots"] == {
        "counted": 3,
        "crunched": 1,
        "left_out": {"20261126T1445Z": ["no impressions"]},
    }


def test_a_quarter_that_was_not_read_has_no_accounts_and_its_seconds_are_rounded() -> None:
    stored = as_json(QuarterOutcome(Quarter.FIRST, seconds=1.23456))
    assert (stored["accounts"], stored["seconds"]) == ([], 1.235)


def test_what_was_not_recorded_is_empty() -> None:
    assert parse_outcome(Quarter.THIRD, "{}") == QuarterOutcome(Quarter.THIRD)


def test_remarks_that_an_earlier_release_did_not_make_are_zero() -> None:
    stored = json.loads(STORED)
    del stored["unseen_clicks"], stored["orphan_revenue_micros"]
    assert parse_accounting(stored).remarks == Remarks(0, 0)


def damaged(**changed: Any) -> str:
    return json.dumps(json.loads(STORED) | changed)


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "7",
        "[1]",
        "null",
        damaged(accounts=[{"kind": "clicks"}]),
        damaged(accounts=7),
        damaged(
            accounts=[
                {
                    "kind": "views",
                    "rows": 0,
                    "accepted": 0,
                    "duplicate": 0,
                    "rejected": {},
                    "quarantined": {},
                }
            ]
        ),
        damaged(rules=None),
        damaged(seconds="long"),
        damaged(skipped=3),
    ],
)
def test_anything_else_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_outcome(Quarter.SECOND, text)


def test_an_error_says_that_it_is_no_outcome() -> None:
    with pytest.raises(ValueError, match="does not have the form of an outcome") as refused:
        parse_outcome(Quarter.SECOND, "[1]")
    assert "'list' object" in str(refused.value)
