"""Lineups that are prepared in parts are the same as those of all campaigns prepared together."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.model import Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.job import prepared
from banners.job.prepared import parts_of, prepare
from banners.policies.known import POLICIES
from banners.policies.settings import PolicySettings
from banners.serve.packed_lineups import decode_lineups
from strategies.windows import Campaigns, campaigns, window_of

QUARTER, DIGEST, SETTINGS = Quarter.SECOND, "d", PolicySettings()


def by_banner(
    made: PreparedLineups, banners: list[int]
) -> tuple[list[list[int]], dict[int, list[float]]]:
    """The banners of each lineup, and the first three expectations, which keep all their digits."""
    expected = {
        banner: [column[place] for column in made.expectations[:3]]
        for place, banner in enumerate(banners)
    }
    return [[banners[each] for each in lineup] for lineup in made.lineups], expected


@given(campaigns(), st.sampled_from(list(POLICIES)), st.integers(1, 30), st.randoms())
def test_campaigns_have_the_same_lineups_in_parts_of_any_size(
    given: Campaigns, policy: PolicyName, most: int, source: random.Random
) -> None:
    window = window_of(given, trial_rule=given, trial_policy=given)
    # A banner that is off has a rank too, and is in no lineup.
    published = {
        each: source.sample([*banners, 0], len(banners) + 1) for each, banners in given.items()
    }
    ranks = {
        each: {banner: rank for rank, banner in enumerate(banners)}
        for each, banners in published.items()
    }
    whole = list(POLICIES[policy].prepare(window, QUARTER, DIGEST, SETTINGS))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(prepared, "PART_CANDIDATES", most)
        parts = list(parts_of(window, ranks, policy, QUARTER, DIGEST, SETTINGS))
    for part in parts:
        sizes = [len(given[each]) for each in set(part.window.campaign_ids.tolist())]
        assert sum(sizes) == len(part.window.campaign_ids)
        assert sum(sizes) <= most or len(sizes) == 1
    encoded = [each for part in parts for each in prepare(part)]
    assert [campaign for campaign, _ in encoded] == [each.campaign_id for each in whole]
    for (campaign, text), expected in zip(encoded, whole, strict=True):
        found = decode_lineups(text, campaign, len(published[campaign]))
        lineups, numbers = by_banner(found, published[campaign])
        assert not any(numbers.pop(0))
        assert (lineups, numbers) == by_banner(expected, sorted(given[campaign]))
        assert (found.groups, found.places) == (expected.groups, expected.places)
