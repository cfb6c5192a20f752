"""What others report about clicks is checked, and what is wrong with it is a value."""

import json
from decimal import Decimal
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.collect.conversions import senders as sending
from banners.collect.conversions.check import (
    Checked,
    Conversion,
    Conversions,
    Refusal,
    Verdict,
    conversion_id,
    read_conversions,
)
from banners.collect.conversions.senders import ANY_CAMPAIGN, Sender
from banners.collect.token import Tokens
from banners.core.conversions import MOST_CONVERSIONS
from banners.core.slots import SLOT_SECONDS
from banners.core.views import event_id
from banners.errors import CollectError
from support.event_logs import SLOT, Clock

TOKENS = Tokens([b"a key of thirty-two characters.."])
SHOP, AGENCY = Sender("shop", [7, 54]), Sender("agency", None)
CLICK_ID = event_id(77, 1)
CLICK = TOKENS.click_token(SLOT, CLICK_ID, 54).decode()
MOST = Decimal(10_000)
MOST_AGE = 10 * SLOT_SECONDS

GOOD = {"conversion_id": "order-1", "click": CLICK, "revenue": "12.50"}


def conversions(most_remembered: int = 100, now: int = SLOT) -> Conversions:
    return Conversions(
        *(TOKENS, MOST), most_age=MOST_AGE, clock=Clock(now), most_remembered=most_remembered
    )


def verdict(reported: object, sender: Sender = SHOP) -> Verdict | Refusal:
    (checked,) = conversions().check([reported], sender)
    return checked.refusal or checked.verdict


def test_what_is_accepted_can_be_recorded() -> None:
    (checked,) = conversions().check([GOOD], SHOP)
    assert checked == Checked(
        Verdict.ACCEPTED,
        Conversion(SLOT, conversion_id("shop", "order-1", CLICK_ID), CLICK_ID, "12.500000", 54),
    )


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"conversion_id": ""}, Refusal.BAD_CONVERSION_ID),
        ({"conversion_id": "x" * 65}, Refusal.BAD_CONVERSION_ID),
        ({"conversion_id": "a\x00b"}, Refusal.BAD_CONVERSION_ID),
        ({"conversion_id": 5}, Refusal.BAD_CONVERSION_ID),
        ({"conversion_id": None}, Refusal.BAD_CONVERSION_ID),
        ({"click": ""}, Refusal.BAD_CLICK),
        ({"click": CLICK[:-1]}, Refusal.BAD_CLICK),
        ({"click": CLICK + "A"}, Refusal.BAD_CLICK),
        ({"click": "é" * 34}, Refusal.BAD_CLICK),
        ({"click": 34}, Refusal.BAD_CLICK),
        ({"click": TOKENS.click_token(SLOT, CLICK_ID, 55).decode()}, Refusal.OTHER_CAMPAIGN),
        ({"revenue": "--1"}, Refusal.BAD_REVENUE),
        ({"revenue": "- 1"}, Refusal.BAD_REVENUE),
        ({"revenue": "+1"}, Refusal.BAD_REVENUE),
        ({"revenue": -(10**5000)}, Refusal.BAD_REVENUE),
        ({"revenue": "-10000.000001"}, Refusal.TOO_MUCH_REVENUE),
        ({"revenue": -10_001}, Refusal.TOO_MUCH_REVENUE),
        ({"revenue": ""}, Refusal.BAD_REVENUE),
        ({"revenue": "1e3"}, Refusal.BAD_REVENUE),
        ({"revenue": "NaN"}, Refusal.BAD_REVENUE),
        ({"revenue": "1.1234567"}, Refusal.BAD_REVENUE),
        ({"revenue": "٣"}, Refusal.BAD_REVENUE),
        ({"revenue": " 1"}, Refusal.BAD_REVENUE),
        ({"revenue": True}, Refusal.BAD_REVENUE),
        ({"revenue": 0.5}, Refusal.BAD_REVENUE),
        ({"revenue": None}, Refusal.BAD_REVENUE),
        ({"revenue": 10**5000}, Refusal.BAD_REVENUE),
        ({"revenue": Decimal("1E+2")}, Refusal.BAD_REVENUE),
        ({"revenue": "10000.000001"}, Refusal.TOO_MUCH_REVENUE),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(
    changed: dict[str, object], refusal: Refusal
) -> None:
    assert verdict(GOOD | changed) is refusal
    assert refusal.meaning


def test_a_click_may_be_as_old_as_what_is_kept_and_no_older() -> None:
    in_time, late = (conversions(now=SLOT + age).check([GOOD], SHOP) for age in (10, 11))
    assert in_time[0].verdict is Verdict.ACCEPTED
    assert late == [Checked(Verdict.REFUSED, refusal=Refusal.TOO_OLD)]
    assert "BANNERS_KEEP_EVENTS" in Refusal.TOO_OLD.meaning


@pytest.mark.parametrize("reported", [None, [], "text", 5])
def test_what_is_no_object_is_refused(reported: object) -> None:
    assert verdict(reported) is Refusal.NOT_AN_OBJECT


@pytest.mark.parametrize("name", GOOD)
def test_what_lacks_a_field_is_refused(name: str) -> None:
    assert verdict({key: value for key, value in GOOD.items() if key != name}) in set(Refusal)


@pytest.mark.parametrize("revenue", ["0", 0, "10000", 10_000, Decimal("0.5"), "0.000001", "007"])
def test_every_exact_way_to_write_a_revenue_is_accepted(revenue: object) -> None:
    assert verdict(GOOD | {"revenue": revenue}) is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("revenue", "recorded"),
    [
        ("-12.5", "-12.500000"),
        (-3, "-3.000000"),
        (Decimal("-0.000001"), "-0.000001"),
        (-10_000, "-10000.000000"),
        ("-0", "0.000000"),
        (Decimal("-0.00"), "0.000000"),
    ],
)
def test_a_refund_is_a_conversion_with_a_negative_revenue(revenue: object, recorded: str) -> None:
    (checked,) = conversions().check([GOOD | {"revenue": revenue}], SHOP)
    assert checked.conversion
    assert checked.conversion.revenue == recorded


def test_equal_revenues_are_the_same_conversion() -> None:
    checked = conversions().check(
        [GOOD | {"revenue": each} for each in ("0.5", "0.50", Decimal("0.5"), "00.5", "0.6")], SHOP
    )
    assert [each.verdict for each in checked] == ["accepted", *["duplicate"] * 3, "accepted"]


def test_a_conversion_is_a_duplicate_only_once_it_has_been_kept() -> None:
    taking = conversions()
    (first,) = taking.check([GOOD], SHOP)
    (again,) = taking.check([GOOD], SHOP)
    assert again == first
    assert first.conversion
    taking.remember([first.conversion])
    assert taking.check([GOOD], SHOP) == [Checked(Verdict.DUPLICATE)]
    assert taking.check([GOOD], AGENCY)[0].verdict is Verdict.ACCEPTED


def test_only_so_many_conversions_are_remembered() -> None:
    taking = conversions(most_remembered=2)
    for number in range(3):
        (checked,) = taking.check([GOOD | {"conversion_id": str(number)}], SHOP)
        assert checked.conversion
        taking.remember([checked.conversion])
    verdicts = [
        taking.check([GOOD | {"conversion_id": str(number)}], SHOP)[0].verdict
        for number in range(3)
    ]
    assert verdicts == ["accepted", "duplicate", "duplicate"]


@given(
    st.tuples(st.text(max_size=5), st.text(max_size=5), st.integers(1, 2**59 - 1)),
    st.tuples(st.text(max_size=5), st.text(max_size=5), st.integers(1, 2**59 - 1)),
)
def test_ids_are_of_59_bits_and_differ_with_sender_order_and_click(
    one: tuple[str, str, int], other: tuple[str, str, int]
) -> None:
    written = [tuple(str(part).replace("\0", "") for part in each) for each in (one, other)]
    ids = [conversion_id(name, own, int(click)) for name, own, click in written]
    assert all(0 < each < 2**59 for each in ids)
    assert (ids[0] == ids[1]) == (written[0] == written[1])


def test_an_id_of_zero_becomes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Zero:
        @staticmethod
        def digest() -> bytes:
            return bytes(8)

    monkeypatch.setattr("banners.collect.conversions.check.blake2b", lambda *_, **__: Zero)
    assert conversion_id("shop", "order-1", 17) == 1
    assert blake2b(b"").digest() != bytes(64)


def test_a_sender_for_all_campaigns_may_report_any_click() -> None:
    (checked,) = conversions().check([GOOD], AGENCY)
    assert checked.conversion
    assert checked.conversion.campaign_id == ANY_CAMPAIGN


def test_a_sender_has_no_two_campaigns_of_the_same_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "campaign_tag", lambda campaign_id: campaign_id % 10)
    sender = Sender("shop", [7, 8, 7])
    assert [sender.campaign_of(tag) for tag in (7, 8, 9)] == [7, 8, None]
    with pytest.raises(CollectError, match="7 and 17, which the tokens of clicks cannot tell"):
        Sender("shop", [7, 17, 8])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.decimals(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*GOOD, "other"]), inner, max_size=4)
        ),
    )
)
def test_whatever_is_reported_gets_a_verdict(reported: object) -> None:
    (checked,) = conversions().check([reported], SHOP)
    assert checked.verdict is Verdict.REFUSED


def test_numbers_are_read_exactly() -> None:
    read = read_conversions(json.dumps([GOOD | {"revenue": 0.1}]).encode())
    assert read == [GOOD | {"revenue": Decimal("0.1")}]
    assert verdict(read[0]) is Verdict.ACCEPTED


@pytest.mark.parametrize("number", ["1e1000000000000000000", "-1E+99999999999999999999", "1e-9999"])
def test_a_number_of_any_exponent_is_read_and_is_no_revenue(number: str) -> None:
    body = json.dumps([GOOD, GOOD | {"revenue": "x"}]).replace('"x"', number)
    read = read_conversions(body.encode())
    assert read is not None
    assert [verdict(each) for each in read] == [Verdict.ACCEPTED, Refusal.BAD_REVENUE]


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"5", b"[", b"\xff", b"[" * 100_000, b"[" + b"9" * 10_000 + b"]"],
)
def test_a_body_that_is_no_array_is_none(body: bytes) -> None:
    assert read_conversions(body) is None


def test_an_array_is_bounded() -> None:
    assert read_conversions(json.dumps([1] * MOST_CONVERSIONS).encode()) is not None
    assert read_conversions(json.dumps([1] * (MOST_CONVERSIONS + 1)).encode()) is None
