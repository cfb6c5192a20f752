"""Runs and readers that use one database at the same time."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.core.model import Generation, Quarter
from banners.errors import StoreClosed, StoreError, StoreUnavailable
from banners.serve.reader import read_lineup
from banners.store.read import lineups
from banners.store.read.lineups import DatabaseReader
from banners.store.schema import (
    ACTIVE_GENERATIONS,
    CANDIDATES,
    GENERATIONS,
    INVENTORY,
    METADATA,
    RESULT_TABLES,
)
from banners.store.write.sweep import KEPT, drop_old, sweep_unfinished
from support.publishing import (
    LARGEST,
    batches,
    campaign,
    count,
    drafting,
    inventory,
    publish,
    write,
)
from support.tiers import lineup_of

RECORD_BYTES = 14 + 3 * (1 + 1 + 1 + 1 + 4)
"""Size of the record of a campaign of three candidates, whose revenue takes four bytes."""


def before_statements(database: Engine, look: Callable[[str], None]) -> None:
    """Call ``look`` before each statement that the database is given."""

    def call(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        look(statement)

    sa.event.listen(database, "before_cursor_execute", call)


def test_a_reader_is_not_blocked_by_rows_that_are_not_committed_yet(
    database: Engine, other: Engine
) -> None:
    old = publish(database, 100, *Quarter)
    reader = DatabaseReader(other)

    def looked_at() -> Iterator[pa.RecordBatch]:
        yield from batches(*campaign(5, 200))
        lineup = read_lineup(reader, 5, Quarter.FIRST)
        assert (lineup.generation, lineup.banners[0].banner_id) == (old, 100)

    with drafting(database) as begun:
        begun.write_quarter(Quarter.FIRST, looked_at(), inventory(200))


def test_a_reader_within_a_transaction_blocks_no_run_and_sees_one_state(
    database: Engine, another: Engine
) -> None:
    old = publish(database, 100, *Quarter)
    figures = sa.select(CANDIDATES.c.generation).distinct()
    pointers = sa.select(ACTIVE_GENERATIONS.c.generation).distinct()
    with another.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        assert connection.scalars(pointers).all() == [old.number]
        publish(database, 200, *Quarter)
        assert connection.scalars(pointers).all() == [old.number]
        assert connection.scalars(figures).all() == [old.number]


def publish_ids(database: Engine, first: int) -> tuple[int, ...]:
    """Publish an inventory of several parts, too large for a page of any database."""
    ids = tuple(range(first, first + 30_000))
    with drafting(database) as begun:
        begun.write_quarter(Quarter.FIRST, batches(*campaign(5, 1)), inventory(*ids))
        begun.describe_quarter(Quarter.FIRST, digest="d", rows=1, summary={})
        begun.activate()
    return ids


def inventory_overtaken(
    database: Engine, overtake: Callable[[], object], overtaken: list[object]
) -> Sequence[int]:
    """Read the inventory, and call ``overtake`` when its first row has been read.

    Args:
        database: where to read.
        overtake: what happens meanwhile.
        overtaken: a list to which what it returned is added, also if reading fails.
    """

    def happen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM inventory" in statement and not overtaken:
            overtaken.append(overtake())

    sa.event.listen(database, "after_cursor_execute", happen)
    reader = DatabaseReader(database)
    (generation,) = reader.active().values()
    return reader.inventory(generation, Quarter.FIRST)


@pytest.mark.parametrize("most", [1, 3, 1000])
def test_an_inventory_dropped_while_it_is_read_is_read_completely_or_not_at_all(
    database: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(lineups, "PARTS_AT_ONCE", most)
    ids = publish_ids(database, 10**6)
    overtaken: list[object] = []
    found: Sequence[int] | None = None
    with suppress(StoreUnavailable):
        found = inventory_overtaken(
            other, lambda: [publish_ids(database, 10**6 * n) for n in range(2, 6)], overtaken
        )
    assert len(overtaken) == 1
    assert found is None or tuple(found) in {ids, ()}


@pytest.mark.parametrize("read", [1, 3])
def test_records_dropped_while_they_are_read_are_an_error(
    database: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch, read: int
) -> None:
    monkeypatch.setattr(lineups, "ROWS_AT_ONCE", 1)
    generation = publish(database, 100, Quarter.FIRST)
    records = iter(DatabaseReader(other).records(generation, Quarter.FIRST))
    for _ in range(read):
        next(records)
    for first in range(200, 200 + KEPT):
        publish(database, first, Quarter.FIRST)
    with pytest.raises(StoreUnavailable, match="Generation 1 was dropped while it was read"):
        list(records)


def test_as_many_rows_are_read_at_a_time_as_their_size_allows(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lineups, "_FIRST_ROWS", 2)
    monkeypatch.setattr(lineups, "_BYTES_AT_ONCE", 30 * (1 + RECORD_BYTES) + 1)
    with drafting(database) as begun:
        rows = [row for each in range(1, 101) for row in campaign(each, 1)]
        begun.write_quarter(Quarter.FIRST, batches(*rows, size=300), inventory(1))
        begun.describe_quarter(Quarter.FIRST, digest="d", rows=1, summary={})
        begun.activate()
    assert begun.generation is not None
    fetched: list[int] = []
    reader = DatabaseReader(database)
    queried = reader._queries.pairs  # noqa: SLF001  # what a query returns is seen nowhere else

    def counted(*words: Any) -> Any:
        rows = queried(*words)
        fetched.append(len(rows))
        return rows

    monkeypatch.setattr(reader._queries, "pairs", counted)  # noqa: SLF001
    assert len(list(reader.records(begun.generation, Quarter.FIRST))) == 100
    assert fetched == [2, 8, 30, 30, 30, 0]


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
def test_rows_read_a_page_at_a_time_are_read_completely(
    database: Engine, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(lineups, "ROWS_AT_ONCE", most)
    monkeypatch.setattr(lineups, "PARTS_AT_ONCE", most)
    with drafting(database) as begun:
        rows = [row for each in (5, 6, 7, LARGEST) for row in campaign(each, each)]
        begun.write_quarter(Quarter.FIRST, batches(*rows), inventory(*range(1, 10_001)))
        begun.describe_quarter(Quarter.FIRST, digest="d", rows=1, summary={})
        begun.activate()
    assert begun.generation is not None
    reader = DatabaseReader(database)
    assert list(reader.campaigns(begun.generation, Quarter.FIRST)) == [5, 6, 7, LARGEST]
    records = reader.records(begun.generation, Quarter.FIRST)
    assert [campaign_id for campaign_id, _ in records] == [5, 6, 7, LARGEST]
    assert list(reader.inventory(begun.generation, Quarter.FIRST)) == list(range(1, 10_001))


def test_an_inventory_that_changes_while_it_is_read_is_read_in_one_of_its_states(
    database: Engine, other: Engine
) -> None:
    ids = publish_ids(database, 10**6)

    def change() -> None:
        with database.begin() as connection:
            changed = sa.func.replace(INVENTORY.c.banner_ids, "1", "2")
            connection.execute(sa.update(INVENTORY).values(banner_ids=changed))

    changed = tuple(int(str(each).replace("1", "2")) for each in ids)
    overtaken: list[object] = []
    assert tuple(inventory_overtaken(other, change, overtaken)) in {ids, changed}
    assert len(overtaken) == 1


def test_all_quarters_of_a_generation_go_live_atomically(database: Engine, other: Engine) -> None:
    old = publish(database, 100, *Quarter)
    reader = DatabaseReader(other)
    seen: list[dict[Quarter, Generation]] = []
    with drafting(database) as begun:
        for quarter in Quarter:
            write(begun, quarter, 200)
        before_statements(database, lambda _: seen.append(dict(reader.active())))
        begun.activate()
    assert begun.generation is not None
    states = [dict.fromkeys(Quarter, number) for number in (old, begun.generation)]
    assert all(state in seen for state in states)
    assert all(state in states for state in seen)


def test_a_run_waits_for_another_and_logs_it(
    database: Engine, another: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = threading.Event()

    class Noticing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "waiting" in record.getMessage():
                waiting.set()

    caplog.set_level(logging.WARNING)
    logger, handler = logging.getLogger("banners.store.write.turn"), Noticing()
    logger.addHandler(handler)
    with ThreadPoolExecutor() as threads:
        with drafting(database) as begun:
            write(begun, Quarter.FIRST, 100)
            second = threads.submit(publish, another, 200, Quarter.SECOND)
            assert waiting.wait(30)
            begun.activate()
        newest = second.result()
    assert DatabaseReader(database).active() == {1: begun.generation, 2: newest}
    logger.removeHandler(handler)
    assert caplog.text.count("Another run is publishing; waiting up to 60 seconds") == 1


def test_a_run_that_does_not_have_to_wait_logs_nothing(
    database: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    publish(database, 100, Quarter.FIRST)
    assert caplog.text == ""


def test_a_run_that_another_marked_as_abandoned_activates_nothing(
    database: Engine, another: Engine
) -> None:
    old = publish(database, 100, Quarter.FIRST)
    with drafting(database) as begun:
        write(begun, Quarter.FIRST, 200)
        with another.connect() as connection:
            sweep_unfinished(connection)
        with pytest.raises(StoreError, match="another run marked it as abandoned"):
            begun.activate()
    assert DatabaseReader(database).active() == {Quarter.FIRST: old}


def test_a_live_generation_is_never_swept(database: Engine) -> None:
    old = publish(database, 100, Quarter.FIRST)
    rows = count(database, GENERATIONS, *RESULT_TABLES)
    with database.begin() as connection:
        connection.execute(sa.update(GENERATIONS).values(state="writing"))
    with drafting(database):
        pass
    assert count(database, GENERATIONS, *RESULT_TABLES) == rows
    assert read_lineup(DatabaseReader(database), 5, Quarter.FIRST).generation == old


def test_a_live_generation_is_never_dropped_however_old(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _, third = [publish(database, 100 * n, *Quarter) for n in (1, 2, 3)]
    point_back(database, Quarter.SECOND, first.number)
    monkeypatch.setattr("banners.store.write.sweep.KEPT", 1)
    with database.connect() as connection:
        drop_old(connection)
        kept = connection.execute(
            sa.select(CANDIDATES.c.quarter, CANDIDATES.c.generation).distinct()
        ).all()
    assert sorted(map(tuple, kept)) == [
        (int(quarter), each.number)
        for quarter, each in [(1, third), (2, first), (2, third), (3, third), (4, third)]
    ]
    assert read_lineup(DatabaseReader(database), 5, Quarter.SECOND).generation == first


def point_back(database: Engine, quarter: Quarter, generation: int) -> None:
    with database.begin() as connection:
        connection.execute(
            sa.update(ACTIVE_GENERATIONS)
            .where(ACTIVE_GENERATIONS.c.quarter == int(quarter))
            .values(generation=generation)
        )


def test_a_failure_to_drop_old_generations_does_not_undo_a_publish(
    database: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for first in (100, 200, 300):
        publish(database, first, Quarter.FIRST)

    def fail(connection: Connection, _keep: int) -> None:
        connection.exec_driver_sql("DELETE FROM nowhere")

    with monkeypatch.context() as patch:
        patch.setattr("banners.store.write.publish.drop_old", fail)
        newest = publish(database, 400, Quarter.FIRST)
    assert read_lineup(DatabaseReader(database), 5, Quarter.FIRST).generation == newest
    assert f"Generation {newest.number} is live, but older ones could not be dropped" in caplog.text
    assert "nowhere" in caplog.text
    assert count(database, GENERATIONS) == {"generations": 4}
    publish(database, 500, Quarter.FIRST)
    assert count(database, GENERATIONS) == {"generations": 3}


def test_a_recreated_database_does_not_answer_for_the_old_generation_of_that_number(
    database: Engine,
) -> None:
    generation = publish(database, 100, Quarter.FIRST)
    reader = DatabaseReader(database)
    assert list(reader.inventory(generation, Quarter.FIRST)) == [100, 101, 102]
    with database.begin() as connection:
        METADATA.drop_all(connection)
    assert not reader.inventory(generation, Quarter.FIRST)
    anew = publish(database, 900, Quarter.FIRST)
    assert anew.number == generation.number
    assert not reader.inventory(generation, Quarter.FIRST)
    assert list(reader.inventory(anew, Quarter.FIRST)) == [900, 901, 902]


def test_reading_after_closing_raises_store_closed(database: Engine, other: Engine) -> None:
    generation = publish(database, 100, Quarter.FIRST)
    reader = DatabaseReader(other)
    assert list(reader.inventory(generation, Quarter.FIRST)) == [100, 101, 102]
    reader.close()
    for ask in (
        reader.active,
        lambda: lineup_of(reader, generation, Quarter.FIRST, 5),
        lambda: reader.inventory(generation, Quarter.FIRST),
    ):
        with pytest.raises(StoreClosed, match="open it again"):
            ask()


def test_a_closed_reader_holds_no_connection(database: Engine, other: Engine) -> None:
    publish(database, 100, Quarter.FIRST)
    open_ones: set[object] = set()
    sa.event.listen(other, "connect", lambda connection, _: open_ones.add(id(connection)))
    sa.event.listen(other, "close", lambda connection, _: open_ones.discard(id(connection)))
    reader = DatabaseReader(other)
    assert reader.active()
    reader.close()
    assert not open_ones
