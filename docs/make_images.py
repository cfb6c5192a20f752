"""Take the images of the pages: ``PYTHONPATH=tests python docs/make_images.py``.

Each shows a page of the demo on a wide and on a narrow screen, in light and in dark, as Debian's
Chromium renders it.
"""

import io
import tempfile
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, StorageState, sync_playwright

from support.recorded_days import record_days
from support.running import Workplace, required
from support.servers import until

IMAGES = Path(__file__).with_name("images")
PORT = 8820
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
WIDE, NARROW = (1100, 1000), (320, 822)
_HEIGHT = 450
_GAP = 16
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


def main() -> None:
    """Run the demo, and write the images."""
    address = f"http://127.0.0.1:{PORT}"
    with tempfile.TemporaryDirectory(prefix="banners-") as folder, sync_playwright() as playwright:
        place = Workplace(
            Path(folder), {"BANNERS_OPERATORS": "signed-in", "BANNERS_EVENTS": "recorded"}
        )
        program = required("chromium", "chromium-browser", "google-chrome")
        browser = playwright.chromium.launch(executable_path=program)
        with place.start("demo", "--port", str(PORT)) as demo:
            try:
                until(lambda: _answers(address))
                session = _signed_in(browser, place, address)
                record_days(Path(folder) / "var" / "banners.db")
                for pages, signed_in in ((VISITORS, None), (OPERATORS, session)):
                    for name, path in pages.items():
                        image(browser, address + path, signed_in).save(
                            IMAGES / f"{name}.webp", quality=_QUALITY, method=6
                        )
            finally:
                demo.terminate()
        browser.close()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").is_success
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
