"""Figures over time, compared with sums over the local hours and dates of single slots."""

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from banners.core.figures import Figures
from banners.core.slots import SLOT_SECONDS
from banners.core.totals import NOTHING, Totals
from banners.reports.over_time import Over, TimeReading, change, points_until
from banners.reports.totals import TotalsReader
from support.held_totals import HeldTotals
from support.totals import campaign_totals

BERLIN, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")
# The clocks in Berlin were put back at 01:00 UTC on this day.
NOW = int(datetime(2026, 10, 26, 10, 20, tzinfo=UTC).timestamp())
LAST = NOW // SLOT_SECONDS - 1
FIRST = LAST - 14 * 96
CAMPAIGN, BANNERS = 7, (70, 71, 72)
Sums = dict[tuple[object, ...], int]


def _recorded() -> dict[int, dict[int, Figures]]:
    """What counts of each banner in each slot."""
    source = random.Random(5)
    return {
        slot: {
            banner: Figures(source.randrange(50), source.randrange(3), source.randrange(2), slot)
            for banner in source.sample(BANNERS, 2)
        }
        for slot in range(FIRST, LAST + 1)
    }


RECORDED = _recorded()
TOTALS = HeldTotals(
    {
        slot: [
            campaign_totals(CAMPAIGN, banners, left_out=Figures(9, 1, 0, 0)),
            campaign_totals(8, {70: Figures(1, 1, 1, 1)}),
        ]
        for slot, banners in RECORDED.items()
    }
)


def reading(totals: TotalsReader = TOTALS, zone: tzinfo = UTC) -> TimeReading:
    return TimeReading(totals, zone)


def hour_of(second: int, zone: tzinfo) -> tuple[object, ...]:
    local = datetime.fromtimestamp(second, zone)
    # An hour that comes twice differs in its distance from UTC.
    return local.date(), local.hour, local.utcoffset()


def day_of(second: int, zone: tzinfo) -> tuple[object, ...]:
    return (datetime.fromtimestamp(second, zone).date(),)


@pytest.mark.parametrize("zone", [UTC, BERLIN, KATHMANDU], ids=str)
@pytest.mark.parametrize(("over", "part_of"), [(Over.DAY, hour_of), (Over.WEEK, day_of)])
def test_a_point_is_an_hour_or_a_day_of_the_clock(
    zone: tzinfo,
    over: Over,
    part_of: Callable[[int, tzinfo], tuple[object, ...]],
) -> None:
    sums: dict[tuple[object, ...], int] = defaultdict(int)
    for slot, banners in RECORDED.items():
        for figures in banners.values():
            sums[part_of(slot * SLOT_SECONDS, zone)] += figures.impressions
    found = reading(zone=zone).over_time(CAMPAIGN, over, NOW)
    assert found
    got = {part_of(each.begins, zone): each.figures.impressions for each in found.points}
    assert len(got) == len(found.points) == (24 if over is Over.DAY else 7)
    assert got == {part: sums[part] for part in got}
    assert part_of(NOW, zone) == list(got)[-1]


def test_the_day_on_which_the_clocks_are_put_back_has_25_hours() -> None:
    spans = points_until(Over.WEEK, NOW, BERLIN)
    assert [len(each) for each in spans] == [96, 96, 96, 96, 96, 100, 96]


@pytest.mark.parametrize("over", Over)
def test_totals_are_compared_with_the_same_length_of_time_before(over: Over) -> None:
    found = reading().over_time(CAMPAIGN, over, NOW)
    assert found
    assert found.until == LAST + 1
    length = 96 if over is Over.DAY else 7 * 96
    for totals, until in ((found.last, LAST + 1), (found.before, LAST + 1 - length)):
        slots = range(until - length, until)
        expected = Figures.sum_of(each for slot in slots for each in RECORDED[slot].values())
        assert totals.net == expected
        assert totals.gross.impressions == expected.impressions + 9 * length


def test_banners_add_up_to_their_campaign() -> None:
    times = reading()
    found = times.over_time(CAMPAIGN, Over.DAY, NOW)
    assert found
    banners = times.banners(CAMPAIGN, found)
    shown = [each.last.impressions for each in banners]
    assert shown == sorted(shown, reverse=True)
    assert {each.banner_id for each in banners} == set(BANNERS)
    assert Figures.sum_of(each.last for each in banners) == found.last.net
    assert Figures.sum_of(each.before for each in banners) == found.before.net
    for place, point in enumerate(found.points):
        assert Figures.sum_of(each.points[place] for each in banners) == point.figures


def test_all_campaigns_together_are_the_sum() -> None:
    times = reading()
    parts = [times.over_time(each, Over.DAY, NOW) for each in (CAMPAIGN, 8)]
    together = times.over_time(None, Over.DAY, NOW)
    assert together
    assert together.last == Totals.sum_of(each.last for each in parts if each)


def test_only_the_current_hour_is_not_complete() -> None:
    found = reading().over_time(CAMPAIGN, Over.DAY, NOW)
    assert found
    assert [each.is_complete for each in found.points] == [True] * 23 + [False]


def test_a_slot_that_has_not_been_closed_leaves_its_hour_incomplete() -> None:
    figures = campaign_totals(CAMPAIGN, {70: Figures(1, 0, 0, 0)})
    slots = [slot for slot in range(LAST - 8, LAST + 1) if slot != LAST - 3]
    totals = HeldTotals({slot: [figures] for slot in slots})
    found = reading(totals).over_time(CAMPAIGN, Over.DAY, NOW)
    assert found
    # 10:20: the last closed slot is that of 10:00; the one of 09:15 is missing.
    assert [(each.is_complete, each.figures.impressions) for each in found.points[-4:]] == [
        (False, 0),
        (True, 4),
        (False, 3),
        (False, 1),
    ]
    assert found.points[-4].totals is None


def test_a_slot_that_was_closed_before_its_end_does_not_count_as_complete() -> None:
    figures = campaign_totals(CAMPAIGN, {70: Figures(1, 0, 0, 0)})
    slots = range(LAST - 1, LAST + 2)
    totals = HeldTotals({slot: [figures] for slot in slots})
    found = reading(totals).over_time(CAMPAIGN, Over.DAY, NOW)
    assert found
    assert found.until == LAST + 1
    assert (found.last.net.impressions, found.points[-1].figures.impressions) == (2, 2)
    assert not found.points[-1].is_complete


def test_before_anything_is_closed_there_is_nothing() -> None:
    assert reading(HeldTotals()).over_time(CAMPAIGN, Over.DAY, NOW) is None


def test_a_banner_without_events_is_left_out() -> None:
    times = reading()
    found = times.over_time(8, Over.DAY, NOW)
    assert found
    assert [each.banner_id for each in times.banners(8, found)] == [70]
    nobody = times.over_time(99, Over.DAY, NOW)
    assert nobody
    assert (nobody.last.net, times.banners(99, nobody)) == (NOTHING, [])


@pytest.mark.parametrize(
    ("now", "before", "part"),
    [
        (150, 100, Decimal("0.5")),
        (1, 3, Decimal("-0.666667")),
        (Decimal("0.02"), Decimal("0.01"), Decimal(1)),
        (0, 5, Decimal(-1)),
        (5, 0, None),
        (None, 5, None),
        (5, None, None),
    ],
)
def test_a_change_is_a_part_of_the_figure_before(
    now: Decimal | int | None, before: Decimal | int | None, part: Decimal | None
) -> None:
    assert change(now, before) == part
