"""The application over a catalogue of which something is recorded, with a clock that stands."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from banners.core.arms import ComparisonKind
from banners.core.events import Kind
from banners.core.figures import Figures
from banners.core.model import Quarter
from banners.core.slots import slot_at
from banners.core.totals import TOGETHER, CampaignTotals, Totals
from banners.core.views import Group
from banners.images.folder import FolderImages
from banners.policies.comparison import Comparison
from banners.policies.guard import SILENT, Interval
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.web.operators.sign_ins import SignIns
from banners.wiring import reader, reports
from banners.wiring.catalogue import editing as open_to_edit
from support.answers import application_over
from support.catalogues import campaign
from support.held_totals import HeldTotals
from support.publishing import publish
from support.running import serving

NOW = datetime(2026, 11, 27, 14, 20, tzinfo=UTC)
UNTIL = slot_at(NOW.timestamp())
"""The slot of ``NOW``, which has not been closed."""

NAMES = {5: "Shoes & hats", 6: "Boots", 9: "Never shown"}
POLICIES = {5: "learning", 6: "trial"}
ACCOUNT = {
    Kind.IMPRESSIONS: {"kept": 90, "crawler": 9, "duplicate": 4},
    Kind.CLICKS: {"kept": 4, "flood": 1},
    Kind.CONVERSIONS: {"kept": 1, "other_campaign": 2},
}


GUARD = Comparison(
    kind=ComparisonKind.GUARD,
    interval=Interval(0.02, 0.2),
    slots=1_440,
    last_slot=UNTIL - 1,
    pages=58_000,
    alternative_pages=6_000,
    revenue_micros=640_000_000,
    alternative_revenue_micros=60_500_000,
    conversions=310,
)
TRIAL = Comparison(
    kind=ComparisonKind.TRIAL,
    interval=Interval(0.41, 0.78),
    slots=96,
    last_slot=UNTIL - 1,
    pages=4_000,
    alternative_pages=4_100,
    revenue_micros=50_000_000,
    alternative_revenue_micros=32_000_000,
    conversions=220,
)


def recorded_totals(days: int = 15) -> HeldTotals:
    """Totals of campaigns 5 and 6, up to the slot before ``UNTIL``; 5 has two groups.

    A trial of 6 has too few data to say anything.
    """
    source = random.Random(6)

    def part(campaign_id: int, group: Group, *banners: int) -> CampaignTotals:
        figures = {
            each: Figures(
                source.randrange(200),
                source.randrange(6),
                source.randrange(3),
                source.randrange(9_000_000),
            )
            for each in banners
        }
        net = Figures.sum_of(figures.values())
        gross = Figures.sum_of([net, Figures(30, 2, 1, 1_000_000)])
        refund = source.randrange(2)
        return CampaignTotals(
            campaign_id, group, Totals(gross, net, refund, refund * 1_500_000), figures
        )

    return HeldTotals(
        {
            slot: [
                part(5, Group.RULE, 100, 101),
                part(5, Group.POLICY, 100),
                part(6, Group.RULE, 102),
            ]
            for slot in range(UNTIL - days * 96, UNTIL)
        },
        ACCOUNT,
        {TOGETHER: [GUARD, TRIAL], 5: [GUARD], 6: [replace(TRIAL, interval=SILENT)]},
    )


def recorded_application(
    folder: Path,
    totals: HeldTotals | None,
    *,
    sign_ins: SignIns | None = None,
    banners: Callable[[int], tuple[int, ...]] = lambda _: (100, 101, 102),
) -> Callable[..., Any]:
    """Build the application over campaigns 5, 6 and 9 of a catalogue.

    Args:
        folder: where everything is kept.
        totals: what is recorded; None where nothing is.
        sign_ins: finds out who asks; if not given, everybody is an operator.
        banners: returns the ids of a campaign's banners.
    """
    url = f"sqlite:///{folder}/banners.db"
    publish(open_database(url, create=True), 100, *Quarter)
    settings = load_settings({"database_url": url}, environment={})
    editing = open_to_edit(settings, FolderImages(folder / "uploads"), lambda: NOW, None)
    campaigns = [
        replace(campaign(each, *banners(each), name=name), policy=POLICIES.get(each, ""))
        for each, name in NAMES.items()
    ]
    editing.writer.replace(campaigns, by="anna", what="Made")
    return application_over(
        *(reader(settings), folder / "images", lambda: NOW),
        in_memory=True,
        reports=reports(settings),
        sign_ins=sign_ins,
        editing=editing,
        totals=totals,
    )


@contextmanager
def recorded_site(
    folder: Path, totals: HeldTotals | None, *, sign_ins: SignIns | None = None
) -> Iterator[httpx.Client]:
    """Serve the same application over real HTTP; yield a client of it."""
    application = recorded_application(folder, totals, sign_ins=sign_ins)
    with serving(application) as here, httpx.Client(base_url=here, timeout=30) as client:
        yield client
