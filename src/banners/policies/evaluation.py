"""What another policy would have earned, from the log of the one that was served.

Source: docs/policies.md, "Evaluation". The estimate is doubly robust: the published expectation of
each banner, corrected by what its banner earned beyond it, weighted by the published share.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from statistics import NormalDist

from banners.errors import FiguresError


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedBanner:
    """A banner of a campaign in one slot: what was published before it, and what became of it.

    Args:
        share: count of the banner in the published lineups, divided by their number: 0 to 1.
        target: the same share under the other policy.
        impressions: impressions in the slot.
        revenue: revenue of the slot.
        revenue_squares: sum of the squared revenues of the slot's conversions; None if unknown.
        expected: expected revenue per impression, as it was published before the slot.
        value: expected revenue per conversion, as it was published.
    """

    share: float
    target: float
    impressions: float
    revenue: float
    revenue_squares: float | None = None
    expected: float
    value: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a policy would have earned.

    Args:
        value: the estimated revenue for each page.
        variance: its variance.
        unsupported: share of what the policy would have shown that was never shown, 0 to 1. Of
            this part the estimate knows only what was expected.
    """

    value: float
    variance: float
    unsupported: float

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the bounds within which the revenue lies with a probability, 0 to 1."""
        width = NormalDist().inv_cdf((1 + confidence) / 2) * sqrt(self.variance)
        return self.value - width, self.value + width


def evaluate(banners: Sequence[LoggedBanner], pages: float) -> Estimate:
    """Estimate what another policy would have earned on the pages of a campaign in one slot.

    Args:
        banners: all candidates of the campaign.
        pages: distinct views of the campaign in the slot that were seen; views whose lineup a
            pause has changed are left out here and in the figures of the banners.

    Raises:
        FiguresError: the other policy shows another number of banners on a page. A banner earns
            more on a shorter page, so the estimate would be wrong by up to 9 %.
    """
    published = fsum(each.share for each in banners)
    target = fsum(each.target for each in banners)
    if abs(published - target) > _SAME_PLACES:
        raise FiguresError(
            f"The other policy shows {target:.2f} banners on a page where {published:.2f} were "
            "shown. A banner earns more on a shorter page, so only policies with the same number "
            "of places can be compared. Set theta so that both have the same."
        )
    supported = [each for each in banners if each.share > 0 and pages > 0]
    value = fsum(each.target * each.expected for each in banners) + fsum(
        each.target * (each.revenue - each.impressions * each.expected) / (pages * each.share)
        for each in supported
    )
    variance = fsum((each.target / (pages * each.share)) ** 2 * _spread(each) for each in supported)
    unseen = target - fsum(each.target for each in supported)
    return Estimate(value, variance, max(0.0, unseen / target) if target else 0.0)


_SAME_PLACES = 1e-9


def _spread(banner: LoggedBanner) -> float:
    """Return the variance of a banner's revenue around what was expected.

    It is at least the variance that follows from the expectations, since few conversions say little
    about how much revenues vary.
    """
    expected, revenue, shown = banner.expected, banner.revenue, banner.impressions
    least = shown * 2 * expected * banner.value
    if banner.revenue_squares is None:
        return least
    return max(banner.revenue_squares - 2 * expected * revenue + shown * expected**2, least)


def total(estimates: Iterable[tuple[Estimate, float]]) -> Estimate:
    """Return the estimated revenue of several campaigns and slots together.

    Args:
        estimates: each with the number of its pages.

    Returns:
        The revenue of all pages, not of each one.
    """
    found = list(estimates)
    pages = fsum(count for _, count in found)
    unsupported = fsum(each.unsupported * count for each, count in found)
    return Estimate(
        fsum(each.value * count for each, count in found),
        fsum(each.variance * count**2 for each, count in found),
        unsupported / pages if pages else 0.0,
    )
