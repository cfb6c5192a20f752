"""The real web application on a free port, and a real browser to look at it with.

A test module says what there is to see: its fixture ``lineups`` holds the lineups of quarter 2.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from banners.core.candidates import Candidates
from banners.core.model import FillPolicy, Generation, Lineup, Quarter
from banners.web.app import web_application
from browser.contrasts import CONTRASTS
from support.answers import no_reports, open_to_all
from support.picked import candidates_of
from support.running import required, serving

_NOW = datetime(2026, 1, 31, 10, 20, tzinfo=UTC)
# The browser may connect only to the web application.
_QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# WCAG 2.2, 1.4.3, of text of any size
_LEAST_CONTRAST = 4.5


GENERATION = Generation(1, "2026-01-31T10:00:00+00:00")
"""The only one that exists."""


@dataclass(frozen=True)
class KnownLineups:
    """A reader that knows a few lineups of quarter 2."""

    lineups: Sequence[Lineup]

    def active(self) -> Mapping[Quarter, Generation]:
        return {Quarter.SECOND: GENERATION}

    def candidates(
        self, generation: Generation, quarter: Quarter, campaign_id: int
    ) -> Candidates | None:
        wanted = (generation, quarter, campaign_id)
        for each in self.lineups:
            if (each.generation, each.quarter, each.campaign_id) == wanted:
                return candidates_of(each)
        return None

    def inventory(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        raise AssertionError(f"the policy is not to fill from inventory {generation}, {quarter}")

    def campaigns(self, generation: Generation, quarter: Quarter) -> Sequence[int]:
        raise NotImplementedError

    def records(self, generation: Generation, quarter: Quarter) -> Iterable[tuple[int, bytes]]:
        raise NotImplementedError

    def close(self) -> None:
        """It holds nothing."""


@pytest.fixture(scope="module")
def address(lineups: Sequence[Lineup], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the lineups; banner 109 has an image of another size, and 110 has none."""
    images = tmp_path_factory.mktemp("images")
    for banner_id in range(101, 110):
        size = (728, 90) if banner_id == 109 else (300, 250)
        Image.new("RGB", size, "teal").save(images / f"image_{banner_id}.png")
    application = web_application(
        reader=KnownLineups(lineups),
        reports=no_reports(),
        images=images,
        fill=FillPolicy.CAMPAIGN,
        sign_ins=open_to_all(),
        now=lambda: _NOW,
        source=random.Random(1),
    )
    with serving(application) as here:
        yield here


# Not for the complete session: while it is open, no other test could run its own event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = required("chromium", "chromium-browser", "google-chrome")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program, args=_QUIET) as browser,
    ):
        yield browser


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Hand out a function that opens a page in a window of its own, ``width`` pixels wide."""
    with ExitStack() as windows:

        def open_page(
            path: str,
            *,
            width: int = 820,
            scheme: Literal["light", "dark"] = "light",
            scripts: bool = True,
        ) -> Page:
            window = browser.new_context(
                base_url=address,
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                java_script_enabled=scripts,
            )
            page = windows.enter_context(window).new_page()
            page.goto(path)
            return page

        yield open_page


def widths_that_do_not_fit(page: Page, *widths: int) -> list[int]:
    """Return the widths of windows that a page does not fit."""
    return [width for width in widths if _is_wider(page, width)]


def _is_wider(page: Page, width: int) -> bool:
    page.set_viewport_size({"width": width, "height": 900})
    return bool(page.evaluate("document.documentElement.scrollWidth") != width)


def texts_that_do_not_stand_out(page: Page) -> list[tuple[str, str]]:
    """Return the texts that are hard to read, and in which of the two colour schemes."""
    return [(scheme, text) for scheme in _SCHEMES for text in _faint(page, scheme)]


def _faint(page: Page, scheme: Literal["light", "dark"]) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    contrasts: list[tuple[str, float]] = page.evaluate(CONTRASTS)
    assert contrasts
    return [text for text, contrast in contrasts if contrast < _LEAST_CONTRAST]
