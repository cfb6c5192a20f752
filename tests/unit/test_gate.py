"""The gate, at both sides of each of its limits."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from banners.core.account import Account, Accounting, Remarks
from banners.core.events import Kind, Reason
from banners.crunch.gate import Limits, objections, slot_objections

LIMITS = Limits(bad_rows=Decimal("0.01"), orphans=Decimal("0.05"), least_rows=Decimal("0.5"))


def account(
    kind: Kind,
    rows: int,
    rejected: Mapping[Reason, int] | None = None,
    quarantined: Mapping[Reason, int] | None = None,
) -> Account:
    aside = sum((rejected or {}).values()) + sum((quarantined or {}).values())
    return Account(kind, rows, rows - aside, 0, rejected or {}, quarantined or {})


def accounting(
    impressions: int = 1_000,
    bad_clicks: int = 0,
    conversions: int = 100,
    orphans: int = 0,
    bad_impressions: int = 0,
    refunds: int = 0,
) -> Accounting:
    """1,000 clicks besides the impressions and conversions given."""
    return Accounting(
        (
            account(Kind.IMPRESSIONS, impressions, {Reason.BAD_ID: bad_impressions}),
            account(Kind.CLICKS, 1_000, {Reason.BAD_WIDTH: bad_clicks}),
            account(
                Kind.CONVERSIONS,
                conversions,
                None,
                {Reason.ORPHAN_CONVERSION: orphans, Reason.REFUND: refunds},
            ),
        ),
        Remarks(0, 0),
    )


def test_a_sound_quarter_passes() -> None:
    assert objections(accounting(), LIMITS, served_rows=2_100) == []


@pytest.mark.parametrize(("bad", "refused"), [(21, False), (22, True)])
def test_more_than_one_row_in_a_hundred_may_not_be_bad(bad: int, refused: bool) -> None:
    found = objections(accounting(bad_clicks=bad), LIMITS, None)
    assert [text.startswith(f"{bad} of 2,100 rows") for text in found] == [True] * refused


@pytest.mark.parametrize(("orphans", "refused"), [(5, False), (6, True)])
def test_more_than_one_conversion_in_twenty_may_not_be_an_orphan(
    orphans: int, refused: bool
) -> None:
    found = objections(accounting(orphans=orphans), LIMITS, None)
    assert [text.startswith(f"{orphans} of 100 conversions") for text in found] == [True] * refused


def test_rejected_and_quarantined_rows_count_together() -> None:
    assert objections(accounting(bad_clicks=19, orphans=3), LIMITS, None)
    assert not objections(accounting(bad_clicks=18, orphans=3), LIMITS, None)


@pytest.mark.parametrize("bad_impressions", [0, 5])
def test_there_must_be_impressions_and_bad_ones_are_none(bad_impressions: int) -> None:
    found = objections(
        accounting(impressions=bad_impressions, bad_impressions=bad_impressions), LIMITS, None
    )
    assert found == ["there are no impressions"]


@pytest.mark.parametrize(("served", "refused"), [(4_200, False), (4_201, True), (None, False)])
def test_rows_may_not_fall_below_half_of_those_served(served: int | None, refused: bool) -> None:
    found = objections(accounting(), LIMITS, served)
    assert [text.startswith("there are 2,100 rows") for text in found] == [True] * refused


def test_each_limit_is_a_setting() -> None:
    lenient = Limits(bad_rows=Decimal(1), orphans=Decimal(1), least_rows=Decimal(0))
    worst = accounting(bad_clicks=1_000, orphans=100)
    assert len(objections(worst, LIMITS, served_rows=10_000)) == 3
    assert objections(worst, lenient, served_rows=10_000) == []


def test_a_limit_of_zero_lets_no_bad_row_pass() -> None:
    strict = Limits(bad_rows=Decimal(0), orphans=Decimal(0), least_rows=Decimal(0))
    assert objections(accounting(), strict, None) == []
    assert objections(accounting(bad_clicks=1), strict, None)


@pytest.mark.parametrize(
    ("share", "written"), [("0.01", "1%"), ("0.00004", "0.004%"), ("0.999", "99.9%"), ("0", "0%")]
)
def test_the_limit_is_written_exactly(share: str, written: str) -> None:
    strict = Limits(bad_rows=Decimal(share), orphans=Decimal(1), least_rows=Decimal(0))
    (told,) = objections(accounting(impressions=1, bad_clicks=1_000, conversions=0), strict, None)
    assert told.endswith(f"which is more than {written}")


@pytest.mark.parametrize(
    ("conversions", "orphans", "refused"),
    [(1_000, 50, False), (1_000, 51, True), (999, 999, False)],
)
def test_the_orphans_of_a_slot_count_from_a_thousand_conversions_on(
    conversions: int, orphans: int, refused: bool
) -> None:
    limits = Limits(bad_rows=Decimal(1), orphans=Decimal("0.05"), least_rows=Decimal(0))
    found = slot_objections(accounting(conversions=conversions, orphans=orphans), limits, ())
    said = f"{orphans:,} of {conversions:,} conversions are orphans"
    assert [text.startswith(said) for text in found] == [True] * refused


def test_refunds_are_bad_rows_of_a_quarter_and_not_of_a_slot() -> None:
    """Shops report refunds to the loop; in files from elsewhere they are set aside."""
    full = accounting(refunds=100)
    assert [text.startswith("100 of 2,100 rows") for text in objections(full, LIMITS, None)] == [
        True
    ]
    assert slot_objections(full, LIMITS, ()) == []
    assert slot_objections(accounting(refunds=78, bad_clicks=21), LIMITS, ()) == []
    (told,) = slot_objections(accounting(refunds=78, bad_clicks=22), LIMITS, ())
    assert told.startswith("22 of 2,100 rows")
