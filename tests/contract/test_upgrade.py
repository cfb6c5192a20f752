"""A database of an older Banners is upgraded, and holds what it held."""

import contextlib
import itertools
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from banners.core.figures import FIGURE_NAMES, Figures
from banners.core.model import Generation, Quarter
from banners.errors import PublisherBusy, StoreError
from banners.reports.reader import CampaignsWanted
from banners.serve.memory import MemoryReader
from banners.store import carry_over, steps
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports
from banners.store.schema import CANDIDATES
from support import older
from support.publishing import drafting, publish, rolling_back, upgrading
from support.tiers import lineup_of

KNOWN = len(steps.STEPS)
LIVE = {Quarter.FIRST: 2, Quarter.SECOND: 2, Quarter.THIRD: 1, Quarter.FOURTH: 1}


class PowerCut(Exception):
    pass


class SayingWhatToDo(Exception):
    pass


@pytest.fixture
def old(database: Engine) -> Engine:
    """A database at step 1, as commit 8ccc380 made it."""
    older.restore(database)
    return database


def generations(database: Engine) -> dict[int, Generation]:
    kept = DatabaseReports(database).generations().values()
    return {each.number: each for listed in kept for each in listed}


def assert_as_before(database: Engine) -> None:
    """Compare all that can be read with the rows of the old tables."""
    reader, reports = DatabaseReader(database), DatabaseReports(database)
    kept = generations(database)
    assert {quarter: each.number for quarter, each in reader.active().items()} == LIVE
    for (number, quarter, campaign_id), expected in older.lineups().items():
        found = lineup_of(reader, kept[number], Quarter(quarter), campaign_id)
        assert found is not None
        assert (found.rule, found.converting, found.slots) == (
            expected.rule,
            expected.converting,
            expected.slots,
        )
        assert [
            (each.banner_id, *(getattr(each, name) for name in FIGURE_NAMES))
            for each in found.banners
        ] == expected.banners
        assert found.others == expected.others
        totals = reports.totals({Quarter(quarter): kept[number]}, campaign_id)[Quarter(quarter)]
        assert totals.figures == Figures(
            *older.read(
                "SELECT sum(impressions), sum(clicks), sum(conversions), sum(revenue_micros) "
                "FROM performance WHERE generation = ? AND quarter = ? AND campaign_id = ?",
                (number, quarter, campaign_id),
            )[0]
        )
    for number, quarter in {key[:2] for key in older.lineups()}:
        rows = [
            tuple(row.values())[:6]
            for batch in reports.performance(kept[number], Quarter(quarter))
            for row in batch.to_pylist()
        ]
        assert rows == older.read(
            "SELECT campaign_id, banner_id, impressions, clicks, conversions, revenue_micros "
            "FROM performance WHERE generation = ? AND quarter = ? "
            "ORDER BY campaign_id, revenue_micros DESC, clicks DESC, banner_id",
            (number, quarter),
        )


def test_all_generations_are_kept_as_they_were(old: Engine) -> None:
    told: list[str] = []
    assert upgrading(old, told.append) == list(range(2, KNOWN + 1))
    assert_as_before(old)
    assert told[0] == "packing generation 1, quarter 1 (1 of 6 quarters)"
    assert told[-1] == "packing generation 2, quarter 2 (6 of 6 quarters)"
    assert not {"lineups", "performance"} & set(sa.inspect(old).get_table_names())


def test_it_is_served_from_memory_and_nothing_is_found_missing(old: Engine) -> None:
    upgrading(old)
    memory = MemoryReader(DatabaseReader(old), most_lineups=1_000)
    memory.load()
    assert memory.source_error is None
    assert memory.numbers() == {int(quarter): number for quarter, number in LIVE.items()}


def test_it_is_listed_rolled_back_and_published_to(old: Engine) -> None:
    upgrading(old)
    kept = generations(old)
    first, second = kept[1], kept[2]
    reports = DatabaseReports(old)
    in_order = sorted(older.lineups().items(), key=lambda each: each[0])
    listed = reports.campaigns(second, Quarter.FIRST, CampaignsWanted())
    assert [
        (
            each.campaign_id,
            each.rule,
            each.converting,
            each.slots,
            each.banners,
            each.revenue_micros,
        )
        for each in listed.campaigns
    ] == [
        (campaign_id, row.rule, row.converting, row.slots, len(row.banners), row.revenue_micros)
        for (number, quarter, campaign_id), row in in_order
        if (number, quarter) == (2, 1)
    ]
    assert rolling_back(old, [Quarter.FIRST], None) == {Quarter.FIRST: first.number}
    assert publish(old, 100, Quarter.FIRST).number == 3


def test_a_run_upgrades_before_it_writes(old: Engine) -> None:
    with drafting(old):
        pass
    assert_as_before(old)


def test_a_database_that_is_up_to_date_is_left_alone(old: Engine) -> None:
    upgrading(old)
    assert upgrading(old) == []
    assert_as_before(old)


def run(database: Engine, *statements: str) -> None:
    with database.begin() as connection:
        for each in statements:
            connection.exec_driver_sql(each)


def test_results_without_a_record_of_steps_are_kept(old: Engine) -> None:
    run(old, "DROP TABLE schema_steps")
    assert upgrading(old) == list(range(1, KNOWN + 1))
    assert_as_before(old)


def test_an_empty_new_table_beside_the_old_ones_is_filled(old: Engine) -> None:
    with old.begin() as connection:
        CANDIDATES.create(connection)
    upgrading(old)
    assert_as_before(old)


def test_old_tables_are_not_dropped_while_the_new_one_lacks_a_campaign(
    old: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object, **__: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patched:
        patched.setattr(carry_over._LINEUPS, "drop", cut)  # noqa: SLF001  # the moment between
        with pytest.raises(PowerCut):
            upgrading(old)
    run(old, "DELETE FROM candidates WHERE generation = 2 AND quarter = 1 AND campaign_id = 5")
    with pytest.raises(StoreError, match=r"9 campaigns of generation 2, quarter 1; .* has 10"):
        upgrading(old)
    assert {"lineups", "performance"} < set(sa.inspect(old).get_table_names())
    run(old, "ALTER TABLE candidates RENAME TO aside")
    upgrading(old)
    assert_as_before(old)


def test_before_the_upgrade_readers_say_what_to_do(old: Engine) -> None:
    reader = DatabaseReader(old)
    assert reader.active()[Quarter.FIRST].number == 2
    with pytest.raises(StoreError, match=r"is at step 1 of its tables.*: banners upgrade"):
        lineup_of(reader, reader.active()[Quarter.FIRST], Quarter.FIRST, 5)


def test_no_run_writes_meanwhile(old: Engine, another: Engine) -> None:
    def meanwhile(_: str) -> None:
        with pytest.raises(PublisherBusy), drafting(another, wait_seconds=0):
            pass

    upgrading(old, meanwhile)


def cut_at(database: Engine, place: int) -> Callable[[], None]:
    """Cut the power before a statement of the upgrade; return what stops doing so."""
    left = itertools.count(place, -1)

    def cut(*_: object) -> None:
        if next(left) == 0:
            raise PowerCut

    sa.event.listen(database, "before_cursor_execute", cut)
    return lambda: sa.event.remove(database, "before_cursor_execute", cut)


# Each statement, or each fourth: a cut and what follows take a fifth of a second on MariaDB.
@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.long), 4])
def test_an_upgrade_cut_off_at_any_statement_is_completed_by_the_next(
    database: Engine, other: Engine, every: int
) -> None:
    for place in itertools.count(step=every):
        older.restore(database)
        stop = cut_at(database, place)
        try:
            upgrading(database)
        except PowerCut:
            pass
        else:
            break
        finally:
            stop()
        assert_complete_or_refused(other)
        upgrading(database)
        assert_complete(database)
    assert place > 30


def assert_complete_or_refused(database: Engine) -> None:
    """What can be read is complete, or is refused with what to do."""
    with contextlib.suppress(SayingWhatToDo):
        assert_complete(database)


def assert_complete(database: Engine) -> None:
    reader = DatabaseReader(database)
    active = reader.active()
    assert {quarter: each.number for quarter, each in active.items()} == LIVE
    for quarter, generation in active.items():
        campaigns = [
            campaign_id
            for number, of_quarter, campaign_id in older.lineups()
            if (number, of_quarter) == (generation.number, quarter)
        ]
        try:
            found = [campaign_id for campaign_id, _ in reader.records(generation, quarter)]
        except StoreError as error:
            raise (SayingWhatToDo if "banners upgrade" in str(error) else AssertionError) from error
        assert found == sorted(campaigns)
