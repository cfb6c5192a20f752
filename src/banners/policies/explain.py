"""Sentences that explain the learning policy to people."""

from banners.core.policy import PreparedLineups

_ALIKE = 0.9
"""A banner that is in at least this share of the best banners' lineups counts as good as these."""


_LEAST_PERCENT = 0.01


def explain_share(prepared: PreparedLineups, candidate: int, banner: str) -> str:
    """Return why a banner is in as many of the lineups as it is.

    Args:
        prepared: the lineups of the campaign, with expectations.
        candidate: the index of the banner among the candidates.
        banner: what to call it at the start of the sentence, such as ``Banner 251``.

    Source: docs/policies.md, "For people".
    """
    if prepared.fallback:
        return f"The rule picks here, since the policy cannot. {prepared.fallback}"
    expected = prepared.expectation(candidate)
    counts = prepared.counts(len(prepared.expectations[0]))
    count, lineups = counts[candidate], len(prepared.lineups)
    rates = (
        f"{_percent(expected.click_rate)} clicked, "
        f"{_percent(expected.conversion_rate)} of clicks convert, "
        f"{expected.value_micros / 1e6:.2f} each"
    )
    borrowed = f"the other quarters counted as {expected.borrowed:,.0f} impressions"
    return (
        f"{banner} is expected to earn {expected.per_thousand:.2f} per thousand impressions "
        f"({rates}; {borrowed}). {_reason(count, lineups, counts, candidate, prepared)}"
    )


def _reason(
    count: int, lineups: int, counts: list[int], candidate: int, prepared: PreparedLineups
) -> str:
    """Return how many lineups a banner is in, and why not in all or in none."""
    if count == lineups:
        return f"It is in all {lineups} lineups."
    own = prepared.expectation(candidate).micros
    others = [
        index
        for index in range(len(counts))
        if index != candidate
        and (counts[index] >= count or prepared.expectation(index).micros >= _ALIKE * own)
    ]
    many = f"{len(others)} {'banner is' if len(others) == 1 else 'banners are'}"
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
