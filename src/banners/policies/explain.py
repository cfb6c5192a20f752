"""Sentences that explain what a policy does with a banner.

They need no numpy, since they use only what was published.
"""

from collections.abc import Sequence

from banners.core.arms import ARMS
from banners.core.policy import Expectation, PreparedLineups

_ALIKE = 0.9
"""Share of the expected revenue of another banner from which a banner is nearly as good."""

_LEAST_PERCENT = 0.01


def explain_share(
    prepared: PreparedLineups, counts: Sequence[int], candidate: int, banner: str
) -> str:
    """Return why a banner is in as many of the lineups as it is.

    Args:
        prepared: the lineups of the campaign.
        counts: in how many of them each candidate is (:meth:`PreparedLineups.counts`).
        candidate: the index of the banner among the candidates.
        banner: what to call it at the start of the sentence, such as ``Banner 251``.

    Source: docs/policies.md, "For people".
    """
    if prepared.fallback:
        return f"The rule picks here, since the policy cannot. {prepared.fallback}"
    lineups, expected = len(prepared.lineups), prepared.expected(candidate)
    if expected is None:
        return (
            f"{banner} is in {counts[candidate]} of {lineups} lineups. Nothing is expected of it."
        )
    borrowed = f"the other quarters counted as {expected.borrowed:,.0f} impressions"
    return (
        f"{banner} is expected to earn {expected.per_thousand:,.2f} per thousand impressions "
        f"({_rates(expected)}; {borrowed}). {_reason(prepared, counts, candidate)}"
    )


def _rates(expected: Expectation) -> str:
    return (
        f"{_percent(expected.click_rate)} clicked, "
        f"{_percent(expected.conversion_rate)} of clicks convert, "
        f"{expected.revenue_per_conversion:,.2f} each"
    )


def _reason(prepared: PreparedLineups, counts: Sequence[int], candidate: int) -> str:
    """Return how many lineups a banner is in, and why not in all or in none."""
    lineups, count = len(prepared.lineups), counts[candidate]
    if count == lineups:
        return f"It is in all {lineups} lineups."
    own = [
        candidate in lineup
        for group, lineup in zip(prepared.groups, prepared.lineups, strict=True)
        if ARMS[group][1]
    ]
    # What is expected of other banners does not matter to the rule.
    if count and not any(own):
        return f"It is in {count} of {lineups} lineups, all of them the rule's."
    if count and all(own):
        return f"It is in {count} of {lineups} lineups: in all that are not the rule's."
    micros = prepared.micros()
    enough, least = _ALIKE * micros[candidate], max(count, 1)
    as_good = sum(
        shown >= least or earned >= enough for shown, earned in zip(counts, micros, strict=True)
    )
    others = as_good - 1  # it is as good as itself
    many = f"{others} {'banner is' if others == 1 else 'banners are'}"
    if count == 0:
        return f"It is in none of {lineups} lineups, since {many} as good or better."
    since = f", since {many} as good or nearly so" if others else ""
    return f"It is in {count} of {lineups} lineups{since}."


def _percent(share: float) -> str:
    """Return a share in percent with two significant digits, such as ``1.9 %``."""
    percent = 100 * share
    if percent < _LEAST_PERCENT:
        return f"less than {_LEAST_PERCENT} %"
    if percent < 10:  # noqa: PLR2004  # from there on, whole percents have two digits
        return f"{percent:.2g} %"
    return f"{percent:,.0f} %"
