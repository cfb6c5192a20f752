"""The overview and the status in a real browser, over twenty thousand campaigns in a database."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from banners.core.model import FillPolicy, Quarter
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.store.read.reports import DatabaseReports
from banners.web.app import web_application
from browser.conftest import texts_that_do_not_stand_out, widths_that_do_not_fit
from support.answers import open_to_all
from support.publishing import LARGEST, batches, campaign, drafting, inventory
from support.running import serving

Visit = Callable[..., Page]

MANY = 20_000
OVERVIEW, SEARCHED, NOTHING, STATUS = (
    "/campaigns?sort=-revenue",
    "/campaigns?search=9999",
    "/campaigns?search=0",
    "/status",
)
PAGES = (OVERVIEW, SEARCHED, NOTHING, STATUS)
SUMMARY = {
    "objections": ["12,345 of 82,030,000 rows are rejected or quarantined, which is more than 0%"],
    "skipped": ["events/2/impressions_2_again.csv"],
    "unknown": [],
    "unseen_clicks": 12,
    "campaigns": MANY,
    "candidates": MANY,
    "rules": {},
    "banners": 30_000_000,
    "without_image": 29_999_999,
    "accounts": [
        {
            "kind": kind,
            "rows": 30_000_000,
            "accepted": 29_999_990,
            "duplicate": 1,
            "rejected": {"bad_width": 3, "bad_revenue": 2},
            "quarantined": {"conflicting_id": 3, "orphan_conversion": 1},
        }
        for kind in ("impressions", "clicks", "conversions")
    ],
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('crowd')}/b.db", create=True)
    ids = [*range(1, MANY), LARGEST]
    with drafting(database) as begun:
        begun.write_quarter(
            Quarter.SECOND,
            batches(*(row for each in ids for row in campaign(each, 100)), size=20_000),
            inventory(100),
        )
        begun.describe_quarter(Quarter.SECOND, digest="d", rows=90_000_000, summary=SUMMARY)
        begun.activate()
    application = web_application(
        reader=DatabaseReader(database),
        reports=DatabaseReports(database),
        images=Path("nowhere"),
        fill=FillPolicy.CAMPAIGN,
        sign_ins=open_to_all(),
        now=lambda: datetime(2026, 1, 31, 10, 20, tzinfo=UTC),
        source=random.Random(1),
    )
    with serving(application) as here:
        yield here


def first_row(page: Page) -> str:
    return page.locator("tbody tr").first.locator("th").inner_text()


def press_until_on(page: Page, name: str) -> None:
    """Press Tab until a link has the focus, as a visitor without a mouse would."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == name:
            return
    pytest.fail(f"The keyboard never reaches {name!r}")


def test_a_campaign_is_found_by_the_keyboard_alone_and_without_scripts(visit: Visit) -> None:
    page = visit("/", scripts=False)
    page.get_by_role("link", name="Campaigns").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Campaigns")).to_be_visible()
    page.get_by_label("Names, or ids that begin with").focus()
    page.keyboard.type("1234")
    page.keyboard.press("Enter")
    expect(page.get_by_text("11 campaigns found for “1234”")).to_be_visible()
    page.get_by_role("link", name="12345", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Campaign 12345")).to_be_visible()


def test_the_keyboard_reaches_sorting_and_the_next_page(visit: Visit) -> None:
    page = visit("/campaigns")
    press_until_on(page, "Campaign")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-sort=descending]")).to_have_text("Campaign")
    assert first_row(page) == str(LARGEST)
    page.get_by_role("link", name="Next").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Page 2 of 400")).to_be_visible()
    assert first_row(page) == str(MANY - 50)


def test_another_quarter_is_a_link_away(visit: Visit) -> None:
    page = visit(OVERVIEW)
    page.get_by_role("link", name="Quarter 3").click()
    expect(page.get_by_text("Nothing is published in quarter 3")).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_the_screen(visit: Visit, path: str) -> None:
    assert widths_that_do_not_fit(visit(path), 320, 820, 1920) == []


@pytest.mark.parametrize("width", [320, 820])
def test_all_columns_of_the_overview_are_on_the_screen(visit: Visit, width: int) -> None:
    page = visit(SEARCHED, width=width)
    assert page.locator("td, th").count() > 10
    for cell in page.locator("td, th").all():
        box = cell.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_a_table_that_is_laid_out_for_a_narrow_screen_is_still_a_table(visit: Visit) -> None:
    page = visit(OVERVIEW, width=320)
    table = page.get_by_role("table")
    assert table.get_by_role("row").count() == 51
    assert table.get_by_role("columnheader").all_inner_texts() == [
        *("Campaign", "Rule", "Converting", "Banners", "Revenue")
    ]
    assert table.get_by_role("rowheader").count() == 50


@pytest.mark.parametrize("path", PAGES)
def test_text_stands_out(visit: Visit, path: str) -> None:
    assert texts_that_do_not_stand_out(visit(path)) == []


@pytest.mark.parametrize("path", PAGES)
def test_the_keyboards_place_is_always_visible(visit: Visit, path: str) -> None:
    page = visit(path)
    stops = page.locator("a, input:not([type=hidden]), button").all()
    assert stops
    for stop in stops[:30]:
        page.keyboard.press("Tab")
        stop.focus()
        expect(stop).to_have_css("outline-style", "solid")


@pytest.mark.parametrize("path", PAGES)
def test_headings_begin_with_one_of_the_first_level(visit: Visit, path: str) -> None:
    expect(visit(path).get_by_role("heading", level=1)).to_have_count(1)


def test_the_status_shows_each_quarter_and_its_rows(visit: Visit) -> None:
    page = visit(STATUS, scripts=False)
    for quarter in Quarter:
        heading = page.get_by_role("heading", name=f"Quarter {int(quarter)}")
        expect(heading).to_be_visible()
    account = page.get_by_role("table", name="What became of the rows of its event files")
    row = account.get_by_role("row", name="orphan_conversion 1 1 1")
    expect(row).to_be_visible()
    expect(page.get_by_text("published nevertheless")).to_be_visible()
