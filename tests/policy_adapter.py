"""The learning policy with the signature of the research code, for the same acceptance checks.

From the root of the project, where CHECKS is the program of the checks:
``PYTHONPATH=. .venv/bin/python CHECKS --policy tests.policy_adapter:publish``
"""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from banners.core.figures import MICROS
from banners.core.model import Quarter
from banners.core.policy import LINEUPS
from banners.policies.learning import Learning
from banners.policies.policy import PolicySettings
from banners.policies.window import Numbers, Window, WindowFigures, measure

NAMES = ("impressions", "clicks", "conversions", "revenue")


def publish(
    rows: Mapping[str, Any], quarter: int, seed: int, generation: int, settings: Any = None
) -> dict[int, SimpleNamespace]:
    """Return what ``reference.publish`` returns: lineups, kinds and expectations by campaign.

    Args:
        rows: columns of sums over the window, with a row for each campaign, banner and quarter.
        quarter: the quarter whose lineups are made, 1 to 4.
        seed: with the generation, stands for the input digest.
        generation: see seed.
        settings: an object with ``holdout`` and ``theta``; None for the defaults.
    """
    window = window_of(rows)
    chosen = PolicySettings()
    if settings is not None:
        chosen = PolicySettings(holdout=settings.holdout, theta=settings.theta)
    prepared = Learning().prepare(window, Quarter(quarter), f"{seed} {generation}", chosen)
    starts = np.append(np.unique(window.campaign_ids, return_index=True)[1], len(window.banner_ids))
    published = {}
    for place, made in enumerate(prepared):
        banners = window.banner_ids[starts[place] : starts[place + 1]].tolist()
        click_rates, conversion_rates, values = made.expectations[:3]
        expected = [
            a * b * (c / MICROS)
            for a, b, c in zip(click_rates, conversion_rates, values, strict=True)
        ]
        shares = [count / LINEUPS for count in made.counts(len(banners))]
        figures = zip(
            click_rates,
            conversion_rates,
            [value / MICROS for value in values],
            shares,
            strict=True,
        )
        published[made.campaign_id] = SimpleNamespace(
            lineups=tuple(tuple(map(banners.__getitem__, lineup)) for lineup in made.lineups),
            kinds=made.groups,
            places=made.places,
            expected=dict(zip(banners, expected, strict=True)),
            figures=dict(zip(banners, figures, strict=True)),
        )
    return published


def window_of(rows: Mapping[str, Any]) -> Window:
    """Return the window of rows in any order, several of which may be of the same candidate."""
    campaigns, banners = np.asarray(rows["campaign"]), np.asarray(rows["banner"])
    order = np.lexsort((banners, campaigns))
    campaigns, banners = campaigns[order], banners[order]
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(campaigns) != 0) | (np.diff(banners) != 0)
    candidate = np.cumsum(first) - 1
    place = (np.asarray(rows["quarter"])[order] - 1) * (candidate[-1] + 1) + candidate
    size = len(Quarter) * (int(candidate[-1]) + 1)

    def column(name: str) -> Numbers:
        numbers = np.maximum(np.asarray(rows[name], np.float64)[order], 0.0)
        return np.bincount(place, numbers, size).astype(np.float64, copy=False).reshape(4, -1)

    impressions, clicks, conversions, revenue = map(column, NAMES)
    figures = WindowFigures(
        impressions=impressions,
        clicks=clicks,
        conversions=conversions,
        revenue_micros=revenue * MICROS,
    )
    return Window(
        campaign_ids=campaigns[first],
        banner_ids=banners[first],
        everybody=figures,
        overall=measure(figures),
    )
