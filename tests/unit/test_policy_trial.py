"""A trial: two arms, each of which learns from its own data only."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference.policy
from banners.core.model import Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.core.views import Group
from banners.errors import FiguresError
from banners.policies.policy import PolicySettings
from banners.policies.trial import Trial
from banners.policies.window import Window
from reference.policy import Sums
from strategies.windows import Campaigns, campaigns, rule_lineup, window_of


def prepare(
    window: Window, quarter: Quarter = Quarter.FIRST, digest: str = "d"
) -> dict[int, PreparedLineups]:
    made = Trial().prepare(window, quarter, digest, PolicySettings())
    return {each.campaign_id: each for each in made}


def changed(window: Window, name: str, value: Any) -> Window:
    """Return a window with another value of one field."""
    changes: dict[str, Any] = {name: value}
    return dataclasses.replace(window, **changes)


@st.composite
def arms(draw: st.DrawFn) -> tuple[Campaigns, Campaigns, Campaigns]:
    """The figures of everybody and of the two arms, of the same candidates."""
    everybody = draw(campaigns())
    source = draw(st.randoms(use_true_random=False))

    def shuffled() -> Campaigns:
        """The figures of each campaign, given to other banners of it."""
        return {
            campaign: dict(
                zip(banners, source.sample([*banners.values()], len(banners)), strict=True)
            )
            for campaign, banners in everybody.items()
        }

    return everybody, shuffled(), shuffled()


@given(arms(), st.sampled_from(Quarter))
def test_each_arm_has_half_of_the_lineups_and_its_own_figures(
    given: tuple[Campaigns, Campaigns, Campaigns], quarter: Quarter
) -> None:
    everybody, of_rule, of_policy = given
    made = prepare(window_of(everybody, trial_rule=of_rule, trial_policy=of_policy), quarter)
    expected = reference.policy.expect(of_policy, quarter)
    for campaign, banners in everybody.items():
        found, ids = made[campaign], sorted(banners)
        assert (found.policy, found.fallback) == (PolicyName.TRIAL, "")
        assert found.groups == (Group.TRIAL_POLICY,) * 32 + (Group.TRIAL_RULE,) * 32
        assert {len(lineup) for lineup in found.lineups[:32]} == {found.places}
        picked = [each.banner_id for each in rule_lineup(of_rule[campaign], quarter).banners]
        for lineup in found.lineups[32:]:
            assert [ids[each] for each in lineup][: len(picked)] == picked
        for place, banner in enumerate(ids):
            micros = found.expectation(place).micros
            assert micros == pytest.approx(expected[campaign][banner].expected * 1e6, rel=1e-9)


def test_the_arm_of_the_policy_explores_as_much_as_the_policy_does() -> None:
    good: dict[int, list[Sums]] = {each: [Sums(900, 200, 200, 200.0)] * 4 for each in range(1, 6)}
    rare = {each: [Sums(each)] * 4 for each in range(11, 31)}
    figures: Campaigns = {7: {**good, **rare}}
    made = prepare(window_of(figures, trial_rule=figures, trial_policy=figures))[7]
    assert [lineup[-1] for lineup in made.lineups[:4]] == [5, 6, 7, 8]
    assert {frozenset(lineup) for lineup in made.lineups[4:]} == {frozenset(range(5))}


def test_lineups_are_drawn_again_for_other_events() -> None:
    figures: Campaigns = {7: {each: [Sums(90, 9, 3, 3.0)] * 4 for each in range(1, 31)}}
    window = window_of(figures, trial_rule=figures, trial_policy=figures)
    made = [prepare(window, digest=each)[7].lineups[:32] for each in ("d", "d", "e")]
    assert made[0] == made[1] != made[2]


@pytest.mark.parametrize("lacking", ["trial_rule", "trial_policy", "trial_overall"])
def test_without_the_figures_of_an_arm_there_is_no_trial(lacking: str) -> None:
    figures: Campaigns = {7: {1: [Sums(9, 3)] * 4}}
    window = window_of(figures, trial_rule=figures, trial_policy=figures)
    with pytest.raises(FiguresError) as refused:
        prepare(changed(window, lacking, None))
    assert str(refused.value) == (
        "A trial needs the figures of each of its arms, and the window has only those of "
        "everybody. Sum them up by group, or choose another policy."
    )


@pytest.mark.parametrize("arm", ["trial_rule", "trial_policy"])
def test_impossible_figures_of_either_arm_end_the_trial_of_the_campaign(arm: str) -> None:
    sound: Campaigns = {7: {1: [Sums(9, 3)] * 4}, 8: {1: [Sums(9, 3)] * 4}}
    wrong: Campaigns = {7: {1: [Sums(9, -3)] * 4}, 8: sound[8]}
    window = window_of(sound, trial_rule=sound, trial_policy=sound)
    damaged = window_of(sound, trial_rule=wrong, trial_policy=sound).trial_rule
    made = prepare(changed(window, arm, damaged))
    assert (made[7].policy, made[7].fallback) == (PolicyName.TRIAL, "A figure is below zero.")
    assert (set(made[7].groups), len(made[7].lineups)) == ({Group.RULE}, 64)
    assert made[8] == prepare(window)[8]
