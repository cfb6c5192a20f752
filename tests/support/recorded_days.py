"""Records days of plausible events for a catalogue, as images of the pages show them."""

import random
from contextlib import closing
from datetime import UTC, datetime
from math import pi, sin
from pathlib import Path

from banners.core.catalogue import CatalogueBanner
from banners.core.events import Kind
from banners.core.figures import Figures
from banners.core.slots import SLOT_SECONDS, slot_at
from banners.core.totals import CampaignTotals, RecentFigures, SlotState
from banners.reports.totals import DAY_SLOTS, HOUR_SLOTS
from banners.store.connect import open_database
from banners.store.read.catalogue import DatabaseCatalogue
from banners.store.write.totals import turn_to_write_totals
from support.totals import campaign_totals, day_of

_DAYS = 2
_MOST_BANNERS = 8


def record_days(file: Path) -> None:
    """Write the totals of the last days into a database, for each campaign of its catalogue."""
    url = f"sqlite:///{file}"
    with closing(DatabaseCatalogue(open_database(url, create=False))) as catalogue:
        version = catalogue.in_force()
        campaigns = list(catalogue.campaigns(version)) if version else []
    source = random.Random(4)
    until = slot_at(datetime.now(UTC).timestamp())
    slots = range(until - _DAYS * DAY_SLOTS, until)
    found = {
        slot: [
            _totals(source, slot, each.campaign_id, each.banners[:_MOST_BANNERS])
            for each in campaigns
        ]
        for slot in slots
    }
    account = {
        Kind.IMPRESSIONS: {"kept": 5_120, "crawler": 611, "flood": 40, "duplicate": 12},
        Kind.CLICKS: {"kept": 101, "crawler": 19},
        Kind.CONVERSIONS: {"kept": 12, "other_campaign": 1},
    }
    with turn_to_write_totals(
        open_database(url, create=True), now=lambda: datetime.now(UTC), wait_seconds=60
    ) as writer:
        for slot in slots:
            state = SlotState(slot=slot, digest=str(slot), account=account)
            writer.write(state, day_of(slot), found[slot])
        net = {(slot, each.campaign_id): each.totals.net for slot in slots for each in found[slot]}
        ids = [each.campaign_id for each in campaigns]

        def recent(*wanted: int) -> RecentFigures:
            def total(some: range) -> Figures:
                return Figures.sum_of(net[slot, each] for slot in some for each in wanted)

            day = slots[-DAY_SLOTS:]
            hours = (day[first : first + HOUR_SLOTS] for first in range(0, DAY_SLOTS, HOUR_SLOTS))
            return RecentFigures(
                total(day), total(slots[-2 * DAY_SLOTS : -DAY_SLOTS]), tuple(map(total, hours))
            )

        writer.replace_recent(until, recent(*ids), {each: recent(each) for each in ids})


def _totals(
    source: random.Random, slot: int, campaign_id: int, banners: tuple[CatalogueBanner, ...]
) -> CampaignTotals:
    """Return the totals of a campaign: more in the evening, and more of its first banners."""
    hour = slot * SLOT_SECONDS / 3_600 % 24
    busy = (1 + campaign_id % 5) * (0.4 + 0.6 * sin((hour - 6) / 24 * pi) ** 2)
    figures = {}
    for place, banner in enumerate(banners, start=1):
        impressions = int(source.uniform(20, 60) * busy / place)
        clicks = sum(source.random() < 0.02 for _ in range(impressions))
        conversions = sum(source.random() < 0.3 for _ in range(clicks))
        revenue = sum(source.randrange(100_000, 9_000_000) for _ in range(conversions))
        figures[banner.banner_id] = Figures(impressions, clicks, conversions, revenue)
    seen = sum(each.impressions for each in figures.values())
    return campaign_totals(campaign_id, figures, left_out=Figures(seen // 8, seen // 400, 0, 0))
