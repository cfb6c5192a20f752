"""What a policy makes for a campaign: prepared lineups, of which each response takes one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from itertools import chain

from banners.core.figures import MICROS
from banners.core.views import Group

LINEUPS = 64
"""Number of lineups that a policy prepares for a campaign."""


class PolicyName(StrEnum):
    """What picks the lineups of a campaign."""

    RULE = "rule"
    LEARNING = "learning"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a policy expects of one banner in one quarter of the hour.

    Args:
        click_rate: clicks per impression.
        conversion_rate: conversions per click, which may be above 1.
        value_micros: revenue per conversion, in millionths.
        click_shape: shape of the gamma distribution of the click rate, above 0: the larger, the
            more certain it is. Its standard deviation is the mean divided by the square root.
        conversion_shape: the same of the conversion rate.
        value_shape: the same of the revenue per conversion.
        borrowed: impressions that the other quarters counted as.
    """

    click_rate: float
    conversion_rate: float
    value_micros: float
    click_shape: float
    conversion_shape: float
    value_shape: float
    borrowed: float

    @property
    def micros(self) -> float:
        """Expected revenue per impression, in millionths."""
        return self.click_rate * self.conversion_rate * self.value_micros

    @property
    def per_thousand(self) -> float:
        """Expected revenue per thousand impressions."""
        return float(self.micros * 1_000 / MICROS)

    @property
    def revenue_per_conversion(self) -> float:
        """Expected revenue per conversion."""
        return float(self.value_micros / MICROS)


EXPECTATION_NAMES = tuple(each.name for each in fields(Expectation))
"""The names of the numbers of an expectation, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedLineups:
    """The lineups that a policy prepared for a campaign in a quarter of the hour.

    Banners are indexes into the campaign's candidates, in the order in which these were given.

    Args:
        campaign_id: the campaign.
        policy: the policy that made them.
        places: the number of banners in each lineup of the policy; a lineup of the rule may have
            another number.
        lineups: the lineups, each without repetition.
        groups: the group of each lineup.
        expectations: the columns of :class:`Expectation`, each with one number for each candidate;
            none if the policy has no expectations.
        fallback: why the rule picks in place of the policy; empty if it does not.
    """

    campaign_id: int
    policy: PolicyName
    places: int
    lineups: tuple[tuple[int, ...], ...]
    groups: tuple[Group, ...]
    expectations: tuple[Sequence[float], ...] = ()
    fallback: str = field(default="")

    def expectation(self, candidate: int) -> Expectation:
        """Return what is expected of a candidate, by its index.

        Raises:
            IndexError: the policy has no expectations.
        """
        if not self.expectations:
            raise IndexError(candidate)
        return Expectation(*(float(column[candidate]) for column in self.expectations))

    def expected(self, candidate: int) -> Expectation | None:
        """Return what is expected of a candidate, by its index.

        Nothing is expected of a banner that was off when the lineups were prepared, nor where the
        policy has no expectations.
        """
        found = self.expectation(candidate) if self.expectations else None
        return found if found is not None and found.click_shape else None

    def micros(self) -> list[float]:
        """Return the expected revenue per impression of each candidate, in millionths.

        It is :attr:`Expectation.micros`, for all at once; empty if the policy has no expectations.
        """
        if not self.expectations:
            return []
        click_rates, conversion_rates, values, *_ = self.expectations
        return [
            clicked * converting * value
            for clicked, converting, value in zip(
                click_rates, conversion_rates, values, strict=True
            )
        ]

    def counts(self, candidates: int) -> list[int]:
        """Return in how many of the lineups each candidate is.

        Divided by the number of lineups, this is the exact share of the responses that show it.

        Args:
            candidates: the number of candidates.
        """
        found = Counter(chain.from_iterable(self.lineups))
        return [found.get(each, 0) for each in range(candidates)]
