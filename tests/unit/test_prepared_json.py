"""The JSON of a campaign says which policy picks, and what it expects of each candidate."""

from dataclasses import replace

import pytest

from banners.core.addresses import Site
from banners.core.candidates import Candidates
from banners.core.model import FillPolicy, Generation, Quarter
from banners.core.policy import PolicyName, PreparedLineups
from banners.core.rule import line_up
from banners.core.views import Group
from banners.reports.json_object import as_json
from banners.reports.lineup_json import lineup_answer

SITE = Site("https://banners.example")
PREPARED = PreparedLineups(
    campaign_id=7,
    policy=PolicyName.LEARNING,
    places=1,
    lineups=((0,),) * 52 + ((1,),) * 12,
    groups=(Group.POLICY,) * 64,
    # The third was off.
    expectations=(
        (0.019, 0.5, 0.0),
        (0.08, 0.5, 0.0),
        (2_040_000.0, 4.0, 0.0),
        *(((1.0, 1.0, 0.0),) * 4),
    ),
)
RANKED = Candidates(
    *(7, Quarter.FIRST, Generation(3, "s"), (251, 252, 253)),
    *((9, 9, 9), (3, 2, 1), (0, 0, 0), (0, 0, 0)),
    prepared=PREPARED,
)


def members(ranked: Candidates | None) -> dict[str, object]:
    answer = lineup_answer(line_up(RANKED), FillPolicy.CAMPAIGN, SITE, None, ranked)
    found: dict[str, object] = as_json(answer)
    return found


def test_the_candidates_have_their_share_and_what_is_expected() -> None:
    found = members(RANKED)
    assert (found["policy"], found["places"], found["fallback"]) == ("learning", 1, "")
    assert found["candidates"] == [
        {
            "banner_id": 251,
            "banner_id_text": "251",
            "of_64": 52,
            "expected_per_thousand": pytest.approx(3.1008),
            "click_rate": 0.019,
            "conversion_rate": 0.08,
            "revenue_per_conversion": 2.04,
        },
        {
            "banner_id": 252,
            "banner_id_text": "252",
            "of_64": 12,
            "expected_per_thousand": pytest.approx(0.001),
            "click_rate": 0.5,
            "conversion_rate": 0.5,
            "revenue_per_conversion": pytest.approx(4e-6),
        },
        {
            "banner_id": 253,
            "banner_id_text": "253",
            "of_64": 0,
            "expected_per_thousand": None,
            "click_rate": None,
            "conversion_rate": None,
            "revenue_per_conversion": None,
        },
    ]


def test_the_rule_adds_nothing_to_its_object() -> None:
    rule = members(replace(RANKED, prepared=None))
    assert rule == members(None)
    assert not {"policy", "places", "fallback", "candidates"} & set(rule)
    assert rule == {name: found for name, found in members(RANKED).items() if name in rule}


def test_a_fallback_has_its_reason_and_no_expectations() -> None:
    fallback = replace(PREPARED, expectations=(), fallback="A figure is below zero.")
    found = members(replace(RANKED, prepared=fallback))
    assert found["fallback"] == "A figure is below zero."
    assert {each["expected_per_thousand"] for each in found["candidates"]} == {None}  # type: ignore[attr-defined]
