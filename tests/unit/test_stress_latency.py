"""Latencies in bounded memory, compared with a sorted list of all of them."""

import math
import tracemalloc
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.stress.latency import Latencies

NANOSECONDS = st.lists(
    st.one_of(st.integers(0, 10**6), st.integers(0, 10**12)), min_size=1, max_size=200
)


def counted(nanoseconds: list[int]) -> Latencies:
    latencies = Latencies()
    for each in nanoseconds:
        # Half a nanosecond more, so that the way to seconds and back does not round it down.
        latencies.add((each + 0.5) / 1e9)
    return latencies


@given(NANOSECONDS, st.integers(1, 1000))
def test_a_percentile_is_the_nearest_rank_to_one_in_128(
    nanoseconds: list[int], per_mille: int
) -> None:
    rank = math.ceil(Fraction(per_mille, 1000) * len(nanoseconds))
    exact = sorted(nanoseconds)[rank - 1]
    found = counted(nanoseconds).percentile(per_mille) * 1e9
    assert exact - 1 <= found <= exact * (1 + 1 / 128) + 1


@given(NANOSECONDS)
def test_the_largest_is_exact_and_no_percentile_is_above_it(nanoseconds: list[int]) -> None:
    latencies = counted(nanoseconds)
    assert latencies.largest == max(nanoseconds) / 1e9
    assert latencies.percentile(1000) == latencies.largest


@given(NANOSECONDS)
def test_rows_hold_what_lies_between_their_edges(nanoseconds: list[int]) -> None:
    edges = [each / 1e9 for each in (100, 10**5, 10**9, 10**13)]
    found = counted(nanoseconds).between(edges)
    assert sum(found) == len(nanoseconds)
    for row, (low, high) in enumerate([(0, 100), (100, 10**5), (10**5, 10**9), (10**9, 10**13)]):
        # What is within 1 in 128 of an edge may be counted on the other side of it.
        sure = sum(low * 129 / 128 < each <= high * 127 / 128 for each in nanoseconds)
        possible = sum(low * 127 / 128 <= each <= high * 129 / 128 for each in nanoseconds)
        assert sure <= found[row] <= possible


def test_of_nothing_every_percentile_is_zero() -> None:
    assert Latencies().percentile(500) == 0


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e-10, 1e5, 1e30])
def test_any_length_has_its_place(seconds: float) -> None:
    latencies = Latencies()
    latencies.add(seconds)
    assert latencies.count == 1
    assert 0 <= latencies.percentile(500) <= 1e11


def test_memory_does_not_grow_with_what_is_counted() -> None:
    latencies = Latencies()
    tracemalloc.start()
    try:
        for number in range(100_000):
            latencies.add(number / 1e4)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert latencies.count == 100_000
    assert peak < 10_000
