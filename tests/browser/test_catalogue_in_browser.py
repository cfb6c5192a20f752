"""Operators edit the catalogue in a real browser: from an empty folder, without script."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from banners.core.model import Quarter
from banners.store.connect import open_database
from browser.conftest import texts_that_do_not_stand_out, widths_that_do_not_fit
from browser.test_accessibility import violations
from support.catalogue_pages import ADA, Operator, images, installation
from support.publishing import publish

Visit = Callable[..., Page]

FILES = images("spring_sale.png", "summer-shoes.png", "New in town.png")
LONG = "Seasonal offers for people who read all of a name, " * 3
CAMPAIGN = "/catalogue/1"
OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true })"
PAGES = (
    "/campaigns",
    "/campaigns?q=nothing",
    CAMPAIGN,
    f"{CAMPAIGN}?done=2",
    f"{CAMPAIGN}/edit",
    f"{CAMPAIGN}/banners/1",
    f"{CAMPAIGN}/embed",
    f"{CAMPAIGN}/history",
    "/catalogue/2",
)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three images to upload."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in FILES]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A catalogue with a banner in each state, and a campaign without any."""
    folder = tmp_path_factory.mktemp("catalogue")
    with installation(folder, operators="open") as here, _editor(here) as ada:
        sale = ada.new_campaign("Shoes for spring")
        ada.upload(
            f"{sale}/banners",
            page=sale,
            files=FILES,
            landing_url="https://shop.example/" + "x" * 90,
        )
        ada.send(f"{sale}/banners/1/state", page=sale, action="pause")
        ada.send(f"{sale}/banners/2/state", page=sale, action="end")
        later = images("later.png")
        ada.upload(f"{sale}/banners", page=sale, files=later, starts="2090-12-01T10:00")
        ada.new_campaign(LONG)
        yield here


class _Anybody(Operator):
    """Somebody where nobody has to sign in."""

    def __init__(self, address: str) -> None:
        self.begin(address)


def _editor(address: str) -> Operator:
    return _Anybody(address)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[str]:
    """An installation in an empty folder, where operators sign in."""
    folder = tmp_path / "empty"
    folder.mkdir()
    with installation(folder) as here:
        yield here


def sign_in(page: Page) -> None:
    name, password = ADA
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_from_an_empty_folder_to_three_banners_and_back(
    visit: Visit, empty: str, files: list[Path]
) -> None:
    page = visit(f"{empty}/campaigns", scripts=False, width=390)
    sign_in(page)
    page.get_by_label("New campaign").fill("Shoes for spring")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shoes for spring")

    page.get_by_label("Image").set_input_files(files)
    page.get_by_label("Landing page").fill("https://shop.example/spring")
    page.get_by_role("button", name="Add", exact=True).click()
    cards = page.locator(".cards li")
    expect(cards).to_have_count(3)
    assert cards.locator("h3").all_inner_texts() == ["Spring sale", "Summer shoes", "New in town"]
    for image in cards.locator("img").all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("naturalWidth", 40)

    page.get_by_role("button", name="Pause Summer shoes").click()
    expect(cards.nth(1)).to_contain_text("Paused")
    expect(page.get_by_role("status")).to_contain_text("Banner 2 “Summer shoes”")
    page.get_by_role("button", name="Undo").click()
    expect(cards.nth(1)).to_contain_text("On")

    page.get_by_role("link", name="History").click()
    expect(page.locator(".history li")).to_have_count(4)


def test_by_keyboard_alone(visit: Visit, empty: str, files: list[Path]) -> None:
    page = visit(f"{empty}/campaigns", scripts=False)
    expect(page.locator("#password")).to_be_focused()  # given when the page is first drawn
    page.keyboard.press("Shift+Tab")  # from the password to the name
    page.keyboard.type(ADA[0])
    page.keyboard.press("Tab")
    page.keyboard.type(ADA[1])
    page.keyboard.press("Enter")
    page.get_by_label("New campaign").focus()
    page.keyboard.type("Shoes")
    page.keyboard.press("Enter")
    page.get_by_label("Image").set_input_files(files[:1])
    page.get_by_label("Landing page").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cards li")).to_have_count(1)

    reach(page, "Pause Spring sale")
    page.keyboard.press("Enter")
    expect(page.locator(".cards li")).to_contain_text("Paused")
    reach(page, "More Spring sale")
    page.keyboard.press("Enter")
    reach(page, "Remove Spring sale")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No banner yet")).to_be_visible()
    reach(page, "Undo")
    page.keyboard.press("Enter")
    expect(page.locator(".cards li")).to_have_count(1)


def reach(page: Page, name: str) -> None:
    """Press Tab until the element of this name has the focus, as a person would."""
    for _ in range(60):
        page.keyboard.press("Tab")
        text = page.locator(":focus").inner_text()
        if " ".join(text.split()) == name:
            return
    pytest.fail(f"{name} cannot be reached with the Tab key.")


def test_a_snippet_is_selected_as_the_page_says(visit: Visit) -> None:
    page = visit(f"{CAMPAIGN}/embed")
    field = page.locator("#frame-code")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator("#frame-code:focus").count():
            break
    page.keyboard.press("Control+A")
    assert page.evaluate("getSelection().toString()") == field.input_value()
    page.mouse.click(1, 1)
    field.click(click_count=3)
    assert page.evaluate("getSelection().toString().trim()") == field.input_value()


@pytest.mark.parametrize("width", [1280, 320])
def test_a_snippet_is_seen_completely(visit: Visit, width: int) -> None:
    page = visit(f"{CAMPAIGN}/embed", width=width)
    for name in ("#frame-code", "#json-code"):
        hidden = page.locator(name).evaluate(
            "each => [each.scrollHeight - each.clientHeight, each.scrollWidth - each.clientWidth]"
        )
        assert hidden == [0, 0], name


def test_destructive_things_ask_once_in_the_page(visit: Visit) -> None:
    page = visit(CAMPAIGN, scripts=False)
    end = page.get_by_role("button", name="Yes, end")
    expect(end).to_be_hidden()
    page.locator("summary", has_text="End").click()
    expect(end).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_axe_finds_no_violation(
    visit: Visit, path: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = visit(path, width=width, scheme=scheme)
    page.evaluate(OPEN_ALL)
    assert violations(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_every_screen(visit: Visit, path: str) -> None:
    page = visit(path)
    page.evaluate(OPEN_ALL)
    assert widths_that_do_not_fit(page, 320, 390, 820, 1280, 2000) == []


@pytest.mark.parametrize("path", PAGES)
def test_every_text_stands_out(visit: Visit, path: str) -> None:
    assert texts_that_do_not_stand_out(visit(path)) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_error_in_the_console(visit: Visit, path: str) -> None:
    page = visit("/")
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(error.message))
    page.goto(path, wait_until="networkidle")
    # What stands in the frame decides about that.
    assert [each for each in errors if "frame-ancestors" not in each] == []


def test_the_question_before_the_first_campaign_must_be_answered_and_can_be_read(
    visit: Visit, tmp_path: Path
) -> None:
    publish(open_database(f"sqlite:///{tmp_path}/banners.db", create=True), 10, *Quarter)
    with installation(tmp_path, operators="open") as here:
        page = visit(f"{here}/campaigns")
        assert violations(page) == []
        assert widths_that_do_not_fit(page, 320, 390, 820, 1280, 2000) == []
        assert texts_that_do_not_stand_out(page) == []
        page.get_by_label("New campaign").fill("Sale")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_label("Show only campaigns of the catalogue")).to_be_focused()
        expect(page).to_have_url(f"{here}/campaigns")
