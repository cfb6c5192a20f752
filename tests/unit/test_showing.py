"""Which banners a campaign of the catalogue may show at a second, and until when."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.catalogue import CatalogueBanner, CatalogueCampaign, State, Times
from banners.core.model import FillPolicy, Performance, Quarter
from banners.core.rule import line_up
from banners.core.showing import NO_GENERATION, OwnedBanner, fill_policy, no_candidates, showing
from reference.showing import eligible, first_change, word_for
from support.held_catalogues import banner, campaign, candidates_of

LAST = 12
"""The last second at which anything drawn here starts or ends."""

seconds = st.integers(0, LAST)
moments = st.none() | seconds
ids = st.integers(1, 8)
dates: dict[str, Any] = {"starts": moments, "ends": moments, "active": st.booleans()}
banners = st.builds(CatalogueBanner, banner_id=ids, name=st.just("A banner"), **dates)
campaigns = st.builds(
    CatalogueCampaign,
    campaign_id=st.just(7),
    name=st.just("A campaign"),
    banners=st.lists(banners, max_size=6, unique_by=lambda each: each.banner_id).map(tuple),
    **dates,
)


def performance(banner_id: int, clicks: int, revenue_micros: int) -> Performance:
    # Revenue needs a click.
    return Performance(clicks + 1, clicks, 1, revenue_micros if clicks else 0, banner_id=banner_id)


performances = st.builds(performance, ids, st.integers(0, 2), st.integers(0, 2))


def best_first(events: list[Performance]) -> list[Performance]:
    return sorted(events, key=lambda each: (-each.revenue_micros, -each.clicks, each.banner_id))


events = st.lists(performances, max_size=8, unique_by=lambda each: each.banner_id).map(best_first)


@given(events, campaigns, seconds)
def test_the_candidates_are_those_of_the_reference(
    ranked: list[Performance], campaign: CatalogueCampaign, second: int
) -> None:
    found = showing(candidates_of(ranked), campaign, second)
    assert list(found.candidates.first(100)) == eligible(ranked, campaign, second)
    assert found.state == word_for(campaign, second)


@given(events, campaigns, seconds)
def test_the_lineup_is_the_one_of_a_campaign_that_has_these_candidates_alone(
    ranked: list[Performance], campaign: CatalogueCampaign, second: int
) -> None:
    found = showing(candidates_of(ranked), campaign, second)
    alone = candidates_of(eligible(ranked, campaign, second))
    assert line_up(found.candidates) == line_up(alone)


@given(events, campaigns, seconds)
def test_the_answer_stays_until_the_first_second_at_which_the_reference_changes(
    ranked: list[Performance], campaign: CatalogueCampaign, second: int
) -> None:
    found = showing(candidates_of(ranked), campaign, second)
    assert found.until == first_change(ranked, campaign, second, LAST)


@given(st.builds(Times, **dates), seconds)
def test_a_state_changes_next_where_the_reference_says_so(times: Times, second: int) -> None:
    later = [
        each for each in range(second, LAST + 1) if word_for(times, each) != times.state(second)
    ]
    assert times.next_change(second) == (later[0] if later else None)


@pytest.mark.parametrize(
    ("times", "change"),
    [
        (Times(starts=5), 5),
        (Times(starts=5, ends=8), 5),
        (Times(starts=5, ends=5), 5),
        (Times(starts=5, ends=3), 3),
        (Times(starts=5, ends=3, active=False), 3),
        (Times(starts=5, active=False), None),
        (Times(ends=2), None),
    ],
)
def test_what_ends_before_it_starts_changes_when_it_ends(times: Times, change: int | None) -> None:
    assert times.next_change(2) == change


def test_a_banner_that_starts_is_ranked_by_the_events_it_had_before() -> None:
    best, other = Performance(9, 9, 1, 5, banner_id=2), Performance(1, 1, 0, 0, banner_id=1)
    ranked = candidates_of([best, other])
    starting = campaign(7, banner(1), banner(2, starts=100))
    before, after = showing(ranked, starting, 99), showing(ranked, starting, 100)
    assert (*before.candidates.first(9), before.until) == (other, 100)
    assert (*after.candidates.first(9), after.until) == (best, other, None)


def test_banners_without_events_rank_by_their_ids_among_those_without_clicks() -> None:
    clicked, seen = Performance(9, 2, 1, 5, banner_id=9), Performance(9, 0, 0, 0, banner_id=4)
    found = showing(candidates_of([clicked, seen]), campaign(7, *map(banner, (9, 5, 4, 3))), 0)
    new = [Performance(0, 0, 0, 0, banner_id=each) for each in (3, 5)]
    assert list(found.candidates.first(9)) == [clicked, new[0], seen, new[1]]


def test_a_campaign_that_ends_shows_nothing_from_that_second_on() -> None:
    ending = campaign(7, banner(1), banner(2), ends=100)
    nothing = no_candidates(7, Quarter.FIRST)
    before, after = showing(nothing, ending, 99), showing(nothing, ending, 100)
    assert (before.state, len(before.candidates), before.until) == (State.ON, 2, 100)
    assert (after.state, len(after.candidates), after.until) == (State.ENDED, 0, None)


def test_a_campaign_without_figures_is_of_no_generation() -> None:
    nothing = no_candidates(7, Quarter.SECOND)
    lineup = line_up(showing(nothing, campaign(7, banner(1)), 0).candidates)
    assert (lineup.generation, lineup.converting, lineup.others) == (NO_GENERATION, 0, (1,))
    assert (lineup.campaign_id, lineup.quarter) == (7, Quarter.SECOND)


def test_a_banner_of_another_campaign_is_a_number_that_knows_its_owner() -> None:
    shown = OwnedBanner(8, banner(5))
    assert (shown, shown.owner, shown.banner.name) == (5, 8, "Name 5")


@pytest.mark.parametrize(
    ("setting", "has_catalogue", "expected"),
    [
        (None, False, FillPolicy.INVENTORY),
        (None, True, FillPolicy.CAMPAIGN),
        (FillPolicy.INVENTORY, True, FillPolicy.INVENTORY),
        (FillPolicy.NONE, False, FillPolicy.NONE),
    ],
)
def test_the_default_of_the_fill_depends_on_the_catalogue(
    setting: FillPolicy | None, has_catalogue: bool, expected: FillPolicy
) -> None:
    assert fill_policy(setting, has_catalogue=has_catalogue) is expected
