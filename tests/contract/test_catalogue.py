"""One suite over every database: versions of the catalogue, and what may fail."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.catalogue.ports import (
    CatalogueBrowser,
    CatalogueHistory,
    CatalogueReader,
    CatalogueWriter,
)
from banners.catalogue.versions import Edit
from banners.core.model import Quarter
from banners.errors import (
    StoreClosed,
    StoreError,
    StoreUnavailable,
    UnknownVersion,
)
from banners.store.read import catalogue_rows
from banners.store.read.catalogue import DatabaseCatalogue
from banners.store.schema import CATALOGUE_BANNERS, CATALOGUE_TABLES
from banners.store.write import catalogue_version
from banners.store.write.catalogue import DatabaseCatalogueWriter
from support.catalogue_versions import NOON, content, put, rename
from support.catalogues import banner, campaign
from support.publishing import publish


def test_the_store_implements_every_port(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    read: tuple[CatalogueReader, CatalogueBrowser, CatalogueHistory] = (reader, reader, reader)
    write: CatalogueWriter = writer
    assert (read[0].in_force(), write) == (None, writer)


def test_without_a_catalogue_there_is_none(reader: DatabaseCatalogue) -> None:
    assert (reader.in_force(), reader.versions(), reader.history(5)) == (None, [], [])
    assert reader.free_ids() == (1, 1)


def test_without_a_catalogue_there_is_none_beside_generations_either(
    database: Engine, reader: DatabaseCatalogue
) -> None:
    publish(database, 100, Quarter.FIRST)
    assert (reader.in_force(), reader.versions()) == (None, [])


def test_a_catalogue_is_read_as_it_was_written(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    full = replace(
        campaign(5, name="Ünïcode 👩‍👩‍👧"),
        starts=0,
        ends=253_402_300_799,
        active=False,
        policy="rule",
        banners=(replace(banner(10**18 - 1), starts=1, ends=2, active=False, image="ab"),),
    )
    made = put(writer, full, campaign(10**18 - 1, 1, 2))
    assert content(reader) == [full, campaign(10**18 - 1, 1, 2)]
    assert (made.version.number, made.version.stamp, made.by) == (1, NOON.isoformat(), "ada")
    assert made.what == "Imported: 2 campaigns added, 3 banners added."
    assert reader.versions() == [made]
    assert reader.in_force() == made.version


def test_a_new_version_leaves_the_old_one_as_it_was(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(5, 1, 2), campaign(6, 3))
    paused = replace(campaign(5), banners=(replace(banner(1), active=False), banner(2)))
    made = put(writer, paused, campaign(7, 4))
    assert made.what == (
        "Imported: 1 campaign added, 1 banner added, 1 campaign removed, 1 banner removed, "
        "1 banner changed."
    )
    assert content(reader, 1) == [campaign(5, 1, 2), campaign(6, 3)]
    assert content(reader, 2) == content(reader) == [paused, campaign(7, 4)]
    assert [each.in_force for each in reader.versions()] == [True, False]


def test_only_what_differs_is_written(database: Engine, writer: DatabaseCatalogueWriter) -> None:
    put(writer, campaign(5, 1, 2), campaign(6, 3))
    put(writer, campaign(5, 1, 2), campaign(6, 3, 4))
    with database.connect() as connection:
        written = connection.execute(
            sa.select(CATALOGUE_BANNERS.c.banner_id).where(CATALOGUE_BANNERS.c.since == 2)
        ).all()
    assert [row.banner_id for row in written] == [4]


def test_an_equal_catalogue_makes_no_version(writer: DatabaseCatalogueWriter) -> None:
    put(writer, campaign(5, 1))
    assert writer.replace([campaign(5, 1)], by="ada", what="Imported") is None


def test_an_empty_catalogue_is_a_catalogue(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    assert put(writer).what == "Imported: no campaign differs."
    assert reader.in_force() is not None
    assert content(reader) == []
    put(writer, campaign(5))
    assert put(writer).what == "Imported: 1 campaign removed."
    assert content(reader) == []


def test_a_catalogue_larger_than_a_transaction_is_written_and_read_in_parts(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_version, "_DIFFERENCES_AT_ONCE", 3)
    monkeypatch.setattr(catalogue_version, "_ROWS_A_TRANSACTION", 7)
    monkeypatch.setattr(catalogue_rows, "CAMPAIGNS_AT_ONCE", 2)
    old = [campaign(number, 1, 2, 3) for number in range(1, 12)]
    new = [campaign(number, 2, 3, 4) for number in range(3, 15)]
    put(writer, *old)
    put(writer, *new)
    assert (content(reader, 1), content(reader, 2)) == (old, new)


def test_an_import_keeps_uploaded_images(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(5, 1, 2), campaign(6, 1, 3))
    pictured = [(5, 1, "one"), (6, 1, "one"), (6, 3, "three")]
    writer.edit(
        [
            Edit.of_banner(number, replace(banner(of), image=image))
            for number, of, image in pictured
        ],
        seen=1,
        by="ada",
    )
    put(writer, campaign(5, 1, 2), campaign(6, 1, 2, 3), campaign(7, 1))
    images = {
        (each.campaign_id, of.banner_id): of.image
        for each in content(reader)
        for of in each.banners
    }
    assert images == {
        (5, 1): "one",
        (5, 2): "",
        (6, 1): "one",
        (6, 2): "",
        (6, 3): "three",
        (7, 1): "one",
    }


@pytest.mark.parametrize("number", [2, 99])
def test_an_unknown_version_is_refused(writer: DatabaseCatalogueWriter, number: int) -> None:
    put(writer, campaign(5))
    calls: Sequence[Callable[[], object]] = (
        lambda: writer.undo(number, by="ada"),
        lambda: writer.roll_back(number, by="ada"),
        lambda: writer.edit([rename(5, "x")], seen=number, by="ada"),
        lambda: writer.choose_house(5, seen=number, by="ada"),
    )
    for call in calls:
        with pytest.raises(UnknownVersion, match=f"There is no version {number}"):
            call()


def test_the_tables_of_the_catalogue_are_all_that_its_writer_makes(
    database: Engine, writer: DatabaseCatalogueWriter
) -> None:
    put(writer, campaign(5))
    made = set(sa.inspect(database).get_table_names())
    assert made - {"sqlite_sequence"} == {table.name for table in CATALOGUE_TABLES}


def test_a_catalogue_survives_the_first_publish(
    database: Engine, writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    put(writer, campaign(5, 1))
    publish(database, 100, Quarter.FIRST)
    put(writer, campaign(5, 1), campaign(6))
    assert content(reader, 1) == [campaign(5, 1)]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE catalogue_campaigns", "1 rows of the version in force were to be replaced"),
        ("SELECT count", "Version 2 of the catalogue was not put in force: the database holds 0"),
    ],
)
def test_rows_that_vanish_while_a_version_is_written_are_noticed(
    database: Engine,
    writer: DatabaseCatalogueWriter,
    reader: DatabaseCatalogue,
    statement: str,
    told: str,
) -> None:
    made = put(writer, campaign(5, 1))

    def delete(_connection: object, cursor: Any, begun: str, *_: object) -> None:
        if begun.startswith(statement):
            cursor.execute("DELETE FROM catalogue_campaigns")

    sa.event.listen(database, "before_cursor_execute", delete)
    with pytest.raises(StoreError, match=told):
        writer.edit([rename(5, "Sale")], seen=1, by="ada")
    sa.event.remove(database, "before_cursor_execute", delete)
    assert (reader.versions(), content(reader)) == ([made], [campaign(5, 1)])


def test_a_closed_catalogue_says_so(
    writer: DatabaseCatalogueWriter, reader: DatabaseCatalogue
) -> None:
    reader.close()
    writer.close()
    with pytest.raises(StoreClosed):
        reader.in_force()
    with pytest.raises(StoreClosed):
        writer.edit([], seen=None, by="ada")


def test_nothing_is_written_to_the_catalogue_of_a_newer_banners(
    database: Engine, writer: DatabaseCatalogueWriter
) -> None:
    publish(database, 100, Quarter.FIRST)
    with database.begin() as connection:
        connection.exec_driver_sql("INSERT INTO schema_steps VALUES (99, 'later')")
    with pytest.raises(StoreError, match="step 99 of its tables by a newer"):
        put(writer, campaign(5))


class PowerCut(Exception):
    pass


def test_what_an_interrupted_writer_left_is_swept_by_the_next(
    database: Engine,
    writer: DatabaseCatalogueWriter,
    reader: DatabaseCatalogue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalogue_version, "_DIFFERENCES_AT_ONCE", 2)
    monkeypatch.setattr(catalogue_version, "_ROWS_A_TRANSACTION", 2)
    made = put(writer, campaign(5, 1, 2), campaign(6, 3))

    def cut(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "SET state" in statement:
            raise PowerCut

    sa.event.listen(database, "before_cursor_execute", cut)
    with pytest.raises(PowerCut):
        put(writer, campaign(6, 7, 8), campaign(9, 1))
    sa.event.remove(database, "before_cursor_execute", cut)
    with database.connect() as connection:
        left = sa.select(sa.func.count()).where(CATALOGUE_BANNERS.c.since == 2)
        assert connection.execute(left).scalar_one() > 0
    assert (reader.versions(), content(reader)) == ([made], [campaign(5, 1, 2), campaign(6, 3)])
    assert len(reader.history(6)) == 1
    writer.edit([rename(6, "Sale")], seen=1, by="ada")
    assert content(reader) == [campaign(5, 1, 2), replace(campaign(6, 3), name="Sale")]
    with database.connect() as connection:
        assert connection.execute(left).scalar_one() == 0


def test_any_other_failure_of_the_database_is_reported_as_it_is(
    database: Engine, writer: DatabaseCatalogueWriter
) -> None:
    def spoil(
        _connection: object, _cursor: object, statement: str, parameters: object, *_: object
    ) -> tuple[str, object]:
        if statement.startswith("INSERT INTO catalogue_versions"):
            return "SELECT no_such_column FROM catalogue_active", ()
        return statement, parameters

    sa.event.listen(database, "before_cursor_execute", spoil, retval=True)
    with pytest.raises(StoreUnavailable, match="no_such_column"):
        put(writer, campaign(5))
