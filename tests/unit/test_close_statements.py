"""The SQL of closing that every engine runs, on small tables."""

import duckdb
import pytest

from banners.collect.close.statements import rows_of, statement
from banners.core.events import Kind
from banners.core.model import Quarter
from banners.core.totals import TOTAL_NAMES


def test_the_account_says_what_was_kept_left_out_or_doubled(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("""
        CREATE TABLE views (reason VARCHAR, places INTEGER, deliveries INTEGER);
        INSERT INTO views VALUES (NULL, 2, 3), ('flood', 5, 1);
        CREATE TABLE clicks (reason VARCHAR, deliveries INTEGER);
        INSERT INTO clicks VALUES (NULL, 1), ('crawler', 2);
        CREATE TABLE conversions (reason VARCHAR, deliveries INTEGER);
        INSERT INTO conversions VALUES (NULL, 4);
    """)
    found = connection.execute(statement("account", Quarter.FIRST)).fetchall()
    assert sorted(found) == [
        ("clicks", "crawler", 1),
        ("clicks", "duplicate", 1),
        ("clicks", "kept", 1),
        ("conversions", "duplicate", 3),
        ("conversions", "kept", 1),
        ("impressions", "duplicate", 4),
        ("impressions", "flood", 5),
        ("impressions", "kept", 2),
    ]


def test_a_conversion_has_the_quarter_of_its_click_or_else_of_the_slot(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("""
        CREATE TABLE clicks (
            click_id BIGINT, quarter INTEGER, campaign_id BIGINT, group_name VARCHAR,
            banner_id BIGINT, reason VARCHAR
        );
        INSERT INTO clicks VALUES (17, 4, 54, 'rule', 8, NULL);
        CREATE TABLE read_conversions (
            conversion_id BIGINT, click_id BIGINT, revenue VARCHAR, campaign_id BIGINT
        );
        INSERT INTO read_conversions VALUES (1, 17, '2', 54), (2, 17, '2', 9), (3, 99, '2', 0);
    """)
    sql = statement("conversions", Quarter.SECOND)
    found = connection.execute(f"SELECT conversion_id, quarter, reason FROM ({sql})").fetchall()  # noqa: S608  # our own
    assert sorted(found) == [(1, 4, None), (2, 4, "other_campaign"), (3, 2, None)]


def test_what_crawlers_and_floods_did_is_in_the_totals_apart(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("""
        CREATE TABLE banner AS SELECT 54 AS campaign_id, 'rule' AS group_name, 8 AS banner_id;
        CREATE TABLE impressions AS
            FROM banner, (VALUES (NULL), ('crawler'), ('flood'), ('flood')) i(reason);
        CREATE TABLE clicks AS
            FROM banner, (VALUES (NULL), ('crawler'), ('crawler'), ('flood')) c(reason);
        CREATE TABLE conversions AS
            FROM banner, (VALUES (1, 17, '1', 'crawler'), (2, 17, '2', 'flood'), (3, 17, '3', NULL))
            c(conversion_id, click_id, revenue, reason);
    """)
    found = connection.execute(statement("totals", Quarter.FIRST))
    names = [each[0] for each in found.description or ()]
    (row,) = found.fetchall()
    assert names == ["campaign_id", "group_name", "banner_id", *TOTAL_NAMES]
    assert row == (
        *(54, "rule", 8),
        *(4, 4, 3, 6_000_000),  # all
        *(1, 1, 1, 3_000_000),  # what counts
        *(0, 0),  # refunds
        *(1, 2, 1, 1_000_000),  # crawlers
        *(2, 1, 1, 2_000_000),  # floods
    )


@pytest.mark.parametrize(
    ("kind", "header", "expected"),
    [
        (
            Kind.IMPRESSIONS,
            ["banner_id", "campaign_id", "impression_id", "group", "fill", "places"],
            [(8, 54, 2, "rule", 0, 5), (7, 54, 9, "rule", 1, 5)],
        ),
        (
            Kind.CLICKS,
            ["click_id", "banner_id", "campaign_id", "group", "fill"],
            [(2, 8, 54, "rule", 0), (9, 7, 54, "rule", 1)],
        ),
        (
            Kind.CONVERSIONS,
            ["conversion_id", "click_id", "revenue"],
            [(1, 2, "0.5"), (1, 9, "0.5"), (3, 2, "0.25")],
        ),
    ],
)
def test_event_files_have_the_rows_of_their_quarter_that_count_in_order(
    connection: duckdb.DuckDBPyConnection,
    kind: Kind,
    header: list[str],
    expected: list[tuple[object, ...]],
) -> None:
    connection.execute("""
        CREATE TABLE impressions AS FROM (VALUES
            (9, 7, 54, 'rule', 1, 5, 3, NULL), (2, 8, 54, 'rule', 0, 5, 3, NULL),
            (1, 8, 54, 'rule', 0, 5, 3, 'flood'), (3, 8, 54, 'rule', 0, 5, 2, NULL))
            i(impression_id, banner_id, campaign_id, group_name, fill, places, quarter, reason);
        CREATE TABLE clicks AS FROM impressions SELECT impression_id AS click_id, *;
        CREATE TABLE conversions AS FROM (VALUES
            (3, 2, '0.25', 3, NULL), (1, 9, '0.5', 3, NULL), (1, 2, '0.5', 3, NULL),
            (4, 2, '1', 3, 'flood'), (5, 2, '1', 4, NULL))
            c(conversion_id, click_id, revenue, quarter, reason);
    """)
    found = connection.execute(rows_of(kind, Quarter.THIRD))
    assert [each[0] for each in found.description or ()] == header
    assert found.fetchall() == expected


def test_an_engine_may_have_its_own_quotation_marks_of_names() -> None:
    assert "group_name AS `group`, fill" in rows_of(Kind.CLICKS, Quarter.FIRST, mark="`")
