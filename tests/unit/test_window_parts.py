"""A part of a window has the figures of its candidates, and the sums over all of them."""

from dataclasses import fields

import numpy as np

from banners.policies.window import Overall, Window, WindowFigures, measure


def figures(first: int) -> WindowFigures:
    """Return figures of three candidates that all differ.

    Args:
        first: the first of the numbers.
    """
    tables = np.arange(first, first + 4 * 4 * 3, dtype=float).reshape(4, 4, 3)
    return WindowFigures(
        impressions=tables[0], clicks=tables[1], conversions=tables[2], revenue_micros=tables[3]
    )


def columns(found: WindowFigures | None) -> list[list[list[float]]]:
    """Return what each table holds, in the order of its fields."""
    assert found
    return [getattr(found, each.name).tolist() for each in fields(found)]


def last_two(first: int) -> list[list[list[float]]]:
    """Return the figures of the last two candidates, of those that :func:`figures` returns."""
    return [
        [[first + 12 * table + 3 * quarter + column for column in (1, 2)] for quarter in range(4)]
        for table in range(4)
    ]


ALL = Window(
    campaign_ids=np.array([7, 8, 8]),
    banner_ids=np.array([1, 1, 2]),
    everybody=figures(0),
    overall=measure(figures(0)),
)


def test_a_part_has_the_candidates_of_its_campaigns() -> None:
    part = ALL.part(slice(1, 3))
    assert part.campaign_ids.tolist() == [8, 8]
    assert part.banner_ids.tolist() == [1, 2]
    assert columns(part.everybody) == last_two(0)
    assert part.overall == ALL.overall
    assert (part.trial_rule, part.trial_policy, part.trial_overall) == (None, None, None)


def test_a_part_has_the_figures_of_both_arms_of_a_trial() -> None:
    overall = Overall(impressions=measure(figures(0)).impressions)
    trial = Window(
        campaign_ids=ALL.campaign_ids,
        banner_ids=ALL.banner_ids,
        everybody=ALL.everybody,
        overall=ALL.overall,
        trial_rule=figures(100),
        trial_policy=figures(200),
        trial_overall=overall,
    )
    part = trial.part(slice(1, 3))
    assert columns(part.trial_rule) == last_two(100)
    assert columns(part.trial_policy) == last_two(200)
    assert part.trial_overall == overall
