"""The tables of totals, over each kind of database: who makes them, and who writes to them."""

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.figures import Figures
from banners.core.model import Quarter
from banners.core.totals import REASON_NAMES, CampaignTotals, Totals
from banners.core.views import Group
from banners.errors import StoreError, TotalsBusy
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.read.totals import DatabaseTotals
from banners.store.schema import SCHEMA_STEPS, TOTALS_TABLES
from support.publishing import drafting, publish, upgrading
from support.totals import around, campaign_totals, day_of, totals_turn, write_slot

# 2026-11-27 00:00 UTC
SLOT = 1_995_840
BANNERS = {7: Figures(100, 5, 1, 2_500_000)}


def test_the_first_writer_makes_the_tables_of_totals_alone(database: Engine, url: str) -> None:
    write_slot(database, SLOT, [campaign_totals(5, BANNERS)])
    made = set(sa.inspect(database).get_table_names())
    assert made - {"sqlite_sequence"} == {table.name for table in TOTALS_TABLES}
    opened = open_database(url, create=False)
    assert DatabaseReader(opened).active() == {}
    opened.dispose()


def test_a_run_finds_the_tables_that_closing_made(database: Engine, totals: DatabaseTotals) -> None:
    write_slot(database, SLOT, [campaign_totals(5, BANNERS)])
    publish(database, 100, Quarter.FIRST)
    assert list(totals.series(5, around(SLOT))) == [SLOT]
    assert upgrading(database) == []


def test_totals_are_written_while_a_run_publishes(database: Engine, another: Engine) -> None:
    with drafting(database):
        write_slot(another, SLOT, [])


def test_one_process_at_a_time_writes_totals(database: Engine, another: Engine) -> None:
    with (
        totals_turn(database),
        pytest.raises(TotalsBusy, match=r"Another process is writing totals .* close again"),
        totals_turn(another, wait_seconds=0),
    ):
        pass


def test_nothing_is_written_to_the_tables_of_a_newer_banners(database: Engine) -> None:
    publish(database, 100, Quarter.FIRST)
    with database.begin() as connection:
        connection.execute(sa.insert(SCHEMA_STEPS).values(step=99, taken_at="2026"))
    with pytest.raises(StoreError, match="step 99 of its tables by a newer Banners"):
        write_slot(database, SLOT, [])


def test_tables_of_an_earlier_release_get_the_columns_of_reasons(
    database: Engine, another: Engine
) -> None:
    before = campaign_totals(5, {400: Figures(9, 1, 0, 0)})
    write_slot(database, SLOT, [before])
    with database.begin() as connection:
        for table in ("closed_slots", "slot_totals", "day_totals"):
            for name in REASON_NAMES:
                connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {name}")
    left_out = Totals(Figures(3, 0, 0, 0), Figures(1, 0, 0, 0), crawler=Figures(2, 0, 0, 0))
    write_slot(database, SLOT + 1, [CampaignTotals(5, Group.RULE, left_out)])
    totals = DatabaseTotals(another)
    assert totals.series(5, around(SLOT)) == {SLOT: before.totals, SLOT + 1: left_out}
    (found,) = totals.between(day_of(SLOT), day_of(SLOT))
    assert found.totals == Totals.sum_of([before.totals, left_out])
    totals.close()
