"""What a comparison says, by what its arms add up to."""

from dataclasses import replace
from math import sqrt

import pytest

from banners.core.arms import ArmSums, ComparisonKind
from banners.policies.comparison import compare
from reference.guard import half_width
from support.event_logs import SLOT

SUMS = ArmSums(
    kind=ComparisonKind.GUARD,
    slots=60,
    last_slot=SLOT,
    pages=9_000,
    alternative_pages=1_000,
    revenue_micros=540,
    alternative_revenue_micros=50,
    conversions=900,
    alternative_conversions=250,
    a=600.0,
    b=500.0,
    aa=6_100.0,
    bb=4_300.0,
    ab=5_010.0,
)


def test_the_interval_surrounds_the_ratio_of_the_revenues() -> None:
    found = compare(SUMS)
    assert found.interval.lower < 600 / 500 - 1 < found.interval.upper
    # The definition, of which each bound is where it holds with equality.
    for bound in (found.interval.lower, found.interval.upper):
        lift = 1 + bound
        mean = (600 - lift * 500) / 60
        squares = 6_100 - 2 * lift * 5_010 + lift**2 * 4_300
        variance = (squares / 60 - mean**2) * 60 / 59
        assert abs(mean) == pytest.approx(half_width(60, 0.02) * sqrt(variance))
    assert (found.revenue_micros, found.alternative_revenue_micros) == (540, 50)
    assert found.gain.split(" to ")[1] in found.sentence
    assert found.data == (
        "60 slots until 20261126T1445Z: 9,000 pages of the policy, 1,000 of the holdout, and 250 "
        "conversions of the holdout."
    )


@pytest.mark.parametrize(
    ("kind", "conversions", "speaks"),
    [
        # A guard must also speak of a policy that sells nothing.
        (ComparisonKind.GUARD, 0, True),
        (ComparisonKind.TRIAL, 199, False),
        (ComparisonKind.TRIAL, 200, True),
    ],
)
def test_a_trial_waits_for_both_arms_and_the_guard_for_the_holdout(
    kind: ComparisonKind, conversions: int, speaks: bool
) -> None:
    found = compare(replace(SUMS, kind=kind, conversions=conversions))
    assert found.interval.says_anything is speaks
    assert bool(found.gain) is speaks


def test_24_slots_are_too_few() -> None:
    assert not compare(replace(SUMS, slots=24)).interval.says_anything
    assert "24 slots until" in compare(replace(SUMS, slots=24)).data


def test_a_trial_names_learning_and_counts_the_arm_with_fewer_conversions() -> None:
    found = compare(replace(SUMS, kind=ComparisonKind.TRIAL, conversions=230))
    assert found.sentence.startswith("Learning earns between ")
    assert found.gain.split(" to ")[1] in found.sentence
    assert found.data.endswith(
        "9,000 pages of the arm that learns, 1,000 of the rule's arm, and 230 conversions of the "
        "arm with fewer."
    )


@pytest.mark.parametrize(
    ("kind", "arm"),
    [(ComparisonKind.GUARD, "the holdout"), (ComparisonKind.TRIAL, "the rule's arm")],
)
@pytest.mark.parametrize(("b", "bb"), [(0.0, 0.0), (500.0, 250_000.0)])
def test_enough_data_without_an_interval_are_not_called_too_few(
    kind: ComparisonKind, arm: str, b: float, bb: float
) -> None:
    # It earned nothing, or all of it in one slot.
    found = compare(replace(SUMS, kind=kind, b=b, bb=bb, ab=0.0))
    assert not found.interval.says_anything
    assert found.sentence == (
        f"Too early to say: {arm} has earned too little, or too unevenly, to compare."
    )


def test_no_policy_earns_less_than_nothing() -> None:
    # One slot earned all that the policy has earned.
    found = compare(replace(SUMS, a=60.0, aa=3_600.0, ab=500.0))
    assert found.interval.lower == -1
    assert found.interval.says_anything
    assert "between -100.0 % and" in found.sentence
