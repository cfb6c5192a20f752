"""The loop publishes into a database: other folders are refused, and a rollback holds."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.model import Quarter
from banners.errors import LoopPublishes, QuarterHeld, RollbackError
from banners.reports.loop import LoopQuarter
from banners.store.read.lineups import DatabaseReader
from banners.store.read.loop import DatabaseLoop
from banners.store.read.reports import DatabaseReports
from banners.store.schema import HELD_QUARTERS, LOOP_TABLES, SCHEMA_STEPS
from banners.store.write import sweep
from banners.store.write.publisher import ByHand, ByLoop
from banners.store.write.rollback import release, roll_back
from support.publishing import drafting, preparing, publish, rolling_back, write

FIRST, SECOND = Quarter.FIRST, Quarter.SECOND
EVENTS = Path("/events")
LOOP = ByLoop(EVENTS, 40)
OTHER = ByHand(Path("/other"))


def live(database: Engine) -> dict[int, int]:
    active = DatabaseReader(database).active()
    return {int(quarter): generation.number for quarter, generation in active.items()}


def test_what_the_loop_has_published_last_is_known(database: Engine, other: Engine) -> None:
    assert DatabaseLoop(other).loop().quarters == {}
    publish(database, 100, FIRST, publisher=LOOP)
    publish(database, 200, FIRST, publisher=ByLoop(EVENTS, 44))
    status = DatabaseLoop(other).loop()
    published_at = DatabaseReports(other).kept()[0].published_at
    assert status.quarters == {FIRST: LoopQuarter(44, "/events", published_at, 0)}
    assert (status.process, status.held) == (None, {})
    assert DatabaseReports(other).loop() == status


def test_another_folder_is_refused_once_the_loop_has_published(database: Engine) -> None:
    publish(database, 100, FIRST, publisher=OTHER)
    publish(database, 200, FIRST, publisher=LOOP)
    found = r"from /events\. /other is another folder.*--replace"
    with pytest.raises(LoopPublishes, match=found):
        preparing(database, publisher=OTHER)
    with pytest.raises(LoopPublishes, match=found):
        publish(database, 300, FIRST, publisher=OTHER)
    assert live(database) == {1: 2}


def test_another_folder_is_refused_even_while_a_run_publishes(
    database: Engine, another: Engine
) -> None:
    publish(database, 100, FIRST, publisher=LOOP)
    with drafting(database), pytest.raises(LoopPublishes):
        preparing(another, publisher=OTHER)


@pytest.mark.parametrize(
    "publisher", [ByHand(EVENTS), ByHand(EVENTS / "..", events=Path("/")), None]
)
def test_the_folder_of_the_loop_is_published_by_hand(
    database: Engine, publisher: ByHand | None
) -> None:
    publish(database, 100, FIRST, publisher=LOOP)
    publish(database, 200, FIRST, publisher=publisher)
    assert live(database) == {1: 2}


def test_a_folder_that_replaces_the_loop_is_published_and_the_next_one_too(
    database: Engine,
) -> None:
    publish(database, 100, FIRST, publisher=LOOP)
    publish(database, 200, SECOND, publisher=ByHand(Path("/other"), replace=True))
    publish(database, 300, FIRST, publisher=ByHand(Path("/third")))
    assert live(database) == {1: 3, 2: 2}
    publish(database, 400, FIRST, publisher=LOOP)
    with pytest.raises(LoopPublishes):
        publish(database, 500, FIRST, publisher=OTHER)


def test_without_the_loop_a_rollback_holds_nothing(database: Engine) -> None:
    publish(database, 100, FIRST)
    publish(database, 200, FIRST)
    done = roll_back(database, [], None, now=lambda: datetime.now(UTC))
    assert (done.generations, done.is_held) == ({FIRST: (2, 1)}, False)
    publish(database, 300, FIRST)
    assert live(database) == {1: 3}


def test_with_the_loop_a_rollback_holds_until_it_is_released(
    database: Engine, other: Engine
) -> None:
    for first in (100, 200):
        publish(database, first, FIRST, SECOND, publisher=LOOP)
    noon = datetime(2026, 11, 26, 12, tzinfo=UTC)
    done = roll_back(database, [FIRST], None, now=lambda: noon)
    assert (done.generations, done.is_held) == ({FIRST: (2, 1)}, True)
    assert {
        (each.generation, each.quarter): each.held_since
        for each in DatabaseReports(other).kept()
        if each.held_since
    } == {(1, 1): noon.isoformat()}
    for publisher in (LOOP, ByHand(EVENTS), ByHand(Path("/other"), replace=True), None):
        with pytest.raises(QuarterHeld, match="Quarter 1 is held on generation 1"):
            publish(database, 300, FIRST, publisher=publisher)
    assert live(database) == {1: 1, 2: 2}
    assert release(database, []) == {FIRST: 1}
    assert DatabaseLoop(other).held() == {}
    publish(database, 300, FIRST, publisher=LOOP)
    assert live(database)[1] > 2


def test_a_rollback_that_does_not_hold_releases_what_one_held_and_nothing_else(
    database: Engine, other: Engine
) -> None:
    for first in (100, 200):
        publish(database, first, FIRST, SECOND, publisher=LOOP)
    rolling_back(database, [FIRST, SECOND], 1)
    done = roll_back(database, [FIRST], 2, now=lambda: datetime.now(UTC), undoes=1)
    assert (done.generations, done.is_held) == ({FIRST: (1, 2)}, False)
    assert live(database) == {1: 2, 2: 1}
    assert set(DatabaseLoop(other).held()) == {SECOND}


def test_a_rollback_is_undone_only_as_long_as_nothing_else_has_become_live(
    database: Engine,
) -> None:
    for first in (100, 200):
        publish(database, first, FIRST, SECOND)
    rolling_back(database, [FIRST, SECOND], 1)
    publish(database, 300, SECOND)
    with pytest.raises(RollbackError, match="another generation has become live in quarter 2"):
        roll_back(database, [FIRST, SECOND], 2, now=lambda: datetime.now(UTC), undoes=1)
    assert live(database) == {1: 1, 2: 3}


@pytest.mark.parametrize("undoes", [None, 2])
def test_a_generation_that_has_just_become_live_is_not_replaced_by_a_rollback(
    database: Engine, another: Engine, undoes: int | None
) -> None:
    for first in (100, 200):
        publish(database, first, FIRST)

    meanwhile = [300]

    @sa.event.listens_for(database, "before_cursor_execute")
    def publish_meanwhile(*arguments: object) -> None:
        if "UPDATE active_generations" in str(arguments[2]) and meanwhile:
            publish(another, meanwhile.pop(), FIRST)

    with pytest.raises(RollbackError, match="another generation has just become live"):
        roll_back(database, [FIRST], 1, now=lambda: datetime.now(UTC), undoes=undoes)
    assert live(database) == {1: 3}


def test_the_quarters_that_are_not_held_are_published_without_the_held_one(
    database: Engine,
) -> None:
    for first in (100, 200):
        publish(database, first, FIRST, SECOND, publisher=LOOP)
    rolling_back(database, [FIRST], None)
    with drafting(database) as begun:
        with pytest.raises(QuarterHeld):
            write(begun, FIRST, 300)
        write(begun, SECOND, 300)
        begun.activate()
    assert begun.generation is not None
    assert live(database) == {1: 1, 2: begun.generation.number}


def test_a_rollback_while_the_loop_publishes_wins(database: Engine, another: Engine) -> None:
    for first in (100, 200):
        publish(database, first, FIRST, publisher=LOOP)
    with drafting(database, publisher=LOOP) as begun:
        write(begun, FIRST, 300)
        rolling_back(another, [FIRST], None)
        with pytest.raises(QuarterHeld):
            begun.activate()
    assert live(database) == {1: 1}
    publish(database, 400, SECOND, publisher=LOOP)
    assert {each.generation for each in DatabaseReports(database).kept()} == {1, 2, 4}


@pytest.mark.parametrize(("quarters", "found"), [([], "Nothing is held"), ([FIRST], "quarter 1")])
def test_what_is_not_held_cannot_be_released(
    database: Engine, quarters: list[Quarter], found: str
) -> None:
    publish(database, 100, FIRST, publisher=LOOP)
    with pytest.raises(RollbackError, match=f"{found}; nothing was changed"):
        release(database, quarters)


def test_a_given_quarter_is_released_and_the_others_stay_held(database: Engine) -> None:
    for first in (100, 200):
        publish(database, first, FIRST, SECOND, publisher=LOOP)
    rolling_back(database, [], None)
    assert release(database, [SECOND]) == {SECOND: 1}
    assert set(DatabaseLoop(database).held()) == {FIRST}


@pytest.mark.parametrize(("keep_generations", "kept"), [(None, sweep.KEPT_OF_LOOP), (2, 2)])
def test_with_the_loop_the_generations_of_a_day_are_kept_or_as_many_as_said(
    database: Engine, keep_generations: int | None, kept: int
) -> None:
    for _ in range(kept + 2):
        publish(database, 100, FIRST, publisher=LOOP, keep_generations=keep_generations)
    assert len(DatabaseReports(database).kept()) == kept


def test_an_older_database_is_rolled_back_and_read_without_the_tables_of_the_loop(
    database: Engine, other: Engine
) -> None:
    for first in (100, 200):
        publish(database, first, FIRST)
    with database.begin() as connection:
        for table in LOOP_TABLES:
            table.drop(connection)
        connection.execute(sa.delete(SCHEMA_STEPS).where(SCHEMA_STEPS.c.step > 4))
    assert DatabaseLoop(other).loop().process is None
    assert len(DatabaseReports(other).kept()) == 2
    assert rolling_back(database, [], None) == {FIRST: 1}
    with pytest.raises(RollbackError, match="Nothing is held"):
        release(database, [])
    publish(database, 300, FIRST, publisher=LOOP)
    assert sa.inspect(database).has_table(HELD_QUARTERS.name)
    assert set(DatabaseLoop(other).loop().quarters) == {FIRST}
