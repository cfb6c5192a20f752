"""What the banners of lineups earned is read from the event log, for evaluations."""

from collections.abc import Collection
from pathlib import Path

from banners.collect.close.logged import LoggedCampaign, LoggedFigures, logged_campaigns
from banners.core.model import Quarter
from reference.closing import Clicked, Converted, Event, Seen
from support.closings import CLEAN, CLICK, VIEW, keep
from support.event_logs import SLOT, view_of


def read(events: Path, wanted: Collection[int], told: list[int]) -> list[LoggedCampaign]:
    scratch = events / "scratch"
    scratch.mkdir()
    return list(logged_campaigns(events, wanted, scratch, "512MB", told.append))


def test_views_of_one_generation_with_as_many_banners_are_added_up(tmp_path: Path) -> None:
    larger = view_of(79, banners=(7, 8, 9))
    keep(
        tmp_path,
        [
            Seen(VIEW, CLEAN),
            Seen(view_of(78), CLEAN),
            Seen(larger, CLEAN),
            Clicked(VIEW, 1, CLEAN),
            Converted(SLOT, 5, CLICK, "0.675", 54),
            Converted(SLOT, 6, CLICK, "1", 54),
            Seen(view_of(80, banners=(251, 414))._replace(generation=4, paused=True), CLEAN),
        ],
    )
    nothing = LoggedFigures(1, 0, 0)
    assert read(tmp_path, [SLOT], []) == [
        LoggedCampaign(
            slot=SLOT,
            quarter=Quarter.FOURTH,
            campaign_id=54,
            generation=3,
            places=2,
            pages=2,
            altered=False,
            banners={
                251: LoggedFigures(2, 0, 0),
                414: LoggedFigures(2, 1_675_000, 675_000**2 + 1_000_000**2),
            },
        ),
        LoggedCampaign(
            slot=SLOT,
            quarter=Quarter.FOURTH,
            campaign_id=54,
            generation=3,
            places=3,
            pages=1,
            altered=False,
            banners=dict.fromkeys((7, 8, 9), nothing),
        ),
        LoggedCampaign(
            slot=SLOT,
            quarter=Quarter.FOURTH,
            campaign_id=54,
            generation=4,
            places=2,
            pages=1,
            altered=True,
            banners=dict.fromkeys((251, 414), nothing),
        ),
    ]


def test_many_slots_are_read_in_order_and_only_those_that_are_wanted(tmp_path: Path) -> None:
    slots = range(SLOT - 20, SLOT)
    late: list[Event] = [Seen(view_of(100 + slot % 20, slot=slot), CLEAN) for slot in slots]
    keep(tmp_path, late)
    for slot in (SLOT - 21, *slots, SLOT + 1):
        keep(tmp_path, [Seen(view_of(slot % 20, slot=slot), CLEAN)], slot)
    told: list[int] = []
    found = read(tmp_path, [*reversed(slots), SLOT + 5], told)
    assert [each.slot for each in found] == told == list(slots)
    # One was recorded in time, and one late.
    assert {each.pages for each in found} == {2}
