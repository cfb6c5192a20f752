"""What is expected of the candidates of prepared lineups, and how often each is shown."""

import pytest

from banners.core.policy import Expectation, PolicyName, PreparedLineups
from banners.core.views import Group

PREPARED = PreparedLineups(
    campaign_id=7,
    policy=PolicyName.LEARNING,
    places=2,
    lineups=((0, 1), (1, 2), (1, 0)),
    groups=(Group.POLICY, Group.POLICY, Group.PROBE),
    expectations=(
        (0.1, 0.2, 0.0, 0.0),
        (0.5, 0.25, 0.0, 0.0),
        (2_000_000.0, 1_000_000.0, 0.0, 0.0),
        (10.0, 20.0, 0.0, 0.0),
        (11.0, 21.0, 0.0, 0.0),
        (12.0, 22.0, 0.0, 0.0),
        (13.0, 23.0, 0.0, 0.0),
    ),
)
WITHOUT = PreparedLineups(
    campaign_id=7,
    policy=PolicyName.TRIAL,
    places=2,
    lineups=((0, 1),),
    groups=(Group.TRIAL_RULE,),
)


def test_the_expectation_of_a_candidate_has_its_number_of_every_column() -> None:
    expected = Expectation(0.2, 0.25, 1_000_000.0, 20.0, 21.0, 22.0, 23.0)
    assert PREPARED.expectation(1) == PREPARED.expected(1) == expected
    assert (expected.micros, expected.per_thousand) == (50_000.0, 50.0)


def test_nothing_is_expected_of_a_banner_that_was_off() -> None:
    assert PREPARED.expected(2) is None


def test_without_expectations_nothing_is_expected_of_any() -> None:
    assert (WITHOUT.expected(0), WITHOUT.micros()) == (None, [])
    with pytest.raises(IndexError, match="0"):
        WITHOUT.expectation(0)


def test_the_expected_revenues_of_all_are_those_of_each() -> None:
    each = [PREPARED.expectation(candidate).micros for candidate in range(4)]
    assert PREPARED.micros() == each == [100_000.0, 50_000.0, 0.0, 0.0]


def test_each_candidate_is_counted_in_the_lineups_that_have_it() -> None:
    assert PREPARED.counts(4) == [2, 3, 1, 0]
