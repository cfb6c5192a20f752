"""The rule's thresholds and the fill, as pure functions."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.model import FillPolicy, Generation, Lineup, Performance, Quarter, RuleName
from banners.rule import draws_on_inventory, explain, explain_fill, fill, missing

policies = st.sampled_from(list(FillPolicy))


def lineup_of(
    shown: int, others: tuple[int, ...] = (), rule: RuleName = RuleName.MOST_CLICKS, x: int = 0
) -> Lineup:
    """A lineup of the banners 1, 2, 3 … with the other candidates given."""
    banners = tuple(Performance(banner_id, 1, 1, 0, 0) for banner_id in range(1, shown + 1))
    return Lineup(7, Quarter.FIRST, Generation(1, ""), rule, x, 5, banners, others)


@given(st.integers(0, 10), st.integers(0, 8), st.integers(0, 40), policies, st.integers())
def test_fill_adds_different_banners_that_are_not_in_the_lineup(
    shown: int, own: int, stock: int, policy: FillPolicy, seed: int
) -> None:
    lineup = lineup_of(shown, tuple(range(100, 100 + own)) if shown < 5 else ())
    drawn = fill(lineup, policy, range(1, 1 + stock), random.Random(seed))
    assert len({banner.banner_id for banner in lineup.banners}.union(drawn)) == shown + len(drawn)


@given(st.integers(0, 10), st.integers(0, 8), st.integers(0, 40), st.integers())
def test_fill_reaches_five_wherever_the_inventory_has_as_many(
    shown: int, own: int, stock: int, seed: int
) -> None:
    others = tuple(range(100, 100 + own)) if shown < 5 else ()
    lineup = lineup_of(shown, others)
    inventory = sorted({*range(1, shown + 1), *others, *range(200, 200 + stock)})
    drawn = fill(lineup, FillPolicy.INVENTORY, inventory, random.Random(seed))
    assert shown + len(drawn) == max(shown, min(5, len(inventory)))


@given(st.integers(0, 4), st.integers(0, 8), st.integers())
def test_fill_takes_the_campaigns_own_banners_first(shown: int, own: int, seed: int) -> None:
    others = tuple(range(100, 100 + own))
    drawn = fill(
        lineup_of(shown, others), FillPolicy.INVENTORY, range(200, 300), random.Random(seed)
    )
    assert len(set(drawn) & set(others)) == min(own, 5 - shown)


@given(st.integers(0, 4), st.integers(0, 8), st.integers())
def test_fill_by_the_policy_campaign_never_shows_another_campaigns_banner(
    shown: int, own: int, seed: int
) -> None:
    others = tuple(range(100, 100 + own))
    drawn = fill(
        lineup_of(shown, others), FillPolicy.CAMPAIGN, range(200, 300), random.Random(seed)
    )
    assert set(drawn) <= set(others)


@given(st.integers(0, 4), st.integers(0, 8), st.integers())
def test_fill_by_the_policy_none_adds_nothing(shown: int, own: int, seed: int) -> None:
    lineup = lineup_of(shown, tuple(range(100, 100 + own)))
    assert fill(lineup, FillPolicy.NONE, range(200, 300), random.Random(seed)) == ()


def test_fill_draws_each_banner_of_the_inventory_equally_often() -> None:
    source = random.Random(20)
    inventory = range(1, 13)
    drawn = Counter(
        banner_id
        for _ in range(6_000)
        for banner_id in fill(lineup_of(2), FillPolicy.INVENTORY, inventory, source)
    )
    # Ten banners share 18,000 draws: 1,800 each, with a standard deviation of about 36.
    assert set(drawn) == set(range(3, 13))
    assert all(abs(count - 1_800) < 180 for count in drawn.values())


def test_nothing_is_missing_from_a_lineup_of_five() -> None:
    assert missing(lineup_of(5), FillPolicy.INVENTORY) == 0


def test_the_inventory_helps_out_only_where_the_campaign_has_too_few() -> None:
    assert draws_on_inventory(lineup_of(2, (10, 11)), FillPolicy.INVENTORY)
    assert not draws_on_inventory(lineup_of(2, (10, 11, 12)), FillPolicy.INVENTORY)
    assert not draws_on_inventory(lineup_of(2), FillPolicy.CAMPAIGN)


@pytest.mark.parametrize(
    ("rule", "converting", "shown", "sentence"),
    [
        ("top_revenue", 10, 10, "Ten banners earned something, so the ten with the most revenue"),
        ("most_clicks", 0, 1, "so what is shown is the only one that was clicked."),
        ("top_revenue", 11, 10, "11 banners earned something, so the ten with the most revenue"),
        ("top_revenue", 44, 10, "44 banners earned something, so the ten with the most revenue"),
        ("all_converting", 7, 7, "Seven banners earned something, so all of these are shown."),
        (
            *("revenue_then_clicks", 1, 5),
            "One banner earned something, so it is shown, and then the four with the most clicks.",
        ),
        ("revenue_then_clicks", 4, 5, "so these are shown, and then the one with the most clicks."),
        (
            "revenue_then_clicks",
            2,
            3,
            "these are shown, and then the only other one that was clicked.",
        ),
        ("revenue_then_clicks", 1, 3, "it is shown, and then the two others that were clicked."),
        ("revenue_then_clicks", 2, 2, "and then nothing more, since no other was clicked."),
        ("most_clicks", 0, 5, "so what is shown is the five with the most clicks."),
        ("most_clicks", 0, 3, "so what is shown is the three that were clicked."),
        ("most_clicks", 0, 0, "No banner earned anything, and none was clicked either."),
    ],
)
def test_the_rule_is_explained_in_a_sentence_that_fits_what_is_shown(
    rule: str, converting: int, shown: int, sentence: str
) -> None:
    assert sentence in explain(lineup_of(shown, rule=RuleName(rule), x=converting))


@pytest.mark.parametrize(
    ("shown", "own", "policy", "sentence"),
    [
        (5, 0, "inventory", ""),
        (10, 0, "none", ""),
        (3, 4, "none", "Nothing is added, since lineups are not to be filled up."),
        (3, 0, "campaign", "Nothing is added, since the campaign has no other banner."),
        (3, 3, "inventory", "Two more are drawn at random from the campaign's three other banners"),
        (
            4,
            100,
            "campaign",
            "One more is drawn at random from 100 of the campaign's other banners",
        ),
        (3, 2, "inventory", "Two more are added: the campaign's other two."),
        (4, 1, "inventory", "One more is added: the campaign's only other banner."),
        (2, 1, "campaign", "One more is added: the campaign's only other banner."),
        (1, 2, "campaign", "Two more are added: the campaign's other two."),
        (
            2,
            0,
            "inventory",
            "Three more are added: drawn at random from all banners of the quarter",
        ),
        (
            1,
            2,
            "inventory",
            "Four more are added: the campaign's other two, and two drawn at random",
        ),
        (3, 1, "inventory", "the campaign's only other banner, and one drawn at random from all"),
    ],
)
def test_the_fill_is_explained_in_a_sentence_that_fits_where_it_comes_from(
    shown: int, own: int, policy: str, sentence: str
) -> None:
    lineup = lineup_of(shown, tuple(range(100, 100 + own)))
    explained = explain_fill(lineup, FillPolicy(policy))
    assert sentence in explained
    assert explained[-1:] == ("." if sentence else "")
