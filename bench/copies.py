"""Compare formats of the copy that workers share: ``.venv/bin/python bench/copies.py DATABASE``.

Processor seconds to write a quarter's records and to read one, from files of Banners and from a
table of SQLite. The figures in docs/adr/0054 come from this.
"""

import random
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from time import process_time

import click
from data import QUARTER, reader
from sizes import show_figure

from banners.core.model import Generation
from banners.serve.shared_copies import SharedCopies
from banners.store.read.lineups import DatabaseReader

_LOOKUPS = 100_000


def in_sqlite(file: Path, rows: list[tuple[int, bytes]], asked: list[int]) -> None:
    """Measure a table of SQLite, written without a journal."""
    start = process_time()
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("CREATE TABLE records (id INTEGER PRIMARY KEY, packed BLOB)")
        database.executemany("INSERT INTO records VALUES (?, ?)", rows)
        database.commit()
    show_figure("SQLite: written, a record", (process_time() - start) / len(rows) * 1e6, "µs")
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA mmap_size = 1000000000")
        start = process_time()
        for each in asked:
            database.execute("SELECT packed FROM records WHERE id = ?", (each,)).fetchone()
        show_figure("SQLite: read, a record", (process_time() - start) / len(asked) * 1e6, "µs")


def in_files(
    folder: Path, source: DatabaseReader, generation: Generation, asked: list[int]
) -> None:
    """Measure the files of Banners; writing them includes reading from the database."""
    start = process_time()
    copy = SharedCopies(folder, "a database").copy_of(generation, QUARTER, source)
    if copy is None:
        raise SystemExit("No copy was made; the log says why.")
    took = process_time() - start
    show_figure("files, with the inventory: made, a record", took / len(copy.records) * 1e6, "µs")
    start = process_time()
    for each in asked:
        copy.records[each]
    show_figure("files: read, a record", (process_time() - start) / len(asked) * 1e6, "µs")
    start = process_time()
    SharedCopies(folder, "a database").copy_of(generation, QUARTER, source)
    show_figure("files: opened", (process_time() - start) * 1e3, "ms")


@click.command()
@click.argument("database")
def main(database: str) -> None:
    """Compare formats, with the records of the first quarter of a database."""
    with closing(reader(database)) as source, tempfile.TemporaryDirectory() as folder:
        generation = source.active()[QUARTER]
        start = process_time()
        rows = list(source.records(generation, QUARTER))
        show_figure(
            "read from the database, a record", (process_time() - start) / len(rows) * 1e6, "µs"
        )
        asked = random.Random(1).sample([each for each, _ in rows], min(_LOOKUPS, len(rows)))  # noqa: S311
        in_sqlite(Path(folder, "records.db"), rows, asked)
        in_files(Path(folder, "shared"), source, generation, asked)


if __name__ == "__main__":
    main()
