"""Signing in on real Chromium: by link, by password, as a reader, by keyboard, without script."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from banners.settings import load_settings
from banners.wiring import reader, reports
from browser.conftest import texts_that_do_not_stand_out, widths_that_do_not_fit
from support.answers import application_over
from support.operators import OPERATOR, PASSWORD, READER, Office, lines
from support.running import Workplace, serving

CAMPAIGN = 54
"""A campaign of the sample with a lineup in quarter 1."""

OTHER = 55


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    file = tmp_path_factory.mktemp("office") / "passwords"
    file.write_text(lines(CAMPAIGN))
    # Browsers compare the end of a cookie with their own clock.
    return Office(file, time=datetime.now(UTC).timestamp())


@pytest.fixture(scope="module")
def address(published: Workplace, office: Office) -> Iterator[str]:
    """Serve the sample in its first quarter of the hour, to those who have signed in."""
    settings = load_settings({"database_url": f"sqlite:///{published.folder}/var/banners.db"})
    application = application_over(
        *(reader(settings), published.folder / "var" / "images"),
        lambda: datetime(2026, 1, 31, 10, 5, tzinfo=UTC),
        in_memory=True,
        reports=reports(settings),
        sign_ins=office.sign_ins,
    )
    with serving(application) as here:
        yield here


Visit = Callable[..., Page]


def enter(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD[name])
    with page.expect_event("load"):
        page.get_by_role("main").get_by_role("button", name="Sign in").click()


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


@pytest.mark.parametrize("scripts", [True, False])
def test_the_password_leads_back_to_the_page_that_was_asked_for(
    visit: Visit, scripts: bool
) -> None:
    page = visit(f"/campaigns/{CAMPAIGN}/report?quarter=1", scripts=scripts)
    assert heading(page) == "Sign in"
    enter(page, OPERATOR)
    assert page.url.endswith(f"/campaigns/{CAMPAIGN}/report?quarter=1")
    assert heading(page) == f"Report on campaign {CAMPAIGN}"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_link_signs_in_with_one_button(visit: Visit, office: Office, scripts: bool) -> None:
    page = visit(f"/sign-in?token={office.link_token(OPERATOR)}", scripts=scripts)
    expect(page.get_by_label("Password")).to_have_count(0)
    page.get_by_role("button", name="Sign in").click()
    assert page.url.endswith("/campaigns")
    expect(page.get_by_role("banner")).to_contain_text(OPERATOR)


def test_the_keyboard_alone_signs_in_and_out(visit: Visit) -> None:
    page = visit("/status")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD[OPERATOR])
    page.keyboard.press("Enter")
    page.wait_for_url("**/status")
    sign_out = page.get_by_role("button", name="Sign out")
    for _ in range(10):
        page.keyboard.press("Tab")
        if sign_out.evaluate("each => each === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in")
    page.goto("/status")
    assert heading(page) == "Sign in"


def test_a_wrong_password_is_said_where_it_is_corrected(visit: Visit) -> None:
    page = visit("/status")
    page.get_by_label("Password").fill("guessed")
    page.get_by_role("button", name="Sign in").click()
    assert heading(page) == "Wrong password"
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Password")).to_have_accessible_description(
        "Wrong password No operator has this name and password. Check both, or sign in with the "
        "link of: banners sign-in"
    )
    enter(page, OPERATOR)
    assert heading(page) == "Status"


def test_a_reader_sees_reports_of_campaigns_listed_and_nothing_to_press(visit: Visit) -> None:
    page = visit("/campaigns?quarter=1")
    enter(page, READER)
    links = page.get_by_role("banner").get_by_role("navigation").get_by_role("link")
    assert links.all_inner_texts() == ["Campaigns", "API"]
    expect(page.get_by_role("row")).to_have_count(2)  # the headings, and the campaign
    page.get_by_role("main").get_by_role("link", name=f"report of campaign {CAMPAIGN}").click()
    assert heading(page) == f"Report on campaign {CAMPAIGN}"
    expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)
    page.goto(f"/campaigns/{OTHER}/report")
    assert heading(page) == "Not allowed"


def test_a_changed_password_ends_the_session(visit: Visit, office: Office) -> None:
    page = visit("/status")
    enter(page, OPERATOR)
    assert heading(page) == "Status"
    before = office.file.read_text()
    try:
        office.rewrite("anna another-password\n")
        page.reload()
        assert heading(page) == "Sign in"
    finally:
        office.rewrite(before)


def test_visitors_pages_lead_to_nothing_that_is_closed(visit: Visit) -> None:
    page = visit(f"/campaigns/{CAMPAIGN}")
    expect(page.get_by_role("banner").get_by_role("link")).to_have_count(1)
    expect(page.get_by_role("main").get_by_role("link")).to_have_count(0)
    expect(page.get_by_role("group")).to_have_count(0)


@pytest.fixture(params=["password", "link", "wrong", "expired", "signed in", "not allowed"])
def state(request: pytest.FixtureRequest, visit: Visit, office: Office) -> Page:
    """Each page that has to do with signing in."""
    match request.param:
        case "password":
            return visit("/sign-in")
        case "link":
            return visit(f"/sign-in?token={office.link_token(OPERATOR)}")
        case "expired":
            return visit("/sign-in?token=x")
        case "wrong":
            page = visit("/sign-in")
            page.get_by_label("Password").fill("guessed")
            with page.expect_event("load"):
                page.get_by_role("button", name="Sign in").click()
            return page
        case "signed in":
            page = visit("/status")
            enter(page, OPERATOR)
            return page
        case _:
            page = visit("/status")
            enter(page, READER)
            return page


def test_each_page_fits_a_phone_and_can_be_read_by_everybody(state: Page) -> None:
    assert widths_that_do_not_fit(state, 320, 390, 820, 1280) == []
    assert texts_that_do_not_stand_out(state) == []
    state.set_viewport_size({"width": 320, "height": 700})
    found = Axe().run(state).response
    assert found["passes"]
    assert [each["id"] for each in found["violations"]] == []
