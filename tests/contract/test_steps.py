"""How a database gets its tables, and is updated by a later Banners."""

from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from banners.core.model import Quarter
from banners.errors import OlderTables, PublisherBusy, StoreError
from banners.serve.reader import read_lineup
from banners.store import steps
from banners.store.carry_over import OnProgress
from banners.store.read.lineups import DatabaseReader
from banners.store.schema import METADATA, SCHEMA_STEPS
from support.publishing import drafting, publish, rolling_back
from support.tiers import lineup_of

FIRST = Quarter.FIRST
Later = Callable[..., None]
RELEASED = len(steps.STEPS)


def up_to(later: int) -> list[int]:
    """The numbers of all steps of this Banners, and of so many later ones."""
    return list(range(1, RELEASED + later + 1))


class PowerCut(Exception):
    pass


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Add steps as a later Banners has them; call it without any to return to this Banners."""
    released = steps.STEPS

    def replace(*more: steps.Step) -> None:
        monkeypatch.setattr(steps, "STEPS", (*released, *more))

    return replace


def with_note(connection: Connection, _: OnProgress) -> None:
    with connection.begin():
        columns = sa.inspect(connection).get_columns("generations")
        if "note" not in {column["name"] for column in columns}:
            connection.exec_driver_sql("ALTER TABLE generations ADD COLUMN note TEXT")


def nothing(_connection: Connection, _: OnProgress) -> None:
    """A step that finds nothing to do."""


def renaming(connection: Connection, _: OnProgress) -> None:
    with connection.begin():
        connection.exec_driver_sql("ALTER TABLE candidates RENAME COLUMN packed TO bundled")


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
    first = taken(database)
    order: list[str] = []
    later(lambda *_: order.append("second"), lambda *_: order.append("third"))
    for first_banner in (200, 300):
        publish(database, first_banner, FIRST)
    assert order == ["second", "third"]
    assert [step for step, _ in taken(database)] == up_to(2)
    assert taken(database)[:RELEASED] == first


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


def test_an_interrupted_step_is_taken_again(database: Engine, later: Later) -> None:
    old = publish(database, 100, FIRST)
    order: list[str] = []

    def cut(connection: Connection, on_progress: OnProgress) -> None:
        with_note(connection, on_progress)
        raise PowerCut

    later(cut, lambda *_: order.append("third"))
    with pytest.raises(PowerCut), drafting(database):
        pass
    assert (DatabaseReader(database).active(), order) == ({FIRST: old}, [])
    assert [step for step, _ in taken(database)] == up_to(0)
    later(with_note, lambda *_: order.append("third"))
    publish(database, 200, FIRST)
    assert ([step for step, _ in taken(database)], order) == (up_to(2), ["third"])


def test_a_step_that_was_not_recorded_is_taken_again(
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
    assert [step for step, _ in taken(database)] == up_to(0)
    publish(database, 200, FIRST)
    assert [step for step, _ in taken(database)] == up_to(1)


def test_no_other_run_begins_while_a_step_is_taken(
    database: Engine, another: Engine, later: Later
) -> None:
    refused: list[str] = []

    def meanwhile(*_: object) -> None:
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


def test_nothing_is_written_to_the_tables_of_a_newer_banners(
    database: Engine, later: Later
) -> None:
    publish(database, 100, FIRST)
    later(nothing, nothing)
    new = publish(database, 200, FIRST)
    later()
    with pytest.raises(
        StoreError, match=rf"step {RELEASED + 2} .* newer .* knows {RELEASED}\. Use"
    ):
        publish(database, 300, FIRST)
    with pytest.raises(StoreError, match=f"step {RELEASED + 2} of its tables by a newer"):
        rolling_back(database, [FIRST], None)
    assert DatabaseReader(database).active() == {FIRST: new}
    assert [step for step, _ in taken(database)] == up_to(2)


def test_an_unreadable_table_of_a_newer_banners_is_reported_as_that(
    database: Engine, later: Later
) -> None:
    new = publish(database, 100, FIRST)
    later(renaming)
    with drafting(database):
        pass
    later()
    reader = DatabaseReader(database)
    assert reader.active() == {FIRST: new}
    with pytest.raises(StoreError, match=f"step {RELEASED + 1} of its tables by a newer Banners"):
        lineup_of(reader, new, FIRST, 5)


def test_an_unreadable_table_of_an_older_banners_is_reported_as_that(
    database: Engine, later: Later
) -> None:
    old = publish(database, 100, FIRST)
    run(database, "ALTER TABLE candidates DROP COLUMN packed")
    later(nothing)
    reader = DatabaseReader(database)
    assert reader.active() == {FIRST: old}
    with pytest.raises(StoreError, match=rf"from step {RELEASED + 1} on\. .* banners upgrade"):
        lineup_of(reader, old, FIRST, 5)


def test_tables_that_are_read_are_checked_before_they_are_needed(
    database: Engine, later: Later
) -> None:
    reader = DatabaseReader(database)
    reader.check_tables()
    publish(database, 100, FIRST)
    reader.check_tables()
    later(nothing)
    with pytest.raises(OlderTables, match=rf"at step {RELEASED} of its tables"):
        reader.check_tables()
    publish(database, 200, FIRST)
    reader.check_tables()
    later()
    with pytest.raises(StoreError, match=f"step {RELEASED + 1} of its tables by a newer Banners"):
        reader.check_tables()


def test_a_failure_in_tables_of_this_banners_is_reported_as_it_is(database: Engine) -> None:
    old = publish(database, 100, FIRST)
    run(database, "ALTER TABLE candidates DROP COLUMN packed")
    with pytest.raises(StoreError, match="packed"):
        lineup_of(DatabaseReader(database), old, FIRST, 5)


def test_tables_without_recorded_steps_are_kept_if_no_column_is_missing(
    database: Engine,
) -> None:
    old = publish(database, 100, FIRST)
    run(database, "DROP TABLE schema_steps")
    assert DatabaseReader(database).active() == {FIRST: old}
    publish(database, 200, FIRST)
    assert rolling_back(database, [FIRST], None) == {FIRST: old.number}


def test_tables_from_before_the_first_release_are_refused_and_not_changed(
    database: Engine,
) -> None:
    old = publish(database, 100, FIRST)
    run(database, "DROP TABLE schema_steps")
    run(database, "ALTER TABLE candidates DROP COLUMN packed")
    told = r"table candidates without packed: .* Name another database"
    with pytest.raises(StoreError, match=told):
        publish(database, 200, FIRST)
    assert DatabaseReader(database).active() == {FIRST: old}
    with pytest.raises(StoreError, match="at step 0 of its tables"):
        lineup_of(DatabaseReader(database), old, FIRST, 5)
