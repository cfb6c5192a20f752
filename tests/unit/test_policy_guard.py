"""The guard's interval against its definition, and how often it is wrong."""

import random
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from statistics import fmean, stdev

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from banners.policies.guard import (
    SILENT,
    Interval,
    Moments,
    SlotOfArm,
    guard_sentence,
    lift_intervals,
    trial_sentence,
)
from reference.guard import half_width

Slots = Sequence[tuple[SlotOfArm, SlotOfArm]]


def slots_of(seed: int, count: int, lift: float = 0.0, conversions: int = 20) -> Slots:
    """Slots in which the policy has about nine times the pages of the holdout, and earns more."""
    source = random.Random(seed)

    def arm(pages: int, rate: float) -> SlotOfArm:
        found = sum(source.expovariate(1 / rate) for _ in range(pages // 10))
        return SlotOfArm(pages, found, conversions)

    return [(arm(900, 1 + lift), arm(source.randrange(80, 121, 10), 1)) for _ in range(count)]


@given(st.integers(), st.integers(25, 60), st.floats(-0.5, 2), st.sampled_from((0.02, 0.05)))
def test_the_bounds_are_where_the_definition_holds_with_equality(
    seed: int, count: int, lift: float, alpha: float
) -> None:
    slots = slots_of(seed, count, lift)
    found = lift_intervals(slots, alpha)[-1]
    assume(found.says_anything)
    for bound in (found.lower, found.upper):
        # Each slot's revenue as if all of its pages had been the arm's.
        differences = [
            (policy.revenue / policy.pages - (1 + bound) * other.revenue / other.pages)
            * (policy.pages + other.pages)
            for policy, other in slots
        ]
        expected = half_width(count, alpha) * stdev(differences)
        assert abs(fmean(differences)) == pytest.approx(expected, rel=1e-6)


def test_24_slots_or_less_than_200_conversions_give_no_interval() -> None:
    spoken = [each.says_anything for each in lift_intervals(slots_of(1, 40))]
    assert spoken == [False] * 24 + [True] * 16
    few = [each.says_anything for each in lift_intervals(slots_of(1, 40, conversions=6))]
    assert few == [False] * 33 + [True] * 7
    enough = [each.says_anything for each in lift_intervals(slots_of(1, 40, conversions=5))]
    assert enough == [False] * 39 + [True]
    assert lift_intervals([])[-1:] == []


def test_a_holdout_that_earned_nothing_gives_no_interval() -> None:
    nothing = [(each, SlotOfArm(100, 0.0, 20)) for each, _ in slots_of(1, 30)]
    assert lift_intervals(nothing)[-1] == SILENT


def test_the_interval_does_not_depend_on_the_unit_of_the_revenue() -> None:
    slots = slots_of(1, 40, 0.5)
    found = lift_intervals(slots)[-1]
    for unit in (1e-6, 1e6):
        changed = [
            (replace(one, revenue=one.revenue * unit), replace(other, revenue=other.revenue * unit))
            for one, other in slots
        ]
        scaled = lift_intervals(changed)[-1]
        assert (scaled.lower, scaled.upper) == pytest.approx((found.lower, found.upper))


def test_identical_slots_give_an_interval_without_width() -> None:
    slot = (SlotOfArm(900, 1_800.0, 90), SlotOfArm(100, 100.0, 10))
    assert lift_intervals([slot] * 32)[-1] == Interval(1.0, 1.0)


def test_the_revenue_of_an_arm_is_scaled_to_all_pages_of_the_slot() -> None:
    moments = Moments()
    moments.add(SlotOfArm(3, 6.0, 1), SlotOfArm(1, 3.0, 2))
    assert moments == Moments(slots=1, conversions=2, a=8.0, b=12.0, aa=64.0, bb=144.0, ab=96.0)
    moments.add(SlotOfArm(1, 2.0, 1), SlotOfArm(0, 0.0, 0))
    assert moments == Moments(slots=2, conversions=2, a=10.0, b=12.0, aa=68.0, bb=144.0, ab=96.0)


def test_slots_without_pages_count_as_slots() -> None:
    empty = (SlotOfArm(0, 0.0, 0), SlotOfArm(0, 0.0, 0))
    assert not lift_intervals([empty] * 60)[-1].says_anything
    assert lift_intervals([*slots_of(1, 60), empty])[-1].says_anything


def test_the_interval_covers_the_truth_at_all_times_in_nearly_all_installations() -> None:
    lift, wrong = 0.3, 0
    for seed in range(200):
        found = lift_intervals(slots_of(seed, 96, lift))
        wrong += any(not each.lower <= lift <= each.upper for each in found)
    assert wrong <= 12


def test_the_interval_becomes_narrow_enough_to_be_useful() -> None:
    found = lift_intervals(slots_of(1, 96, 0.5))[-1]
    assert 0 < found.lower < 0.5 < found.upper < 1.2


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (
            SILENT,
            (
                "Too early to say: the holdout needs more than 24 slots and at least 200 "
                "conversions."
            ),
        ),
        (
            Interval(-0.3, -0.125),
            (
                "The policy earns less than the rule would now: between -30.0 % and -12.5 %. "
                "Consider the rule."
            ),
        ),
        (
            Interval(0.02, 0.2),
            "The policy earns more than the rule would now: between +2.0 % and +20.0 %.",
        ),
        (
            Interval(-0.02, 0.2),
            (
                "The policy may earn more or less than the rule would now: between "
                "-2.0 % and +20.0 %."
            ),
        ),
        (
            Interval(-0.3, 0.0),
            "The policy may earn more or less than the rule would now: between -30.0 % and +0.0 %.",
        ),
        (
            Interval(0.0, 0.2),
            "The policy may earn more or less than the rule would now: between +0.0 % and +20.0 %.",
        ),
    ],
)
def test_the_sentence_of_the_guard_compares_with_the_rule_as_it_would_pick_now(
    interval: Interval, said: str
) -> None:
    assert guard_sentence(interval) == said


def test_the_sentence_of_a_trial_compares_with_the_rule_alone() -> None:
    assert trial_sentence(Interval(0.41, 0.78)) == (
        "Learning earns between +41.0 % and +78.0 % compared with the rule alone."
    )
    assert trial_sentence(Interval(-1, inf)).startswith("Too early to say: each arm")
