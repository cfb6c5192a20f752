"""How every kind of database gets its tables, and those of a later Banners."""

from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.errors import PublisherBusy, StoreError
from banners.model import Quarter
from banners.serve.reader import read_lineup
from banners.store import steps
from banners.store.read import DatabaseReader
from banners.store.rollback import roll_back
from banners.store.schema import METADATA, SCHEMA_STEPS
from publishing import drafting, publish

FIRST = Quarter.FIRST
Later = Callable[..., None]


class PowerCut(Exception):
    pass


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Let there be a later Banners, which has more steps; without any, it is this one again."""
    released = steps.STEPS

    def replace(*more: steps.Step) -> None:
        monkeypatch.setattr(steps, "STEPS", (*released, *more))

    return replace


def with_note(connection: Connection) -> None:
    columns = sa.inspect(connection).get_columns("generations")
    if "note" not in {column["name"] for column in columns}:
        connection.exec_driver_sql("ALTER TABLE generations ADD COLUMN note TEXT")


def nothing(_: Connection) -> None:
    """A step that finds nothing to do."""


def taken(database: Engine) -> Sequence[tuple[int, str]]:
    with database.connect() as connection:
        rows = connection.execute(sa.select(SCHEMA_STEPS).order_by(SCHEMA_STEPS.c.step))
        return [(row.step, row.taken_at) for row in rows]


def run(database: Engine, statement: str) -> None:
    with database.begin() as connection:
        connection.exec_driver_sql(statement)


def test_a_new_database_has_all_tables_and_their_columns(database: Engine) -> None:
    publish(database, 100, FIRST)
    look = sa.inspect(database)
    for table in METADATA.sorted_tables:
        found = {column["name"] for column in look.get_columns(table.name)}
        assert found == set(table.columns.keys())


def test_each_step_is_taken_once_and_in_order(database: Engine, later: Later) -> None:
    publish(database, 100, FIRST)
    (first,) = taken(database)
    order: list[str] = []
    later(lambda _: order.append("second"), lambda _: order.append("third"))
    for first_banner in (200, 300):
        publish(database, first_banner, FIRST)
    assert order == ["second", "third"]
    assert [step for step, _ in taken(database)] == [1, 2, 3]
    assert taken(database)[0] == first


def test_a_later_step_keeps_what_is_published(database: Engine, later: Later) -> None:
    old = publish(database, 100, FIRST)
    later(with_note)
    with drafting(database):
        pass
    assert read_lineup(DatabaseReader(database), 5, FIRST).generation == old
    run(database, "UPDATE generations SET note = 'kept'")


def test_a_new_database_takes_later_steps_as_well(database: Engine, later: Later) -> None:
    later(with_note)
    publish(database, 100, FIRST)
    run(database, "UPDATE generations SET note = 'kept'")


def test_a_step_that_was_broken_off_is_taken_again(database: Engine, later: Later) -> None:
    old = publish(database, 100, FIRST)
    order: list[str] = []

    def cut(connection: Connection) -> None:
        with_note(connection)
        raise PowerCut

    later(cut, lambda _: order.append("third"))
    with pytest.raises(PowerCut), drafting(database):
        pass
    assert (DatabaseReader(database).active(), order) == ({FIRST: old}, [])
    assert [step for step, _ in taken(database)] == [1]
    later(with_note, lambda _: order.append("third"))
    publish(database, 200, FIRST)
    assert ([step for step, _ in taken(database)], order) == ([1, 2, 3], ["third"])


def test_a_run_that_ends_before_it_has_written_down_a_step_takes_it_again(
    database: Engine, another: Engine, later: Later
) -> None:
    old = publish(database, 100, FIRST)

    def cut(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO schema_steps"):
            raise PowerCut

    later(with_note)
    sa.event.listen(another, "before_cursor_execute", cut)
    with pytest.raises(PowerCut), drafting(another):
        pass
    assert DatabaseReader(database).active() == {FIRST: old}
    assert [step for step, _ in taken(database)] == [1]
    publish(database, 200, FIRST)
    assert [step for step, _ in taken(database)] == [1, 2]


def test_no_other_run_begins_while_a_step_is_taken(
    database: Engine, another: Engine, later: Later
) -> None:
    refused: list[str] = []

    def meanwhile(_: Connection) -> None:
        with (
            pytest.raises(PublisherBusy, match="Another run") as caught,
            drafting(another, wait_seconds=0),
        ):
            pass
        refused.append(str(caught.value))

    later(meanwhile)
    with drafting(database):
        pass
    assert len(refused) == 1


def test_nothing_is_written_to_what_a_newer_banners_has_made(
    database: Engine, later: Later
) -> None:
    publish(database, 100, FIRST)
    later(nothing, nothing)
    new = publish(database, 200, FIRST)
    later()
    with pytest.raises(StoreError, match=r"step 3 of its tables by a newer .* knows 1\. Use"):
        publish(database, 300, FIRST)
    with pytest.raises(StoreError, match="step 3 of its tables by a newer"):
        roll_back(database, [FIRST], None)
    assert DatabaseReader(database).active() == {FIRST: new}
    assert [step for step, _ in taken(database)] == [1, 2, 3]


def test_what_cannot_be_read_since_a_newer_banners_made_it_is_told_so(
    database: Engine, later: Later
) -> None:
    new = publish(database, 100, FIRST)
    later(lambda each: each.exec_driver_sql("ALTER TABLE lineups RENAME COLUMN figures TO sums"))
    with drafting(database):
        pass
    later()
    reader = DatabaseReader(database)
    assert reader.active() == {FIRST: new}
    with pytest.raises(StoreError, match="step 2 of its tables by a newer Banners"):
        reader.lineup(new, FIRST, 5)


def test_what_cannot_be_read_since_an_older_banners_made_it_is_told_so(
    database: Engine, later: Later
) -> None:
    old = publish(database, 100, FIRST)
    run(database, "ALTER TABLE lineups DROP COLUMN figures")
    later(nothing)
    reader = DatabaseReader(database)
    assert reader.active() == {FIRST: old}
    with pytest.raises(StoreError, match=r"from step 2 on\. .*publish: banners crunch DIR"):
        reader.lineup(old, FIRST, 5)


def test_what_fails_though_the_tables_are_right_is_told_as_it_is(database: Engine) -> None:
    old = publish(database, 100, FIRST)
    run(database, "ALTER TABLE lineups DROP COLUMN figures")
    with pytest.raises(StoreError, match="figures"):
        DatabaseReader(database).lineup(old, FIRST, 5)


def test_tables_from_before_there_were_steps_are_kept_where_they_are_the_same(
    database: Engine,
) -> None:
    old = publish(database, 100, FIRST)
    run(database, "DROP TABLE schema_steps")
    assert DatabaseReader(database).active() == {FIRST: old}
    publish(database, 200, FIRST)
    assert roll_back(database, [FIRST], None) == {FIRST: old.number}


def test_tables_from_before_the_first_release_are_refused_and_left_alone(
    database: Engine,
) -> None:
    old = publish(database, 100, FIRST)
    run(database, "DROP TABLE schema_steps")
    run(database, "ALTER TABLE lineups DROP COLUMN figures")
    told = r"table lineups without figures: .*drop the tables \(of SQLite: delete the file\)"
    with pytest.raises(StoreError, match=told):
        publish(database, 200, FIRST)
    assert DatabaseReader(database).active() == {FIRST: old}
    with pytest.raises(StoreError, match="at step 0 of its tables"):
        DatabaseReader(database).lineup(old, FIRST, 5)
