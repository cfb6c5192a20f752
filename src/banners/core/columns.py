"""Columns of whole numbers as bytes: little-endian, and as narrow as their values allow."""

import sys
from array import array
from collections.abc import Mapping
from typing import Literal

TYPES: Mapping[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
"""The type of an array by the width of its numbers in bytes; they have no signs."""

_WIDTHS = (1, 1, 2, 4, 4, 8, 8, 8, 8)
"""The width of a column by the bytes that its largest value takes."""


def width_of(largest: int) -> int:
    """Return the width of a column, 1, 2, 4 or 8 bytes, by its largest value."""
    return _WIDTHS[(largest.bit_length() + 7) // 8]


def little_endian(numbers: "array[int]") -> "array[int]":
    """Return numbers of this machine's byte order as little-endian ones, or the reverse.

    Args:
        numbers: they are changed in place.
    """
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
