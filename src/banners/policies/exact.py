"""Sums that do not depend on the order of what is added."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

_MANTISSA_BITS = 53
_HALF_BITS = 27


def exact_sum(numbers: npt.NDArray[np.float64]) -> Fraction:
    """Return the exact sum of numbers.

    Args:
        numbers: finite numbers in an array of any shape, 2^26 at the most; integers of up to 53
            bits are exact too.
    """
    numbers = np.ravel(numbers)
    # Sums of whole numbers are exact in floating point as long as they are below 2^53.
    if np.abs(numbers).sum() < 1 << _MANTISSA_BITS and (np.rint(numbers) == numbers).all():
        return Fraction(int(numbers.sum()))
    mantissas, exponents = np.frexp(numbers)
    least = int(exponents.min())
    whole = np.ldexp(mantissas, _MANTISSA_BITS).astype(np.int64)
    # In two halves, so that the sums of up to 2^26 numbers are exact as floating-point numbers.
    halves = (whole >> _HALF_BITS, whole & ((1 << _HALF_BITS) - 1))
    high, low = (np.bincount(exponents - least, half).tolist() for half in halves)
    total = 0
    for place, (upper, lower) in enumerate(zip(high, low, strict=True)):
        total += (int(upper) << _HALF_BITS) + int(lower) << place
    shift = least - _MANTISSA_BITS
    return Fraction(total << max(shift, 0), 1 << max(-shift, 0))
