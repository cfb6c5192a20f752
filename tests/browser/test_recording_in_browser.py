"""A page that is recorded in a real browser, without a script: one view, and a click."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from banners.collect.segments.log import EventLog
from banners.collect.token import Tokens
from banners.core.model import FillPolicy
from banners.web.app import web_application
from banners.web.recording.counts import Outcome, RecordingCounts
from banners.web.recording.recorder import Recorder
from banners.web.recording.turns import Turns
from browser.conftest import KnownLineups, widths_that_do_not_fit
from browser.test_links import listening
from support.answers import no_reports, open_to_all
from support.event_logs import HOST
from support.held_catalogues import Holder, banner, campaign, catalogue_of
from support.recorders import KEY
from support.running import serving

Visit = Callable[..., Page]

NOW = datetime(2026, 1, 31, 10, 20, tzinfo=UTC)
SHOES = 1


@dataclass
class Recorded:
    """The application, another site, and what has been recorded."""

    address: str
    shop: str
    counts: RecordingCounts

    @property
    def events(self) -> tuple[int, int]:
        recorded = Outcome.RECORDED
        return self.counts.impressions[recorded], self.counts.clicks[recorded]


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    for banner_id in (10, 11):
        Image.new("RGB", (300, 250), "teal").save(tmp_path / f"image_{banner_id}.png")
    counts = RecordingCounts()
    turns = Turns(EventLog(tmp_path / "events", HOST, clock=NOW.timestamp), counts)
    with listening() as shop:
        landing = f"{shop}/boots?of=shoes&click={{click}}"
        holder = Holder(
            catalogue_of(
                campaign(
                    *(SHOES, banner(10, "Boots", landing_url=landing)),
                    banner(11, "Sandals", landing_url=landing),
                )
            )
        )
        application = web_application(
            reader=KnownLineups([]),
            reports=no_reports(),
            images=tmp_path,
            fill=FillPolicy.CAMPAIGN,
            now=lambda: NOW,
            source=random.Random(1),
            catalogue=holder,
            sign_ins=open_to_all(),
            recorder=Recorder(*(turns, holder, random.Random(2).getrandbits), tokens=Tokens([KEY])),
        )
        with serving(application) as address:
            yield Recorded(address, shop, counts)


@pytest.fixture
def address(recorded: Recorded) -> str:
    return recorded.address


def test_a_page_without_a_script_counts_one_view_and_its_click(
    recorded: Recorded, browser: Browser
) -> None:
    with browser.new_context(base_url=recorded.address, java_script_enabled=False) as window:
        page = window.new_page()
        with page.expect_response(lambda response: "/e/" in response.url) as image:
            page.goto(f"/campaigns/{SHOES}")
        assert image.value.status == 200
        assert recorded.events == (1, 0)
        link = page.get_by_role("link", name="Boots", exact=True)
        link.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading")).to_contain_text("/boots?of=shoes&click=")
        heading = page.get_by_role("heading").inner_text()
        token = heading.removeprefix("/boots?of=shoes&click=")
        assert Tokens([KEY]).read_click(token.encode()) is not None
        assert recorded.events == (1, 1)
        assert recorded.counts.served == 1


def test_a_frame_on_another_site_counts_one_view_and_its_click(
    recorded: Recorded, browser: Browser
) -> None:
    host = recorded.address.removeprefix("http://")
    with browser.new_context() as window:
        page = window.new_page()
        with page.expect_response(lambda response: "/e/" in response.url):
            page.goto(f"{recorded.shop}/embeds/{host}/campaigns/{SHOES}/banner?format=html")
        assert recorded.events == (1, 0)
        frame = page.frame_locator("iframe")
        # The small image takes no room in it.
        assert frame.locator("html").evaluate("html => html.scrollHeight <= 250")
        with window.expect_page() as opened:
            frame.get_by_role("link").click()
        expect(opened.value.get_by_role("heading")).to_contain_text("/boots?of=shoes&click=")
        assert recorded.events == (1, 1)


def test_a_recorded_page_looks_as_before_and_fits_the_screen(visit: Visit) -> None:
    page = visit(f"/campaigns/{SHOES}")
    assert widths_that_do_not_fit(page, 320, 820, 1_280) == []
    hidden = page.locator('img[src^="/e/"]')
    expect(hidden).to_have_count(1)
    expect(hidden).to_be_hidden()


@pytest.mark.parametrize("path", [f"/campaigns/{SHOES}", f"/campaigns/{SHOES}/banner?format=html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_in_recorded_pages(visit: Visit, path: str, scheme: str) -> None:
    # The headings of a frame would be among those of the page that frames it.
    rules = {"page-has-heading-one": {"enabled": not path.endswith("html")}}
    found = Axe().run(visit(path, scheme=scheme), options={"rules": rules}).response
    assert found["passes"]
    assert found["violations"] == []
