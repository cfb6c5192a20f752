"""Banners of a catalogue in a real browser: links, names, and embeds in pages of other sites."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import MappingProxyType

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from banners.core.model import FillPolicy
from banners.web.app import web_application
from browser.conftest import KnownLineups, widths_that_do_not_fit
from support.answers import no_reports, open_to_all
from support.held_catalogues import Holder, banner, campaign, catalogue_of
from support.running import serving

Visit = Callable[..., Page]

NOW = datetime(2026, 1, 31, 10, 20, tzinfo=UTC)
SHOES, PAUSED, HOUSE, LONG, EMPTY = 1, 2, 3, 4, 5
LONGEST_NAME = "Banner-der-Donaudampfschifffahrtsgesellschaft-" * 4


class _Site(ThreadingHTTPServer):
    """Another site.

    Args:
        pages: its own pages, by path.
    """

    def __init__(self, pages: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Landing)
        self.pages = pages


class _Landing(BaseHTTPRequestHandler):
    """A landing page, a page that embeds banners, and the site's own pages."""

    server: _Site

    def do_GET(self) -> None:
        """Answer with the site's own page of this path, or else with a page that shows the path."""
        body = f"<!doctype html><title>Shop</title><h1>{self.path}</h1>"
        body = self.server.pages.get(self.path, body)
        if self.path.startswith("/embeds/"):
            source = f"http://{self.path.removeprefix('/embeds/')}"
            body = f'<!doctype html><title>News</title><iframe src="{source}"></iframe>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def listening(pages: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """Serve another site; yield its address.

    Args:
        pages: its own pages, by path; more may be added while it serves.
    """
    server = _Site(pages)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """Another site."""
    with listening() as address:
        yield address


@pytest.fixture(scope="module")
def address(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    images = tmp_path_factory.mktemp("images")
    for banner_id in (10, 11, 30, 40):
        Image.new("RGB", (300, 250), "teal").save(images / f"image_{banner_id}.png")
    linked = f"{shop}/boots?of=shoes&click={{click}}"
    catalogue = catalogue_of(
        campaign(SHOES, banner(10, "Boots & <more>", landing_url=linked), name="Shoes & socks"),
        campaign(PAUSED, banner(11), active=False),
        campaign(HOUSE, banner(30, "Ours", landing_url=f"{shop}/house")),
        campaign(LONG, banner(40, LONGEST_NAME, landing_url=linked), name=LONGEST_NAME),
        campaign(EMPTY),
        house=HOUSE,
    )
    application = web_application(
        reader=KnownLineups([]),
        reports=no_reports(),
        images=images,
        fill=FillPolicy.CAMPAIGN,
        now=lambda: NOW,
        source=random.Random(1),
        catalogue=Holder(catalogue),
        sign_ins=open_to_all(),
    )
    with serving(application) as here:
        yield here


def test_a_banner_leads_to_its_landing_page_by_keyboard_and_without_scripts(visit: Visit) -> None:
    page = visit(f"/campaigns/{SHOES}", scripts=False)
    link = page.get_by_role("link", name="Boots & <more>", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading")).to_have_text("/boots?of=shoes&click=")


def test_a_page_is_named_after_its_campaign(visit: Visit) -> None:
    page = visit(f"/campaigns/{SHOES}")
    expect(page).to_have_title("Shoes & socks · Banners")
    expect(page.get_by_role("heading", level=1)).to_have_text("Shoes & socks")


def test_a_banner_in_a_frame_of_another_site_opens_its_landing_page_beside_it(
    browser: Browser, address: str, shop: str
) -> None:
    host = address.removeprefix("http://")
    with browser.new_context() as window:
        page = window.new_page()
        page.goto(f"{shop}/embeds/{host}/campaigns/{SHOES}/banner?format=html")
        link = page.frame_locator("iframe").get_by_role("link", name="Boots & <more>")
        with window.expect_page() as opened:
            link.click()
        expect(opened.value.get_by_role("heading")).to_have_text("/boots?of=shoes&click=")
        assert opened.value.evaluate("window.opener") is None
        expect(page).to_have_title("News")


def test_the_house_stands_in_the_frame_of_a_campaign_that_is_paused(
    browser: Browser, address: str, shop: str
) -> None:
    host = address.removeprefix("http://")
    with browser.new_context() as window:
        page = window.new_page()
        page.goto(f"{shop}/embeds/{host}/campaigns/{PAUSED}/banner?format=html")
        image = page.frame_locator("iframe").get_by_role("img", name="Ours")
        expect(image).to_have_js_property("naturalWidth", 300)


@pytest.mark.parametrize("path", [f"/campaigns/{SHOES}", f"/campaigns/{LONG}"])
def test_a_page_with_links_fits_the_screen(visit: Visit, path: str) -> None:
    assert widths_that_do_not_fit(visit(path), 320, 820, 1_280) == []


@pytest.mark.parametrize(
    "path",
    [
        f"/campaigns/{SHOES}",
        f"/campaigns/{LONG}",
        f"/campaigns/{SHOES}/banner?format=html",
        f"/campaigns/{EMPTY}/banner?format=html",
    ],
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_in_pages_with_links(visit: Visit, path: str, scheme: str) -> None:
    # The headings of a frame would be among those of the page that frames it.
    rules = {"page-has-heading-one": {"enabled": not path.endswith("html")}}
    found = Axe().run(visit(path, scheme=scheme), options={"rules": rules}).response
    assert found["passes"]
    assert found["violations"] == []
