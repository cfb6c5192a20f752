"""Every order that a visitor may be shown is equally likely: chi-square, with fixed seeds."""

import math
import random
from collections import Counter
from collections.abc import Collection, Hashable, Iterable
from itertools import pairwise, permutations

import pytest

from banners.core.rotation import next_banner, order

# From 1, the smallest id, up: no banner is mistaken for none.
FOUR = (1, 2, 3, 4)
TEN = tuple(range(1, 11))


def is_uniform(drawn: Iterable[Hashable], cases: Collection[Hashable]) -> bool:
    """Return whether draws are spread evenly over all cases; assert that they are among these.

    One fair sample in 1,000 exceeds the bound (the chi-square distribution's quantile in Wilson
    and Hilferty's approximation).
    """
    counts = Counter(drawn)
    assert counts.keys() <= set(cases)
    expected = counts.total() / len(cases)
    assert expected >= 100
    statistic = sum((counts[case] - expected) ** 2 for case in cases) / expected
    freedom = len(cases) - 1
    spread = 2 / (9 * freedom)
    return statistic < freedom * (1 - spread + 3.09 * math.sqrt(spread)) ** 3


def orders_not_begun_by(last: int | None, banners: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [each for each in permutations(banners) if each[0] != last]


def rounds(
    cookie: bytes, lineup: tuple[int, ...], count: int, source: random.Random
) -> list[tuple[int, ...]]:
    """The orders in which one visitor sees the lineup, round after round."""
    shown = []
    for _ in range(count * len(lineup)):
        banner, cookie = next_banner(cookie, lineup, 3, 1, source)
        shown.append(banner)
    return [
        tuple(shown[start : start + len(lineup)]) for start in range(0, len(shown), len(lineup))
    ]


def test_the_measure_itself_distinguishes_a_loaded_die_from_a_fair_one() -> None:
    source = random.Random(1)
    fair = [source.randrange(6) for _ in range(6000)]
    loaded = [min(source.randrange(66) // 10, 5) for _ in range(6000)]
    assert is_uniform(fair, range(6))
    assert not is_uniform(loaded, range(6))


@pytest.mark.parametrize("count", [2, 10, 11, 30])
def test_each_banner_begins_a_page_equally_often(count: int) -> None:
    source = random.Random(5)
    banners = range(1, count + 1)
    firsts = [order(b"", banners, source)[0][0] for _ in range(200 * count)]
    assert is_uniform(firsts, banners)


@pytest.mark.parametrize(
    ("cookie", "last"), [(b"", None), (b"99", None), (b"1", 1), (b"3.3.1.5", 3), (b"4", 4)]
)
def test_all_orders_of_a_page_are_equally_likely(cookie: bytes, last: int | None) -> None:
    source = random.Random(2)
    drawn = [tuple(order(cookie, FOUR, source)[0]) for _ in range(20_000)]
    assert is_uniform(drawn, orders_not_begun_by(last, FOUR))


@pytest.mark.parametrize("last", [1, 5, 10])
def test_each_place_of_a_page_of_ten_is_anybodys(last: int) -> None:
    source = random.Random(3)
    drawn = [order(b"%d" % last, TEN, source)[0] for _ in range(10_000)]
    others = [banner for banner in TEN if banner != last]
    assert is_uniform((ordered[0] for ordered in drawn), others)
    assert is_uniform((ordered.index(last) for ordered in drawn), range(1, 10))
    for place in range(1, 10):
        rest = (ordered[place] for ordered in drawn if ordered[place] != last)
        assert is_uniform(rest, others)


@pytest.mark.parametrize(
    ("cookie", "last"),
    [
        (b"", None),
        (b"99.3.1.0", None),
        (b"2", 2),
        (b"2.3.1.0", 2),
        (b"2.2.1.5", 2),
        (b"2.3.4.5", 2),
    ],
)
def test_all_orders_of_a_first_round_are_equally_likely(cookie: bytes, last: int | None) -> None:
    source = random.Random(4)
    drawn = [rounds(cookie, FOUR, 1, source)[0] for _ in range(8_000)]
    assert is_uniform(drawn, orders_not_begun_by(last, FOUR))


def test_of_a_round_the_next_one_keeps_nothing_but_its_last_banner() -> None:
    drawn = rounds(b"", FOUR[:3], 8_000, random.Random(5))
    assert is_uniform(
        pairwise(drawn),
        [
            (before, after)
            for before in permutations(FOUR[:3])
            for after in orders_not_begun_by(before[-1], FOUR[:3])
        ],
    )


def test_each_banner_of_ten_begins_a_round_equally_often_after_any_other() -> None:
    drawn = rounds(b"", TEN, 12_000, random.Random(6))
    seams = [(before[-1], after[0]) for before, after in pairwise(drawn)]
    assert is_uniform(seams, list(permutations(TEN, 2)))
