"""Closing turns the records of a slot into its event files."""

from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pyarrow import parquet

from banners.collect.close.duckdb_engine import duckdb_closer
from banners.collect.close.files import EventFolder
from banners.collect.close.run import close_slots
from banners.collect.close.totals_file import read_totals
from banners.core.events import Kind
from banners.core.figures import Figures
from banners.core.slots import slot_name
from banners.core.totals import NOTHING, REASON_NAMES, Totals
from banners.core.views import Traffic
from banners.errors import CollectError
from reference.closing import (
    Clicked,
    Converted,
    Event,
    Seen,
)
from support.closings import CLICK, EVENTS, LATER, NAME, VIEW, expected_files, keep, totals_in
from support.event_logs import (
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
    (closed,) = close_slots(closing_of(tmp_path), LATER).slots
    assert closed.slot == SLOT
    assert closed.totals == sha256(EventFolder(tmp_path).totals(SLOT).read_bytes()).hexdigest()
    assert files_in(tmp_path) == {
        f"4/impressions_4-{NAME}.csv": "banner_id,campaign_id,impression_id,group,fill,places\n"
        "414,54,1233,rule,0,2\n251,54,1234,rule,0,2\n",
        f"4/clicks_4-{NAME}.csv": "click_id,banner_id,campaign_id,group,fill\n1233,414,54,rule,0\n",
        f"4/conversions_4-{NAME}.csv": "conversion_id,click_id,revenue\n5,1233,0.675\n",
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


def test_the_largest_sum_of_revenues_is_counted(tmp_path: Path) -> None:
    revenues = [*["999999999999"] * 9, "223372036863.775807"]
    conversions = [
        Converted(SLOT, number, CLICK, revenue, 0) for number, revenue in enumerate(revenues, 10)
    ]
    keep(tmp_path, [*EVENTS[:2], *conversions])
    close_slots(closing_of(tmp_path), LATER)
    assert totals_in(tmp_path)[0].totals.net.revenue_micros == 2**63 - 1


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


def test_as_many_slots_as_are_wanted_are_closed_the_oldest_first(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    closing, now = closing_of(tmp_path), Clock(SLOT + 3).now
    closed = [[each.slot for each in close_slots(closing, now, most=2).slots] for _ in range(2)]
    assert closed == [[SLOT, SLOT + 1], [SLOT + 2]]


def test_an_error_between_two_slots_is_not_about_one_of_them(tmp_path: Path) -> None:
    keep(tmp_path, EVENTS)
    begun: list[int] = []

    def stop(slot: int) -> None:
        begun.append(slot)
        if len(begun) == 2:
            raise CollectError("What stopped it.")

    with pytest.raises(CollectError, match=r"^What stopped it\.$"):
        close_slots(closing_of(tmp_path), Clock(SLOT + 3).now, on_slot=stop)
    assert begun == [SLOT, SLOT + 1]


def test_a_folder_without_a_log_has_nothing_to_close(tmp_path: Path) -> None:
    assert close_slots(closing_of(tmp_path), LATER).slots == []
    assert files_in(tmp_path) == {}


def test_the_quarter_of_an_empty_slot_depends_on_the_time_zone(tmp_path: Path) -> None:
    keep(tmp_path, [Converted(SLOT, 5, CLICK, "1", 0)])
    close_slots(closing_of(tmp_path, zone=ZoneInfo("Asia/Kolkata")), LATER)
    assert {name.partition("/")[0] for name in files_in(tmp_path)} == {"2"}
