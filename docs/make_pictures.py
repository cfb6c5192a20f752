"""Takes the pictures of the pages: ``PYTHONPATH=tests python docs/make_pictures.py``.

Each shows a page of the sample on a wide and on a narrow screen, in light and in dark. It drives
Debian's Chromium.
"""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from running import Workplace, required

PICTURES = Path(__file__).with_name("pictures")
PAGES = {
    "form": "/",
    "campaign": "/campaigns/1",
    "report": "/campaigns/1/report?quarter=1",
    "campaigns": "/campaigns?quarter=1&sort=-revenue",
    "status": "/status",
    "problem": "/campaigns/4x",
    "docs": "/docs",
}
WIDE, NARROW, HIGH = 1100, 390, 1000
_SCALE = 0.45
_GAP = 16
_QUALITY = 82


def picture(browser: Browser, url: str) -> Image.Image:
    """Put a page's four looks beside one another: wide and narrow, in light and in dark."""
    looks = [
        _look(browser, url, width, scheme)
        for scheme in ("light", "dark")
        for width in (WIDE, NARROW)
    ]
    whole = Image.new(
        "RGB",
        (sum(look.width for look in looks) + _GAP * (len(looks) - 1), looks[0].height),
        "white",
    )
    left = 0
    for look in looks:
        whole.paste(look, (left, 0))
        left += look.width + _GAP
    return whole


def _look(browser: Browser, url: str, width: int, scheme: str) -> Image.Image:
    with browser.new_context(
        viewport={"width": width, "height": HIGH},
        color_scheme="dark" if scheme == "dark" else "light",
    ) as window:
        page = window.new_page()
        page.goto(url, wait_until="networkidle")
        shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return shot.resize((int(width * _SCALE), int(HIGH * _SCALE)), Image.Resampling.LANCZOS)


def main() -> None:
    """Make the sample, serve it, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        place = Workplace(Path(folder))
        for words in (("sample", "events"), ("crunch", "events")):
            place.run(*words).check_returncode()
        program = required("chromium", "chromium-browser", "google-chrome")
        browser = playwright.chromium.launch(executable_path=program)
        with place.serving() as (address, _):
            for name, path in PAGES.items():
                picture(browser, address + path).save(
                    PICTURES / f"{name}.webp", quality=_QUALITY, method=6
                )
        browser.close()


if __name__ == "__main__":
    main()
