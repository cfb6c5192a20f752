"""Rolling back to an earlier generation, on every database."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.model import Quarter
from banners.errors import RollbackError
from banners.serve.reader import read_lineup
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports
from banners.store.schema import GENERATION_QUARTERS
from banners.store.write import sweep
from support.publishing import (
    campaign,
    drafting,
    publish,
    publish_rows,
    rolling_back,
    write,
)

FIRST, SECOND = Quarter.FIRST, Quarter.SECOND


def test_the_previous_generation_is_served_again(database: Engine) -> None:
    old, _ = publish(database, 100, FIRST), publish(database, 200, FIRST)
    assert rolling_back(database, [], None) == {FIRST: old.number}
    assert read_lineup(DatabaseReader(database), 5, FIRST).banners[0].banner_id == 100


def test_a_later_generation_can_be_restored(database: Engine) -> None:
    _, new = publish(database, 100, FIRST), publish(database, 200, FIRST)
    rolling_back(database, [], None)
    assert rolling_back(database, [], new.number) == {FIRST: new.number}
    assert DatabaseReader(database).active() == {FIRST: new}


def test_only_the_quarters_asked_for_change(database: Engine) -> None:
    old, new = publish(database, 100, FIRST, SECOND), publish(database, 200, FIRST, SECOND)
    rolling_back(database, [SECOND], None)
    assert DatabaseReader(database).active() == {FIRST: new, SECOND: old}


def test_quarters_without_an_earlier_generation_do_not_change(database: Engine) -> None:
    old, new = publish(database, 100, FIRST), publish(database, 200, FIRST, SECOND)
    assert rolling_back(database, [], None) == {FIRST: old.number}
    assert DatabaseReader(database).active() == {FIRST: old, SECOND: new}


@pytest.mark.parametrize(("quarters", "to"), [([FIRST], None), ([], 9), ([SECOND], 1), ([], None)])
def test_a_generation_that_is_not_kept_is_refused_and_nothing_changes(
    database: Engine, quarters: list[Quarter], to: int | None
) -> None:
    only = publish(database, 100, FIRST)
    with pytest.raises(RollbackError, match="nothing was changed"):
        rolling_back(database, quarters, to)
    assert DatabaseReader(database).active() == {FIRST: only}


def test_a_generation_that_is_still_written_is_refused(database: Engine) -> None:
    old = publish(database, 100, FIRST)
    with drafting(database) as begun:
        write(begun, FIRST, 200)
        assert begun.generation is not None
        with pytest.raises(RollbackError):
            rolling_back(database, [], begun.generation.number)
    assert DatabaseReader(database).active() == {FIRST: old}


def test_a_rollback_does_not_wait_for_a_run_that_publishes(database: Engine, other: Engine) -> None:
    old, _ = publish(database, 100, FIRST), publish(database, 200, FIRST)
    with drafting(database) as begun:
        write(begun, SECOND, 300)
        assert rolling_back(database, [FIRST], None) == {FIRST: old.number}
        begun.activate()
    assert DatabaseReader(other).active() == {FIRST: old, SECOND: begun.generation}


def test_all_kept_generations_are_listed_and_live_ones_are_marked(database: Engine) -> None:
    old, new = publish(database, 100, FIRST, SECOND), publish(database, 200, FIRST)
    assert [
        (each.generation, each.quarter, each.served, each.rows, each.engine)
        for each in DatabaseReports(database).kept()
    ] == [
        (new.number, 1, True, 200, "test"),
        (old.number, 1, False, 100, "test"),
        (old.number, 2, True, 100, "test"),
    ]


def test_campaigns_are_published_if_a_live_generation_has_figures_of_them(
    database: Engine,
) -> None:
    publish_rows(database, [*campaign(5, 100), *campaign(6, 100)], FIRST)
    publish_rows(database, [*campaign(6, 100), *campaign(7, 100)], FIRST)
    publish_rows(database, [*campaign(7, 100), *campaign(8, 100)], SECOND)
    assert DatabaseReports(database).published() == [6, 7, 8]


def test_rolling_back_to_the_live_generation_changes_nothing(database: Engine) -> None:
    _, new = publish(database, 100, FIRST), publish(database, 200, FIRST)
    assert rolling_back(database, [FIRST], new.number) == {FIRST: new.number}
    assert DatabaseReader(database).active() == {FIRST: new}


def test_a_rollback_to_a_generation_that_is_being_dropped_is_refused(
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
        rolling_back(database, [], old.number)
    assert DatabaseReader(another).active() == {FIRST: new}


@pytest.mark.parametrize("first", ["the rollback", "the drop"])
def test_a_rollback_and_a_drop_of_one_generation_never_both_succeed(
    database: Engine, other: Engine, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    oldest = publish(database, 100, FIRST)
    for number in range(2, sweep.KEPT + 1):
        publish(database, 100 * number, FIRST)
    withdraw = sweep._withdrawn  # noqa: SLF001  # the moment that decides
    refused: list[RollbackError] = []

    def overtaken(*words: Any) -> bool:
        withdrawn = withdraw(*words) if first == "the drop" else None
        try:
            rolling_back(other, [FIRST], oldest.number)
        except RollbackError as error:
            refused.append(error)
        return withdraw(*words) if withdrawn is None else withdrawn

    monkeypatch.setattr(sweep, "_withdrawn", overtaken)
    newest = publish(database, 900, FIRST)
    served = DatabaseReader(database).active()[FIRST]
    assert served == (newest if refused else oldest)
    assert bool(refused) == (first == "the drop")
    lineup = read_lineup(DatabaseReader(database), 5, FIRST)
    assert lineup.banners[0].banner_id == (900 if refused else 100)
