"""Take the images of the pages: ``PYTHONPATH=tests python docs/make_images.py [demo|visitors]``.

Each shows a page of the demo on a wide and on a narrow screen, in light and in dark, as Debian's
Chromium renders it. Those of the demo with visitors show one table after one, two and three
minutes. Without a word, all are taken.
"""

import io
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, StorageState, sync_playwright

from support.recorded_days import record_days
from support.running import Workplace, required
from support.servers import until

IMAGES = Path(__file__).with_name("images")
PORT = 8820
ADDRESS = f"http://127.0.0.1:{PORT}"
VISITORS = {
    "form": "/",
    "problem": "/campaigns/4x",
    "campaign": "/campaigns/1",
    "landing": "/demo/landing/1/240",
    "sign-in": "/sign-in",
}
OPERATORS = {
    "campaigns": "/campaigns",
    "report": "/campaigns/1/report?quarter=1",
    "catalogue": "/catalogue/1",
    "banner": "/catalogue/1/banners/240",
    "embed": "/catalogue/1/embed",
    "history": "/catalogue/1/history",
    "totals": "/totals",
    "status": "/status",
    "docs": "/docs",
}
VISITED = "/campaigns"
"""The page of the demo with visitors whose table is shown."""
MINUTES = 3
WIDE, NARROW = (1100, 1000), (320, 822)
_HEIGHT = 450
_GAP = 16
_TABLE_WIDTH = 600
_QUALITY = 82


def image(browser: Browser, url: str, session: StorageState | None) -> Image.Image:
    """Return a page's four looks side by side: wide and narrow, in light and in dark."""
    looks = [
        _look(browser, url, size, scheme, session)
        for scheme in ("light", "dark")
        for size in (WIDE, NARROW)
    ]
    whole = Image.new(
        "RGB",
        (sum(look.width for look in looks) + _GAP * (len(looks) - 1), _HEIGHT),
        "white",
    )
    left = 0
    for look in looks:
        whole.paste(look, (left, 0))
        left += look.width + _GAP
    return whole


def _look(
    browser: Browser, url: str, size: tuple[int, int], scheme: str, session: StorageState | None
) -> Image.Image:
    width, height = size
    with browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        storage_state=session,
    ) as window:
        page = window.new_page()
        page.goto(url, wait_until="networkidle")
        shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return shot.resize((round(width * _HEIGHT / height), _HEIGHT), Image.Resampling.LANCZOS)


def _signed_in(browser: Browser, place: Workplace, address: str) -> StorageState:
    """Sign in as an operator, and change a little, so that the history has something to show."""
    with browser.new_context() as window:
        page = window.new_page()
        page.goto(place.run("sign-in", "--port", str(PORT)).stdout.strip())
        page.get_by_role("button", name="Sign in").click()
        page.goto(f"{address}/catalogue/1")
        for word in ("Pause", "Resume"):
            page.get_by_role("button", name=f"{word} Coastal Speaker").click()
            page.wait_for_load_state()
        return window.storage_state()


def main(parts: Sequence[str]) -> None:
    """Run the demo, and write the images.

    Args:
        parts: ``demo``, ``visitors`` or both.
    """
    program = required("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        if "demo" in parts:
            _take_demo(browser)
        if "visitors" in parts:
            _take_visitors(browser)
        browser.close()


def _take_demo(browser: Browser) -> None:
    variables = {"BANNERS_OPERATORS": "signed-in", "BANNERS_EVENTS": "recorded"}
    with _running(variables) as place:
        session = _signed_in(browser, place, ADDRESS)
        record_days(place.folder / "var" / "banners.db")
        for pages, signed_in in ((VISITORS, None), (OPERATORS, session)):
            for name, path in pages.items():
                _save(image(browser, ADDRESS + path, signed_in), name)


def _take_visitors(browser: Browser) -> None:
    with _running({}, "--visitors"):
        begun = time.monotonic()
        for minute in range(1, MINUTES + 1):
            time.sleep(max(0.0, begun + 60 * minute - time.monotonic()))
            _save(_table(browser, ADDRESS + VISITED), f"visitors-{minute}")


def _table(browser: Browser, url: str) -> Image.Image:
    """Return how the table of a page looks on a wide screen, in light."""
    with browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}) as window:
        page = window.new_page()
        page.goto(url, wait_until="networkidle")
        shot = Image.open(io.BytesIO(page.locator("table").first.screenshot())).convert("RGB")
    size = _TABLE_WIDTH, round(shot.height * _TABLE_WIDTH / shot.width)
    return shot.resize(size, Image.Resampling.LANCZOS)


@contextmanager
def _running(variables: dict[str, str], *words: str) -> Iterator[Workplace]:
    """Run the demo with variables and words until the block ends."""
    with tempfile.TemporaryDirectory(prefix="banners-") as folder:
        place = Workplace(Path(folder), variables)
        with place.start("demo", "--port", str(PORT), *words) as demo:
            try:
                until(lambda: _answers(ADDRESS))
                yield place
            finally:
                demo.terminate()


def _save(taken: Image.Image, name: str) -> None:
    taken.save(IMAGES / f"{name}.webp", quality=_QUALITY, method=6)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").is_success
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main(sys.argv[1:] or ["demo", "visitors"])
