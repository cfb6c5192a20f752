"""What the learning policy expects of each banner: three gamma distributions.

They are of clicks per impression, conversions per click and revenue per conversion. A beta
distribution would not do for the second, since one click may have several conversions.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from banners.core.figures import MICROS
from banners.core.model import Quarter
from banners.policies.window import Campaigns, Ids, Numbers, Overall, WindowFigures

PRIOR_CLICKS = 1.0
"""A new banner starts as if it had this many clicks, at the click rate of its campaign."""

PRIOR_CONVERSIONS = 1.0
"""A new banner starts as if it had this many conversions, at the rate of its campaign."""

PRIOR_VALUES = 3.0
"""A new banner starts as if it had this many conversions of its campaign's mean revenue."""

_LEAST_VARIANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is expected of each candidate; the columns are those of ``core.policy.Expectation``.

    Args:
        click_rate: clicks per impression.
        conversion_rate: conversions per click.
        value_micros: revenue per conversion, in millionths.
        click_shape: shape of the gamma distribution of the click rate.
        conversion_shape: shape of that of the conversion rate.
        value_shape: shape of that of the revenue per conversion.
        borrowed: impressions that the other quarters counted as.
    """

    click_rate: Numbers
    conversion_rate: Numbers
    value_micros: Numbers
    click_shape: Numbers
    conversion_shape: Numbers
    value_shape: Numbers
    borrowed: Numbers

    @property
    def micros(self) -> Numbers:
        """Expected revenue per impression, in millionths."""
        return self.click_rate * self.conversion_rate * self.value_micros


def expect(
    figures: WindowFigures, overall: Overall, campaigns: Campaigns, quarter: Quarter
) -> Posterior:
    """Return what is expected of each candidate in a quarter.

    Args:
        figures: the figures of the candidates.
        overall: the sums of such figures over all campaigns, of which `campaigns` may be a part.
        campaigns: how the candidates are divided into campaigns.
        quarter: the quarter whose lineups are made.

    Source: docs/policies.md, "Expected revenue per impression".
    """
    campaign = campaigns.places
    here = quarter - 1
    impressions, all_impressions = figures.impressions[here], figures.impressions.sum(0)
    clicks, all_clicks = figures.clicks[here], figures.clicks.sum(0)
    conversions, all_conversions = figures.conversions[here], figures.conversions.sum(0)
    revenue = figures.revenue_micros.sum(0)

    click_mean = _mean_rate(
        all_clicks, all_impressions, campaign, overall.clicks, overall.impressions
    )
    conversion_mean = _mean_rate(
        all_conversions, all_clicks, campaign, overall.conversions, overall.clicks
    )
    value_mean = _mean_value(revenue, all_conversions, campaign, overall)

    other_clicks = all_clicks - clicks
    other_conversions = all_conversions - conversions
    click_share = _share_of_others(overall.click_excess, overall.click_weight, other_clicks)
    conversion_share = _share_of_others(
        overall.conversion_excess, overall.conversion_weight, other_conversions
    )
    borrowed = click_share * (all_impressions - impressions)

    click_shape = PRIOR_CLICKS + clicks + click_share * other_clicks
    click_size = PRIOR_CLICKS / click_mean[campaign] + impressions + borrowed
    conversion_shape = PRIOR_CONVERSIONS + conversions + conversion_share * other_conversions
    conversion_size = (
        PRIOR_CONVERSIONS / conversion_mean[campaign] + clicks + conversion_share * other_clicks
    )
    value_shape = PRIOR_VALUES + all_conversions
    return Posterior(
        click_rate=click_shape / click_size,
        conversion_rate=conversion_shape / conversion_size,
        value_micros=(revenue + PRIOR_VALUES * value_mean[campaign]) / value_shape,
        click_shape=click_shape,
        conversion_shape=conversion_shape,
        value_shape=value_shape,
        borrowed=borrowed,
    )


def _mean_rate(
    events: Numbers, trials: Numbers, campaign: Ids, all_events: Fraction, all_trials: Fraction
) -> Numbers:
    """Return the mean rate of each campaign, shrunk to that of all by the weight of one event."""
    general = float((all_events + Fraction(1, 2)) / (all_trials + 10))
    return (np.bincount(campaign, events) + 1) / (np.bincount(campaign, trials) + 1 / general)


def _mean_value(revenue: Numbers, conversions: Numbers, campaign: Ids, overall: Overall) -> Numbers:
    """Return the mean revenue per conversion of each campaign, shrunk to that of all."""
    general = float(MICROS)
    if overall.conversions:
        general = float(overall.revenue_micros / overall.conversions)
    return (np.bincount(campaign, revenue) + PRIOR_VALUES * general) / (
        np.bincount(campaign, conversions) + PRIOR_VALUES
    )


def _share_of_others(excess: Fraction, weight: Fraction, events: Numbers) -> Numbers:
    """Return how much of the other quarters' figures counts, from 0 to 1.

    All of it if the quarters agree, and less the more a banner's quarters differ.

    Args:
        excess: by how much the quarters differ, over all banners.
        weight: the weight of these banners.
        events: the events of the other quarters, of each candidate.
    """
    variance = float(excess / max(weight, Fraction(1, 10**9)))
    strength = 1 / max(variance, _LEAST_VARIANCE)
    return strength / (strength + events)
