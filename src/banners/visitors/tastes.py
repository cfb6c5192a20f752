"""What simulated visitors like: the rates that the loop has to find out."""

import random
from dataclasses import dataclass
from functools import lru_cache

from banners.core.model import Quarter

_CLICK_SHAPES = (1.2, 18.0)
"""Parameters of the Beta distribution of click rates: 6 % on average, and for a few far more."""
_CONVERSION_SHAPES = (1.5, 9.0)
"""Parameters of the Beta distribution of conversion rates: 14 % on average."""
_REVENUE_SHAPE, _REVENUE_MEAN = 2.0, 3.0
_SPREAD_OF_QUARTERS = 0.15
"""Standard deviation of the logarithm of a click rate between the quarters of the hour."""
_LOOKS_FURTHER = 0.93
"""Share of visitors that look at the next banner, too."""


@dataclass(frozen=True, slots=True)
class Taste:
    """How visitors respond to a banner.

    Args:
        click_rate: the share of those who look at it that click, 0 to 1.
        conversion_rate: the share of clicks that convert, 0 to 1.
        revenue: the mean revenue of a conversion.
    """

    click_rate: float
    conversion_rate: float
    revenue: float

    @property
    def worth(self) -> float:
        """The expected revenue from a visitor who looks at the banner."""
        return self.click_rate * self.conversion_rate * self.revenue


@lru_cache(100_000)
def taste(seed: int, campaign_id: int, banner_id: int, quarter: Quarter) -> Taste:
    """Return the taste for a banner; always the same for the same seed.

    Args:
        seed: another seed gives other tastes.
        campaign_id: the campaign in which the banner is shown.
        banner_id: the banner.
        quarter: the quarter of the hour.
    """
    source = random.Random(f"{seed} {campaign_id} {banner_id}")  # noqa: S311  # no secret
    click_rate = source.betavariate(*_CLICK_SHAPES)
    conversion_rate = source.betavariate(*_CONVERSION_SHAPES)
    revenue = source.gammavariate(_REVENUE_SHAPE, _REVENUE_MEAN / _REVENUE_SHAPE)
    of_quarters = [source.lognormvariate(0, _SPREAD_OF_QUARTERS) for _ in Quarter]
    return Taste(min(click_rate * of_quarters[quarter - 1], 0.6), conversion_rate, revenue)


def looks_at(position: int) -> float:
    """Return the share of visitors that look as far as a place.

    Args:
        position: the place, from 1.
    """
    return _LOOKS_FURTHER ** (position - 1)
