"""Puts the sample's catalogue into the database, for the demo."""

import json
import os
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from banners.core.addresses import Route
from banners.errors import NotKept, SampleError
from banners.settings import Settings
from banners.wiring.catalogue import catalogue, catalogue_writer

if TYPE_CHECKING:
    from banners.core.catalogue import CatalogueCampaign
    from banners.sample.events import SampleSpec
    from banners.web.pages.landing import Shop
    from banners.web.recording.conversions import ReportedConversions

SELLER = "demo"
"""The name under which the landing pages report conversions."""

BY = "banners demo"
"""Who changes the catalogue, as its history names the demo."""


def landing_page(url: str, campaign_id: int, banner_id: int) -> str:
    """Return the landing page of a banner in the demo, with the place for the click token.

    Args:
        url: the URL of the web application.
        campaign_id: the campaign.
        banner_id: the banner.
    """
    path = Route.DEMO_LANDING.at(campaign_id=campaign_id, banner_id=banner_id)
    return f"{url.rstrip('/')}{path}?click={{click}}"


def import_sample(settings: Settings, spec: "SampleSpec", url: str) -> str:
    """Make the sample's catalogue the one in force, unless people have changed it.

    Args:
        settings: name the database.
        spec: the sample.
        url: the URL of the web application, whose pages the banners lead to; another one than the
            last time makes a new version.

    Returns:
        A sentence that says what was done.

    Raises:
        StoreError: the database cannot be read or written.
        CatalogueBusy: somebody else is changing the catalogue.
    """
    from banners.sample.catalogue import campaigns

    with closing(catalogue(settings)) as reader:
        version = reader.in_force()
        if version and reader.version(version.number).by != BY:
            return f"Version {version.number} is kept, since people have changed the catalogue."
    with closing(catalogue_writer(settings)) as writer:
        made = writer.replace(
            tuple(campaigns(spec, partial(landing_page, url))), by=BY, what="the sample"
        )
    if not made:
        return "Not needed: the catalogue is as it was imported."
    return f"Version {made.version.number} is in force: {made.what}"


def make_conversion_key(path: Path) -> None:
    """Make the file of those who report conversions, for the demo alone, unless it exists.

    Raises:
        SampleError: it cannot be written.
    """
    import secrets

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", encoding="utf-8", opener=_for_its_owner) as file:  # for opener
            file.write(f"{SELLER} {secrets.token_hex(20)} *\n")
    except FileExistsError:
        return
    except OSError as error:
        raise SampleError(
            f"{path} cannot be written: {error.strerror}. The demo keeps a key there."
        ) from error


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def shop(settings: Settings, reported: "ReportedConversions | None") -> "Shop":
    """Build what the landing pages need.

    Args:
        settings: name the database, and the file of those who report conversions.
        reported: records conversions; None if nothing is recorded.
    """
    import secrets

    from banners.collect.conversions.senders import read_senders
    from banners.web.pages.landing import Shop

    sender = None
    if reported and settings.conversion_keys_file:
        sender = read_senders(Path(settings.conversion_keys_file)).named(SELLER)

    async def buy(click: str, price: str) -> bool:
        if reported is None:
            return False
        order = {"conversion_id": secrets.token_hex(8), "click": click, "revenue": price}
        try:
            (answer,) = await reported.record(json.dumps([order]).encode(), sender)
        except NotKept:
            return False
        return answer["status"] == "accepted"

    def find(campaign_id: int) -> "CatalogueCampaign | None":
        with closing(catalogue(settings)) as reader:
            version = reader.in_force()
            return reader.campaign(version, campaign_id) if version else None

    return Shop(find, buy if sender else None)
