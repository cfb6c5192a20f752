"""The totals of a slot are written to a file, and read and added up from such files."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from banners.collect.close.totals_file import read_totals, recent_figures, write_totals
from banners.core.figures import Figures
from banners.core.totals import (
    NOTHING,
    REASON_NAMES,
    TOTAL_NAMES,
    CampaignTotals,
    RecentFigures,
    Totals,
)
from banners.core.views import Group
from banners.errors import CollectError

SLOT = 1_000

# Campaign, group and banner, and then the values in the order of TOTAL_NAMES.
Row = tuple[int, Group, int, Sequence[int]]
ROWS: Sequence[Row] = [
    (54, Group.RULE, 9, (10, 3, 1, 500, 8, 2, 1, 400, 1, 70, 1, 1, 0, 0, 1, 0, 0, 100)),
    (54, Group.RULE, 8, (5, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
    # All of it was left out.
    (54, Group.RULE, 7, (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0)),
    (54, Group.POLICY, 8, (4, 1, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
    (7, Group.RULE, 8, (6, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
]
# The pages of campaign 60 showed only fill of other campaigns, and campaign 7 was only fill.
PAGES = [(54, Group.RULE, 5), (54, Group.POLICY, 2), (60, Group.RULE, 3)]
TOTALS = [
    CampaignTotals(7, Group.RULE, Totals(Figures(6, 0, 0, 0), Figures(6, 0, 0, 0)), {}),
    CampaignTotals(54, Group.POLICY, Totals(Figures(4, 1, 0, 0), Figures(4, 1, 0, 0)), {}),
    CampaignTotals(
        54,
        Group.RULE,
        Totals(
            Figures(17, 3, 1, 500),
            Figures(13, 2, 1, 400),
            refunds=1,
            refund_micros=70,
            crawler=Figures(3, 1, 0, 0),
            flood=Figures(1, 0, 0, 100),
        ),
    ),
    CampaignTotals(60, Group.RULE, Totals()),
]
BANNERS = [
    {8: Figures(6, 0, 0, 0)},
    {8: Figures(4, 1, 0, 0)},
    {8: Figures(5, 0, 0, 0), 9: Figures(8, 2, 1, 400)},
    {},
]


def written(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    rows: Sequence[Row],
    pages: Sequence[tuple[int, Group, int]] = (),
    slot: int = SLOT,
) -> Path:
    names = ", ".join(f"{name} BIGINT" for name in TOTAL_NAMES)
    connection.execute(
        "CREATE OR REPLACE TABLE totals (campaign_id BIGINT, group_name VARCHAR, "
        f"banner_id BIGINT, {names});"
        "CREATE OR REPLACE TABLE pages (campaign_id BIGINT, group_name VARCHAR, pages BIGINT)"
    )
    marks = ", ".join("?" * (3 + len(TOTAL_NAMES)))
    for campaign_id, group, banner_id, values in rows:
        row = [campaign_id, str(group), banner_id, *values]
        connection.execute(f"INSERT INTO totals VALUES ({marks})", row)  # noqa: S608  # only marks
    for campaign_id, group, count in pages:
        connection.execute("INSERT INTO pages VALUES (?, ?, ?)", [campaign_id, str(group), count])
    write_totals(connection, slot, path)
    return path


def test_the_file_has_the_totals_each_campaign_and_group_and_what_counts_of_its_banners(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = written(connection, tmp_path / "totals.parquet", ROWS, PAGES)
    found = list(read_totals(path))
    assert [(each.campaign_id, each.group, each.totals) for each in found] == [
        (each.campaign_id, each.group, each.totals) for each in TOTALS
    ]
    assert [each.banners for each in found] == BANNERS


def test_the_columns_of_the_file_are_those_that_other_releases_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = parquet.ParquetFile(written(connection, tmp_path / "totals.parquet", ROWS, PAGES))
    banner = ("banner_id", "net_impressions", "net_clicks", "net_conversions", "net_revenue_micros")
    assert file.schema_arrow.names == [
        *("slot", "campaign_id", "group_name", *TOTAL_NAMES, "pages"),
        *(f"banners_{name}" for name in banner),
    ]
    table = file.read()
    assert table["slot"].to_pylist() == [SLOT] * 4
    assert table["pages"].to_pylist() == [0, 2, 5, 3]
    assert table["banners_banner_id"].to_pylist() == [[8], [8], [7, 8, 9], []]
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_in_a_file_of_an_earlier_release_nothing_says_why_events_were_left_out(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = written(connection, tmp_path / "totals.parquet", ROWS, PAGES)
    parquet.write_table(parquet.read_table(path).drop_columns(list(REASON_NAMES)), path)
    found = list(read_totals(path))
    assert {(each.totals.crawler, each.totals.flood) for each in found} == {(NOTHING, NOTHING)}
    assert [each.totals.net for each in found] == [each.totals.net for each in TOTALS]
    assert [each.banners for each in found] == BANNERS


def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "20261126T1445Z.parquet"
    path.write_bytes(b"PAR1 and something else")
    with pytest.raises(CollectError) as raised:
        list(read_totals(path))
    assert str(raised.value) == (
        f"{path} is damaged. Remove it and the file .json of the same name, and close again."
    )


def test_recent_figures_are_of_two_days_and_of_each_hour_of_the_last_one(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    day = 24 * 4
    # Two banners of every other slot, and figures that tell the slots apart.
    slots = range(SLOT - 2 * day - 4, SLOT + 4, 2)
    net = {slot: (place + 1, place, 1, place * place) for place, slot in enumerate(slots)}
    names = ("net_impressions", "net_clicks", "net_conversions", "net_revenue_micros")
    for banner in ("8", "9"):
        figures = dict(zip(names, zip(*net.values(), strict=True), strict=True))
        columns = {"slot": slots, "campaign_id": [54] * len(slots), **figures}
        parquet.write_table(pa.table(columns), tmp_path / f"{banner}.parquet")

    def added(first: int, end: int) -> Figures:
        rows = [figures for slot, figures in net.items() if first <= slot < end]
        return Figures(*(2 * sum(column) for column in zip(*rows, strict=True)))

    paths = list(tmp_path.iterdir())
    assert recent_figures(connection, paths, SLOT) == {
        54: RecentFigures(
            last=added(SLOT - day, SLOT),
            before=added(SLOT - 2 * day, SLOT - day),
            hours=tuple(added(SLOT - 4 * hour, SLOT - 4 * hour + 4) for hour in range(24, 0, -1)),
        )
    }


def test_hours_without_events_have_zeros(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = written(connection, tmp_path / "totals.parquet", ROWS)
    # The slot is the last but one of the eighth hour before.
    found = recent_figures(connection, [path], SLOT + 30)
    seen = Figures(6, 0, 0, 0)
    assert found[7] == RecentFigures(seen, NOTHING, (*[NOTHING] * 16, seen, *[NOTHING] * 7))
    assert found[54].last == Figures(17, 3, 1, 400)
    assert recent_figures(connection, [path], SLOT) == {}
    assert recent_figures(connection, [path], SLOT + 48 * 4)[7].before == seen
    assert recent_figures(connection, [path], SLOT + 48 * 4 + 1) == {}
    assert recent_figures(connection, [], SLOT) == {}
