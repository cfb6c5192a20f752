"""The pages that say what a policy does, in a real browser."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

import pytest
from playwright.sync_api import Page

from banners.core.model import Quarter
from banners.core.policy import PolicyName
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.wiring import web_application
from browser.conftest import texts_that_do_not_stand_out, widths_that_do_not_fit
from browser.test_accessibility import violations
from support.catalogues import campaign
from support.learned import put_catalogue
from support.prepared import prepared, publish_prepared
from support.running import serving

Visit = Callable[..., Page]

LEARNED, TRIED, FALLEN_BACK = (f"/campaigns/{each}/report?quarter=2" for each in (5, 6, 7))
PAGES = (LEARNED, TRIED, FALLEN_BACK, "/campaigns", "/catalogue/5")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("policies")
    url = f"sqlite:///{folder}/banners.db"
    database = open_database(url, create=True)
    made = [prepared(5), prepared(6, PolicyName.TRIAL), prepared(7, fallback="A figure is odd.")]
    publish_prepared(database, made, *Quarter)
    database.dispose()
    chosen = [campaign(each, *range(10 * each, 10 * each + 8)) for each in (5, 6, 7)]
    put_catalogue(url, *(replace(each, policy="learning") for each in chosen))
    settings = {"database_url": url, "operators": "open", "images": str(folder)}
    with serving(web_application(load_settings(settings))) as here:
        yield here


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_axe_finds_no_violation(
    visit: Visit, path: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    assert violations(visit(path, width=width, scheme=scheme)) == []


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_fit_small_windows_and_can_be_read(visit: Visit, path: str) -> None:
    page = visit(path, scripts=False)
    assert widths_that_do_not_fit(page, 320, 820) == []
    assert texts_that_do_not_stand_out(page) == []
