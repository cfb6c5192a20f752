"""The accounts of several sets of files are added up by kind and reason."""

import pytest

from banners.core.account import Account, Accounting, Remarks
from banners.core.events import Kind, Reason

ONE = Accounting(
    (
        Account(Kind.IMPRESSIONS, 10, 8, 2, {}, {}),
        Account(
            Kind.CLICKS, 21, 11, 1, {Reason.BAD_ID: 5, Reason.BAD_WIDTH: 2}, {Reason.REFUND: 2}
        ),
        Account(Kind.CONVERSIONS, 5, 5, 0, {}, {}),
    ),
    Remarks(unseen_clicks=3, orphan_revenue_micros=700),
)
OTHER = Accounting(
    (
        Account(Kind.IMPRESSIONS, 100, 100, 0, {}, {}),
        Account(Kind.CLICKS, 200, 190, 4, {Reason.BAD_ID: 1}, {Reason.ORPHAN_CONVERSION: 5}),
        Account(Kind.CONVERSIONS, 50, 49, 0, {}, {Reason.REFUND: 1}),
    ),
    Remarks(unseen_clicks=10, orphan_revenue_micros=1_000),
)


def test_each_number_is_added_up() -> None:
    whole = Accounting.sum_of([ONE, OTHER])
    assert whole == Accounting(
        (
            Account(Kind.IMPRESSIONS, 110, 108, 2, {}, {}),
            Account(
                Kind.CLICKS,
                221,
                201,
                5,
                {Reason.BAD_WIDTH: 2, Reason.BAD_ID: 6},
                {Reason.REFUND: 2, Reason.ORPHAN_CONVERSION: 5},
            ),
            Account(Kind.CONVERSIONS, 55, 54, 0, {}, {Reason.REFUND: 1}),
        ),
        Remarks(unseen_clicks=13, orphan_revenue_micros=1_700),
    )
    # In the order of the reasons, whatever their order was.
    assert list(whole.of(Kind.CLICKS).rejected) == [Reason.BAD_WIDTH, Reason.BAD_ID]
    assert (whole.rows, whole.unaccepted) == (386, 16)


def test_without_any_they_are_zero() -> None:
    nothing = Accounting.sum_of([])
    assert [account.kind for account in nothing.accounts] == list(Kind)
    assert (nothing.rows, nothing.unaccepted, nothing.remarks) == (0, 0, Remarks(0, 0))


@pytest.mark.parametrize("kind", Kind)
def test_the_account_of_a_kind_is_found(kind: Kind) -> None:
    assert ONE.of(kind).kind is kind


def test_the_outcomes_of_a_kind_add_up_to_its_rows() -> None:
    account = ONE.of(Kind.CLICKS)
    assert account.by_outcome == {
        "accepted": 11,
        "duplicate": 1,
        "bad_id": 5,
        "bad_width": 2,
        "refund": 2,
    }
    assert sum(account.by_outcome.values()) == account.rows
    assert account.unaccepted == 9
