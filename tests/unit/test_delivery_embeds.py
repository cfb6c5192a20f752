"""What stands in pages of other sites where a campaign of a catalogue has nothing to show."""

from pathlib import Path

import pytest

from banners.core.addresses import Route
from banners.core.catalogue import CatalogueCampaign
from support.catalogued import FRAMED, HOUSE, SHOES, Held, Web, earned, text
from support.held_catalogues import (
    banner,
    campaign,
    catalogue_of,
)

OFF = [
    campaign(SHOES, banner(1), active=False),
    campaign(SHOES, banner(1, active=False)),
    campaign(SHOES),
]


@pytest.mark.parametrize("off", OFF)
def test_the_house_campaign_stands_in_an_embed_with_nothing_to_show(
    off: CatalogueCampaign, tmp_path: Path
) -> None:
    house = campaign(HOUSE, banner(90, landing_url="https://house.example/"))
    web = Web(tmp_path, Held(), catalogue_of(off, house, house=HOUSE))
    assert 'href="https://house.example/"' in text(web.reply(Route.BANNER, SHOES, FRAMED))
    status, headers, _ = web.reply(Route.BANNER, SHOES)
    assert (status, dict(headers)[b"location"]) == (302, b"/static/images/image_90.png")


@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize("house", [None, HOUSE, 999, SHOES])
def test_an_embed_is_empty_and_valid_where_the_house_has_nothing_either(
    off: CatalogueCampaign, house: int | None, tmp_path: Path
) -> None:
    ended = campaign(HOUSE, banner(90), ends=900)
    web = Web(tmp_path, Held(), catalogue_of(off, ended, house=house))
    frame = text(web.reply(Route.BANNER, SHOES, FRAMED))
    assert "<main></main>" in frame
    status, headers, image = web.reply(Route.BANNER, SHOES)
    assert (status, dict(headers)[b"content-type"]) == (200, b"image/gif")
    assert image.startswith(b"GIF89a")


def test_an_embed_of_an_unknown_campaign_shows_the_house_campaign(tmp_path: Path) -> None:
    house = campaign(HOUSE, banner(90, landing_url="https://house.example/"))
    web = Web(tmp_path, Held(), catalogue_of(house, house=HOUSE))
    assert 'href="https://house.example/"' in text(web.reply(Route.BANNER, 999, FRAMED))
    assert web.reply(Route.BANNER, 999)[0] == 302
    assert web.unknown_embeds == 2
    web.reply(Route.BANNER, HOUSE)
    assert web.unknown_embeds == 2


def test_an_embed_of_an_unknown_campaign_is_empty_without_a_house_campaign(
    tmp_path: Path,
) -> None:
    web = Web(tmp_path, Held(), catalogue_of(OFF[0]))
    assert "<main></main>" in text(web.reply(Route.BANNER, 999, FRAMED))
    status, headers, _ = web.reply(Route.BANNER, 999)
    assert (status, dict(headers)[b"content-type"]) == (200, b"image/gif")


def test_an_embed_of_the_house_waits_where_its_figures_have_to_be_read(tmp_path: Path) -> None:
    held = Held(earned(90, campaign_id=HOUSE))
    held.candidates = lambda _: None  # type: ignore[method-assign, assignment]
    house = campaign(HOUSE, banner(90))
    web = Web(tmp_path, held, catalogue_of(OFF[0], house, house=HOUSE))
    assert web.reply(Route.BANNER, SHOES, FRAMED) is None
