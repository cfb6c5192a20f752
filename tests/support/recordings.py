"""An installation that records, and visitors who keep a ledger of what they did."""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.core.model import Quarter
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.wiring.catalogue import catalogue_writer
from support.publishing import campaign as figures
from support.publishing import publish_rows
from support.running import Workplace

SHOES, BOOTS, HATS = 7, 8, 9
"""Campaigns: with a full lineup, with a short one that its own banners fill up, and with two
banners alone."""
SHOP = "https://shop.example"
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
}
"""Without it, a client would be recorded as a crawler."""

_IMAGE = re.compile(r'<img src="([^"]*)" width="1" height="1"')
_BANNER = re.compile(r'(?:<a href="([^"]*)"[^>]*>)?<img src="[^"]*image_([0-9]+)\.png"')


def banner(banner_id: int, landing_url: str | None = None, **others: Any) -> CatalogueBanner:
    """A banner with a landing page of its own, which takes the token of the click."""
    landing = f"{SHOP}/{banner_id}?click={{click}}" if landing_url is None else landing_url
    return CatalogueBanner(
        banner_id=banner_id, name=f"Name {banner_id}", landing_url=landing, **others
    )


def campaign(
    campaign_id: int, banners: Iterable[CatalogueBanner], **others: Any
) -> CatalogueCampaign:
    return CatalogueCampaign(
        campaign_id=campaign_id,
        name=f"Campaign {campaign_id}",
        banners=tuple(banners),
        **others,
    )


def campaigns() -> list[CatalogueCampaign]:
    return [
        campaign(SHOES, map(banner, range(71, 79))),
        campaign(BOOTS, map(banner, range(81, 88))),
        campaign(HATS, map(banner, (91, 92))),
    ]


def recording_in(folder: Path, **variables: str) -> Workplace:
    """Publish figures of the campaigns, make their catalogue, and have visits recorded."""
    url = f"sqlite:///{folder / 'banners.db'}"
    rows = [
        *figures(SHOES, 71, shown=6, others=1),
        *figures(BOOTS, 81, shown=2, others=4),
        *figures(HATS, 91, shown=1, others=1),
    ]
    publish_rows(open_database(url, create=True), rows, *Quarter)
    put(url, *campaigns())
    usual = {
        "BANNERS_DATABASE_URL": url,
        "BANNERS_EVENTS": "events",
        # All visitors of a test have the same address.
        "BANNERS_FLOOD": "0",
    }
    return Workplace(folder, {**usual, **variables})


def put(url: str, *replaced: CatalogueCampaign) -> None:
    """Make a catalogue of these campaigns the one in force."""
    writer = catalogue_writer(load_settings({"database_url": url}))
    try:
        writer.replace(replaced, by="a test", what="everything")
    finally:
        writer.close()


@dataclass(frozen=True)
class Shown:
    """A page, a frame or a JSON answer as a visitor has it.

    Args:
        campaign_id: the campaign that was asked for.
        banner_ids: the banners in their order.
        links: where each of them leads; None for nowhere.
        image: the address of the small image; None if there is none.
    """

    campaign_id: int
    banner_ids: tuple[int, ...]
    links: tuple[str | None, ...]
    image: str | None


def read_page(campaign_id: int, text: str) -> Shown:
    """Read a page or a frame as a browser does."""
    found = [(unescape(link) or None, int(number)) for link, number in _BANNER.findall(text)]
    image = _IMAGE.search(text)
    return Shown(
        campaign_id,
        tuple(number for _, number in found),
        tuple(link for link, _ in found),
        image[1] if image else None,
    )


def read_json(campaign_id: int, document: Any) -> Shown:
    """Read a JSON answer as a program does."""
    banners = document["banners"]
    images = {each.get("impression_url") for each in banners}
    assert len(images) == 1
    return Shown(
        campaign_id,
        tuple(each["banner_id"] for each in banners),
        tuple(each["click_url"] for each in banners),
        images.pop(),
    )


Impression = tuple[int, int, int, int]
"""Banner, campaign, whether it is fill, number of places."""


@dataclass
class Ledger:
    """What visitors saw and clicked, and so what the event files must hold."""

    impressions: Counter[Impression] = field(default_factory=Counter)
    clicks: Counter[tuple[int, int, int]] = field(default_factory=Counter)

    def seen(self, shown: Shown, lineups: dict[int, set[int]]) -> None:
        places = len(shown.banner_ids)
        for each in shown.banner_ids:
            is_fill = each not in lineups[shown.campaign_id]
            self.impressions[each, shown.campaign_id, is_fill, places] += 1

    def clicked(self, shown: Shown, place: int, lineups: dict[int, set[int]]) -> None:
        each = shown.banner_ids[place]
        self.clicks[each, shown.campaign_id, each not in lineups[shown.campaign_id]] += 1


LINEUPS = {SHOES: set(range(71, 77)), BOOTS: {81, 82}, HATS: {91}}
"""What the rule picks from the figures."""


def closed(place: Workplace) -> Ledger:
    """Close all slots, and return what their event files hold."""
    ended = place.run("close")
    assert ended.returncode == 0, ended.stderr
    found = Ledger()
    for row in _rows(place.folder / "events", "impressions"):
        key = tuple(int(row[name]) for name in ("banner_id", "campaign_id", "fill", "places"))
        found.impressions[key] += 1  # type: ignore[index]  # of four numbers
    for row in _rows(place.folder / "events", "clicks"):
        found.clicks[int(row["banner_id"]), int(row["campaign_id"]), int(row["fill"])] += 1
    return found


def _rows(events: Path, kind: str) -> Iterable[dict[str, str]]:
    for path in sorted(events.glob(f"[1-4]/{kind}_*.csv")):
        with path.open(encoding="utf-8") as file:
            yield from csv.DictReader(file)


def page(client: httpx.Client, campaign_id: int, **options: Any) -> Shown:
    """Ask for the page of a campaign."""
    answer = client.get(f"/campaigns/{campaign_id}", **options)
    assert answer.status_code == 200, answer.text
    return read_page(campaign_id, answer.text)


def frame(client: httpx.Client, campaign_id: int, **options: Any) -> Shown:
    """Ask for a frame of a campaign, as a page of another site does."""
    answer = client.get(f"/campaigns/{campaign_id}/banner?format=html", **options)
    assert answer.status_code == 200, answer.text
    return read_page(campaign_id, answer.text)


def served(client: httpx.Client, campaign_id: int, **options: Any) -> Shown:
    """Ask for the banners of a campaign as JSON."""
    answer = client.get(f"/api/v1/campaigns/{campaign_id}/banners", **options)
    assert answer.status_code == 200, answer.text
    return read_json(campaign_id, answer.json())
