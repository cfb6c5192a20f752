"""Prepares the lineups of campaigns whose policy is not the rule, when a quarter is published."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from banners.core.candidates import COLUMNS
from banners.core.figures import FIGURE_NAMES
from banners.core.model import Quarter
from banners.core.views import Group
from banners.job.policies import Wanted
from banners.job.prepared import Preparing, parts_of, prepare
from banners.policies.soundness import sound_figures
from banners.policies.window import (
    Numbers,
    Overall,
    Window,
    WindowFigures,
    campaigns_of,
    measure,
)
from banners.serve.packed_lineups import LINEUPS_COLUMN

Pairs = Mapping[tuple[int, int], int]
"""The place of each pair of a campaign and a banner."""


def with_lineups(
    candidates: Iterable[pa.RecordBatch],
    by_arm: Iterable[pa.RecordBatch],
    wanted: Wanted,
    quarter: Quarter,
    digest: str,
    preparing: Preparing = map,
) -> Iterator[pa.RecordBatch]:
    """Return the candidates of a quarter with prepared lineups, and with banners without events.

    Args:
        candidates: see :meth:`banners.crunch.engines.engine.CrunchedQuarter.candidates`.
        by_arm: see :meth:`banners.crunch.window.sums.Sums.by_arm`, of all four quarters.
        wanted: the campaigns to prepare lineups of.
        quarter: the quarter of the hour.
        digest: the input digest.
        preparing: calls the function that prepares lineups, in this process or on executors.

    Yields:
        The same columns, and a column :data:`~banners.serve.packed_lineups.LINEUPS_COLUMN`.
    """
    batches = list(by_arm)
    sums = pa.Table.from_batches(batches) if batches else None
    table = _completed(candidates, wanted)
    ranks = _ranks(table)
    overall, of_policy = (_overall(sums, arm) for arm in ("", Group.TRIAL_POLICY))
    encoded: dict[int, bytes] = {}
    for policy, campaigns in wanted.campaigns.items():
        window = _window(campaigns, sums, overall, of_policy)
        parts = parts_of(window, ranks, policy, quarter, digest, wanted.settings)
        for made in preparing(prepare, parts):
            encoded.update(made)
    column = pa.array(
        [encoded.pop(each, None) for each in table.column("campaign_id").to_pylist()], pa.binary()
    )
    yield from table.append_column(LINEUPS_COLUMN, column).to_batches()


def _completed(candidates: Iterable[pa.RecordBatch], wanted: Wanted) -> pa.Table:
    """Return the candidates with those of the wanted banners that have no events, ranked."""
    schema = pa.schema({"campaign_id": pa.int64(), **dict.fromkeys(COLUMNS, pa.int64())})
    batches = [each.select(schema.names).cast(schema) for each in candidates]
    table = pa.Table.from_batches(batches, schema)
    known = set(
        zip(
            table.column("campaign_id").to_pylist(),
            table.column("banner_id").to_pylist(),
            strict=True,
        )
    )
    new = [
        (campaign_id, banner_id, *(0 for _ in FIGURE_NAMES))
        for campaigns in wanted.campaigns.values()
        for campaign_id, banners in campaigns.items()
        for banner_id in banners
        if (campaign_id, banner_id) not in known
    ]
    if new:
        columns = [pa.array(column, pa.int64()) for column in zip(*new, strict=True)]
        table = pa.concat_tables([table, pa.Table.from_arrays(columns, schema=schema)])
    # The ranking of core.rule.RANKING.
    order = [("revenue_micros", "descending"), ("clicks", "descending"), ("banner_id", "ascending")]
    return table.sort_by([("campaign_id", "ascending"), *order]).combine_chunks()


def _ranks(table: pa.Table) -> Mapping[int, Mapping[int, int]]:
    """Return the rank of each banner, from 0, by campaign."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    ids = (table.column(name).to_pylist() for name in ("campaign_id", "banner_id"))
    for campaign_id, banner_id in zip(*ids, strict=True):
        ranks = found[campaign_id]
        ranks[banner_id] = len(ranks)
    return found


def _overall(sums: pa.Table | None, arm: str) -> Overall:
    """Return the sums of an arm over all campaigns and banners, whatever picks their lineups."""
    own = _of_arm(sums, arm)
    if own is None:
        return Overall()
    names = ("campaign_id", "banner_id", "quarter")
    campaign_ids, banner_ids, quarters = (own.column(name).to_numpy() for name in names)
    order = np.lexsort((banner_ids, campaign_ids))
    campaign_ids, banner_ids = campaign_ids[order], banner_ids[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (np.diff(campaign_ids) != 0) | (np.diff(banner_ids) != 0)
    rows, columns = quarters[order] - 1, np.cumsum(is_first) - 1
    tables: list[Numbers] = []
    for figure in FIGURE_NAMES:
        table = np.zeros((len(Quarter), columns[-1] + 1))
        table[rows, columns] = own.column(figure).to_numpy()[order]
        tables.append(table)
    figures = WindowFigures(**dict(zip(FIGURE_NAMES, tables, strict=True)))
    campaigns = campaigns_of(campaign_ids[is_first])
    return measure(sound_figures(figures, campaigns)[0])


def _window(
    campaigns: Mapping[int, Sequence[int]],
    sums: pa.Table | None,
    overall: Overall,
    trial_overall: Overall,
) -> Window:
    """Return the window of some campaigns; banners without events have zeros.

    Args:
        campaigns: the banners of each campaign.
        sums: the figures of all campaigns; None if there are no events.
        overall: the sums over all campaigns.
        trial_overall: those of the arm of a trial that shows the policy's lineups.
    """
    pairs = [(campaign, each) for campaign in sorted(campaigns) for each in campaigns[campaign]]
    places = {pair: place for place, pair in enumerate(pairs)}
    everybody, of_rule, of_policy = (
        _figures(places, sums, arm) for arm in ("", Group.TRIAL_RULE, Group.TRIAL_POLICY)
    )
    return Window(
        campaign_ids=np.array([campaign for campaign, _ in pairs], np.int64),
        banner_ids=np.array([banner for _, banner in pairs], np.int64),
        everybody=everybody,
        overall=overall,
        trial_rule=of_rule,
        trial_policy=of_policy,
        trial_overall=trial_overall,
    )


def _figures(places: Pairs, sums: pa.Table | None, arm: str) -> WindowFigures:
    """Return the figures of an arm, with a row for each quarter."""
    tables: list[Numbers] = [np.zeros((len(Quarter), len(places))) for _ in FIGURE_NAMES]
    own = _of_arm(sums, arm)
    if own is not None:
        names = ("campaign_id", "banner_id", "quarter", *FIGURE_NAMES)
        for campaign_id, banner_id, quarter, *figures in zip(
            *(own.column(name).to_pylist() for name in names), strict=True
        ):
            place = places.get((campaign_id, banner_id))
            if place is not None:
                for table, figure in zip(tables, figures, strict=True):
                    table[quarter - 1, place] = figure
    return WindowFigures(**dict(zip(FIGURE_NAMES, tables, strict=True)))


def _of_arm(sums: pa.Table | None, arm: str) -> pa.Table | None:
    """Return the figures of an arm; None if there are none."""
    if sums is None:
        return None
    import pyarrow.compute as pc

    own = sums.filter(pc.equal(sums.column("arm"), arm))
    return own if own.num_rows else None
