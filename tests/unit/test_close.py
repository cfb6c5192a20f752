"""Closing turns the records of a slot into its event files."""

import shutil
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from banners.collect.close.account import ClosedSlot
from banners.collect.close.duckdb_engine import duckdb_closer
from banners.collect.close.files import EventFolder
from banners.collect.close.run import close_slots
from banners.collect.close.totals_file import read_totals
from banners.core.events import Kind
from banners.core.figures import FIGURE_NAMES, Figures
from banners.core.model import Quarter
from banners.core.slots import slot_name
from banners.core.totals import NOTHING, REASON_NAMES, CampaignTotals, Totals
from banners.core.views import Traffic
from reference.accounting import NotGiven, treat_quarter
from reference.closing import (
    Clicked,
    Converted,
    Event,
    Net,
    Seen,
    net_totals,
    slot_of,
)
from strategies import recorded as recording
from support.closings import CLICK, EVENTS, LATER, NAME, VIEW, expected_files, keep, totals_in
from support.event_logs import (
    HOST,
    SLOT,
    Clock,
    closing_of,
    files_in,
    open_log,
    record,
    view_of,
)


def test_the_event_files_of_a_slot_hold_its_events(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    closed = close_slots(closing_of(tmp_path), LATER)
    assert [each.slot for each in closed.slots] == [SLOT]
    assert files_in(tmp_path) == {
        f"4/impressions_4-{NAME}.csv": "banner_id,campaign_id,impression_id,group,fill,places\n"
        "414,54,1233,rule,0,2\n251,54,1234,rule,0,2\n",
        f"4/clicks_4-{NAME}.csv": "click_id,banner_id,campaign_id,group,fill\n1233,414,54,rule,0\n",
        f"4/conversions_4-{NAME}.csv": "conversion_id,click_id,revenue\n5,1233,0.675\n",
    }


@settings(max_examples=20, deadline=None)
@given(recording.recorded(), st.data())
def test_order_repetition_and_division_make_no_difference(
    kept: list[Event], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        events = Path(folder)
        rest = list(data.draw(st.permutations(kept)))
        slots = {slot_of(event) for event in kept}
        while rest:
            count = data.draw(st.integers(1, len(rest)))
            arrival = SLOT + data.draw(st.integers(0, 1))
            keep(events, rest[:count], arrival, data.draw(st.sampled_from([HOST, "other"])))
            slots.add(arrival)
            rest = rest[count:]
            for _ in range(data.draw(st.integers(0, 1))):
                close_slots(closing_of(events), LATER)
        close_slots(closing_of(events), LATER)
        ended = range(min(slots, default=SLOT + 1), SLOT + 1)
        assert files_in(events) == expected_files(kept, ended)
        for slot in {slot_of(event) for event in kept}:
            found = EventFolder(events).closed(slot)
            assert found is not None
            assert_totals(events, found, kept)
            assert_account(found, kept)


def assert_totals(events: Path, closed: ClosedSlot, kept: list[Event]) -> None:
    expected = net_totals(kept, closed.slot)
    found = totals_in(events, closed.slot)
    assert {
        (each.campaign_id, each.group, banner_id): figures
        for each in found
        for banner_id, figures in each.banners.items()
    } == {
        key: Figures(net.impressions, net.clicks, net.conversions, as_micros(net.revenue))
        for key, net in expected.items()
        if replace(net, refunds=0, refunded=Decimal()) != Net()
    }
    for each in found:
        of_key = [net for key, net in expected.items() if key[:2] == (each.campaign_id, each.group)]
        whole = sum(of_key, Net())
        assert each.totals.net == Figures.sum_of(each.banners.values())
        assert (each.totals.refunds, each.totals.refund_micros) == (
            whole.refunds,
            as_micros(whole.refunded),
        )
    assert_accepted_by_the_crunch(events, closed.slot, found)


def as_micros(amount: Decimal) -> int:
    return int(amount * 1_000_000)


def assert_accepted_by_the_crunch(events: Path, slot: int, found: Sequence[CampaignTotals]) -> None:
    """Compare with what the reference of the crunch accepts of the slot's event files alone."""
    expected: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    with TemporaryDirectory() as name:
        for path in events.glob(f"[1-4]/*-{slot_name(slot)}.csv"):
            (Path(name) / path.parent.name).mkdir(exist_ok=True)
            shutil.copy(path, Path(name) / path.parent.name)
        for quarter in Quarter:
            with suppress(NotGiven):
                accepted = treat_quarter(Path(name), int(quarter))
                of_click = {each.click_id: each for each in accepted.clicks}
                for seen in accepted.impressions:
                    expected[seen.campaign_id, seen.banner_id][0] += 1
                for click in accepted.clicks:
                    expected[click.campaign_id, click.banner_id][1] += 1
                for conversion in accepted.conversions:
                    click = of_click[conversion.click_id]
                    sums = expected[click.campaign_id, click.banner_id]
                    sums[2] += 1
                    sums[3] += as_micros(conversion.revenue)
    net: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for each in found:
        for banner_id, figures in each.banners.items():
            for place, figure_name in enumerate(FIGURE_NAMES):
                net[each.campaign_id, banner_id][place] += getattr(figures, figure_name)
    assert net == expected


def assert_account(closed: ClosedSlot, kept: list[Event]) -> None:
    recorded = {
        Kind.IMPRESSIONS: [
            len(each.view.banner_ids)
            for each in kept
            if isinstance(each, Seen)
            if slot_of(each) == closed.slot
        ],
        Kind.CLICKS: [
            1 for each in kept if isinstance(each, Clicked) and slot_of(each) == closed.slot
        ],
        Kind.CONVERSIONS: [
            1 for each in kept if isinstance(each, Converted) and slot_of(each) == closed.slot
        ],
    }
    assert {kind: sum(closed.account.get(kind, {}).values()) for kind in Kind} == {
        kind: sum(counts) for kind, counts in recorded.items()
    }


def test_what_is_left_out_is_accounted_for(tmp_path: Path) -> None:
    other, third = view_of(78), view_of(79)
    keep(
        tmp_path,
        [
            *EVENTS,
            Seen(VIEW, Traffic.CRAWLER),
            Seen(other, Traffic.CRAWLER),
            Seen(third, Traffic.FLOOD),
            Seen(third, Traffic.FLOOD),
            Clicked(other, 1, Traffic.CRAWLER),
            Converted(SLOT, 6, 78 * 16 + 1, "1", 0),
            Converted(SLOT, 7, CLICK, "2", 99),
            Converted(SLOT, 8, 17, "3", 99),
        ],
    )
    (closed,) = close_slots(closing_of(tmp_path), LATER).slots
    assert closed.account == {
        Kind.IMPRESSIONS: {"kept": 2, "crawler": 2, "flood": 2, "duplicate": 4},
        Kind.CLICKS: {"kept": 1, "crawler": 1},
        Kind.CONVERSIONS: {"kept": 2, "crawler": 1, "other_campaign": 1},
    }
    assert closed.count(Kind.CLICKS, "crawler") == 1
    assert closed.count(Kind.CLICKS, "flood") == 0
    (found,) = totals_in(tmp_path)
    assert found.totals == Totals(
        Figures(6, 2, 3, 3_675_000),
        Figures(2, 1, 1, 675_000),
        crawler=Figures(2, 1, 1, 1_000_000),
        flood=Figures(2, 0, 0, 0),
    )
    # The conversion that another sender has reported.
    assert found.totals.otherwise == Figures(0, 0, 1, 2_000_000)
    assert found.banners == {414: Figures(1, 1, 1, 675_000), 251: Figures(1, 0, 0, 0)}


def test_totals_of_an_earlier_release_are_read_beside_new_ones(tmp_path: Path) -> None:
    later: list[Event] = [Seen(view_of(79, slot=SLOT + 1), Traffic.CLEAN)]
    later += [Seen(view_of(80, slot=SLOT + 1), Traffic.CRAWLER)]
    keep(tmp_path, [*EVENTS, Seen(view_of(78), Traffic.CRAWLER)])
    keep(tmp_path, later, SLOT + 1)
    close_slots(closing_of(tmp_path), Clock(SLOT + 2).now)
    folder = EventFolder(tmp_path)
    paths = [folder.totals(SLOT), folder.totals(SLOT + 1)]
    parquet.write_table(parquet.read_table(paths[0]).drop_columns(list(REASON_NAMES)), paths[0])
    (old,), (new,) = (list(read_totals(path)) for path in paths)
    assert (old.totals.crawler, old.totals.otherwise) == (NOTHING, Figures(2, 0, 0, 0))
    assert (new.totals.crawler, new.totals.otherwise) == (Figures(2, 0, 0, 0), NOTHING)
    with duckdb_closer(tmp_path, "512MB") as closer:
        for files in (paths, paths[::-1]):
            assert closer.recent(files, SLOT + 2)[54].last.impressions == 4


def test_a_refund_is_in_the_totals_as_what_it_is(tmp_path: Path) -> None:
    keep(tmp_path, [*EVENTS, Converted(SLOT, 6, CLICK, "-0.5", 54)])
    close_slots(closing_of(tmp_path), LATER)
    (found,) = totals_in(tmp_path)
    figures = Figures(2, 1, 1, 675_000)
    assert found.totals == Totals(figures, figures, refunds=1, refund_micros=500_000)


def test_a_conversion_that_comes_hours_later_belongs_to_the_slot_of_its_view(
    tmp_path: Path,
) -> None:
    keep(tmp_path, EVENTS[:2])
    close_slots(closing_of(tmp_path), LATER)
    keep(tmp_path, EVENTS[2:], SLOT + 13)
    closed = close_slots(closing_of(tmp_path), Clock(SLOT + 13).now)
    assert SLOT in [each.slot for each in closed.slots]
    assert files_in(tmp_path)[f"4/conversions_4-{NAME}.csv"].endswith("5,1233,0.675\n")


def test_ended_slots_without_events_have_files_with_a_header_alone(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    close_slots(closing_of(tmp_path), Clock(SLOT + 3).now)
    made = files_in(tmp_path)
    assert made == expected_files(EVENTS, range(SLOT, SLOT + 3))
    assert (
        made[f"2/clicks_2-{slot_name(SLOT + 2)}.csv"]
        == "click_id,banner_id,campaign_id,group,fill\n"
    )


def test_the_open_slot_is_closed_as_far_as_it_has_come(tmp_path: Path) -> None:
    log = open_log(tmp_path, Clock())
    record(log, EVENTS[0])
    assert log.flush()
    close_slots(closing_of(tmp_path), Clock().now)
    assert files_in(tmp_path) == expected_files(EVENTS[:1], [SLOT])
    record(log, EVENTS[1])
    assert log.close()
    close_slots(closing_of(tmp_path), Clock().now)
    assert files_in(tmp_path) == expected_files(EVENTS[:2], [SLOT])


def test_nothing_new_is_closed_only_by_name(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    close_slots(closing_of(tmp_path), LATER)
    made = files_in(tmp_path)
    assert close_slots(closing_of(tmp_path), LATER).slots == []
    told: list[int] = []
    again = close_slots(closing_of(tmp_path), LATER, [SLOT], told.append)
    assert [each.slot for each in again.slots] == told == [SLOT]
    assert files_in(tmp_path) == made


def test_a_folder_without_a_log_has_nothing_to_close(tmp_path: Path) -> None:
    assert close_slots(closing_of(tmp_path), LATER).slots == []
    assert files_in(tmp_path) == {}


def test_the_quarter_of_an_empty_slot_depends_on_the_time_zone(tmp_path: Path) -> None:
    keep(tmp_path, [Converted(SLOT, 5, CLICK, "1", 0)])
    close_slots(closing_of(tmp_path, zone=ZoneInfo("Asia/Kolkata")), LATER)
    assert {name.partition("/")[0] for name in files_in(tmp_path)} == {"2"}
