"""Lets simulated visitors come one after the other, and reports what they buy."""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from banners.visitors.site import Bought, Shown, Site, VisitFailed
from banners.visitors.tastes import Taste, looks_at, taste

MOST_WAITING = 100_000
"""Maximum number of purchases that wait to be reported; further visitors buy nothing."""

_MINUTES_TO_BUY = 20.0
"""Mean number of minutes between a click and the conversion."""
_REPORTED_AT_ONCE = 500
_REVENUE_SHAPE = 3.0


Place = tuple[int, int]
"""A campaign and one of its banners."""


@dataclass(slots=True)
class Tally:
    """What the visitors have done so far, by campaign and banner.

    Args:
        views: times that they were shown banners.
        impressions: banners that they were shown.
        clicks: clicks that count.
        conversions: conversions that the site has accepted.
        revenue: of these conversions, in hundredths.
        failures: requests that were not answered as expected.
    """

    views: int = 0
    impressions: Counter[Place] = field(default_factory=Counter)
    clicks: Counter[Place] = field(default_factory=Counter)
    conversions: Counter[Place] = field(default_factory=Counter)
    revenue: Counter[Place] = field(default_factory=Counter)
    failures: int = 0

    def sentence(self) -> str:
        """Return the tally as a sentence."""
        failed = f" {self.failures:,} requests failed." if self.failures else ""
        return (
            f"Visitors so far: {self.views:,} views, {self.clicks.total():,} clicks, "
            f"{self.conversions.total():,} conversions worth {self.revenue.total() / 100:,.2f}."
            f"{failed}"
        )


@dataclass(order=True, slots=True)
class _Purchase:
    due: float
    place: Place = field(compare=False)
    bought: Bought = field(compare=False)


class Crowd:
    """Visitors of some campaigns.

    Args:
        site: where they go.
        campaigns: the campaigns, the most visited first.
        seed: decides what they like and what they do.
        clock: tells the time, in seconds since 1970 in UTC.
    """

    def __init__(
        self, site: Site, campaigns: Sequence[int], seed: int, clock: Callable[[], float]
    ) -> None:
        self.tally = Tally()
        self._site = site
        self._campaigns = list(campaigns)
        self._weights = [1 / place for place in range(1, len(campaigns) + 1)]
        self._seed = seed
        self._clock = clock
        self._source = random.Random(seed)  # noqa: S311  # no secret
        self._orders = 0
        self._purchases: list[_Purchase] = []

    def visit(self) -> None:
        """Let one visitor come; then report the purchases that are due.

        A request that fails is counted; the visitor is gone then.
        """
        try:
            self._visit(self._source.choices(self._campaigns, self._weights)[0])
        except VisitFailed:
            self.tally.failures += 1
        self.report(self._clock())

    def pause(self, rate: float) -> float:
        """Return the seconds until the next visitor comes.

        Args:
            rate: the mean number of visitors in a second, above 0.
        """
        return self._source.expovariate(rate)

    def report(self, until: float) -> None:
        """Report the purchases that are due; they are reported again if that fails.

        Args:
            until: the time up to which they are due, in seconds since 1970 in UTC.
        """
        due: list[_Purchase] = []
        while self._purchases and self._purchases[0].due <= until:
            due.append(heapq.heappop(self._purchases))
            if len(due) == _REPORTED_AT_ONCE:
                break
        if not due:
            return
        try:
            accepted = self._site.buy([each.bought for each in due])
        except VisitFailed:
            self.tally.failures += 1
            for each in due:
                heapq.heappush(self._purchases, each)
            return
        for purchase, is_accepted in zip(due, accepted, strict=True):
            if is_accepted:
                self.tally.conversions[purchase.place] += 1
                self.tally.revenue[purchase.place] += _cents(purchase.bought)

    def _visit(self, campaign_id: int) -> None:
        quarter, banners = self._site.view(campaign_id)
        if not banners:
            return
        self._site.see(banners[0])
        self.tally.views += 1
        for position, shown in enumerate(banners, 1):
            place = campaign_id, shown.banner_id
            self.tally.impressions[place] += 1
            likes = taste(self._seed, campaign_id, shown.banner_id, quarter)
            if self._source.random() < looks_at(position) * likes.click_rate:
                self._click(place, shown, likes)

    def _click(self, place: Place, shown: Shown, likes: Taste) -> None:
        token = self._site.click(shown)
        if not token:
            return
        self.tally.clicks[place] += 1
        if self._source.random() >= likes.conversion_rate or len(self._purchases) >= MOST_WAITING:
            return
        self._orders += 1
        spent = self._source.gammavariate(_REVENUE_SHAPE, likes.revenue / _REVENUE_SHAPE)
        bought = Bought(f"order-{self._orders}", token, f"{max(spent, 0.01):.2f}")
        due = self._clock() + self._source.expovariate(1 / (_MINUTES_TO_BUY * 60))
        heapq.heappush(self._purchases, _Purchase(due, place, bought))


def _cents(bought: Bought) -> int:
    return int(bought.revenue.replace(".", ""))
