"""The interval in which a banner's revenue lies with a given probability.

It needs no numpy, so that processes that only read what was published can compute it.
"""

from math import exp, factorial, log, sqrt
from statistics import NormalDist

from banners.core.policy import Expectation

PROBABILITY = 0.9
"""Probability that the revenue lies in the interval."""

_BERNOULLI = {0: 1.0, 1: 1 / 2, 2: 1 / 6, 4: -1 / 30, 6: 1 / 42, 8: -1 / 30, 10: 5 / 66}
_LARGE = 8
"""From here on, the asymptotic series of the polygamma functions has twelve digits."""


def central_interval(expected: Expectation) -> tuple[float, float]:
    """Return the interval of the revenue per thousand impressions.

    The revenue lies below it with a probability of 5 %, and above it with a probability of 5 %.

    Args:
        expected: the expectation of a banner; its shapes are above 0.

    Source: docs/policies.md, "The interval".
    """
    shapes = (expected.click_shape, expected.conversion_shape, expected.value_shape)
    # The cumulants of the logarithm of the product are the sums of those of its factors.
    centre = sum(polygamma(0, each) - log(each) for each in shapes)
    deviation = sqrt(sum(polygamma(1, each) for each in shapes))
    skewness = sum(polygamma(2, each) for each in shapes) / deviation**3
    quantile = NormalDist().inv_cdf((1 + PROBABILITY) / 2)
    lean = skewness * (quantile**2 - 1) / 6
    low, high = (
        expected.per_thousand * exp(centre + deviation * (each + lean))
        for each in (-quantile, quantile)
    )
    return low, high


def polygamma(order: int, number: float) -> float:
    """Return the derivative of the given order of the digamma function, at a number above 0.

    For a gamma distribution of this shape and rate 1, these are the cumulants of the logarithm:
    its mean (order 0), its variance (1), and its third central moment (2).

    Source: Abramowitz and Stegun, 6.4.6 and 6.4.11.
    """
    sign = -1 if order % 2 == 0 else 1
    total = 0.0
    while number < _LARGE:
        total += sign * factorial(order) / number ** (order + 1)
        number += 1
    if order == 0:
        total += log(number)
    return total + sign * sum(
        factorial(place + order - 1) * each / (factorial(place) * number ** (place + order))
        for place, each in _BERNOULLI.items()
        if place + order > 0
    )
