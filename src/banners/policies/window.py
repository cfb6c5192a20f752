"""The figures that policies work from: sums over the window, of each quarter of the hour."""

from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from banners.policies.exact import exact_sum

Numbers: TypeAlias = npt.NDArray[np.float64]
"""Numbers in a column or a table of columns."""
Ids: TypeAlias = npt.NDArray[np.int64]
"""Ids, counts or indexes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFigures:
    """The figures of candidates, with a row for each quarter and a column for each candidate.

    Args:
        impressions: impressions, of shape (4, candidates), zero or more.
        clicks: clicks, of the same shape.
        conversions: conversions, of the same shape.
        revenue_micros: revenue in millionths, of the same shape.
    """

    impressions: Numbers
    clicks: Numbers
    conversions: Numbers
    revenue_micros: Numbers

    def part(self, candidates: slice) -> "WindowFigures":
        """Return the figures of some of the candidates."""
        names = (each.name for each in fields(self))
        return WindowFigures(**{name: getattr(self, name)[:, candidates] for name in names})


@dataclass(frozen=True, slots=True)
class Overall:
    """Exact sums over all candidates of all campaigns, from which policies take what is common.

    They are fractions, so that neither the order of adding nor the division into parts changes
    anything: add the sums of parts of the campaigns to get those of all.

    Args:
        impressions: impressions of all quarters.
        clicks: clicks of all quarters.
        conversions: conversions of all quarters.
        revenue_micros: revenue of all quarters, in millionths.
        click_excess: by how much the click rates of a banner's quarters vary more than chance
            makes them, summed over the banners.
        click_weight: the weight of these banners.
        conversion_excess: the same of the conversion rates.
        conversion_weight: the same of the conversion rates.
    """

    impressions: Fraction = Fraction()
    clicks: Fraction = Fraction()
    conversions: Fraction = Fraction()
    revenue_micros: Fraction = Fraction()
    click_excess: Fraction = Fraction()
    click_weight: Fraction = Fraction()
    conversion_excess: Fraction = Fraction()
    conversion_weight: Fraction = Fraction()

    def __add__(self, other: "Overall") -> "Overall":
        """Return the sums over the campaigns of both."""
        return Overall(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Campaigns with their candidates and what policies know of them.

    Args:
        campaign_ids: the campaign of each candidate, ascending.
        banner_ids: the banner of each candidate, ascending within its campaign.
        everybody: the figures of all groups but a trial's.
        overall: the sums of these over all campaigns, of which those here may be a part.
        trial_rule: the figures of a trial's arm that shows the rule's lineups; None without trial.
        trial_policy: the figures of the arm that shows the policy's lineups.
        trial_overall: the sums of the latter over all campaigns.
    """

    campaign_ids: Ids
    banner_ids: Ids
    everybody: WindowFigures
    overall: Overall
    trial_rule: WindowFigures | None = None
    trial_policy: WindowFigures | None = None
    trial_overall: Overall | None = None

    def part(self, candidates: slice) -> "Window":
        """Return some of the campaigns, with the same sums over all of them.

        Args:
            candidates: all candidates of these campaigns.
        """
        return replace(
            self,
            campaign_ids=self.campaign_ids[candidates],
            banner_ids=self.banner_ids[candidates],
            everybody=self.everybody.part(candidates),
            trial_rule=self.trial_rule and self.trial_rule.part(candidates),
            trial_policy=self.trial_policy and self.trial_policy.part(candidates),
        )


@dataclass(frozen=True, slots=True)
class Campaigns:
    """How the candidates are divided into campaigns.

    Args:
        ids: the campaigns, ascending.
        starts: the first candidate of each, and after the last campaign the number of candidates.
        places: the place of each candidate's campaign among the campaigns, from 0.
    """

    ids: Ids
    starts: Ids
    places: Ids


def campaigns_of(campaign_ids: Ids) -> Campaigns:
    """Return how candidates are divided into campaigns.

    Args:
        campaign_ids: the campaign of each candidate, ascending.
    """
    ids, first = np.unique(campaign_ids, return_index=True)
    starts = np.append(first, len(campaign_ids))
    return Campaigns(ids, starts, np.repeat(np.arange(len(ids)), np.diff(starts)))


def measure(figures: WindowFigures) -> Overall:
    """Return the sums over candidates.

    Args:
        figures: figures that are sound (:func:`banners.policies.soundness.sound_figures`).

    Source: docs/policies.md, "How much the other quarters count".
    """
    return Overall(
        exact_sum(figures.impressions),
        exact_sum(figures.clicks),
        exact_sum(figures.conversions),
        exact_sum(figures.revenue_micros),
        *_variation(figures.clicks, figures.impressions),
        *_variation(figures.conversions, figures.clicks),
    )


def _variation(events: Numbers, trials: Numbers) -> tuple[Fraction, Fraction]:
    """Return how much rates vary between a banner's quarters: excess and weight, both summed.

    Only banners with two events and two quarters with trials can say anything about it.
    """
    all_events, all_trials = events.sum(0), trials.sum(0)
    alive = trials > 0
    quarters = alive.sum(0)
    telling = (all_events >= 2) & (quarters >= 2)  # noqa: PLR2004  # see the docstring
    # Computing for all banners and selecting at the end is faster than selecting from each table.
    # Where there are no trials, the divisor does not matter.
    divisors = np.where(alive, trials, 1)
    all_divisors = np.where(all_trials > 0, all_trials, 1)
    rate = all_events / all_divisors
    scatter = (events * events / divisors * alive).sum(0)
    excess = scatter - all_events * all_events / all_divisors - (quarters - 1) * rate
    weight = rate * (all_trials - (trials * trials).sum(0) / all_divisors)
    return exact_sum(excess[telling] / rate[telling]), exact_sum(weight[telling])
