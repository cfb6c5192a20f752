"""The pages and revenues of the compared arms are added up over the files of slots."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from banners.collect.close.duckdb_engine import DuckDBCloser
from banners.core.arms import ArmSums, ComparisonKind
from banners.core.views import Group

Row = tuple[int, Group, int, int, int]

# Campaign, group, pages, conversions and revenue. Campaign 3 has no pages of a policy.
FIRST: Sequence[Row] = [
    (1, Group.POLICY, 60, 3, 300),
    (1, Group.PROBE, 20, 1, 100),
    (1, Group.RULE, 20, 1, 50),
    (2, Group.TRIAL_POLICY, 10, 1, 10),
    (2, Group.TRIAL_RULE, 30, 2, 60),
    (3, Group.RULE, 50, 5, 500),
]
SECOND: Sequence[Row] = [
    (1, Group.POLICY, 30, 2, 90),
    (1, Group.RULE, 10, 1, 60),
    # By chance, no page of the other arm: the slot adds nothing, and the one before still counts.
    (2, Group.TRIAL_RULE, 5, 1, 70),
]
GUARD = ArmSums(
    kind=ComparisonKind.GUARD,
    slots=2,
    last_slot=4,
    pages=60 + 20 + 30,
    alternative_pages=20 + 10,
    revenue_micros=300 + 100 + 90,
    alternative_revenue_micros=50 + 60,
    conversions=3 + 1 + 2,
    alternative_conversions=1 + 1,
    # Each revenue stands for all pages of its slot: 400 of 80 pages for 500 of 100.
    a=500 + 120,
    b=250 + 240,
    aa=500**2 + 120**2,
    bb=250**2 + 240**2,
    ab=500 * 250 + 120 * 240,
)
TRIAL = ArmSums(
    kind=ComparisonKind.TRIAL,
    slots=1,
    last_slot=0,
    pages=10,
    alternative_pages=30,
    revenue_micros=10,
    alternative_revenue_micros=60,
    conversions=1,
    alternative_conversions=2,
    a=40,
    b=80,
    aa=40**2,
    bb=80**2,
    ab=40 * 80,
)


def written(folder: Path, slot: int, rows: Sequence[Row], *, has_pages: bool = True) -> Path:
    """Write the columns of the totals of a slot that arms are made of."""
    campaigns, groups, pages, conversions, revenues = zip(*rows, strict=True)
    columns = {
        "slot": [slot] * len(rows),
        "campaign_id": campaigns,
        "group_name": [str(group) for group in groups],
        "net_conversions": conversions,
        "net_revenue_micros": revenues,
        **({"pages": pages} if has_pages else {}),
    }
    path = folder / f"{slot}.parquet"
    parquet.write_table(pa.table(columns), path)
    return path


def sums_of(paths: Sequence[Path]) -> dict[int, list[ArmSums]]:
    with duckdb.connect() as connection:
        return DuckDBCloser(connection, Path()).arms(paths)


def test_each_comparison_is_added_up_by_campaign_and_over_all_of_them(tmp_path: Path) -> None:
    paths = [written(tmp_path, 0, FIRST), written(tmp_path, 4, SECOND)]
    assert sums_of(paths) == {0: [GUARD, TRIAL], 1: [GUARD], 2: [TRIAL]}
    only = replace(TRIAL, last_slot=8)
    alone = [written(tmp_path, 8, [row for row in FIRST if row[0] == 2])]
    assert sums_of(alone) == {0: [only], 2: [only]}


@pytest.mark.parametrize("place", range(3))
def test_a_file_of_an_earlier_release_which_has_no_pages_adds_nothing(
    tmp_path: Path, place: int
) -> None:
    paths = [written(tmp_path, 0, FIRST), written(tmp_path, 4, SECOND)]
    paths.insert(place, written(tmp_path, 8, SECOND, has_pages=False))
    assert sums_of(paths) == {0: [GUARD, TRIAL], 1: [GUARD], 2: [TRIAL]}


def test_without_closed_slots_there_are_no_sums() -> None:
    assert sums_of([]) == {}
