"""An installation moves to another database, and holds what it held."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.images import Size
from banners.errors import OlderTables, StoreError, StoreUnavailable
from banners.images.folder import FolderImages
from banners.images.store import UploadedImage
from banners.store.connect import open_database
from banners.store.schema import (
    CATALOGUE_BANNERS,
    CATALOGUE_IMAGES,
    LOOP_PROCESS,
    METADATA,
    SCHEMA_STEPS,
)
from banners.store.write.copied import Copied, copy_everything
from support.catalogue_versions import NOON
from support.image_files import file_of
from support.publishing import upgrading

SAME = [t for t in METADATA.sorted_tables if t not in {SCHEMA_STEPS, LOOP_PROCESS}]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Engine]:
    """An SQLite file, whatever the database of the suite is."""
    opened = open_database(f"sqlite:///{tmp_path / 'elsewhere.db'}", create=True)
    yield opened
    opened.dispose()


def value_for(column: sa.Column[object], number: int) -> object:
    if column.foreign_keys:
        return number
    kind = column.type
    if isinstance(kind, sa.LargeBinary):
        return b"\x00\xff" + number.to_bytes(2)
    if isinstance(kind, sa.Integer):
        return number
    return f"ä{number}"[: getattr(kind, "length", None)]


def fill(database: Engine, rows: int = 450) -> None:
    """Write rows to every table, more than are copied at once."""
    upgrading(database)
    with database.begin() as connection:
        for table in SAME:
            some = [
                {column.name: value_for(column, number) for column in table.columns}
                for number in range(1, rows + 1)
            ]
            connection.execute(sa.insert(table), some)


def contents(database: Engine) -> dict[str, list[tuple[object, ...]]]:
    with database.connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in SAME
        }


def copied(source: Engine, target: Engine, uploads: FolderImages | None = None) -> Copied:
    return copy_everything(source, target, uploads, now=lambda: NOON, wait_seconds=10)


def test_a_copy_holds_every_row(database: Engine, elsewhere: Engine) -> None:
    fill(elsewhere)
    told = copied(elsewhere, database)
    assert contents(database) == contents(elsewhere)
    assert (told.generations, told.versions, told.images) == (450, 450, 450)


def test_a_copy_to_sqlite_holds_every_row(database: Engine, elsewhere: Engine) -> None:
    fill(database)
    copied(database, elsewhere)
    assert contents(elsewhere) == contents(database)


def test_a_database_that_is_not_empty_is_refused(database: Engine, elsewhere: Engine) -> None:
    fill(elsewhere, 3)
    fill(database, 1)
    before = contents(database)
    with pytest.raises(StoreError, match=r"is not empty: its table \w+ has rows. Nothing was copi"):
        copied(elsewhere, database)
    assert contents(database) == before


class PowerCut(Exception):
    pass


def test_a_copy_that_fails_leaves_the_database_empty(database: Engine, elsewhere: Engine) -> None:
    def fail_at_the_end(table: str) -> None:
        if table == SAME[-1].name:
            raise PowerCut

    fill(elsewhere, 3)
    with pytest.raises(PowerCut):
        copy_everything(
            elsewhere,
            database,
            None,
            now=lambda: NOON,
            wait_seconds=10,
            on_table=fail_at_the_end,
        )
    assert set(map(len, contents(database).values())) == {0}


def test_a_database_of_an_older_release_is_refused(database: Engine, elsewhere: Engine) -> None:
    fill(elsewhere, 1)
    with elsewhere.begin() as connection:
        connection.execute(sa.delete(SCHEMA_STEPS).where(SCHEMA_STEPS.c.step > 1))
    with pytest.raises(OlderTables, match="banners upgrade"):
        copied(elsewhere, database)


def test_images_of_a_folder_are_copied_too(
    database: Engine, elsewhere: Engine, tmp_path: Path
) -> None:
    fill(elsewhere, 2)
    image = UploadedImage(Size(40, 30), file_of("PNG"))
    with closing(FolderImages(tmp_path / "uploads")) as folder:
        folder.write(image)
        with elsewhere.begin() as connection:
            connection.execute(sa.update(CATALOGUE_BANNERS).values(image=image.digest))
        told = copied(elsewhere, database, folder)
    with database.connect() as connection:
        of_digest = CATALOGUE_IMAGES.c.digest == image.digest
        row = connection.execute(sa.select(CATALOGUE_IMAGES).where(of_digest)).one()
    assert (row.width, row.height, row.content) == (40, 30, image.content)
    assert (told.images, told.lacking) == (3, 0)


def test_images_that_are_nowhere_are_counted(database: Engine, elsewhere: Engine) -> None:
    fill(elsewhere, 2)
    with elsewhere.begin() as connection:
        connection.execute(sa.delete(CATALOGUE_IMAGES))
    told = copied(elsewhere, database)
    assert (told.images, told.lacking) == (0, 2)


def test_a_database_that_changes_meanwhile_is_not_copied(
    database: Engine, elsewhere: Engine
) -> None:
    """Of an SQLite file at rest, readers do not notice that it changes."""
    fill(elsewhere, 3)
    url = elsewhere.url.render_as_string()
    elsewhere.dispose()
    reading, writing = (open_database(url, create=create) for create in (False, True))

    def change(table: str) -> None:
        if table == SAME[-1].name:
            with writing.begin() as connection:
                connection.execute(sa.update(CATALOGUE_BANNERS).values(name="another"))

    with pytest.raises(StoreUnavailable, match="has changed while it was read"):
        copy_everything(reading, database, None, now=lambda: NOON, wait_seconds=10, on_table=change)
    reading.dispose()
    writing.dispose()
    assert set(map(len, contents(database).values())) == {0}


def test_a_fault_of_the_other_database_is_told_as_one(database: Engine, elsewhere: Engine) -> None:
    fill(elsewhere, 3)
    with elsewhere.begin() as connection:
        connection.execute(sa.text(f"DROP TABLE {CATALOGUE_BANNERS.name}"))
    with pytest.raises(StoreError, match=f"elsewhere.db.*{CATALOGUE_BANNERS.name}"):
        copied(elsewhere, database)


def test_a_database_with_rows_is_left_as_it_is(database: Engine, elsewhere: Engine) -> None:
    fill(elsewhere, 1)
    fill(database, 1)
    with database.begin() as connection:
        connection.execute(sa.delete(SCHEMA_STEPS).where(SCHEMA_STEPS.c.step > 1))
        before = connection.execute(sa.select(SCHEMA_STEPS)).all()
    with pytest.raises(StoreError, match="is not empty"):
        copied(elsewhere, database)
    with database.connect() as connection:
        assert connection.execute(sa.select(SCHEMA_STEPS)).all() == before
