"""Every page of the real sample, checked by axe-core for people with disabilities."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from banners.settings import load_settings
from banners.wiring import reader, reports
from support.answers import application_over
from support.running import Workplace, serving
from support.watched import EVERYTHING

# Worked examples of docs/rule.md: one for each case of the rule; the last two are filled up.
CAMPAIGNS = (54, 55, 59, 60)
PAGES = (
    "/",
    "/campaigns/abc",
    "/campaigns/999",
    *(f"/campaigns/{each}" for each in CAMPAIGNS),
    *(f"/campaigns/{each}/report?quarter=1" for each in CAMPAIGNS),
    "/campaigns?quarter=1",
    "/campaigns?quarter=1&search=99",
    "/status",
    "/docs",
)
# Swagger UI calls its part of a page the main one, whatever page that is.
OF_SWAGGER_UI = ("landmark-main-is-top-level", "landmark-no-duplicate-main", "landmark-unique")


@pytest.fixture(scope="module")
def address(published: Workplace) -> Iterator[str]:
    """Serve the sample in its first quarter of the hour, which has the worked examples."""
    settings = load_settings({"database_url": f"sqlite:///{published.folder}/var/banners.db"})
    application = application_over(
        *(reader(settings), published.folder / "var" / "images"),
        lambda: datetime(2026, 1, 31, 10, 5, tzinfo=UTC),
        in_memory=True,
        reports=reports(settings),
        watched=EVERYTHING,
    )
    with serving(application) as here:
        yield here


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_axe_finds_no_violation(
    visit: Callable[..., Page], path: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    assert violations(visit(path, width=width, scheme=scheme)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_in_swagger_ui(
    visit: Callable[..., Page], scheme: Literal["light", "dark"]
) -> None:
    page = visit("/docs?try=1", scheme=scheme)
    page.locator(".opblock").first.wait_for()
    assert violations(page, *OF_SWAGGER_UI) == []


def test_axe_finds_no_violation_in_a_banner_to_be_framed(visit: Callable[..., Page]) -> None:
    # Its headings would be among those of the page that frames it, to which it is an image.
    assert violations(visit("/campaigns/1/banner?format=html"), "page-has-heading-one") == []


def violations(page: Page, *but: str) -> list[tuple[str, list[str]]]:
    """Return each rule of axe that a page breaks, with the elements that break it."""
    found = Axe().run(page, options={"rules": {rule: {"enabled": False} for rule in but}}).response
    assert found["passes"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]]
