"""A quarter that is damaged in the database is noticed when a worker loads it."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.model import Quarter
from banners.errors import DamagedRecord
from banners.serve.memory import DAMAGED_SECONDS, MemoryReader
from banners.serve.reader import read_lineup
from banners.serve.shared_copies import SharedCopies
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports
from banners.store.schema import CANDIDATES, GENERATION_QUARTERS, INVENTORY
from support.publishing import publish, publish_counted
from support.tiers import Asked

FIRST = Quarter.FIRST


def reader_of(database: Engine, shared: Path | None) -> MemoryReader:
    """A reader with a shared copy in a folder; without a folder, with none."""
    copies = SharedCopies(shared / "shared", "a database") if shared else None
    return MemoryReader(DatabaseReader(database), most_lineups=100, copies=copies)


def test_a_quarter_that_is_damaged_keeps_no_other_from_being_served(database: Engine) -> None:
    publish(database, 100, FIRST, Quarter.SECOND)
    with database.begin() as connection:
        of_first = INVENTORY.c.quarter == int(FIRST)
        connection.execute(INVENTORY.update().where(of_first).values(banner_ids="no JSON"))
    memory = MemoryReader(DatabaseReader(database), most_lineups=100)
    memory.load()
    assert set(memory.active()) == {Quarter.SECOND}
    assert "quarter 1, is not a list of ids" in str(memory.source_error)


DAMAGES = {
    "a campaign gone": sa.delete(CANDIDATES).where(CANDIDATES.c.campaign_id == 6),
    "all campaigns gone": sa.delete(CANDIDATES),
    "inventory gone": sa.delete(INVENTORY),
    "inventory cut": sa.update(INVENTORY).values(banner_ids="[100]"),
    "candidates gone": sa.update(CANDIDATES).values(packed=b""),
    "candidates cut": sa.update(CANDIDATES).values(
        packed=sa.func.substr(CANDIDATES.c.packed, 1, 20)
    ),
    "candidates of another campaign": sa.update(CANDIDATES)
    .where(CANDIDATES.c.campaign_id == 5)
    .values(campaign_id=7),
}


@pytest.mark.parametrize("is_shared", [False, True], ids=["alone", "shared"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_noticed_when_a_quarter_is_loaded(
    database: Engine,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    damage: sa.Executable,
    *,
    is_shared: bool,
) -> None:
    copies = SharedCopies(tmp_path / "shared", "a database") if is_shared else None
    publish_counted(database, 100, FIRST)
    memory = MemoryReader(DatabaseReader(database), most_lineups=100, copies=copies)
    memory.load()
    publish_counted(database, 200, FIRST)
    with database.begin() as connection:
        connection.execute(damage)
    for _ in range(3):
        memory.load()
    assert read_lineup(memory, 5, FIRST).banners[0].banner_id == 100
    assert memory.is_damaged
    assert str(memory.source_error).endswith("Crunch the quarter again.")
    assert caplog.text.count("Serving what is in memory: ") == 1
    started = MemoryReader(DatabaseReader(database), most_lineups=100, copies=copies)
    started.load()
    assert started.is_damaged
    publish_counted(database, 300, FIRST)
    memory.load()
    assert read_lineup(memory, 5, FIRST).banners[0].banner_id == 300
    assert not memory.is_damaged


@pytest.mark.parametrize("is_shared", [False, True], ids=["alone", "shared"])
@pytest.mark.parametrize("value", ["text", "", 17, 1.5])
def test_a_value_of_another_type_damages_one_campaign(
    tmp_path: Path, value: object, *, is_shared: bool
) -> None:
    """SQLite keeps it in a column of bytes as it is."""
    database = open_database(f"sqlite:///{tmp_path / 'banners.db'}", create=True)
    publish(database, 100, FIRST)
    with database.begin() as connection:
        of_six = "UPDATE candidates SET packed = ? WHERE campaign_id = 6"
        connection.exec_driver_sql(of_six, (value,))
    memory = reader_of(database, tmp_path if is_shared else None)
    memory.load()
    assert memory.is_damaged
    assert read_lineup(memory, 5, FIRST).banners[0].banner_id == 100
    with pytest.raises(DamagedRecord, match=r"campaign 6 .* is not the record of its candidates"):
        read_lineup(memory, 6, FIRST)
    database.dispose()


@pytest.mark.parametrize("is_shared", [False, True], ids=["alone", "shared"])
@pytest.mark.parametrize("value", ["text", b"", 1.5])
def test_an_id_of_another_type_damages_one_quarter(
    tmp_path: Path, value: object, *, is_shared: bool
) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'banners.db'}", create=True)
    publish(database, 100, FIRST, Quarter.SECOND)
    with database.begin() as connection:
        of_six = "UPDATE candidates SET campaign_id = ? WHERE campaign_id = 6 AND quarter = 1"
        connection.exec_driver_sql(of_six, (value,))
    memory = reader_of(database, tmp_path if is_shared else None)
    memory.load()
    assert memory.is_damaged
    assert set(memory.active()) == {Quarter.SECOND}
    database.dispose()


def test_a_damaged_quarter_is_not_read_at_every_look(database: Engine) -> None:
    publish_counted(database, 100, FIRST)
    now = 0.0
    source = Asked(DatabaseReader(database))
    memory = MemoryReader(source, most_lineups=100, clock=lambda: now)
    memory.load()
    publish_counted(database, 200, FIRST)
    with database.begin() as connection:
        connection.execute(DAMAGES["candidates gone"])
    source.asked.clear()
    for _ in range(5):
        memory.load()
    assert source.asked.count("records") == 1
    now += DAMAGED_SECONDS
    memory.load()
    assert source.asked.count("records") == 2


@pytest.mark.parametrize("summary", ["", "[]", '{"accounts": [{"kind": "views"}]}'])
def test_an_account_that_cannot_be_read_hides_no_other(database: Engine, summary: str) -> None:
    publish_counted(database, 100, FIRST, Quarter.SECOND)
    with database.begin() as connection:
        of_first = GENERATION_QUARTERS.c.quarter == int(FIRST)
        connection.execute(GENERATION_QUARTERS.update().where(of_first).values(summary=summary))
    damaged, sound = DatabaseReports(database).kept()
    assert (damaged.quarter, damaged.served, damaged.outcome) == (1, True, None)
    assert sound.outcome is not None
