"""The learning policy, formula by formula and banner by banner: docs/policies.md.

Everything is in plain Python, one number at a time, so that each formula can be compared with the
document by eye.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, inf

Quarters = Sequence["Sums"]
"""The sums of one banner in the four quarters."""


@dataclass(frozen=True)
class Sums:
    """The sums of a banner over the window in one quarter."""

    impressions: float = 0
    clicks: float = 0
    conversions: float = 0
    revenue: float = 0


@dataclass(frozen=True)
class Gammas:
    """What is expected of a banner: shape and rate of two gammas, shape and mean of the third."""

    a1: float
    b1: float
    a2: float
    b2: float
    a3: float
    m3: float
    borrowed: float

    @property
    def expected(self) -> float:
        return self.a1 / self.b1 * self.a2 / self.b2 * self.m3


def total(quarters: Quarters, name: str) -> float:
    return fsum(getattr(each, name) for each in quarters)


def strength(banners: Sequence[Quarters], events: str, trials: str) -> float:
    """``s``: how many events of the other quarters count for half of themselves."""
    excess, weight = [], []
    for quarters in banners:
        k_b, i_b = total(quarters, events), total(quarters, trials)
        alive = [each for each in quarters if getattr(each, trials) > 0]
        if k_b < 2 or len(alive) < 2:
            continue
        p = k_b / i_b
        scatter = fsum(getattr(each, events) ** 2 / getattr(each, trials) for each in alive)
        excess.append((scatter - k_b**2 / i_b - (len(alive) - 1) * p) / p)
        weight.append(p * (i_b - fsum(getattr(each, trials) ** 2 for each in quarters) / i_b))
    variance = fsum(excess) / max(fsum(weight), 1e-9)
    return 1 / max(variance, 1e-6)


def expect(
    campaigns: Mapping[int, Mapping[int, Quarters]], quarter: int
) -> dict[int, dict[int, Gammas]]:
    """What is expected of each banner of each campaign in a quarter, 1 to 4."""
    banners = [each for campaign in campaigns.values() for each in campaign.values()]

    def everywhere(name: str) -> float:
        return fsum(total(each, name) for each in banners)

    g1 = (everywhere("clicks") + 0.5) / (everywhere("impressions") + 10)
    g2 = (everywhere("conversions") + 0.5) / (everywhere("clicks") + 10)
    all_conversions = everywhere("conversions")
    g3 = everywhere("revenue") / all_conversions if all_conversions else 1.0
    s1 = strength(banners, "clicks", "impressions")
    s2 = strength(banners, "conversions", "clicks")

    found: dict[int, dict[int, Gammas]] = {}
    for campaign_id, campaign in campaigns.items():

        def within(name: str, these: Mapping[int, Quarters] = campaign) -> float:
            return fsum(total(each, name) for each in these.values())

        mu1 = (within("clicks") + 1) / (within("impressions") + 1 / g1)
        mu2 = (within("conversions") + 1) / (within("clicks") + 1 / g2)
        m = (within("revenue") + 3 * g3) / (within("conversions") + 3)
        found[campaign_id] = {
            banner_id: of_banner(quarters, quarter, (mu1, mu2, m), (s1, s2))
            for banner_id, quarters in campaign.items()
        }
    return found


def of_banner(
    quarters: Quarters, quarter: int, means: tuple[float, float, float], s: tuple[float, float]
) -> Gammas:
    mu1, mu2, m = means
    here = quarters[quarter - 1]
    others = [each for place, each in enumerate(quarters, 1) if place != quarter]
    i_o, k_o, v_o = (total(others, name) for name in ("impressions", "clicks", "conversions"))
    w1, w2 = s[0] / (s[0] + k_o), s[1] / (s[1] + v_o)
    v, r = total(quarters, "conversions"), total(quarters, "revenue")
    return Gammas(
        a1=1 + here.clicks + w1 * k_o,
        b1=1 / mu1 + here.impressions + w1 * i_o,
        a2=1 + here.conversions + w2 * v_o,
        b2=1 / mu2 + here.clicks + w2 * k_o,
        a3=v + 3,
        m3=(r + 3 * m) / (v + 3),
        borrowed=w1 * i_o,
    )


def places(expected: Sequence[float], theta: float) -> int:
    """Five, then one more while the next earns ``theta`` of the mean of those before it."""
    ranked = sorted(expected, reverse=True)
    count = min(5, len(ranked))
    while count < min(10, len(ranked)) and ranked[count] >= theta * fsum(ranked[:count]) / count:
        count += 1
    return count


def margin(expected: Sequence[float], theta: float) -> float:
    """How near any of the decisions about places is to being taken otherwise, relatively."""
    ranked = sorted(expected, reverse=True)
    return min(
        (
            abs(ranked[count] / (theta * fsum(ranked[:count]) / count) - 1)
            for count in range(5, min(10, len(ranked)))
            if theta
        ),
        default=inf,
    )
