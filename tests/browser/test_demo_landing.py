"""The landing page of the demo, in a real browser."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

import pytest
from playwright.sync_api import Page

from banners.settings import load_settings
from banners.web.pages.landing import Shop
from banners.wiring import reader
from browser.conftest import texts_that_do_not_stand_out, widths_that_do_not_fit
from browser.test_accessibility import violations
from support.answers import Clock, application_over
from support.catalogues import banner, campaign
from support.running import Workplace, serving

LONG = "Hand-forged " * 16
CATALOGUE = {
    27: replace(campaign(27, name="Spring <Sale>"), banners=(banner(414, name="Copper & Kettle"),)),
    54: replace(campaign(54, name=LONG), banners=(banner(414, name="W" * 200),)),
}
LANDING = "/demo/landing/27/414?click="


@pytest.fixture(scope="module")
def address(published: Workplace) -> Iterator[str]:
    """Serve the sample with the landing pages of a small catalogue."""
    settings = load_settings({"database_url": f"sqlite:///{published.folder}/var/banners.db"})
    application = application_over(
        *(reader(settings), published.folder / "var" / "images", Clock().now),
        shop=Shop(CATALOGUE.get),
    )
    with serving(application) as here:
        yield here


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_axe_finds_no_violation(
    visit: Callable[..., Page], width: int, scheme: Literal["light", "dark"]
) -> None:
    assert violations(visit(LANDING, width=width, scheme=scheme)) == []


def test_the_page_says_which_banner_of_which_campaign_led_there(
    visit: Callable[..., Page],
) -> None:
    page = visit(LANDING, scripts=False)
    said = page.locator("main").inner_text()
    assert "Copper & Kettle" in said
    assert "Spring <Sale>" in said
    assert "banner 414 of campaign 27" in said
    assert page.locator("main img").evaluate("each => each.naturalWidth") == 300


def test_it_leads_back_by_keyboard(visit: Callable[..., Page]) -> None:
    page = visit(LANDING)
    page.get_by_role("link", name="Back to the banners").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/campaigns/27")


@pytest.mark.parametrize("path", [LANDING, "/demo/landing/54/414"])
def test_it_fits_every_window_and_stands_out(visit: Callable[..., Page], path: str) -> None:
    page = visit(path)
    assert widths_that_do_not_fit(page, 320, 390, 820, 1280) == []
    assert texts_that_do_not_stand_out(page) == []
