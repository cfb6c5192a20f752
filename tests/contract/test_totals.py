"""The totals of closed slots, over each kind of database."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from banners.core.events import Kind
from banners.core.figures import Figures
from banners.core.totals import (
    NOTHING,
    TOTAL_NAMES,
    CampaignTotals,
    RecentFigures,
    SlotState,
    Totals,
)
from banners.core.views import Group
from banners.errors import DamagedRecord, StoreClosed
from banners.reports.totals import DAY_SLOTS, RecentOrder, TotalsReader
from banners.store.read.totals import DatabaseTotals
from banners.store.schema import DROPPED, SLOT_TOTALS, TOTALS_TABLES
from support.totals import NOON, around, campaign_totals, day_of, totals_turn, write_slot

# 2026-11-27 00:00 UTC
SLOT = 1_995_840
DAY = date(2026, 12, 1)
LARGE = Figures(2**40, 2**33, 2**20, 10**17)
BANNERS = {7: Figures(100, 5, 1, 2_500_000), 10**18 - 1: LARGE, 9: NOTHING}
LEFT_OUT = Figures(40, 3, 2, 10)


def test_it_is_a_reader_of_totals(totals: DatabaseTotals) -> None:
    reader: TotalsReader = totals
    assert reader is totals


def test_before_any_slot_is_closed_there_is_nothing(totals: DatabaseTotals) -> None:
    assert totals.closed(around(SLOT)) == []
    assert totals.last_closed() is None
    assert totals.series(5, around(SLOT)) == totals.series(None, around(SLOT)) == {}
    assert totals.banner_series(5, around(SLOT)) == {}
    assert totals.between(DAY, DAY) == []
    recent = totals.recent([5])
    assert (recent.until, recent.campaigns) == (None, {})
    assert recent.together == RecentFigures(NOTHING, NOTHING, (NOTHING,) * 24)
    assert totals.in_recent_order(RecentOrder.REVENUE) == []


def test_a_slot_is_read_as_it_was_written(database: Engine, totals: DatabaseTotals) -> None:
    first = campaign_totals(5, BANNERS, left_out=LEFT_OUT, refunds=2, refund_micros=7)
    second = campaign_totals(6, {7: Figures(1, 0, 0, 0)})
    state = SlotState(
        slot=SLOT,
        digest="a" * 64,
        missing=("web-2", "web-3"),
        account={Kind.CLICKS: {"kept": 6, "crawler": 2}},
    )
    with totals_turn(database) as writer:
        writer.write(state, DAY, [first, second])
    together = Totals.sum_of([first.totals, second.totals])
    (seen,) = totals.closed(around(SLOT))
    assert (seen.state, seen.closed_at, seen.totals) == (state, NOON.isoformat(), together)
    assert totals.last_closed() == seen
    assert totals.series(None, around(SLOT)) == {SLOT: together}
    assert totals.series(5, around(SLOT)) == {SLOT: first.totals}
    assert totals.banner_series(5, around(SLOT)) == {
        banner_id: {SLOT: figures} for banner_id, figures in BANNERS.items()
    }
    assert [(each.campaign_id, each.group, each.totals) for each in totals.between(DAY, DAY)] == [
        (5, Group.RULE, first.totals),
        (6, Group.RULE, second.totals),
    ]


def test_a_range_of_slots_is_half_open(database: Engine, totals: DatabaseTotals) -> None:
    for slot in range(SLOT, SLOT + 4):
        write_slot(database, slot, [campaign_totals(5, {7: Figures(slot - SLOT, 0, 0, 0)})])
    wanted = range(SLOT + 1, SLOT + 3)
    assert list(totals.series(5, wanted)) == list(totals.series(None, wanted)) == list(wanted)
    assert list(totals.banner_series(5, wanted)[7]) == list(wanted)
    assert [each.state.slot for each in totals.closed(wanted)] == list(wanted)


def test_a_slot_without_events_has_zeros_and_one_that_was_not_closed_is_left_out(
    database: Engine, totals: DatabaseTotals
) -> None:
    write_slot(database, SLOT, [])
    write_slot(database, SLOT + 2, [campaign_totals(6, BANNERS)])
    assert totals.series(5, around(SLOT)) == {SLOT: Totals(), SLOT + 2: Totals()}
    assert totals.banner_series(5, around(SLOT)) == {}


def test_groups_of_a_campaign_are_added_up_but_settled_apart(
    database: Engine, totals: DatabaseTotals
) -> None:
    groups = [
        campaign_totals(5, {7: Figures(10, 2, 1, 5)}),
        campaign_totals(5, {7: Figures(5, 1, 0, 0), 8: Figures(1, 0, 0, 0)}, group=Group.PROBE),
    ]
    write_slot(database, SLOT, groups)
    assert totals.series(5, around(SLOT)) == {
        SLOT: Totals(Figures(16, 3, 1, 5), Figures(16, 3, 1, 5))
    }
    assert totals.banner_series(5, around(SLOT)) == {
        7: {SLOT: Figures(15, 3, 1, 5)},
        8: {SLOT: Figures(1, 0, 0, 0)},
    }
    assert {each.group: each.totals for each in totals.between(day_of(SLOT), day_of(SLOT))} == {
        each.group: each.totals for each in groups
    }


def test_days_are_added_up_from_the_first_to_the_last(
    database: Engine, totals: DatabaseTotals
) -> None:
    days = [day_of(SLOT) + timedelta(number) for number in range(4)]
    with totals_turn(database) as writer:
        for slot in range(SLOT, SLOT + 4 * DAY_SLOTS, 8):
            state = SlotState(slot=slot, digest="d1")
            writer.write(state, day_of(slot), [campaign_totals(5, {7: Figures(1, 0, 0, 0)})])
    (found,) = totals.between(days[1], days[2])
    assert found.totals.net.impressions == 2 * DAY_SLOTS // 8
    (one,) = totals.between(days[3], days[3], campaign_id=5)
    assert one.totals.net.impressions == DAY_SLOTS // 8
    assert totals.between(days[1], days[2], campaign_id=6) == []


def test_writing_again_replaces_what_was_there(database: Engine, totals: DatabaseTotals) -> None:
    write_slot(database, SLOT, [campaign_totals(5, BANNERS), campaign_totals(6, BANNERS)])
    changed = campaign_totals(5, {7: Figures(99, 1, 0, 0)}, left_out=LEFT_OUT)
    more = campaign_totals(8, {7: Figures(1, 1, 1, 1)}, group=Group.POLICY)
    for _ in range(2):
        write_slot(database, SLOT, [changed, more], digest="d2")
        assert totals.series(5, around(SLOT)) == {SLOT: changed.totals}
        assert totals.series(6, around(SLOT)) == {SLOT: Totals()}
        assert totals.series(None, around(SLOT)) == {
            SLOT: Totals.sum_of([changed.totals, more.totals])
        }
        settled = totals.between(day_of(SLOT), day_of(SLOT))
        assert {each.campaign_id: each.totals for each in settled} == {
            5: changed.totals,
            8: more.totals,
        }


def test_digests_say_what_the_database_holds(database: Engine) -> None:
    write_slot(database, SLOT, [], digest="one")
    write_slot(database, SLOT + 1, [], digest="two")
    write_slot(database, SLOT, [], digest="three")
    with totals_turn(database) as writer:
        assert writer.digests() == {SLOT: "three", SLOT + 1: "two"}


def test_a_slot_moves_to_another_day_with_the_time_zone(
    database: Engine, totals: DatabaseTotals
) -> None:
    campaigns = [campaign_totals(5, BANNERS)]
    write_slot(database, SLOT, campaigns)
    with totals_turn(database) as writer:
        writer.write(SlotState(slot=SLOT, digest="d2"), DAY, campaigns)
    (after,) = totals.between(DAY, DAY)
    assert after.totals == campaigns[0].totals
    assert totals.between(day_of(SLOT), day_of(SLOT)) == []


def test_sums_by_day_stay_when_old_slots_are_dropped(
    database: Engine, totals: DatabaseTotals
) -> None:
    for slot in range(SLOT, SLOT + 5):
        write_slot(database, slot, [campaign_totals(5, BANNERS)])
    settled = totals.between(day_of(SLOT), day_of(SLOT))
    with totals_turn(database) as writer:
        assert writer.drop_before(SLOT + 3, kept={SLOT + 1}) == 2
        assert writer.drop_before(SLOT + 3, kept={SLOT + 1}) == 0
    assert list(totals.series(5, around(SLOT))) == [SLOT + 1, SLOT + 3, SLOT + 4]
    assert totals.between(day_of(SLOT), day_of(SLOT)) == settled
    with database.connect() as connection:
        rows = connection.scalars(sa.select(SLOT_TOTALS.c.slot).order_by(SLOT_TOTALS.c.slot))
        assert list(rows) == [SLOT + 1, SLOT + 3, SLOT + 4]


def test_a_slot_that_was_dropped_is_never_added_to_its_day_again(
    database: Engine, totals: DatabaseTotals
) -> None:
    write_slot(database, SLOT, [campaign_totals(5, BANNERS)])
    settled = totals.between(day_of(SLOT), day_of(SLOT))
    with totals_turn(database) as writer:
        writer.drop_before(SLOT + 1, kept=())
        assert writer.digests() == {SLOT: DROPPED}
    write_slot(database, SLOT, [campaign_totals(5, BANNERS)])
    assert totals.between(day_of(SLOT), day_of(SLOT)) == settled
    assert totals.closed(around(SLOT)) == []
    assert totals.last_closed() is None
    assert totals.series(None, around(SLOT)) == totals.series(5, around(SLOT)) == {}
    assert totals.banner_series(5, around(SLOT)) == {}


def recent(impressions: int, clicks: int, revenue: int) -> RecentFigures:
    last = Figures(impressions, clicks, 1, revenue)
    return RecentFigures(
        last, Figures(9, 8, 7, 6), tuple(Figures(hour, 1, 0, revenue) for hour in range(24))
    )


def test_recent_figures_are_replaced_together(database: Engine, totals: DatabaseTotals) -> None:
    old, new = recent(10, 1, 100), recent(2**40, 2**30, 10**17)
    with totals_turn(database) as writer:
        writer.replace_recent(SLOT, recent(30, 3, 300), {5: old, 6: old})
        writer.replace_recent(SLOT + 1, recent(31, 4, 301), {5: new, 7: old})
    found = totals.recent([5, 6, 7])
    assert (found.until, found.together) == (SLOT + 1, recent(31, 4, 301))
    assert found.campaigns == {5: new, 7: old}
    assert totals.recent([]).campaigns == {}


def test_campaigns_are_sorted_by_recent_figures(database: Engine, totals: DatabaseTotals) -> None:
    with totals_turn(database) as writer:
        writer.replace_recent(
            SLOT,
            recent(1000, 1000, 1000),
            {
                1: recent(100, 1, 7),
                2: recent(100, 50, 5),
                3: RecentFigures(NOTHING, LARGE, (NOTHING,) * 24),
                4: recent(7, 0, 10**12),
            },
        )
    assert {order: totals.in_recent_order(order) for order in RecentOrder} == {
        RecentOrder.IMPRESSIONS: [1, 2, 4, 3],
        RecentOrder.CLICK_RATE: [2, 1, 4, 3],
        RecentOrder.REVENUE: [4, 1, 2, 3],
    }


def test_a_damaged_record_is_reported(database: Engine, totals: DatabaseTotals) -> None:
    write_slot(database, SLOT, [campaign_totals(5, BANNERS)])
    with database.begin() as connection:
        connection.execute(sa.update(SLOT_TOTALS).values(banners=b"\1\5nothing"))
    with pytest.raises(DamagedRecord, match="close the slot again"):
        totals.banner_series(5, around(SLOT))


def test_after_closing_nothing_is_read(other: Engine) -> None:
    totals = DatabaseTotals(other)
    totals.close()
    with pytest.raises(StoreClosed):
        totals.last_closed()


FIGURES = st.builds(Figures, *[st.integers(0, 2**30)] * 4)
CAMPAIGNS = st.lists(
    st.builds(
        campaign_totals,
        st.integers(1, 3),
        st.dictionaries(st.integers(1, 4), FIGURES, max_size=3),
        group=st.sampled_from(Group),
        left_out=FIGURES,
        refunds=st.integers(0, 5),
        refund_micros=st.integers(0, 2**40),
    ),
    max_size=5,
    unique_by=lambda each: (each.campaign_id, each.group),
)
WRITTEN = st.lists(st.tuples(st.integers(SLOT, SLOT + 3), st.integers(0, 2), CAMPAIGNS))


@given(written=WRITTEN, dropped=st.integers(SLOT, SLOT + 4))
@settings(
    max_examples=20,
    deadline=None,
    # Each example begins with empty tables.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_in_any_order_the_last_totals_of_each_slot_count(
    database: Engine,
    other: Engine,
    written: Sequence[tuple[int, int, Sequence[CampaignTotals]]],
    dropped: int,
) -> None:
    totals = DatabaseTotals(other)
    last: dict[int, tuple[date, Sequence[CampaignTotals]]] = {}
    with totals_turn(database) as writer:
        with database.begin() as connection:
            for table in TOTALS_TABLES:
                connection.execute(sa.delete(table))
        for slot, after, campaigns in written:
            last[slot] = (DAY + timedelta(after), campaigns)
            writer.write(SlotState(slot=slot, digest="d"), *last[slot])
    for campaign_id in (1, 2, 3):
        assert totals.series(campaign_id, around(SLOT)) == {
            slot: Totals.sum_of(e.totals for e in of_slot if e.campaign_id == campaign_id)
            for slot, (_, of_slot) in sorted(last.items())
        }
    with totals_turn(database) as writer:
        writer.drop_before(dropped, kept=())
    for after in range(3):
        day = DAY + timedelta(after)
        assert list(map(key_and_values, totals.between(day, day))) == expected_day(
            {slot: of_slot for slot, (each, of_slot) in last.items() if each == day}
        )


def key_and_values(each: CampaignTotals) -> tuple[tuple[int, str], tuple[int, ...]]:
    return (each.campaign_id, str(each.group)), each.totals.values()


def expected_day(
    by_slot: Mapping[int, Sequence[CampaignTotals]],
) -> list[tuple[tuple[int, str], tuple[int, ...]]]:
    sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * len(TOTAL_NAMES))
    for campaigns in by_slot.values():
        for key, values in map(key_and_values, campaigns):
            sums[key] = [a + b for a, b in zip(sums[key], values, strict=True)]
    return [(key, tuple(values)) for key, values in sorted(sums.items()) if any(values)]
