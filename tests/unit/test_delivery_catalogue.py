"""What hot addresses answer with a catalogue: dates to the second, versions, fill, rounds."""

from pathlib import Path
from unittest.mock import patch

import pytest

from banners.core.addresses import Route
from banners.core.model import FillPolicy
from banners.serve.catalogue import NO_CATALOGUE
from banners.serve.inventory import draw_pool
from support.catalogued import BOOTS, FRAMED, HOUSE, SHOES, Held, Web, earned
from support.held_catalogues import (
    banner,
    campaign,
    catalogue_of,
)

ELEVEN = range(1, 12)


@pytest.fixture
def web(tmp_path: Path) -> Web:
    """A campaign of eleven banners that all convert, all of them in the catalogue."""
    shoes = campaign(SHOES, *map(banner, ELEVEN))
    return Web(tmp_path, Held(earned(*ELEVEN)), catalogue_of(shoes))


def test_a_banner_that_is_paused_makes_room_for_the_next(web: Web) -> None:
    assert web.shown(SHOES) == list(range(1, 11))
    paused = banner(3, active=False)
    web.follow(campaign(SHOES, paused, *(banner(each) for each in ELEVEN if each != 3)), number=2)
    assert web.shown(SHOES) == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]
    assert (web.lineup(SHOES)["converting"], web.lineup(SHOES)["slots"]) == (10, 10)


def test_a_banner_with_events_that_the_catalogue_gives_to_another_campaign_is_not_shown(
    tmp_path: Path,
) -> None:
    shoes = campaign(SHOES, *map(banner, (1, 2, 3)))
    web = Web(tmp_path, Held(earned(1, 2, 3, 4, 5, 6)), catalogue_of(shoes))
    assert web.shown(SHOES) == [1, 2, 3]


def test_a_banner_without_events_fills_a_short_page(tmp_path: Path) -> None:
    shoes = campaign(SHOES, *map(banner, (1, 2, 30, 31)))
    web = Web(tmp_path, Held(earned(1, 2)), catalogue_of(shoes))
    filled = {each["banner_id"]: each["filled"] for each in web.served(SHOES)["banners"]}
    assert filled == {1: False, 2: False, 30: True, 31: True}


def test_dates_are_in_force_to_the_second_also_for_prepared_answers(tmp_path: Path) -> None:
    shoes = campaign(SHOES, banner(1, ends=1_010), banner(2, starts=1_020), banner(3))
    web = Web(tmp_path, Held(earned(1, 2, 3)), catalogue_of(shoes))
    for second, expected in ((1_000, [1, 3]), (1_009.9, [1, 3]), (1_010, [3]), (1_019.999, [3])):
        web.second = second
        assert web.shown(SHOES) == expected
    web.second = 1_020
    assert web.shown(SHOES) == [2, 3]


def test_answers_are_prepared_once_until_something_changes(web: Web) -> None:
    held = web.held
    assert held is not None
    for _ in range(3):
        web.page(SHOES)
    assert held.read == [SHOES]
    web.follow(campaign(BOOTS, banner(50)), number=2)
    web.page(SHOES)
    assert held.read == [SHOES]
    web.follow(campaign(SHOES, banner(1)), number=3)
    assert web.shown(SHOES) == [1]
    assert held.read == [SHOES, SHOES]


def test_a_version_that_does_not_follow_the_last_one_replaces_everything(web: Web) -> None:
    web.page(SHOES)
    web.catalogue.held = catalogue_of(campaign(SHOES, banner(4)), number=5)
    assert web.shown(SHOES) == [4]
    web.catalogue.held = None
    assert web.reply(Route.CAMPAIGN, SHOES) is None


def test_the_first_version_of_a_catalogue_replaces_everything(tmp_path: Path) -> None:
    web = Web(tmp_path, Held(earned(1, 2, 3, 4, 5, 6)), NO_CATALOGUE)
    assert web.shown(SHOES) == [1, 2, 3, 4, 5, 6]
    web.catalogue.held = catalogue_of(campaign(SHOES, banner(2)))
    assert web.shown(SHOES) == [2]


def test_a_campaign_that_no_generation_knows_shows_five_of_its_banners(tmp_path: Path) -> None:
    boots = campaign(BOOTS, *map(banner, range(50, 57)))
    web = Web(tmp_path, Held(earned(1)), catalogue_of(boots))
    pages = [web.shown(BOOTS) for _ in range(200)]
    assert {len(each) for each in pages} == {5}
    assert {each for page in pages for each in page} == set(range(50, 57))
    answer = web.lineup(BOOTS)
    assert (answer["generation"], answer["converting"], answer["rule"]) == (0, 0, "most_clicks")


def test_nothing_is_answered_while_nothing_is_held(tmp_path: Path) -> None:
    web = Web(tmp_path, None, catalogue_of(campaign(BOOTS, banner(50))))
    assert web.reply(Route.CAMPAIGN, BOOTS) is None


def test_a_campaign_that_the_catalogue_does_not_have_is_left_to_the_framework(web: Web) -> None:
    for route in (Route.CAMPAIGN, Route.API_BANNERS, Route.API_CAMPAIGN):
        assert web.reply(route, 999) is None


def test_an_embed_without_a_catalogue_is_left_to_the_framework(tmp_path: Path) -> None:
    web = Web(tmp_path, Held(earned(1)), NO_CATALOGUE)
    assert web.reply(Route.BANNER, 999, FRAMED) is None
    assert web.unknown_embeds == 0


def test_a_campaign_that_is_off_is_left_to_the_framework_until_it_starts(tmp_path: Path) -> None:
    web = Web(tmp_path, Held(), catalogue_of(campaign(BOOTS, banner(50), starts=1_010)))
    for route in (Route.CAMPAIGN, Route.API_BANNERS, Route.API_CAMPAIGN):
        assert web.reply(route, BOOTS) is None
    web.second = 1_010
    assert web.shown(BOOTS) == [50]


def test_no_banner_of_another_campaign_fills_a_page_by_default(tmp_path: Path) -> None:
    web = Web(tmp_path, Held(earned(1)), catalogue_of(campaign(SHOES, banner(1))))
    assert web.shown(SHOES) == [1]
    assert web.lineup(SHOES)["fill"] == {
        "needed": 4,
        "campaign": [],
        "campaign_text": [],
        "inventory": False,
    }


def test_the_inventory_is_the_pairs_of_the_catalogue_that_are_on(tmp_path: Path) -> None:
    boots = campaign(
        BOOTS, banner(50), banner(51, active=False), banner(52, landing_url="https://b.example/52")
    )
    over = campaign(HOUSE, banner(60), ends=900)
    web = Web(tmp_path, Held(earned(1)), catalogue_of(campaign(SHOES, banner(1)), boots, over))
    web.fill = FillPolicy.INVENTORY
    assert web.shown(SHOES) == [1, 50, 52]
    assert 'href="https://b.example/52"' in web.page(SHOES)
    by_id = {each["banner_id"]: each for each in web.served(SHOES)["banners"]}
    assert by_id[52]["click_url"] == "https://b.example/52"
    web.follow(campaign(BOOTS, banner(51)), number=2)
    assert web.shown(SHOES) == [1, 51]


def test_a_banner_that_fills_a_page_of_another_campaign_ends_to_the_second(tmp_path: Path) -> None:
    boots = campaign(BOOTS, banner(50, ends=1_003))
    web = Web(tmp_path, Held(earned(1)), catalogue_of(campaign(SHOES, banner(1)), boots))
    web.fill = FillPolicy.INVENTORY
    web.second = 1_002.9
    assert web.shown(SHOES) == [1, 50]
    web.second = 1_003
    assert web.shown(SHOES) == [1]


def test_short_campaigns_are_filled_up_from_one_pool(tmp_path: Path) -> None:
    shoes, boots = campaign(SHOES, banner(1)), campaign(BOOTS, banner(50, starts=1_002))
    web = Web(tmp_path, Held(), catalogue_of(shoes, boots))
    web.fill = FillPolicy.INVENTORY
    with patch("banners.serve.inventory.draw_pool", wraps=draw_pool) as draw:
        assert [web.shown(SHOES) for _ in range(3)] == [[1]] * 3
        web.second = 1_002
        assert (web.shown(SHOES), web.shown(BOOTS)) == ([1, 50], [1, 50])
    assert draw.call_count == 2


def test_names_are_in_the_json_of_the_lineup(web: Web) -> None:
    answer = web.lineup(SHOES)
    assert answer["name"] == "Campaign name 7"
    assert answer["lineup"][0]["name"] == "Name 1"


def test_a_visitor_never_sees_the_same_banner_twice_in_a_row_across_a_pause(web: Web) -> None:
    cookie, last = "", 0
    for number in range(2, 40):
        off = number % 11 + 1
        web.follow(
            campaign(SHOES, *(banner(each, active=each != off) for each in ELEVEN)), number=number
        )
        for _ in range(3):
            _, headers, _ = web.reply(Route.BANNER, SHOES, cookie=cookie)
            cookie = dict(headers)[b"set-cookie"].decode().partition(";")[0]
            banner_id = int(cookie.partition("=")[2].partition(".")[0])
            assert banner_id != last
            assert banner_id != off
            last = banner_id


def test_a_round_shows_every_banner_once_after_the_lineup_has_changed(web: Web) -> None:
    _, headers, _ = web.reply(Route.BANNER, SHOES)
    cookie = dict(headers)[b"set-cookie"].decode().partition(";")[0]
    web.follow(campaign(SHOES, *map(banner, (1, 2, 3, 4, 5, 6))), number=2)
    seen = []
    for _ in range(6):
        _, headers, _ = web.reply(Route.BANNER, SHOES, cookie=cookie)
        cookie = dict(headers)[b"set-cookie"].decode().partition(";")[0]
        seen.append(cookie.partition("=")[2].partition(".")[0])
    assert sorted(seen) == ["1", "2", "3", "4", "5", "6"]
