"""Figures that no policy can learn from, and why."""

from dataclasses import fields

import numpy as np

from banners.core.figures import MOST_MICROS
from banners.policies.window import Campaigns, WindowFigures


def sound_figures(
    figures: WindowFigures, campaigns: Campaigns
) -> tuple[WindowFigures, dict[int, str]]:
    """Return figures with zeros in place of all those of a campaign that cannot be true.

    Args:
        figures: the figures of the candidates.
        campaigns: how the candidates are divided into campaigns.

    Returns:
        The figures; and for the place of each such campaign, counted from 0, what is wrong.
    """
    columns = {each.name: getattr(figures, each.name) for each in fields(figures)}
    # The usual case, recognised quickly. It excludes NaN, for which both comparisons are false.
    if all(((column >= 0) & (column <= MOST_MICROS)).all() for column in columns.values()):
        return figures, {}
    missing = np.zeros(len(figures.impressions[0]), bool)
    below, above = missing.copy(), missing.copy()
    for column in columns.values():
        missing |= ~np.isfinite(column).all(0)
        below |= (column < 0).any(0)
        above |= (column > MOST_MICROS).any(0)
    found: dict[int, str] = {}
    for why, candidates in (
        ("A figure is missing or is not a number.", missing),
        ("A figure is below zero.", below),
        ("A figure is larger than any that can be stored.", above),
    ):
        for place in np.flatnonzero(
            np.logical_or.reduceat(candidates, campaigns.starts[:-1])
        ).tolist():
            found.setdefault(place, why)
    unsound = np.isin(campaigns.places, list(found))
    kept = {name: np.where(unsound, 0, column) for name, column in columns.items()}
    return WindowFigures(**kept), found
