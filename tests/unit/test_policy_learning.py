"""The learning policy against the reference, and what holds of every lineup that it prepares."""

import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import reference.policy
from banners.core.model import Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.core.views import Group
from banners.policies.draws import Draws
from banners.policies.exact import exact_sum
from banners.policies.learning import Learning
from banners.policies.policy import PolicySettings
from banners.policies.posterior import Posterior, expect
from banners.policies.soundness import sound_figures
from banners.policies.window import Overall, Window, campaigns_of, measure
from reference.policy import Quarters, Sums
from strategies.windows import Campaigns, campaigns, figures_of, pairs_of, rule_lineup, window_of

quarters = st.sampled_from(Quarter)
NEAR = 1e-9


def prepare(
    given: Campaigns | Window, quarter: Quarter = Quarter.SECOND, digest: str = "d", **chosen: float
) -> dict[int, PreparedLineups]:
    window = given if isinstance(given, Window) else window_of(given)
    settings = PolicySettings(
        holdout=int(chosen.get("holdout", 6)), theta=chosen.get("theta", 1 / 3)
    )
    made = Learning().prepare(window, quarter, digest, settings)
    return {each.campaign_id: each for each in made}


def expect_of(window: Window, quarter: Quarter) -> Posterior:
    return expect(window.everybody, window.overall, campaigns_of(window.campaign_ids), quarter)


def of_banners(*clicks: int, impressions: int = 1_000) -> Campaigns:
    """One campaign whose banners 1, 2, 3 … have these clicks in each quarter, which earn 1 each."""
    return {
        7: {
            banner: [Sums(impressions, each, each, float(each))] * 4
            for banner, each in enumerate(clicks, 1)
        }
    }


# Expectations


@given(campaigns(), quarters)
def test_lineups_come_with_the_expectations_that_they_were_made_from(
    given: Campaigns, quarter: Quarter
) -> None:
    expected = reference.policy.expect(given, quarter)
    for campaign, made in prepare(given, quarter).items():
        found = [made.expectation(place).micros for place in range(len(given[campaign]))]
        wanted = [expected[campaign][banner].expected * 1e6 for banner in sorted(given[campaign])]
        assert found == pytest.approx(wanted, rel=NEAR)


@given(campaigns(), quarters)
def test_expectations_are_those_of_the_formulas(given: Campaigns, quarter: Quarter) -> None:
    window = window_of(given)
    found = expect_of(window, quarter)
    expected = reference.policy.expect(given, quarter)
    for place, (campaign, banner) in enumerate(pairs_of(given)):
        gammas = expected[campaign][banner]
        assert found.click_rate[place] == pytest.approx(gammas.a1 / gammas.b1, rel=NEAR)
        assert found.conversion_rate[place] == pytest.approx(gammas.a2 / gammas.b2, rel=NEAR)
        assert found.value_micros[place] == pytest.approx(gammas.m3 * 1e6, rel=NEAR)
        assert found.click_shape[place] == pytest.approx(gammas.a1, rel=NEAR)
        assert found.conversion_shape[place] == pytest.approx(gammas.a2, rel=NEAR)
        assert found.value_shape[place] == pytest.approx(gammas.a3, rel=NEAR)
        assert found.borrowed[place] == pytest.approx(gammas.borrowed, rel=NEAR)
        assert found.micros[place] == pytest.approx(gammas.expected * 1e6, rel=NEAR)


def test_the_quarters_are_pooled_where_they_agree_and_not_where_they_are_independent() -> None:
    agreeing = {1: {banner: [Sums(9_000, 90 * banner)] * 4 for banner in range(1, 30)}}
    independent = {
        1: {
            banner: [Sums(9_000, 900 if place == banner % 4 else 9) for place in range(4)]
            for banner in range(1, 30)
        }
    }
    borrowed = [
        expect_of(window, Quarter.FIRST).borrowed.mean() / 27_000
        for window in map(window_of, (agreeing, independent))
    ]
    assert borrowed[0] > 0.99
    assert borrowed[1] < 0.01


def test_banners_of_few_events_do_not_count_in_the_variation_between_quarters() -> None:
    one_click = [Sums(5, 1), Sums(7), Sums(), Sums()]
    one_quarter = [Sums(5, 3), Sums(), Sums(), Sums()]
    telling = [Sums(5, 1), Sums(7, 1), Sums(), Sums()]
    silent = measure(figures_of({1: {1: one_click, 2: one_quarter}}, {1: {1: [], 2: []}}))
    assert silent.click_excess == silent.click_weight == Fraction()
    spoke = measure(figures_of({1: {1: telling}}, {1: {1: []}}))
    assert float(spoke.click_weight) == pytest.approx(2 / 12 * (12 - (25 + 49) / 12))


# What is common to all campaigns


@given(
    st.lists(st.floats(-1e20, 1e20) | st.integers(0, 2**53).map(float), min_size=1), st.randoms()
)
@example([0.1] * 10, random.Random(1))
@example([2.0**53, 1.0, -(2.0**53)], random.Random(1))
@example([2.0**53, 1.0], random.Random(1))
def test_a_sum_is_exact_in_any_order(numbers: list[float], source: random.Random) -> None:
    expected = sum(map(Fraction, numbers))
    assert exact_sum(np.array(numbers)) == expected
    source.shuffle(numbers)
    assert exact_sum(np.array(numbers)) == expected


@given(campaigns(), st.data())
def test_the_sums_of_parts_add_up_to_those_of_all(given: Campaigns, data: st.DataObject) -> None:
    first = {each for each in given if data.draw(st.booleans())}
    parts = [{each: given[each] for each in part} for part in (first, set(given) - first) if part]
    summed = sum((measure(figures_of(part, part)) for part in parts), Overall())
    assert summed == measure(figures_of(given, given))


@given(campaigns(), quarters, st.data())
def test_a_campaign_gets_the_same_lineups_whatever_others_are_prepared_with_it(
    given: Campaigns, quarter: Quarter, data: st.DataObject
) -> None:
    only = data.draw(st.sets(st.sampled_from(sorted(given)), min_size=1))
    together, apart = prepare(given, quarter), prepare(window_of(given, only), quarter)
    assert apart == {campaign: together[campaign] for campaign in only}


def test_another_digest_quarter_or_campaign_draws_other_lineups() -> None:
    same = of_banners(*[20] * 40)[7]
    first = prepare({7: same, 8: same}, digest="a")
    assert first == prepare({7: same, 8: same}, digest="a")
    assert first[7].lineups != first[8].lineups
    assert first[7].lineups != prepare({7: same, 8: same}, digest="b")[7].lineups
    assert first[7].lineups != prepare({7: same, 8: same}, Quarter.THIRD, digest="a")[7].lineups


# Lineups


@given(campaigns(), quarters, st.integers(0, 32))
def test_every_campaign_gets_sixty_four_lineups(
    given: Campaigns, quarter: Quarter, holdout: int
) -> None:
    for campaign, made in prepare(given, quarter, holdout=holdout).items():
        banners = len(given[campaign])
        assert (made.policy, made.fallback) == (PolicyName.LEARNING, "")
        assert len(made.lineups) == len(made.groups) == 64
        assert made.groups[64 - holdout :] == (Group.RULE,) * holdout
        assert Group.RULE not in made.groups[: 64 - holdout]
        for lineup in made.lineups:
            assert len(set(lineup)) == len(lineup)
            assert set(lineup) <= set(range(banners))
        assert {len(each) for each in made.lineups[: 64 - holdout]} == {made.places}
        assert made.counts(banners) == [
            sum(each in lineup for lineup in made.lineups) for each in range(banners)
        ]


@given(campaigns(), quarters, st.sampled_from((0, 0.1, 1 / 3, 0.7, 1, 2)))
def test_the_places_are_those_of_the_reference(
    given: Campaigns, quarter: Quarter, theta: float
) -> None:
    expected = reference.policy.expect(given, quarter)
    for campaign, made in prepare(given, quarter, theta=theta).items():
        values = [each.expected for each in expected[campaign].values()]
        assume(reference.policy.margin(values, theta) > NEAR)
        assert made.places == reference.policy.places(values, theta)


def test_without_theta_there_are_ten_places_and_five_where_nothing_else_pays() -> None:
    assert prepare(of_banners(*[50] * 5, *[1] * 20), theta=0)[7].places == 10
    assert prepare(of_banners(*[50] * 5, *[1] * 20))[7].places == 5
    assert prepare(of_banners(*[50] * 8, *[1] * 20))[7].places == 8
    assert prepare(of_banners(50, 1))[7].places == 2


def test_the_better_a_banner_the_more_lineups_have_it() -> None:
    made = prepare(of_banners(*range(0, 120, 6)))[7]
    counts = made.counts(20)
    assert counts[-3:] == [64] * 3
    assert sum(counts[:5]) <= 8


def test_draws_vary_by_a_third_of_what_the_figures_leave_open() -> None:
    # Two banners compete for one place. Seen little, the worse one is drawn now and then; a draw
    # from the full distribution would take it far more often, and none would never take it.
    figures = of_banners(*[300] * 4, 22, 27)
    counts = Counter[int]()
    for digest in range(60):
        made = prepare(figures, digest=str(digest), theta=9, holdout=0)[7]
        counts.update(each for lineup in made.lineups[8:] for each in lineup)
    assert 0.002 < counts[4] / (60 * 56) < 0.35


def test_draws_have_the_mean_and_the_spread_of_the_formulas() -> None:
    shapes = np.array([[3.0, 40.0], [2.0, 8.0], [5.0, 9.0]])
    expected = np.array([2.0, 1.9])
    drawn = Draws(shapes, expected)
    source = np.random.Generator(np.random.PCG64(5))
    wins = [best[0] for best in drawn.best(slice(0, 2), 40_000, 1, source)]
    gammas = np.random.Generator(np.random.PCG64(6)).gamma(
        (shapes * 9)[:, None, :], 1 / (shapes * 9)[:, None, :], (3, 40_000, 2)
    )
    ours, theirs = (gammas.prod(0) * expected).T
    assert np.mean(np.array(wins) == 0) == pytest.approx(np.mean(ours > theirs), abs=0.015)


def test_eight_lineups_show_the_banners_seen_least_in_their_last_place() -> None:
    seen = dict(of_banners(*[300] * 10, *[3] * 20)[7])
    rarely: dict[int, Quarters] = {31 + place: [Sums(place)] * 4 for place in range(9)}
    made = prepare({7: {**seen, **rarely}})[7]
    assert Counter(made.groups) == {Group.PROBE: 8, Group.POLICY: 50, Group.RULE: 6}
    assert {lineup[-1] for lineup in made.lineups[:8]} == set(range(30, 38))
    assert set(made.groups[:8]) == {Group.PROBE}
    assert not {38} & {each for lineup in made.lineups for each in lineup}


def test_a_banner_that_was_drawn_anyway_is_no_probe() -> None:
    groups = Counter[Group]()
    for digest in range(20):
        made = prepare(of_banners(*[20] * 6), digest=str(digest), theta=9, holdout=0)[7]
        assert {len(set(lineup)) for lineup in made.lineups} == {5}
        groups.update(made.groups[:8])
    assert 0 < groups[Group.PROBE] < groups[Group.POLICY]


def test_fewer_candidates_than_probes_share_them() -> None:
    made = prepare(of_banners(*[200] * 5, 0), theta=9)[7]
    assert Counter(made.groups)[Group.PROBE] >= 1
    assert made.counts(6)[5] >= 1


def test_banners_that_nobody_has_seen_take_turns_by_chance() -> None:
    unseen: dict[int, Quarters] = {banner: [Sums()] * 4 for banner in range(10, 60)}
    figures = {**of_banners(*[300] * 6)[7], **unseen}
    shown = set()
    for digest in range(20):
        made = prepare({7: figures}, digest=str(digest), theta=9)[7]
        shown |= {lineup[-1] for lineup in made.lineups[:8]}
    assert len(shown & set(range(6, 56))) > 40


def test_as_many_places_as_candidates_leave_nothing_to_probe() -> None:
    made = prepare(of_banners(20, 20, 20))[7]
    assert Group.PROBE not in made.groups
    assert made.counts(3) == [64] * 3


# The holdout


@given(campaigns(), quarters)
def test_the_holdout_shows_the_lineup_of_the_rule(given: Campaigns, quarter: Quarter) -> None:
    for campaign, made in prepare(given, quarter).items():
        banners = sorted(given[campaign])
        rule = rule_lineup(given[campaign], quarter)
        picked = [each.banner_id for each in rule.banners]
        for lineup in made.lineups[58:]:
            shown = [banners[each] for each in lineup]
            assert shown[: len(picked)] == picked
            assert len(shown) == len(set(shown)) == max(len(picked), min(5, len(banners)))


def test_a_short_lineup_of_the_rule_is_filled_anew_each_time() -> None:
    figures = of_banners(9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    made = prepare(figures, holdout=32)[7]
    lineups = made.lineups[32:]
    assert {lineup[0] for lineup in lineups} == {0}
    assert len(set(lineups)) > 20
    assert {each for lineup in lineups for each in lineup} == set(range(12))
    assert {len({*lineup}) for lineup in lineups} == {5}


def test_a_banner_that_earned_a_millionth_is_in_the_lineup_of_the_rule() -> None:
    little = {each: [Sums(9, 1, each < 8, (each < 8) / 1e6)] * 4 for each in range(1, 13)}
    given: Campaigns = {7: little}
    picked = [each.banner_id for each in rule_lineup(little, Quarter.SECOND).banners]
    banners = sorted(little)
    assert {
        tuple(banners[each] for each in lineup)[: len(picked)]
        for lineup in prepare(given)[7].lineups[58:]
    } == {tuple(picked)}


# Figures that cannot be true


def test_figures_up_to_the_largest_that_can_be_stored_are_kept_unchanged() -> None:
    figures = figures_of({7: {1: [Sums(0, 0, 0, 2.0**63 / 1e6)] * 4}}, {7: {1: []}})
    assert figures.revenue_micros.max() == 2.0**63
    found, unsound = sound_figures(figures, campaigns_of(np.array([7])))
    assert found is figures
    assert unsound == {}


def test_only_the_figures_of_a_campaign_that_cannot_be_true_are_replaced_by_zeros() -> None:
    largest = [Sums(0, 0, 0, 2.0**63 / 1e6)] * 4
    given: Campaigns = {
        7: {1: largest},
        8: {1: [Sums(10, -1)] * 4, 2: [Sums(9, 3)] * 4},
        9: {1: largest},
        10: {1: [Sums(2.0**64)] * 4},
    }
    figures = figures_of(given, given)
    found, unsound = sound_figures(figures, campaigns_of(np.array([7, 8, 8, 9, 10])))
    assert unsound == {
        1: "A figure is below zero.",
        3: "A figure is larger than any that can be stored.",
    }
    assert found.revenue_micros[0].tolist() == [2.0**63, 0, 0, 2.0**63, 0]
    assert not any(column.any() for column in (found.impressions, found.clicks))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (Sums(float("nan")), "A figure is missing or is not a number."),
        (Sums(1, float("inf")), "A figure is missing or is not a number."),
        (Sums(10, -1), "A figure is below zero."),
        (Sums(10, 1, 1, -0.5), "A figure is below zero."),
        (Sums(10, 1, 1, 2.0**63), "A figure is larger than any that can be stored."),
    ],
)
def test_a_campaign_with_an_impossible_figure_falls_back_to_the_rule(wrong: Sums, why: str) -> None:
    sound = of_banners(*range(12))[7]
    window = window_of({7: sound, 8: sound})
    damaged = figures_of({7: {**sound, 3: [wrong] * 4}, 8: sound}, {7: sound, 8: sound})
    made = prepare(
        Window(
            campaign_ids=window.campaign_ids,
            banner_ids=window.banner_ids,
            everybody=damaged,
            overall=window.overall,
        )
    )
    assert (made[7].policy, made[7].fallback) == (PolicyName.LEARNING, why)
    assert {len(lineup) for lineup in made[7].lineups} == {made[7].places}
    assert set(made[7].groups) == {Group.RULE}
    assert len(made[7].lineups) == 64
    assert made[7].expectations == ()
    assert made[8] == prepare(window)[8]
