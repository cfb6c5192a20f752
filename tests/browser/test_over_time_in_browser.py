"""Figures over time in a real browser: on any screen, in both colour schemes, without script."""

from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import texts_that_do_not_stand_out, widths_that_do_not_fit
from browser.test_accessibility import violations
from support.recorded_pages import recorded_application, recorded_totals
from support.running import serving

Visit = Callable[..., Page]
PAGES = (
    "/campaigns?order=-revenue",
    "/campaigns/5/report",
    "/campaigns/5/report?over=7d",
    "/campaigns/9/report",
    "/totals?from=2026-11-01",
)
OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true })"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    application = recorded_application(tmp_path_factory.mktemp("recorded"), recorded_totals())
    with serving(application) as here:
        yield here


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_axe_finds_no_violation(
    visit: Visit, path: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = visit(path, width=width, scheme=scheme)
    page.evaluate(OPEN_ALL)
    assert violations(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_pages_fit_any_screen_and_every_text_stands_out(visit: Visit, path: str) -> None:
    page = visit(path)
    page.evaluate(OPEN_ALL)
    assert widths_that_do_not_fit(page, 320, 500, 820, 1280, 1920) == []
    assert texts_that_do_not_stand_out(page) == []


@pytest.mark.parametrize("width", [320, 1280])
def test_charts_stay_within_their_figures(visit: Visit, width: int) -> None:
    page = visit("/campaigns/5/report", width=width)
    figures = page.locator(".over-time figure").all()
    assert figures
    for figure in figures:
        outer = figure.bounding_box()
        assert outer
        drawn = figure.locator("svg text, svg rect").all()
        assert drawn
        for each in drawn:
            inner = each.bounding_box()
            assert inner
            assert outer["x"] - 1 <= inner["x"]
            assert inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 1


def test_the_time_is_chosen_and_the_table_opened_without_script(visit: Visit) -> None:
    page = visit("/campaigns/5/report", scripts=False)
    expect(page.get_by_role("heading", name="Shoes & hats")).to_be_visible()
    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    table = page.get_by_role("group", name="Figures by day")
    expect(table).to_be_hidden()
    page.get_by_text("These figures as a table").click()
    expect(table.get_by_role("row")).to_have_count(8)


def test_a_chart_is_described_to_screen_readers(visit: Visit) -> None:
    page = visit("/totals")
    chart = page.get_by_role("img", name="Impressions by hour")
    expect(chart).to_have_count(1)
    assert "the most are" in (chart.locator("desc").text_content() or "")


def test_dates_are_chosen_by_keyboard(visit: Visit) -> None:
    page = visit("/totals")
    page.get_by_label("From").fill("2026-11-20")
    page.get_by_label("To, included").fill("2026-11-21")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="Together")).to_be_visible()
    assert "from=2026-11-20&to=2026-11-21" in page.url


def test_home_is_sorted_by_a_heading(visit: Visit) -> None:
    page = visit("/campaigns")
    page.get_by_role("link", name="Revenue", exact=True).click()
    heading = page.get_by_role("columnheader", name="Revenue")
    expect(heading).to_have_attribute("aria-sort", "descending")
