"""What the policies earn in a day over HTTP, from visitors whose tastes only the tests know."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from banners.core.arms import ComparisonKind
from banners.policies.guard import SlotOfArm, lift_intervals
from faults.ledger import Ledger, assert_recorded
from faults.visited_day import Day, spend_a_day, workplace_of
from reference.tokens import read_token

# The three days take a few minutes on two cores that do nothing else.
pytestmark = [pytest.mark.long, pytest.mark.timeout(3_600)]

POLICIES = ("rule", "learning", "trial")


@pytest.fixture(scope="module")
def installations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("installations")


@pytest.fixture(scope="module")
def days(installations: Path) -> Mapping[str, Day]:
    """The same visitors, with the same tastes, at an installation with each of the policies."""
    places = [workplace_of(installations / each, each) for each in POLICIES]
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        return dict(zip(POLICIES, pool.map(spend_a_day, places), strict=True))


def test_learning_earns_a_third_more_than_the_rule_from_the_same_visitors(
    days: Mapping[str, Day],
) -> None:
    learning, rule = days["learning"], days["rule"]
    assert learning.expected >= 1.3 * rule.expected
    assert float(learning.earned) >= 1.3 * float(rule.earned)
    assert len(learning.ledger.seen) == len(rule.ledger.seen)
    assert [each.failures for each in days.values()] == [0, 0, 0]
    # In each hour but the first; at the end of the day, the next quarter is published already.
    assert [sorted(each.published.values()) for each in days.values()] == [[23, 23, 23, 24]] * 3


def test_the_trial_says_so_with_an_interval_that_covers_the_truth(days: Mapping[str, Day]) -> None:
    worth = days["trial"].worth
    truth = worth["trial_policy"].of_a_view / worth["trial_rule"].of_a_view - 1
    (said,) = days["trial"].comparisons
    assert said.kind is ComparisonKind.TRIAL
    assert 0 < said.interval.lower < truth < said.interval.upper, (said, truth)
    assert said.sentence.startswith("Learning earns between +")
    # Those are the pages and revenues that the visitors know of, to the last one.
    by_ledger = arms(days["trial"].ledger)
    assert said.pages == sum(each.pages for each, _ in by_ledger)
    assert said.alternative_pages == sum(each.pages for _, each in by_ledger)
    policy, rule = (
        1_000 * sum(each.revenue for each in arm) / sum(each.pages for each in arm)
        for arm in zip(*by_ledger, strict=True)
    )
    told = f"Revenue per thousand pages: rule {rule:,.2f}, learning {policy:,.2f} ("
    assert days["trial"].earned_by_arms.startswith(told)
    expected = lift_intervals(by_ledger)[-1]
    assert said.interval.lower == pytest.approx(expected.lower, abs=1e-5)
    assert said.interval.upper == pytest.approx(expected.upper, abs=1e-5)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_event_files_hold_what_visitors_did_to_the_last_event(
    days: Mapping[str, Day], installations: Path, policy: str
) -> None:
    ledger = days[policy].ledger
    assert len(ledger.converted) > 1_000
    assert_recorded(ledger, installations / policy / "events")


def arms(ledger: Ledger) -> list[tuple[SlotOfArm, SlotOfArm]]:
    """Return what the arms of a trial did in each slot, by the ledger."""
    views = {view.view_id: (view.slot, view.group) for view in map(read_token, ledger.seen)}
    pages = Counter(views.values())
    revenues: defaultdict[tuple[int, str], list[float]] = defaultdict(list)
    for click, revenue in ledger.converted.values():
        revenues[views[click // 16]].append(float(revenue))

    def arm(slot: int, group: str) -> SlotOfArm:
        found = revenues[slot, group]
        return SlotOfArm(pages[slot, group], sum(found), len(found))

    slots = sorted({slot for slot, group in pages if group.startswith("trial_")})
    return [(arm(slot, "trial_policy"), arm(slot, "trial_rule")) for slot in slots]
