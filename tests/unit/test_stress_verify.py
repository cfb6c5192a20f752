"""Wrong answers are recognised, and the failure says what is wrong with them."""

import json
import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core import rule
from banners.core.model import FillPolicy, Generation, Quarter
from banners.stress.expectations import Expectation, QuarterExpectations, expectation_of
from banners.stress.verify import Address, Answer, Fault, verify
from support.picked import picked

STRANGER = 9_999
IDS = st.lists(st.integers(1, 60), unique=True, max_size=16)
GENERATION = Generation(3, "2026-01-31T10:20:00+00:00")
QUARTER = QuarterExpectations(Quarter.SECOND, GENERATION, {}, complete=True)


def expectation(
    banners: Iterable[int],
    others: Iterable[int] = (),
    inventory: Iterable[int] = (),
    policy: FillPolicy = FillPolicy.INVENTORY,
) -> Expectation:
    lineup = picked(27, banners, others, generation=GENERATION, quarter=Quarter.SECOND)
    return expectation_of(lineup, policy, lambda _generation, _quarter: frozenset(inventory))


# A lineup of three, filled up from other candidates.
SHORT = expectation((1, 2, 3), (4, 5, 6))


def answer(address: Address, body: str = "", *, status: int = 200, location: bytes = b"") -> Answer:
    return Answer(address, 27, status, body.encode(), location, 0, 0)


def page(*banner_ids: int) -> Answer:
    images = "".join(f'<li><img src="/static/images/image_{each}.png">\n' for each in banner_ids)
    return answer(Address.PAGE, f"<!doctype html><h1>Campaign 27</h1>{images}")


def as_json(filled: set[int], *banner_ids: int, **other: object) -> Answer:
    banners = [
        {"banner_id": each, "image": f"image_{each}.png", "filled": each in filled}
        for each in banner_ids
    ]
    document = {"campaign_id": 27, "quarter": 2, "generation": 3, "banners": banners, **other}
    return answer(Address.JSON, json.dumps(document))


def banner(location: bytes, *, status: int = 302) -> Answer:
    return answer(Address.BANNER, status=status, location=location)


def fault(found: Answer, wanted: Expectation | None = SHORT) -> Fault | None:
    failure = verify(found, QUARTER, wanted)
    return failure.fault if failure else None


def reason(found: Answer, wanted: Expectation | None = SHORT) -> str:
    failure = verify(found, QUARTER, wanted)
    assert failure is not None
    return failure.reason


@given(IDS, IDS, IDS, st.sampled_from(FillPolicy), st.randoms(use_true_random=False))
def test_whatever_the_rule_serves_is_right_and_with_any_one_change_wrong(
    ranked: list[int],
    candidates: list[int],
    elsewhere: list[int],
    policy: FillPolicy,
    source: random.Random,
) -> None:
    banners = tuple(ranked[: rule.MOST_SLOTS])
    others = tuple(each for each in candidates if each not in banners)
    if len(banners) >= rule.LEAST_SHOWN:
        others = ()
    inventory = sorted({*banners, *others, *elsewhere})
    lineup = picked(27, banners, others, generation=GENERATION, quarter=Quarter.SECOND)
    wanted = expectation(banners, others, inventory, policy)
    served = [*banners, *rule.fill(lineup, policy, inventory, source)]
    source.shuffle(served)
    filled = set(served) - set(banners)

    assert verify(page(*served), QUARTER, wanted) is None
    assert verify(as_json(filled, *served), QUARTER, wanted) is None
    assert fault(page(*served, STRANGER), wanted) is Fault.WRONG_BANNERS
    if served:
        one = source.choice(served)
        rest = [each for each in served if each != one]
        assert fault(page(*rest), wanted) is Fault.WRONG_BANNERS
        assert fault(page(*served, one), wanted) is Fault.WRONG_BANNERS
        assert fault(page(*rest, STRANGER), wanted) is Fault.WRONG_BANNERS
        assert fault(page(*rest, *rest), wanted) is Fault.WRONG_BANNERS
        assert fault(as_json(filled ^ {one}, *served), wanted) is Fault.WRONG_BANNERS


def test_the_inventory_does_not_take_the_place_of_the_campaigns_own() -> None:
    own = expectation((1,), (2,), range(1, 9))
    assert fault(page(1, 2, 6, 7, 8), own) is None
    assert reason(page(1, 5, 6, 7, 8), own) == "banners 2 missing from it"


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (page(1, 2, 4, 5, 6), "banners 3 missing from it"),
        (page(1, 2, 3, 4, 4), "banners 4 shown more than once"),
        (page(1, 2, 3, 4, 7), "banners 7 neither in the lineup nor in the fill"),
        (page(1, 2, 3, 4), "it shows 4 banners, expected 5"),
        (page(1, 2, 3, 4, 5, 6), "it shows 6 banners, expected 5"),
        (page(), "banners 1, 2, 3 missing from it"),
        (as_json({4}, 1, 2, 3, 4, 5), "banners 5 wrongly marked as filled in or not"),
        (banner(b"/static/images/image_7.png"), "it shows 7, which is neither"),
        (banner(b"/elsewhere"), "the answer leads to b'/elsewhere'"),
    ],
)
def test_wrong_banners_are_named(found: Answer, told: str) -> None:
    assert fault(found) is Fault.WRONG_BANNERS
    assert reason(found).startswith(told)


@pytest.mark.parametrize("other", [{"generation": 2}, {"quarter": 1}, {"campaign_id": 28}], ids=str)
def test_banners_of_another_generation_are_wrong_even_if_they_are_the_same(
    other: dict[str, int],
) -> None:
    assert fault(as_json({4, 5}, 1, 2, 3, 4, 5)) is None
    assert fault(as_json({4, 5}, 1, 2, 3, 4, 5, **other)) is Fault.WRONG_GENERATION


@pytest.mark.parametrize(
    "body", ["", "null", "[]", "{}", '{"banners": 1}', '{"banners": [{}]}', "\ud7ff{"]
)
def test_what_is_no_json_of_banners_is_malformed(body: str) -> None:
    assert fault(answer(Address.JSON, body)) is Fault.MALFORMED


@pytest.mark.parametrize(
    "location", [b"/static/images/image_1.png", b"http://x/static/images/image_6.png"]
)
def test_one_banner_is_any_of_those_that_the_page_may_show(location: bytes) -> None:
    assert fault(banner(location)) is None


@pytest.mark.parametrize("status", [500, 503, 404, 302, 204])
def test_another_status_is_wrong_whatever_comes_with_it(status: int) -> None:
    found = page(1, 2, 3, 4, 5)._replace(status=status)
    assert reason(found) == f"the status is {status}, expected 200"


def test_a_campaign_that_has_nothing_in_the_quarter_is_to_be_unknown_there() -> None:
    assert fault(answer(Address.PAGE, status=404), None) is None
    assert reason(page(1, 2, 3, 4, 5), None) == "the status is 200, expected 404"


def test_a_campaign_without_any_banner_has_a_page_and_no_banner() -> None:
    none = expectation((), policy=FillPolicy.NONE)
    assert fault(page(), none) is None
    assert fault(banner(b"", status=404), none) is None
    assert fault(banner(b"/static/images/image_1.png"), none) is Fault.WRONG_STATUS


def test_of_many_wrong_banners_only_some_are_named() -> None:
    ten = expectation(range(1, 11))
    assert reason(page(), ten) == "banners 1, 2, 3, 4, 5 and 5 more missing from it"


@pytest.mark.parametrize(
    ("prefix", "given_out"), [("", ""), ("", "/ads"), ("/ads", "/ads"), ("/a", "/a/b.c")]
)
def test_images_may_be_below_a_prefix(prefix: str, given_out: str) -> None:
    found = f"{given_out}/static/images/image_1.png"
    body = "".join(f'<img src="{found.replace("_1", f"_{each}")}">' for each in (1, 2, 3, 4, 5))
    shown = answer(Address.PAGE, body)
    assert verify(shown, QUARTER, SHORT, prefix) is None
    for location in (found, f"http://localhost:8000{found}"):
        assert verify(banner(location.encode()), QUARTER, SHORT, prefix) is None


def test_images_outside_the_prefix_of_the_server_are_wrong() -> None:
    location = b"/static/images/image_1.png"
    for found in (page(1, 2, 3, 4, 5), banner(location), banner(b"/adsx" + location)):
        failure = verify(found, QUARTER, SHORT, "/ads")
        assert failure is not None
        assert failure.fault is Fault.WRONG_BANNERS
