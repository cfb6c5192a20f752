"""The page about the API, and Swagger UI, in a real browser."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from banners.core.model import Lineup, Performance, Quarter, RuleName
from browser.conftest import GENERATION, texts_that_do_not_stand_out, widths_that_do_not_fit

Visit = Callable[..., Page]
Scheme = Literal["light", "dark"]

CAMPAIGN = 27
# The console does not show violations of the Content-Security-Policy; this event does.
_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (each) => window.violations.push(
  `${each.violatedDirective}: ${each.blockedURI}`));
"""


@pytest.fixture(scope="module")
def lineups() -> Sequence[Lineup]:
    return (
        Lineup(
            campaign_id=CAMPAIGN,
            quarter=Quarter.SECOND,
            generation=GENERATION,
            rule=RuleName.MOST_CLICKS,
            converting=0,
            slots=5,
            banners=tuple(
                Performance(1, 1, 0, 0, banner_id=banner_id) for banner_id in range(101, 106)
            ),
            others=(),
        ),
    )


@pytest.fixture
def faults() -> list[str]:
    """The errors that the browser has reported on the watched page."""
    return []


@pytest.fixture
def watched(browser: Browser, address: str, faults: list[str]) -> Iterator[Page]:
    """The page once Swagger UI has started; at the end, the browser must have reported no error."""
    with browser.new_context(base_url=address) as window:
        page = window.new_page()
        page.add_init_script(_VIOLATIONS)
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(error.message))
        page.on("requestfailed", lambda asked: faults.append(f"failed: {asked.url}"))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(f"{address}/") else faults.append(asked.url),
        )
        page.goto("/docs?try=1", wait_until="networkidle")
        expect(operation(page, "read_lineup")).to_be_visible()
        yield page
        assert faults + page.evaluate("window.violations") == []


def operation(page: Page, name: str) -> Locator:
    return page.locator(f".opblock[id$={name}]")


def test_a_browser_finds_no_fault_with_the_page_as_it_loads(watched: Page) -> None:
    expect(watched.get_by_role("heading", level=1)).to_have_text("API")


def test_a_request_that_is_tried_out_is_answered(watched: Page) -> None:
    lineup = operation(watched, "read_lineup")
    lineup.locator(".opblock-summary-control").click()
    lineup.get_by_role("button", name="Try it out").click()
    lineup.get_by_role("button", name="Execute").click()
    answer = lineup.locator(".live-responses-table")
    expect(answer.locator(".response .response-col_status")).to_have_text("200")
    expect(answer.locator(".response")).to_contain_text('"campaign_id": 27')


def test_a_request_with_another_id_shows_what_is_wrong(watched: Page, faults: list[str]) -> None:
    lineup = operation(watched, "read_lineup")
    lineup.locator(".opblock-summary-control").click()
    lineup.get_by_role("button", name="Try it out").click()
    lineup.get_by_placeholder("campaign_id").fill("999")
    lineup.get_by_role("button", name="Execute").click()
    answer = lineup.locator(".live-responses-table")
    expect(answer.locator(".response .response-col_status")).to_contain_text("404")
    expect(answer.locator(".response")).to_contain_text("unknown_campaign")
    # The browser reports the expected 404 as an error.
    assert len(faults) == 1
    assert "404" in faults.pop()


def test_only_what_answers_programs_is_tried_out(watched: Page) -> None:
    expect(operation(watched, "list_campaigns")).to_be_visible()
    expect(operation(watched, "readyz")).to_be_visible()
    expect(operation(watched, "campaign")).to_have_count(0)


def test_without_scripts_the_page_is_complete(visit: Visit) -> None:
    page = visit("/docs", scripts=False)
    for heading in ("Addresses", "Versions", "Errors", "Lists", "Caching", "Try it out"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(page.get_by_text("use the commands above")).to_be_visible()
    page.get_by_text("A campaign's lineup, and why").click()
    expect(page.get_by_text("/api/v1/campaigns/27?quarter=2")).to_be_visible()


def test_the_page_works_by_keyboard(visit: Visit) -> None:
    page = visit("/docs", scripts=False)
    summary = page.locator("#read_report summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#read_report")).to_have_attribute("open", "")
    for stop in page.locator("a, summary").all():
        if stop.is_visible():
            page.keyboard.press("Tab")
            stop.focus()
            expect(stop).to_have_css("outline-style", "solid")


@pytest.mark.parametrize("scripts", [True, False])
def test_the_page_fits_the_screen(visit: Visit, *, scripts: bool) -> None:
    page = visit("/docs?try=1" if scripts else "/docs", scripts=scripts)
    if scripts:
        lineup = operation(page, "read_lineup")
        lineup.locator(".opblock-summary-control").click()
        lineup.get_by_role("button", name="Try it out").click()
        lineup.get_by_role("button", name="Execute").click()
        lineup.locator(".live-responses-table").wait_for()
    assert widths_that_do_not_fit(page, 320, 390, 1280) == []


def test_text_stands_out(visit: Visit) -> None:
    page = visit("/docs", scripts=False)
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    assert texts_that_do_not_stand_out(page) == []


def test_swagger_ui_follows_the_page_into_the_dark_and_back(visit: Visit) -> None:
    page = visit("/docs?try=1", scheme="light")
    words = operation(page, "read_lineup").locator(".opblock-summary-path")
    colors = []
    for scheme in ("light", "dark", "light"):
        page.emulate_media(color_scheme=scheme)
        colors.append(words.evaluate("each => getComputedStyle(each).color"))
        same = "getComputedStyle(document.documentElement).backgroundColor"
        papers = {
            visit(path, scheme=scheme).evaluate(same) for path in ("/docs?try=1", "/docs", "/")
        }
        assert len(papers) == 1
    assert colors[0] == colors[2] != colors[1]


def test_swagger_ui_is_opened_by_a_link(visit: Visit) -> None:
    page = visit("/docs")
    page.get_by_role("link", name="Send requests from the browser").click()
    expect(operation(page, "read_lineup")).to_be_visible()


def test_without_scripts_swagger_uis_page_leads_back_to_the_commands(visit: Visit) -> None:
    page = visit("/docs?try=1", scripts=False)
    page.get_by_text("Swagger UI needs JavaScript").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Addresses")).to_be_visible()
