"""What a visitor sees and does, in a real browser."""

import re
from collections.abc import Callable, Sequence
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, Route, expect

from banners.core.model import Generation, Lineup, Performance, Quarter, RuleName
from browser.conftest import texts_that_do_not_stand_out, widths_that_do_not_fit

Visit = Callable[..., Page]

TEN, FILLED, EMPTY, LONG = 27, 5, 9, 123_456_789_012_345_678
FORM, INVALID, UNKNOWN = "/", "/campaigns/1.5", "/campaigns/999"
PAGES = (FORM, INVALID, UNKNOWN, *(f"/campaigns/{each}" for each in (TEN, EMPTY, LONG)))


@pytest.fixture(scope="module")
def lineups() -> Sequence[Lineup]:
    return (
        lineup(TEN, range(101, 111)),
        lineup(FILLED, (101, 102), others=range(103, 109)),
        lineup(EMPTY, ()),
        lineup(LONG, range(101, 106)),
    )


def lineup(campaign_id: int, banners: Sequence[int], others: Sequence[int] = ()) -> Lineup:
    return Lineup(
        campaign_id=campaign_id,
        quarter=Quarter.SECOND,
        generation=Generation(1, "2026-01-31T10:00:00+00:00"),
        rule=RuleName.TOP_REVENUE,
        converting=len(banners),
        slots=10,
        banners=tuple(Performance(1, 1, 1, 1, banner_id=banner_id) for banner_id in banners),
        others=tuple(others),
    )


def boxes(page: Page, selector: str) -> list[tuple[float, float, float, float]]:
    found = (each.bounding_box() for each in page.locator(selector).all())
    return [(box["x"], box["y"], box["width"], box["height"]) for box in found if box]


def test_the_form_leads_to_the_page_of_the_campaign(visit: Visit) -> None:
    page = visit(FORM)
    page.get_by_label("Campaign id").fill("27")
    page.get_by_role("button", name="Show banners").click()
    expect(page.get_by_role("heading", name="Campaign 27")).to_be_visible()


def test_the_form_works_by_keyboard_and_without_scripts(visit: Visit) -> None:
    page = visit(FORM, scripts=False)
    page.get_by_label("Campaign id").fill("27")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/campaigns/27$"))


def test_a_campaigns_page_leads_to_another_campaign(visit: Visit) -> None:
    page = visit(f"/campaigns/{TEN}")
    page.get_by_label("Another campaign id").fill(str(LONG))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Campaign {LONG}")).to_be_visible()


@pytest.mark.parametrize("path", [FORM, f"/campaigns/{TEN}"])
def test_a_page_shows_the_quarter_of_the_hour(visit: Visit, path: str) -> None:
    expect(visit(path).get_by_text("Quarter 2 of the hour (:15 to :29)")).to_be_visible()


def test_every_banner_of_a_campaign_shows_an_image(visit: Visit) -> None:
    page = visit(f"/campaigns/{TEN}")
    drawn = page.locator("img").evaluate_all(
        "images => images.filter(image => image.naturalWidth > 0).map(image => image.alt)"
    )
    assert sorted(drawn) == [f"Banner {banner_id}" for banner_id in range(101, 111)]


def test_a_banner_is_never_stretched(visit: Visit) -> None:
    page = visit(f"/campaigns/{TEN}", width=1920)
    assert {box[2:] for box in boxes(page, "img")} == {(300, 250)}


def test_as_many_banners_stand_side_by_side_as_fit(visit: Visit) -> None:
    page = visit(f"/campaigns/{TEN}")
    for width, columns in [(320, 1), (390, 1), (820, 2), (1100, 3), (1440, 4)]:
        page.set_viewport_size({"width": width, "height": 900})
        assert len({left for left, *_ in boxes(page, "img")}) == columns, width


def test_nothing_moves_when_the_images_arrive(browser: Browser, address: str) -> None:
    held: list[Route] = []
    holding = True

    def hold(route: Route) -> None:
        if holding:
            held.append(route)
        else:
            route.continue_()

    with browser.new_context(base_url=address) as window:
        page = window.new_page()
        page.route("**/static/images/*", hold)
        page.goto(f"/campaigns/{TEN}", wait_until="domcontentloaded")
        before = boxes(page, "li, form")
        assert held
        holding = False
        for route in held:
            route.continue_()
        page.wait_for_load_state("load")
        assert boxes(page, "li, form") == before


def test_a_page_does_not_show_which_banners_were_filled_in(visit: Visit) -> None:
    items = (
        visit(f"/campaigns/{FILLED}")
        .locator("li")
        .evaluate_all("items => items.map(item => item.outerHTML)")
    )
    assert len(items) == 5
    assert len({re.sub(r"10\d", "ID", item) for item in items}) == 1


def test_a_campaign_with_nothing_to_show_gets_a_sentence(visit: Visit) -> None:
    page = visit(f"/campaigns/{EMPTY}")
    expect(page.get_by_text("no banner to show in this quarter")).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_the_screen(visit: Visit, path: str) -> None:
    assert widths_that_do_not_fit(visit(path), 320, 820) == []


@pytest.mark.parametrize("path", PAGES)
def test_text_stands_out(visit: Visit, path: str) -> None:
    assert texts_that_do_not_stand_out(visit(path)) == []


def test_dark_and_light_differ(visit: Visit) -> None:
    papers = {
        visit(FORM, scheme=scheme).evaluate("getComputedStyle(document.documentElement).background")
        for scheme in ("light", "dark")
    }
    assert len(papers) == 2


@pytest.mark.parametrize("path", PAGES)
def test_a_browser_finds_no_fault_with_a_page(browser: Browser, address: str, path: str) -> None:
    faults: list[str] = []

    def judge(message: ConsoleMessage) -> None:
        # The browser reports the page's own status, 400 or 404, which is as it should be.
        of_the_page = message.location["url"] == f"{address}{path}"
        if not (of_the_page and message.text.startswith("Failed to load resource")):
            faults.append(message.text)

    def answered(response: Response) -> None:
        if not response.ok and not response.request.is_navigation_request():
            faults.append(f"{response.status} {response.url}")

    with browser.new_context(base_url=address) as window:
        page = window.new_page()
        page.on("console", judge)
        page.on("pageerror", lambda error: faults.append(error.message))
        page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
        page.on("response", answered)
        page.goto(path, wait_until="networkidle")
        faults += page.locator("img").evaluate_all(
            "images => images.filter(image => !image.naturalWidth).map(image => image.src)"
        )
    assert faults == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_one_heading_of_the_first_level(visit: Visit, path: str) -> None:
    expect(visit(path).get_by_role("heading", level=1)).to_have_count(1)


def test_every_kind_of_page_has_a_title_of_its_own(visit: Visit) -> None:
    titles = {visit(path).title() for path in PAGES}
    assert len(titles) == len(PAGES)


def test_the_first_stop_of_the_keyboard_skips_to_the_content(visit: Visit) -> None:
    page = visit(f"/campaigns/{TEN}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Another campaign id")).to_be_focused()


def test_the_field_of_the_form_has_the_focus_from_the_start(visit: Visit) -> None:
    page = visit(FORM, scripts=False)
    # A browser moves the focus with the first frame that it draws, which may come after the load.
    expect(page.get_by_label("Campaign id")).to_be_focused()
    page.keyboard.type(str(TEN))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Campaign {TEN}")).to_be_visible()


def test_the_form_shows_when_the_next_quarter_begins(visit: Visit) -> None:
    expect(visit(FORM).get_by_text("The next begins at :30.")).to_be_visible()


def test_every_page_leads_to_the_overview_the_status_and_the_api(visit: Visit) -> None:
    for path in PAGES:
        links = visit(path).get_by_role("navigation", name="Banners").get_by_role("link")
        assert [each.get_attribute("href") for each in links.all()] == [
            "/campaigns",
            "/status",
            "/docs",
        ]


@pytest.mark.parametrize("path", PAGES)
def test_the_keyboards_place_is_always_visible(visit: Visit, path: str) -> None:
    page = visit(path)
    stops = page.locator("a, input, button").all()
    assert stops
    for stop in stops:
        # Press a key first: a browser shows the focus only to visitors who use the keyboard.
        page.keyboard.press("Tab")
        stop.focus()
        expect(stop).to_have_css("outline-style", "solid")


def test_what_is_no_id_is_said_at_the_field(visit: Visit) -> None:
    page = visit(FORM)
    page.get_by_label("Campaign id").fill("1.5")
    page.keyboard.press("Enter")
    field = page.get_by_label("Campaign id")
    expect(field).to_have_accessible_description(re.compile("“1.5” is not a campaign id"))
    expect(field).to_have_attribute("aria-invalid", "true")


def test_a_malformed_id_stays_in_the_field_to_be_corrected(visit: Visit) -> None:
    field = visit(INVALID).get_by_label("Campaign id")
    expect(field).to_have_value("1.5")
    expect(field).to_be_focused()


def test_a_problem_comes_before_the_form(visit: Visit) -> None:
    page = visit(INVALID, width=320)
    [alert], [form] = boxes(page, "[role=alert]"), boxes(page, "form")
    assert alert[1] + alert[3] <= form[1]


def test_an_unknown_campaign_is_an_alert_but_no_invalid_field(visit: Visit) -> None:
    page = visit(UNKNOWN)
    expect(page.get_by_role("alert")).to_contain_text("Campaign 999 is unknown")
    expect(page.get_by_label("Campaign id")).not_to_have_attribute("aria-invalid", "true")


def test_what_a_visitor_typed_is_shown_as_text(visit: Visit) -> None:
    typed = '"><b id="planted">'
    page = visit(f"/campaigns/{quote(typed)}")
    expect(page.get_by_label("Campaign id")).to_have_value(typed)
    expect(page.locator("#planted")).to_have_count(0)
