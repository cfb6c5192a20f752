"""Copies everything that a database holds to an empty one, of the same kind or another."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.errors import StoreError
from banners.images.store import ImageStore
from banners.store.connect import dialect_of, named, translated, wait_for_server
from banners.store.schema import (
    CATALOGUE_BANNERS,
    CATALOGUE_IMAGES,
    CATALOGUE_VERSIONS,
    GENERATIONS,
    LOOP_PROCESS,
    METADATA,
    SCHEMA_STEPS,
)
from banners.store.steps import refuse_other
from banners.store.write.turn import turn_to_write

# Not copied: the target has its own steps, and the loop's row is valid only while it runs.
_TABLES = [table for table in METADATA.sorted_tables if table not in {SCHEMA_STEPS, LOOP_PROCESS}]
_ROWS_AT_ONCE = 200
# A record may have 7 MB, and an image 4 MiB.
_RECORDS_AT_ONCE = 20
_IMAGES_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds.

    Args:
        generations: number of generations.
        versions: number of versions of the catalogue.
        images: number of uploaded images.
        lacking: number of uploaded images that the catalogue uses and that were not copied.
    """

    generations: int
    versions: int
    images: int
    lacking: int


def copy_everything(
    source: Engine,
    target: Engine,
    uploads: ImageStore | None,
    *,
    now: Callable[[], datetime],
    wait_seconds: float,
    on_table: Callable[[str], None] = lambda _: None,
) -> Copied:
    """Copy all rows of a database to an empty one, in one transaction.

    Args:
        source: an open database, to read.
        target: an open database, to write; missing tables are made.
        uploads: where uploaded images are kept outside of the source, to be copied too; None if
            they are not to be copied.
        now: returns the time in UTC.
        wait_seconds: seconds to wait for a server that is still starting.
        on_table: called with the name of each table before it is copied.

    Raises:
        OlderTables: the tables of the source are those of an older Banners.
        StoreError: the target is not empty, or reading or writing failed. Nothing was copied.
        StoreUnavailable: one of the two cannot be reached, or the source has changed meanwhile.
        UploadsUnavailable: an image cannot be read.
    """
    with ExitStack() as opened:
        with translated(source):
            reading = opened.enter_context(source.connect())
            # All tables as they are at one moment; drivers of SQLite would begin only to write.
            reading.exec_driver_sql("BEGIN")
            refuse_other(reading)
        wait_for_server(target, seconds=wait_seconds)
        _refuse_used(target)
        writing = opened.enter_context(turn_to_write(target, now=now, wait_seconds=wait_seconds))
        with writing.begin():
            _refuse_rows(writing, target, _TABLES)
            for table in _TABLES:
                on_table(table.name)
                for rows in _parts(reading, table):
                    writing.execute(sa.insert(table), rows)
            lacking = _copy_images(writing, uploads, now().isoformat())
            copied = Copied(
                generations=_count(writing, GENERATIONS),
                versions=_count(writing, CATALOGUE_VERSIONS),
                images=_count(writing, CATALOGUE_IMAGES),
                lacking=lacking,
            )
            dialect_of(source).refuse_changed(reading)
        return copied


def _refuse_used(target: Engine) -> None:
    """Refuse a database with rows before its tables are brought up to date."""
    with translated(target), target.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        _refuse_rows(connection, target, [each for each in _TABLES if each.name in names])


def _refuse_rows(connection: Connection, target: Engine, tables: Iterable[sa.Table]) -> None:
    for table in tables:
        if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise StoreError(
                f"{named(target)} is not empty: its table {table.name} has rows. Nothing was "
                "copied. Name an empty database."
            )


def _parts(reading: Connection, table: sa.Table) -> Iterator[list[Mapping[str, object]]]:
    at_once = _ROWS_AT_ONCE
    if any(isinstance(column.type, sa.LargeBinary) for column in table.columns):
        at_once = _IMAGES_AT_ONCE if table is CATALOGUE_IMAGES else _RECORDS_AT_ONCE
    # What fails while a part is written is not an error of this database.
    with translated(reading.engine):
        found = reading.execution_options(yield_per=at_once).execute(sa.select(table))
        for part in found.mappings().partitions():
            yield [dict(row) for row in part]


def _copy_images(writing: Connection, uploads: ImageStore | None, written_at: str) -> int:
    """Copy the images that banners have and the database lacks; return how many are missing."""
    column = CATALOGUE_BANNERS.c.image
    kept = sa.select(CATALOGUE_IMAGES.c.digest)
    wanted = sa.select(column).where(column != "", column.not_in(kept)).distinct()
    digests = writing.scalars(wanted).all()
    sizes = uploads.sizes(digests) if uploads else {}
    lacking = 0
    for digest in digests:
        content = uploads.read(digest) if uploads and digest in sizes else None
        if content is None:
            lacking += 1
            continue
        size = sizes[digest]
        row = {
            "digest": digest,
            "width": size.width,
            "height": size.height,
            "content": content,
            "written_at": written_at,
        }
        writing.execute(sa.insert(CATALOGUE_IMAGES), row)
    return lacking


def _count(writing: Connection, table: sa.Table) -> int:
    return writing.scalar(sa.select(sa.func.count()).select_from(table)) or 0
