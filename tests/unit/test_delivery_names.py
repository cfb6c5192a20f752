"""Names and links of a catalogue in the answers of hot addresses."""

import re
from html import unescape
from pathlib import Path

import pytest

from banners.core.addresses import Route
from banners.core.catalogue import CatalogueCampaign
from support.catalogued import FRAMED, SHOES, Held, Web, text
from support.held_catalogues import (
    banner,
    campaign,
    catalogue_of,
)

LANDING = "https://shop.example/a?x=1&y=%22&click={click}"


def test_a_banner_with_a_landing_page_is_a_link_named_after_it(tmp_path: Path) -> None:
    shoes = campaign(SHOES, banner(1, "Red & <blue>", landing_url=LANDING), banner(2, "Plain"))
    web = Web(tmp_path, Held(), catalogue_of(shoes))
    page = web.page(SHOES)
    links = re.findall(r'<li><a href="([^"]*)" rel="noopener nofollow sponsored"><img', page)
    assert list(map(unescape, links)) == ["https://shop.example/a?x=1&y=%22&click="]
    assert set(re.findall(r'<img [^>]*alt="([^"]*)"', page)) == {"Red &amp; &lt;blue&gt;", "Plain"}
    assert "<blue>" not in page
    members = {each["banner_id"]: each for each in web.served(SHOES)["banners"]}
    assert members[1]["click_url"] == unescape(links[0])
    assert members[2]["click_url"] is None
    assert (members[1]["name"], members[1]["alt"]) == ("Red & <blue>", "Red & <blue>")


HOSTILE = [
    '"><script>alert(1)</script>',
    "100 % {click} %(name)s %d",
    "\ue000\ue001\ue002\ue003\ue004",
    "שלום \u202e \u0000 \U0001f45f",
    "'\"`\\",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text_whatever_it_holds(name: str, tmp_path: Path) -> None:
    shoes = campaign(SHOES, banner(1, name), name=name)
    web = Web(tmp_path, Held(), catalogue_of(shoes))
    pages = [web.page(SHOES), text(web.reply(Route.BANNER, SHOES, FRAMED))]
    for page in pages:
        assert [unescape(each) for each in re.findall(r'<img [^>]*alt="([^"]*)"', page)] == [name]
        assert "<script" not in page
    assert unescape(re.findall("<h1>(.*)</h1>", pages[0])[0]) == name
    assert web.served(SHOES)["name"] == web.served(SHOES)["banners"][0]["name"] == name
    assert web.lineup(SHOES)["name"] == name


def test_without_a_name_the_id_stands_for_it(tmp_path: Path) -> None:
    nameless = CatalogueCampaign(
        campaign_id=SHOES, name="", banners=(banner(1).__class__(banner_id=1, name=""),)
    )
    page = Web(tmp_path, Held(), catalogue_of(nameless)).page(SHOES)
    assert "<h1>Campaign 7</h1>" in page
    assert 'alt="Banner 1"' in page


def test_a_link_in_a_frame_opens_beside_the_page_that_frames_it(tmp_path: Path) -> None:
    shoes = campaign(SHOES, banner(1, landing_url=LANDING))
    frame = text(Web(tmp_path, Held(), catalogue_of(shoes)).reply(Route.BANNER, SHOES, FRAMED))
    assert '" target="_blank" rel="noopener nofollow sponsored"><img' in frame


def test_a_campaign_with_nothing_to_show_has_a_page_that_says_so(tmp_path: Path) -> None:
    web = Web(tmp_path, Held(), catalogue_of(campaign(SHOES, banner(1, active=False))))
    assert "has no banner to show" in web.page(SHOES)
    assert web.served(SHOES)["banners"] == []
