"""Event files of closed slots from which policies learn, and what is published of them."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from banners import wiring
from banners.core.candidates import Candidates
from banners.core.catalogue import CatalogueCampaign
from banners.core.model import Quarter
from banners.core.slots import slot_name
from banners.core.views import Group
from banners.settings import Settings
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.write.catalogue import DatabaseCatalogueWriter
from reference.policy import Sums
from support.catalogue_versions import NOON

_CLICKS = "click_id,banner_id,campaign_id,group,fill"
_IMPRESSIONS = "banner_id,campaign_id,impression_id,group,fill,places"
_CONVERSIONS = "conversion_id,click_id,revenue"

Learned = Mapping[Group, Mapping[int, Mapping[int, list[Sums]]]]
"""The figures by group, campaign and banner, in the four quarters."""


def write_slots(
    folder: Path,
    first: int,
    campaigns: Mapping[int, Iterable[int]],
    groups: Iterable[Group],
    seed: int,
) -> Learned:
    """Write the event files of four slots with random events, and return their figures.

    Args:
        folder: the folder of the event files.
        first: the first of the slots, of the first quarter.
        campaigns: the banners of each campaign that has events.
        groups: the groups of the views.
        seed: decides all events.
    """
    source, number = random.Random(seed), 0
    found: dict[Group, dict[int, dict[int, list[Sums]]]] = defaultdict(lambda: defaultdict(dict))
    for quarter in Quarter:
        rows: dict[str, list[str]] = {"impressions": [], "clicks": [], "conversions": []}
        for campaign, banners in campaigns.items():
            for banner in banners:
                for group in groups:
                    sums = Sums(source.randint(0, 40))
                    for _ in range(int(sums.impressions)):
                        number += 1
                        rows["impressions"].append(f"{banner},{campaign},{number},{group},0,5")
                        if source.random() < 0.3:
                            rows["clicks"].append(f"{number},{banner},{campaign},{group},0")
                            sums = replace(sums, clicks=sums.clicks + 1)
                            if source.random() < 0.5:
                                rows["conversions"].append(f"{number},{number},2.5")
                                sums = replace(
                                    sums,
                                    conversions=sums.conversions + 1,
                                    revenue=sums.revenue + 2.5,
                                )
                    found[group][campaign].setdefault(banner, []).append(sums)
        heads = (_IMPRESSIONS, _CLICKS, _CONVERSIONS)
        for (kind, lines), head in zip(rows.items(), heads, strict=True):
            name = f"{kind}_{int(quarter)}-{slot_name(first + quarter - 1)}.csv"
            path = folder / str(int(quarter)) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join([head, *lines]) + "\n")
    return found


def put_catalogue(url: str, *campaigns: CatalogueCampaign) -> None:
    """Put a catalogue into a database."""
    database = open_database(url, create=True)
    writer = DatabaseCatalogueWriter(database, now=lambda: NOON, wait_seconds=10)
    writer.replace(campaigns, by="ada", what="Imported")
    writer.close()
    database.dispose()


def crunch(settings: Settings, folder: Path, now: datetime) -> None:
    """Crunch all quarters of a folder, and check that none was refused."""
    outcome = wiring.crunch(
        settings, folder, [], lambda _quarter, _step: None, accept=True, now=lambda: now
    )
    assert [each.refused for each in outcome.quarters] == [None] * 4


def published(url: str, quarter: Quarter, campaign: int) -> Candidates | None:
    """Return what is live of a campaign."""
    database = open_database(url, create=False)
    try:
        reader = DatabaseReader(database)
        return reader.candidates(reader.active()[quarter], quarter, campaign)
    finally:
        database.dispose()
