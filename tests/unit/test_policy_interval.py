"""The interval of the expected revenue, compared with draws of the three distributions."""

import math

import numpy as np
import pytest

from banners.core.policy import Expectation
from banners.policies.interval import central_interval, polygamma

_EULER, _APERY = 0.5772156649015329, 1.2020569031595942


@pytest.mark.parametrize(
    ("order", "number", "exactly"),
    [
        (0, 1, -_EULER),
        (0, 0.5, -_EULER - 2 * math.log(2)),
        (1, 1, math.pi**2 / 6),
        (1, 0.5, math.pi**2 / 2),
        (2, 1, -2 * _APERY),
        (2, 0.5, -14 * _APERY),
    ],
)
def test_polygamma_functions_have_their_known_values(
    order: int, number: float, exactly: float
) -> None:
    assert polygamma(order, number) == pytest.approx(exactly, rel=1e-12)


def test_a_derivative_is_the_slope_of_the_function_before_it() -> None:
    for number in (0.7, 3.0, 11.9, 12.1, 5_000.0):
        for order in (0, 1):
            step = 1e-4 * number
            ends = (polygamma(order, number + step), polygamma(order, number - step))
            slope = (ends[0] - ends[1]) / (2 * step)
            assert polygamma(order + 1, number) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(
    "shapes",
    # A new banner, some clicks, some conversions, and three that are certain.
    [(1, 1, 3), (30, 1, 3), (10, 3, 5), (100, 10, 12), (5_000, 400, 3), (9e5, 8e4, 8e4)],
)
def test_a_tenth_of_all_draws_is_outside_as_many_below_as_above(
    shapes: tuple[float, float, float],
) -> None:
    means = (0.02, 0.1, 2_500_000.0)
    random = np.random.default_rng(7)
    drawn = np.prod(
        [
            random.gamma(shape, mean / shape, 200_000)
            for shape, mean in zip(shapes, means, strict=True)
        ],
        axis=0,
    )
    per_thousand = drawn * 1_000 / 1_000_000
    low, high = central_interval(Expectation(*means, *shapes, 0))
    assert (per_thousand < low).mean() == pytest.approx(0.05, abs=0.006)
    assert (per_thousand > high).mean() == pytest.approx(0.05, abs=0.003)
