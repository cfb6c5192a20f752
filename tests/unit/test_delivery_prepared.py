"""How many answers stay prepared, and that those of a campaign are prepared once."""

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import Mock

import pytest

from banners.core.addresses import PUBLIC_URL, Route, Site, image_path
from banners.core.candidates import Candidates
from banners.core.model import (
    FillPolicy,
    Generation,
    Quarter,
)
from banners.web.hot import kept
from banners.web.hot.delivery import Delivery
from banners.web.hot.images import HeldImages
from banners.web.hot.layouts import Layouts, PageLayout
from banners.web.hot.replies import headers_of
from banners.web.hot.serving import Serving
from banners.web.http.templating import page_templates
from banners.web.metrics import Metrics
from support.picked import candidates_of, picked
from support.tiny_images import IMAGES


class Held:
    """A quarter with every campaign, which notes whose lineup is read."""

    generation = Generation(1, "2026")
    quarter = Quarter.FIRST
    campaigns: Sequence[int] = ()
    inventory: Sequence[int] = ()

    def __init__(self) -> None:
        self.read: list[int] = []

    def __contains__(self, campaign_id: int) -> bool:
        return True

    def candidates(self, campaign_id: int) -> Candidates:
        self.read.append(campaign_id)
        lineup = picked(campaign_id, range(1, 6), generation=self.generation, quarter=self.quarter)
        return candidates_of(lineup)

    def read_later(self, campaign_id: int) -> "Future[Candidates | None]":
        raise NotImplementedError


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def delivered(tmp_path: Path, held: Held) -> Delivery:
    return delivery_of(Site(PUBLIC_URL), tmp_path, held)


def delivery_of(site: Site, images: Path, held: Held) -> Delivery:
    templates = page_templates(lambda name: name, site, indexed=False)
    return Delivery(
        Mock(),
        held=lambda _: held,
        serving=Serving(FillPolicy.NONE, Random(1), site, Layouts(templates, site)),
        images=HeldImages(images),
        prefix=site.prefix,
        clock=lambda: (0.0, Quarter.FIRST),
        counter=Metrics().counter,
        is_open=True,
    )


def ask(delivered: Delivery, route: Route, campaign_id: int, query: bytes = b"") -> bytes:
    reply = delivered.answer_at_once(route.at(campaign_id=campaign_id), query, [])
    assert reply is not None
    return reply[2]


def test_all_answers_for_a_campaign_are_prepared_from_one_reading(
    delivered: Delivery, held: Held
) -> None:
    for route in (Route.CAMPAIGN, Route.BANNER, Route.API_CAMPAIGN, Route.API_BANNERS):
        ask(delivered, route, 27)
    ask(delivered, Route.BANNER, 27, b"format=html")
    assert held.read == [27]


def test_the_campaign_that_was_asked_for_longest_ago_is_dropped(
    delivered: Delivery, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_PREPARED", 2)
    for campaign_id in (1, 2, 1, 3, 1, 3):
        ask(delivered, Route.CAMPAIGN, campaign_id)
    assert held.read == [1, 2, 3]
    ask(delivered, Route.CAMPAIGN, 2)
    assert held.read == [1, 2, 3, 2]


def test_long_addresses_take_no_memory(delivered: Delivery) -> None:
    parse: Any = delivered._parse  # noqa: SLF001
    kept = parse.cache_info().currsize
    for length in range(5_000, 5_010):
        assert delivered.answer_at_once(f"/{'x' * length}", b"", []) is None
    assert parse.cache_info().currsize == kept


def test_the_longest_id_is_answered(delivered: Delivery) -> None:
    assert ask(delivered, Route.API_BANNERS, 10**18 - 1)


def test_a_page_holds_every_banner_once(delivered: Delivery) -> None:
    page = ask(delivered, Route.CAMPAIGN, 27).decode()
    for banner_id in range(1, 6):
        assert page.count(f'src="{image_path(banner_id)}"') == 1
        assert page.count(f'alt="Banner {banner_id}"') == 1
    assert "<h1>Campaign 27</h1>" in page


def test_a_frame_is_a_complete_page_with_one_banner(delivered: Delivery) -> None:
    frame = ask(delivered, Route.BANNER, 27, b"format=html").decode()
    assert frame.count("<img ") == 1
    assert frame.startswith("<!doctype html>\n<html ")
    assert frame.endswith("</html>\n")


def test_a_page_without_a_place_for_banners_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no <li>"):
        PageLayout.cut("<h1>Campaign</h1>")


@pytest.mark.parametrize(
    ("url", "ending"),
    [
        (
            "https://example.com/ads",
            b"; Path=/ads/campaigns/27; Max-Age=86400; HttpOnly; SameSite=Lax; Secure",
        ),
        ("http://example.com", b"; Path=/campaigns/27; Max-Age=86400; HttpOnly; SameSite=Lax"),
    ],
)
@pytest.mark.parametrize(
    ("route", "query"),
    [(Route.CAMPAIGN, b""), (Route.BANNER, b""), (Route.BANNER, b"format=html")],
)
def test_cookies_are_for_the_campaign_below_the_prefix_and_over_https_only(
    tmp_path: Path, held: Held, url: str, ending: bytes, route: Route, query: bytes
) -> None:
    delivered = delivery_of(Site(url), tmp_path, held)
    reply = delivered.answer_at_once(route.at(campaign_id=27), query, [])
    assert reply is not None
    cookies = [value for name, value in headers_of(reply) if name == b"set-cookie"]
    assert len(cookies) == 1
    assert cookies[0].endswith(ending)


def test_paths_with_and_without_the_prefix_are_answered_from_memory(
    tmp_path: Path, held: Held
) -> None:
    (tmp_path / "image_7.png").write_bytes(IMAGES[".png"])
    delivered = delivery_of(Site("https://example.com/ads"), tmp_path, held)
    delivered._images.preload()  # noqa: SLF001
    for path in (
        Route.CAMPAIGN.at(campaign_id=27),
        Route.BANNER.at(campaign_id=27),
        Route.API_CAMPAIGN.at(campaign_id=27),
        Route.API_BANNERS.at(campaign_id=10**18 - 1),
        image_path(7),
    ):
        assert delivered.answer_at_once(path, b"", [])
        assert delivered.answer_at_once(f"/ads{path}", b"", [])
        assert not delivered.answer_at_once(f"/ad{path}", b"", [])
        assert not delivered.answer_at_once(f"/ads/ads{path}", b"", [])
