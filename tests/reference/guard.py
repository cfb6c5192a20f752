"""The interval of the guard and of a trial, as the paper writes it: docs/policies.md."""

from math import log, sqrt


def half_width(slots: int, alpha: float) -> float:
    """The half width in standard deviations, as the paper writes it."""
    rho2 = (-2 * log(alpha) + log(-2 * log(alpha)) + 1) / 96
    t = slots
    return sqrt(2 * (t * rho2 + 1) / (t**2 * rho2) * log(sqrt(t * rho2 + 1) / alpha))
