"""What another policy would have earned: the estimate against known truth."""

import random
from dataclasses import replace

import pytest

from banners.errors import FiguresError
from banners.policies.evaluation import Estimate, LoggedBanner, evaluate, total

PAGES = 4_000


class World:
    """A campaign whose true click rates, conversion rates and values are known."""

    def __init__(self, seed: int, banners: int = 12) -> None:
        source = self.source = random.Random(seed)
        self.clicks = [source.uniform(0.01, 0.05) for _ in range(banners)]
        self.conversions = [source.uniform(0.05, 0.3) for _ in range(banners)]
        self.values = [source.uniform(0.5, 4) for _ in range(banners)]
        self.truth = [
            a * b * c for a, b, c in zip(self.clicks, self.conversions, self.values, strict=True)
        ]

    def shares(self) -> list[float]:
        """Shares of 64 lineups of five places."""
        source = self.source
        counts = [0] * len(self.truth)
        for _ in range(64):
            for each in source.sample(range(len(counts)), 5):
                counts[each] += 1
        return [each / 64 for each in counts]

    def log(self, shares: list[float], target: list[float], wrong: float) -> list[LoggedBanner]:
        """What a slot logs, and expectations that are wrong by a factor."""
        logged, source = [], self.source
        for place, share in enumerate(shares):
            impressions = sum(source.random() < share for _ in range(PAGES))
            clicks = sum(source.random() < self.clicks[place] for _ in range(impressions))
            sold = sum(source.random() < self.conversions[place] for _ in range(clicks))
            revenues = [source.expovariate(1 / self.values[place]) for _ in range(sold)]
            factor = wrong ** source.uniform(-1, 1)
            logged.append(
                LoggedBanner(
                    share=share,
                    target=target[place],
                    impressions=impressions,
                    revenue=sum(revenues),
                    revenue_squares=sum(each * each for each in revenues),
                    expected=self.truth[place] * factor,
                    value=self.values[place],
                )
            )
        return logged


@pytest.mark.parametrize("wrong", [1.0, 3.0])
@pytest.mark.parametrize("squares", [True, False])
def test_the_interval_covers_what_the_other_policy_earns(wrong: float, squares: bool) -> None:
    covered = 0
    for seed in range(40):
        world = World(seed)
        shares, target = world.shares(), world.shares()
        logged = world.log(shares, target, wrong)
        if not squares:
            logged = [replace(each, revenue_squares=None) for each in logged]
        low, high = evaluate(logged, PAGES).interval()
        earned = sum(a * b for a, b in zip(target, world.truth, strict=True))
        covered += low <= earned <= high
    assert covered >= 34


def test_wrong_expectations_are_corrected_by_what_was_earned() -> None:
    world = World(1)
    target = world.shares()
    estimates = [evaluate(world.log(world.shares(), target, 3.0), PAGES) for _ in range(30)]
    earned = sum(a * b for a, b in zip(target, world.truth, strict=True))
    mean = sum(each.value for each in estimates) / len(estimates)
    assert mean == pytest.approx(earned, rel=0.1)


BANNER = LoggedBanner(
    share=0.5, target=1.0, impressions=100, revenue=3.0, revenue_squares=9.0, expected=0.02, value=2
)


def test_one_banner_by_hand() -> None:
    found = evaluate([BANNER, replace(BANNER, share=0.5, target=0.0)], 200)
    assert found.value == pytest.approx(0.02 + (3 - 100 * 0.02) / (200 * 0.5))
    assert found.variance == pytest.approx((1 / 100) ** 2 * max(9 - 0.12 + 0.04, 100 * 2 * 0.04))
    assert found.unsupported == 0


@pytest.mark.parametrize("squares", [None, 0.5])
def test_the_variance_is_at_least_that_of_the_expectations(squares: float | None) -> None:
    found = evaluate([replace(BANNER, revenue_squares=squares, share=1.0)], 200)
    assert found.variance == pytest.approx((1 / 200) ** 2 * 100 * 2 * 0.02 * 2)


def test_a_single_page_has_an_estimate() -> None:
    found = evaluate([replace(BANNER, share=1.0, impressions=1)], 1)
    assert found.value == pytest.approx(0.02 + (3 - 0.02))


def test_the_share_of_what_was_never_shown_is_returned() -> None:
    found = evaluate([replace(BANNER, share=0.0), replace(BANNER, share=1.0, target=0.0)], 100)
    assert found == Estimate(0.02, 0.0, 1.0)
    half = [(0.0, 1.0), (1.0, 1.0), (1.0, 0.0)]
    found = evaluate([replace(BANNER, share=each, target=other) for each, other in half], 100)
    assert found.unsupported == 0.5
    assert evaluate([replace(BANNER, share=1.0)], 0) == Estimate(0.02, 0.0, 1.0)
    assert evaluate([], 0) == Estimate(0.0, 0.0, 0.0)


def test_another_number_of_places_is_refused() -> None:
    with pytest.raises(FiguresError) as refused:
        evaluate([BANNER], 100)
    assert str(refused.value) == (
        "The other policy shows 1.00 banners on a page where 0.50 were shown. A banner earns more "
        "on a shorter page, so only policies with the same number of places can be compared. Set "
        "theta so that both have the same."
    )


def test_shares_that_differ_only_by_rounding_count_as_equal() -> None:
    evaluate([replace(BANNER, share=1e-9, target=0.0)], 100)


def test_slots_add_up() -> None:
    found = total([(Estimate(2.0, 0.5, 0.0), 10), (Estimate(1.0, 0.1, 0.5), 30)])
    assert found == Estimate(50.0, 0.5 * 100 + 0.1 * 900, 15 / 40)
    assert total([]) == Estimate(0.0, 0.0, 0.0)
    bounds = Estimate(50.0, 100.0, 0.0).interval(0.95)
    assert bounds == pytest.approx((50 - 19.6, 50 + 19.6), abs=0.01)
