"""Going back to an earlier generation, on every database."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.errors import RollbackError
from banners.model import Quarter
from banners.serve.reader import read_lineup
from banners.store import sweep
from banners.store.read import DatabaseReader
from banners.store.report import DatabaseReports
from banners.store.rollback import roll_back
from banners.store.schema import GENERATION_QUARTERS
from publishing import drafting, publish, write

FIRST, SECOND = Quarter.FIRST, Quarter.SECOND


def test_the_generation_before_is_served_again(database: Engine) -> None:
    old, _ = publish(database, 100, FIRST), publish(database, 200, FIRST)
    assert roll_back(database, [], None) == {FIRST: old.number}
    assert read_lineup(DatabaseReader(database), 5, FIRST).banners[0].banner_id == 100


def test_one_can_go_forward_again(database: Engine) -> None:
    _, new = publish(database, 100, FIRST), publish(database, 200, FIRST)
    roll_back(database, [], None)
    assert roll_back(database, [], new.number) == {FIRST: new.number}
    assert DatabaseReader(database).active() == {FIRST: new}


def test_only_the_quarters_asked_for_change(database: Engine) -> None:
    old, new = publish(database, 100, FIRST, SECOND), publish(database, 200, FIRST, SECOND)
    roll_back(database, [SECOND], None)
    assert DatabaseReader(database).active() == {FIRST: new, SECOND: old}


def test_quarters_that_have_no_earlier_one_are_left_alone(database: Engine) -> None:
    old, new = publish(database, 100, FIRST), publish(database, 200, FIRST, SECOND)
    assert roll_back(database, [], None) == {FIRST: old.number}
    assert DatabaseReader(database).active() == {FIRST: old, SECOND: new}


@pytest.mark.parametrize(("quarters", "to"), [([FIRST], None), ([], 9), ([SECOND], 1), ([], None)])
def test_what_is_not_there_is_refused_and_nothing_changes(
    database: Engine, quarters: list[Quarter], to: int | None
) -> None:
    only = publish(database, 100, FIRST)
    with pytest.raises(RollbackError, match="nothing was changed"):
        roll_back(database, quarters, to)
    assert DatabaseReader(database).active() == {FIRST: only}


def test_a_generation_that_is_not_whole_is_none_to_go_to(database: Engine) -> None:
    old = publish(database, 100, FIRST)
    with drafting(database) as begun:
        write(begun, FIRST, 200)
        assert begun.generation is not None
        with pytest.raises(RollbackError):
            roll_back(database, [], begun.generation.number)
    assert DatabaseReader(database).active() == {FIRST: old}


def test_nobody_who_publishes_is_waited_for(database: Engine, other: Engine) -> None:
    old, _ = publish(database, 100, FIRST), publish(database, 200, FIRST)
    with drafting(database) as begun:
        write(begun, SECOND, 300)
        assert roll_back(database, [FIRST], None) == {FIRST: old.number}
        begun.activate()
    assert DatabaseReader(other).active() == {FIRST: old, SECOND: begun.generation}


def test_all_that_is_kept_is_listed_and_what_is_served_is_marked(database: Engine) -> None:
    old, new = publish(database, 100, FIRST, SECOND), publish(database, 200, FIRST)
    assert [
        (each.generation, each.quarter, each.served, each.rows, each.engine)
        for each in DatabaseReports(database).kept()
    ] == [
        (new.number, 1, True, 200, "test"),
        (old.number, 1, False, 100, "test"),
        (old.number, 2, True, 100, "test"),
    ]


def test_going_to_what_is_served_already_changes_nothing(database: Engine) -> None:
    _, new = publish(database, 100, FIRST), publish(database, 200, FIRST)
    assert roll_back(database, [FIRST], new.number) == {FIRST: new.number}
    assert DatabaseReader(database).active() == {FIRST: new}


def test_what_is_dropped_under_who_goes_back_to_it_is_refused(
    database: Engine, another: Engine
) -> None:
    old, new = publish(database, 100, FIRST), publish(database, 200, FIRST)

    def drop(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE active_generations"):
            with another.begin() as connection:
                dropped = GENERATION_QUARTERS.c.generation == old.number
                connection.execute(GENERATION_QUARTERS.delete().where(dropped))

    sa.event.listen(database, "before_cursor_execute", drop)
    with pytest.raises(RollbackError, match="has just been dropped; nothing was changed"):
        roll_back(database, [], old.number)
    assert DatabaseReader(another).active() == {FIRST: new}


@pytest.mark.parametrize("first", ["who goes back", "who drops"])
def test_who_goes_back_to_what_is_just_being_dropped_gets_it_whole_or_is_told(
    database: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    oldest = publish(database, 100, FIRST)
    for number in range(2, sweep.KEPT + 1):
        publish(database, 100 * number, FIRST)
    withdraw = sweep._withdrawn  # noqa: SLF001  # the moment that decides
    refused: list[RollbackError] = []

    def overtaken(*words: Any) -> bool:
        withdrawn = withdraw(*words) if first == "who drops" else None
        try:
            roll_back(other, [FIRST], oldest.number)
        except RollbackError as error:
            refused.append(error)
        return withdraw(*words) if withdrawn is None else withdrawn

    monkeypatch.setattr(sweep, "_withdrawn", overtaken)
    newest = publish(database, 900, FIRST)
    served = DatabaseReader(database).active()[FIRST]
    assert served == (newest if refused else oldest)
    assert bool(refused) == (first == "who drops")
    lineup = read_lineup(DatabaseReader(database), 5, FIRST)
    assert lineup.banners[0].banner_id == (900 if refused else 100)
