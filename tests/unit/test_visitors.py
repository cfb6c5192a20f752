"""Simulated visitors: what they do follows from hidden tastes, and their tally is what happened."""

import random
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from statistics import fmean

import pytest

from banners.core.model import Quarter
from banners.visitors.crowd import Crowd
from banners.visitors.site import Bought, Shown, VisitFailed
from banners.visitors.tastes import looks_at, taste


def test_tastes_depend_on_seed_campaign_banner_and_quarter_alone() -> None:
    known = taste(1, 2, 3, Quarter.FIRST)
    assert taste.__wrapped__(1, 2, 3, Quarter.FIRST) == known
    others = [taste(9, 2, 3, Quarter.FIRST), taste(1, 9, 3, Quarter.FIRST)]
    others += [taste(1, 2, 9, Quarter.FIRST), taste(1, 2, 3, Quarter.SECOND)]
    assert known not in others
    tastes = [taste(1, 1, each, Quarter.FIRST) for each in range(5_000)]
    assert all(0 <= each.click_rate <= 0.6 for each in tastes)
    # The means of Beta(1.2, 18), Beta(1.5, 9) and Gamma with mean 3; the spread adds about 1 %.
    assert fmean(each.click_rate for each in tastes) == pytest.approx(1.2 / 19.2, rel=0.06)
    assert fmean(each.conversion_rate for each in tastes) == pytest.approx(1.5 / 10.5, rel=0.06)
    assert fmean(each.revenue for each in tastes) == pytest.approx(3.0, rel=0.06)


class FakeSite:
    """Shows three banners of each campaign, and keeps a ledger of its own."""

    def __init__(self) -> None:
        self.seen: Counter[int] = Counter()
        self.clicked: Counter[int] = Counter()
        self.bought: dict[str, Bought] = {}
        self.refuses = False

    def view(self, campaign_id: int) -> tuple[Quarter, Sequence[Shown]]:
        if self.refuses:
            raise VisitFailed("closed")
        banners = [campaign_id * 10 + place for place in range(3)]
        return Quarter.FIRST, [Shown(each, f"/e/{each}", f"/c/{each}") for each in banners]

    def see(self, shown: Shown) -> None:
        self.seen[shown.banner_id // 10] += 1

    def click(self, shown: Shown) -> str:
        self.clicked[shown.banner_id] += 1
        return f"{shown.banner_id} {self.clicked[shown.banner_id]}"

    def buy(self, bought: Sequence[Bought]) -> list[bool]:
        if self.refuses:
            raise VisitFailed("closed")
        for each in bought:
            assert each.conversion_id not in self.bought
            self.bought[each.conversion_id] = each
        return [True] * len(bought)


def crowd_of(site: FakeSite, seconds: list[float]) -> Crowd:
    return Crowd(site, [1, 2], seed=5, clock=lambda: seconds[0])  # type: ignore[arg-type]


def test_the_tally_is_what_the_site_has_seen() -> None:
    site, seconds = FakeSite(), [0.0]
    crowd = crowd_of(site, seconds)
    for _ in range(20_000):
        crowd.visit()
        seconds[0] += 1.0
    crowd.report(float("inf"))
    crowd.report(float("inf"))
    tally = crowd.tally
    assert tally.views == site.seen.total() == 20_000
    assert site.seen[1] / site.seen[2] == pytest.approx(2.0, rel=0.1)
    assert tally.impressions.total() == 60_000
    assert {banner_id: count for (_, banner_id), count in tally.clicks.items()} == site.clicked
    assert tally.conversions.total() == len(site.bought) > 0
    spent = sum(Decimal(each.revenue) for each in site.bought.values())
    assert tally.revenue.total() == spent * 100
    assert tally.failures == 0
    for banner_id in (10, 11, 12):
        share = site.clicked[banner_id] / site.seen[1]
        likes = taste(5, 1, banner_id, Quarter.FIRST)
        expected = likes.click_rate * looks_at(banner_id - 9)
        assert share == pytest.approx(expected, abs=0.01)


def test_purchases_are_reported_when_they_are_due_and_again_if_the_site_was_closed() -> None:
    site, seconds = FakeSite(), [0.0]
    crowd = crowd_of(site, seconds)
    for _ in range(3_000):
        crowd.visit()
    assert not site.bought  # at the same second nobody has bought yet
    seconds[0] = 1e9
    site.refuses = True
    crowd.visit()
    assert crowd.tally.failures == 2  # the visit, and the report of purchases
    assert not site.bought
    site.refuses = False
    crowd.report(seconds[0])
    assert crowd.tally.conversions.total() == len(site.bought) > 0


def test_visitors_are_the_same_for_the_same_seed() -> None:
    def run() -> object:
        site, seconds = FakeSite(), [0.0]
        crowd = crowd_of(site, seconds)
        for _ in range(500):
            random.random()
            crowd.visit()
            seconds[0] += 60.0
        return site.clicked, site.bought, crowd.tally

    assert run() == run()
