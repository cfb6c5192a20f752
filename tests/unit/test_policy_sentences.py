"""What is said about a banner of a policy."""

import re
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from banners.core.model import Quarter
from banners.core.policy import Expectation, PolicyName, PreparedLineups
from banners.core.views import Group
from banners.policies.explain import explain_share
from banners.policies.learning import Learning
from banners.policies.policy import PolicySettings
from strategies.windows import Campaigns, campaigns, window_of


def prepared(
    lineups: Sequence[tuple[int, ...]], *expectations: Expectation, fallback: str = ""
) -> PreparedLineups:
    columns = tuple(
        [getattr(each, name) for each in expectations] for name in Expectation.__slots__
    )
    return PreparedLineups(
        campaign_id=7,
        policy=PolicyName.LEARNING,
        places=len(lineups[0]),
        lineups=tuple(lineups),
        groups=(Group.POLICY,) * len(lineups),
        expectations=columns if expectations else (),
        fallback=fallback,
    )


def worth(rate: float, *, borrowed: float = 640) -> Expectation:
    return Expectation(rate, 0.08, 2_040_000, 30, 4, 6, borrowed)


def said(made: PreparedLineups, candidate: int = 0, banner: str = "Banner 1") -> str:
    candidates = len(made.expectations[0]) if made.expectations else 1
    return explain_share(made, made.counts(candidates), candidate, banner)


def test_the_sentence_says_what_a_banner_earns_why_and_how_often_it_is_shown() -> None:
    made = prepared([(0,)] * 52 + [(1,)] * 12, worth(0.019), worth(0.018), worth(0.001))
    assert said(made, 0, "Banner 251") == (
        "Banner 251 is expected to earn 3.10 per thousand impressions (1.9 % clicked, 8 % of "
        "clicks convert, 2.04 each; the other quarters counted as 640 impressions). It is in 52 of "
        "64 lineups, since 1 banner is as good or nearly so."
    )
    assert said(made, 2, "“Spring”").startswith("“Spring” is expected to earn 0.16 per")
    assert said(made, 2, "It").endswith(
        "It is in none of 64 lineups, since 2 banners are as good or better."
    )


def test_a_banner_in_all_or_no_lineups_is_explained_without_rivals() -> None:
    made = prepared([(0, 1)] * 64, worth(0.25, borrowed=12_345), worth(0.25))
    assert said(made).endswith("It is in all 64 lineups.")
    assert "25 % clicked" in said(made)
    assert "counted as 12,345 impressions" in said(made)


def test_what_only_the_rule_shows_or_does_not_show_is_not_explained_by_rivals() -> None:
    made = replace(
        prepared([(0,)] * 32 + [(1,)] * 32, worth(0.019), worth(0.001)),
        groups=(Group.TRIAL_POLICY,) * 32 + (Group.TRIAL_RULE,) * 32,
    )
    assert said(made, 0).endswith("It is in 32 of 64 lineups: in all that are not the rule's.")
    assert said(made, 1).endswith("It is in 32 of 64 lineups, all of them the rule's.")


def test_rates_have_two_digits() -> None:
    rates = {
        0.00001: "less than 0.01",
        0.0001: "0.01",
        0.001: "0.1",
        0.01234: "1.2",
        0.1234: "12",
        1.5: "150",
    }
    for rate, shown in rates.items():
        assert f"({shown} % clicked," in said(prepared([(0,)] * 64, worth(rate)))


def test_values_are_in_units_and_not_in_millionths() -> None:
    dear = replace(worth(0.019), value_micros=123_456_789_010_000)
    assert ", 123,456,789.01 each;" in said(prepared([(0,)] * 64, dear))


def test_rivals_are_shown_as_often_or_earn_nine_tenths_as_much() -> None:
    worst, nearly, best = (
        Expectation(1, 1, each * 1_000_000, 30, 4, 6, 640) for each in (1, 9, 10)
    )
    made = prepared([(0,)] * 40 + [(1,)] * 24, best, worst)
    assert said(made).endswith("It is in 40 of 64 lineups.")
    # One is shown as often, though it earns less, and the other earns 0.9 times as much.
    made = prepared([(0, 3), (1, 3), *[(3,)] * 62], best, worst, nearly, best)
    assert said(made).endswith(
        "It is in 1 of 64 lineups, since 3 banners are as good or nearly so."
    )


def test_a_banner_that_was_off_has_no_expectation() -> None:
    off = Expectation(0, 0, 0, 0, 0, 0, 0)
    made = prepared([(0,)] * 64, worth(0.019), off)
    assert said(made, 1) == "Banner 1 is in 0 of 64 lineups. Nothing is expected of it."


def test_a_banner_that_is_off_is_not_as_good_as_one_that_is_shown_nowhere() -> None:
    off = Expectation(0, 0, 0, 0, 0, 0, 0)
    made = prepared([(0,)] * 64, worth(0.019), worth(0.001), off)
    assert said(made, 1).endswith("in none of 64 lineups, since 1 banner is as good or better.")


def test_a_policy_without_expectations_says_how_often_a_banner_is_shown() -> None:
    assert said(prepared([(0,)] * 64)).startswith("Banner 1 is in 64 of 64 lineups.")


def test_a_fallback_is_said() -> None:
    made = prepared([(0,)] * 64, fallback="A figure is below zero.")
    assert said(made, 0, "Banner 1") == (
        "The rule picks here, since the policy cannot. A figure is below zero."
    )


@given(campaigns(), st.sampled_from(Quarter))
def test_every_banner_can_be_explained(given: Campaigns, quarter: Quarter) -> None:
    for made in Learning().prepare(window_of(given), quarter, "d", PolicySettings()):
        counts = made.counts(len(given[made.campaign_id]))
        for candidate, count in enumerate(counts):
            sentence = said(made, candidate)
            found = re.search(r"It is in (all|none of|\d+ of) 64 lineups", sentence)
            assert found
            assert found[1] == {0: "none of", 64: "all"}.get(count, f"{count} of")
