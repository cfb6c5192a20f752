"""The guard's interval against its definition, and how often it is wrong."""

import random
from collections.abc import Sequence
from math import inf, log, sqrt
from statistics import fmean, stdev

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from banners.policies.guard import (
    SILENT,
    Interval,
    SlotOfArm,
    guard_sentence,
    lift_intervals,
    trial_sentence,
)

Slots = Sequence[tuple[SlotOfArm, SlotOfArm]]


def slots_of(seed: int, count: int, lift: float = 0.0, conversions: int = 20) -> Slots:
    """Slots in which the policy has nine times the pages of the holdout, and earns more by lift."""
    source = random.Random(seed)

    def arm(pages: int, rate: float) -> SlotOfArm:
        found = sum(source.expovariate(1 / rate) for _ in range(pages // 10))
        return SlotOfArm(pages, found, conversions)

    return [(arm(900, 1 + lift), arm(100, 1)) for _ in range(count)]


def half_width(slots: int, alpha: float) -> float:
    """The half width in standard deviations, as the paper writes it."""
    rho2 = (-2 * log(alpha) + log(-2 * log(alpha)) + 1) / 96
    t = slots
    return sqrt(2 * (t * rho2 + 1) / (t**2 * rho2) * log(sqrt(t * rho2 + 1) / alpha))


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
            policy.revenue * 1_000 / 900 - (1 + bound) * other.revenue * 1_000 / 100
            for policy, other in slots
        ]
        expected = half_width(count, alpha) * stdev(differences)
        assert abs(fmean(differences)) == pytest.approx(expected, rel=1e-6)


def test_nothing_is_said_of_24_slots_or_of_less_than_200_conversions() -> None:
    spoken = [each.says_anything for each in lift_intervals(slots_of(1, 40))]
    assert spoken == [False] * 24 + [True] * 16
    few = [each.says_anything for each in lift_intervals(slots_of(1, 40, conversions=6))]
    assert few == [False] * 33 + [True] * 7
    assert lift_intervals([])[-1:] == []


def test_a_holdout_that_earned_nothing_says_nothing() -> None:
    nothing = [(each, SlotOfArm(100, 0.0, 20)) for each, _ in slots_of(1, 30)]
    assert lift_intervals(nothing)[-1] == SILENT


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
    ],
)
def test_the_guard_speaks_of_the_rule_as_it_would_be_now(interval: Interval, said: str) -> None:
    assert guard_sentence(interval) == said


def test_a_trial_speaks_of_the_rule_alone() -> None:
    assert trial_sentence(Interval(0.41, 0.78)) == (
        "Learning earns between +41.0 % and +78.0 % compared with the rule alone."
    )
    assert trial_sentence(Interval(-1, inf)).startswith("Too early to say: each arm")
