"""Random figures of campaigns over a window, as policies take them and as the reference does."""

import random
from collections.abc import Iterable, Mapping
from decimal import Decimal

import numpy as np
from hypothesis import strategies as st

from banners.core.figures import MICROS
from banners.policies.window import Numbers, Overall, Window, WindowFigures, measure
from reference.policy import Quarters, Sums
from reference.rule import Lineup, Performance, line_up

Campaigns = Mapping[int, Mapping[int, Quarters]]


def sums(source: random.Random) -> Sums:
    """The figures of a banner in a quarter: often nothing, and now and then clicks unseen."""
    impressions = source.choice((0, 0, 1, 7, 300, 20_000)) * source.randint(1, 9)
    clicks = source.randint(0, max(3, impressions // 20))
    conversions = source.randint(0, 2 * clicks) * source.randint(0, 1)
    micros = source.randint(0, 10**9) * source.randint(0, 1) if conversions else 0
    return Sums(impressions, clicks, conversions, micros / MICROS)


@st.composite
def campaigns(draw: st.DrawFn, most_banners: int = 14) -> Campaigns:
    """Campaigns with their banners, each with the sums of four quarters.

    Hypothesis decides their number alone: to decide each figure would take most of a test's time.
    """
    source = random.Random(draw(st.integers(0, 2**32)))
    sizes = draw(st.lists(st.integers(1, most_banners), min_size=1, max_size=4))

    def ids(count: int) -> list[int]:
        return source.sample(range(1, 10 ** source.choice((2, 18))), count)

    return {
        campaign: {banner: [sums(source) for _ in range(4)] for banner in ids(size)}
        for campaign, size in zip(ids(len(sizes)), sizes, strict=True)
    }


def window_of(
    given: Campaigns,
    only: Iterable[int] | None = None,
    *,
    trial_rule: Campaigns | None = None,
    trial_policy: Campaigns | None = None,
) -> Window:
    """Return the window of campaigns, or of some of them among all."""
    figures, overall = figures_of(given, given), measure(figures_of(given, given))
    chosen = {campaign: given[campaign] for campaign in (given if only is None else only)}
    pairs = pairs_of(chosen)
    figures = figures_of(chosen, chosen)
    trial_overall: Overall | None = None
    if trial_policy is not None:
        trial_overall = measure(figures_of(trial_policy, trial_policy))
    return Window(
        campaign_ids=np.array([campaign for campaign, _ in pairs], np.int64),
        banner_ids=np.array([banner for _, banner in pairs], np.int64),
        everybody=figures,
        overall=overall,
        trial_rule=None if trial_rule is None else figures_of(trial_rule, chosen),
        trial_policy=None if trial_policy is None else figures_of(trial_policy, chosen),
        trial_overall=trial_overall,
    )


def pairs_of(given: Campaigns) -> list[tuple[int, int]]:
    """Return campaign and banner of each candidate, in the order of a window."""
    return [(campaign, banner) for campaign in sorted(given) for banner in sorted(given[campaign])]


def figures_of(given: Campaigns, candidates: Campaigns) -> WindowFigures:
    """Return the figures of candidates, with zeros where there are none."""
    nothing: Quarters = (Sums(),) * 4
    found = [
        given.get(campaign, {}).get(banner, nothing) for campaign, banner in pairs_of(candidates)
    ]

    def table(name: str, factor: int = 1) -> Numbers:
        rows = [[getattr(each[quarter], name) for each in found] for quarter in range(4)]
        return np.array(rows, np.float64) * factor

    return WindowFigures(
        impressions=table("impressions"),
        clicks=table("clicks"),
        conversions=table("conversions"),
        revenue_micros=np.rint(table("revenue", MICROS)),
    )


def rule_lineup(banners: Mapping[int, Quarters], quarter: int) -> Lineup:
    """Return the rule's lineup by the reference."""
    return line_up(
        [
            Performance(
                banner_id,
                int(sums[quarter - 1].impressions),
                int(sums[quarter - 1].clicks),
                int(sums[quarter - 1].conversions),
                round(Decimal(sums[quarter - 1].revenue), 6),
            )
            for banner_id, sums in banners.items()
        ]
    )
