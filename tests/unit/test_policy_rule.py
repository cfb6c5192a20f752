"""The rule as a policy picks what the rule picks."""

from hypothesis import given
from hypothesis import strategies as st

from banners.core.model import Quarter
from banners.core.policy import PolicyName
from banners.core.views import Group
from banners.policies.policy import PolicySettings
from banners.policies.rule import Rule, ranked_candidates
from strategies.windows import Campaigns, campaigns, rule_lineup, window_of


@given(campaigns(), st.sampled_from(Quarter))
def test_the_policy_rule_picks_what_the_rule_picks(given: Campaigns, quarter: Quarter) -> None:
    made = list(Rule().prepare(window_of(given), quarter, "d", PolicySettings()))
    assert [each.campaign_id for each in made] == sorted(given)
    for each in made:
        expected = rule_lineup(given[each.campaign_id], quarter)
        banners = sorted(given[each.campaign_id])
        (lineup,) = each.lineups
        assert [banners[place] for place in lineup] == [one.banner_id for one in expected.banners]
        assert (each.policy, each.groups) == (PolicyName.RULE, (Group.RULE,))
        assert each.places == expected.slots


@given(campaigns(), st.sampled_from(Quarter))
def test_candidates_are_ranked_by_revenue_clicks_and_id(given: Campaigns, quarter: Quarter) -> None:
    for campaign, index, found in ranked_candidates(window_of(given), quarter):
        assert (found.campaign_id, found.quarter) == (campaign, quarter)
        assert index == {each: place for place, each in enumerate(sorted(given[campaign]))}
        rows = []
        for banner, quarters in given[campaign].items():
            sums = quarters[quarter - 1]
            micros = round(sums.revenue * 1e6)
            figures = (banner, sums.impressions, sums.clicks, sums.conversions, micros)
            rows.append((-micros, -sums.clicks, banner, figures))
        assert list(zip(*found.columns, strict=True)) == [row[-1] for row in sorted(rows)]
