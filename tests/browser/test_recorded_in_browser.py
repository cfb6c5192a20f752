"""What a real browser fetches ahead counts only once its visitor comes.

The browser runs without DevTools, because it prerenders nothing while these are attached. So pages
of the test steer it, and the requests that arrive tell what it does.
"""

import re
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse

from banners.settings import load_settings
from banners.wiring import web_application
from support.recordings import (
    BROWSER,
    HATS,
    LINEUPS,
    Ledger,
    closed,
    frame,
    page,
    recording_in,
)
from support.running import Workplace, required, serving
from support.servers import free_port

PAGE = f"/campaigns/{HATS}"
PATIENCE = 120
"""Seconds that a test waits for a request; a browser takes a few."""

Send = Callable[[Any], Awaitable[None]]


class Site:
    """The web application, with pages of the test in front of it; notes what is asked for.

    Args:
        application: the web application.
    """

    def __init__(self, application: Callable[..., Awaitable[None]]) -> None:
        self._application = application
        self._asked: Counter[tuple[str, str, int]] = Counter()
        self._changed = Condition()
        self.pages: dict[str, str] = {}
        """Pages of the test, by path."""

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
        elif scope["path"] in self.pages:
            await HTMLResponse(self.pages[scope["path"]])(scope, receive, send)
        elif scope["path"] == "/wait":
            # The browser goes on when this is answered.
            wanted = Request(scope).query_params
            is_there = self._has(wanted["path"], wanted["purpose"])
            await HTMLResponse("", 200 if is_there else 404)(scope, receive, send)
        else:
            await self._noted(scope, receive, send)

    async def _noted(self, scope: Any, receive: Any, send: Send) -> None:
        purpose = Request(scope).headers.get("sec-purpose", "")

        async def noting(message: Any) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                with self._changed:
                    self._asked[scope["path"], purpose, message["status"]] += 1
                    self._changed.notify_all()

        await self._application(scope, receive, noting)

    def _has(self, path: str, purpose: str) -> bool:
        with self._changed:
            return any(each[:2] == (path, purpose) for each in self._asked)

    def wait_for(self, beginning: str, purpose: str, status: int) -> None:
        """Wait until an address with this beginning was answered with this status."""

        def has_come() -> bool:
            return any(
                path.startswith(beginning) and (asked, answered) == (purpose, status)
                for path, asked, answered in self._asked
            )

        with self._changed:
            assert self._changed.wait_for(has_come, PATIENCE), dict(self._asked)


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return recording_in(tmp_path)


@contextmanager
def opened(place: Workplace) -> Iterator[tuple[Site, str]]:
    """Serve the application with the pages of a test."""
    port = free_port()
    variables = {
        **place.variables,
        "BANNERS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "BANNERS_OPERATORS": "open",
        "BANNERS_EVENTS": str(place.folder / "events"),
    }
    settings = load_settings(env_file=place.folder / "none", environment=variables)
    site = Site(web_application(settings))
    with serving(site, port=port) as address:
        yield site, address


@contextmanager
def browsing(place: Workplace, url: str, *, scripts: bool = True) -> Iterator[None]:
    """Open a page in a browser."""
    program = required("chromium", "chromium-browser", "google-chrome")
    words = [
        *(str(program), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *("--disable-quic", "--disable-component-update", "--disable-sync"),
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={place.folder / 'browser'}",
        # A browser without a window would call itself one, and be recorded as a crawler.
        f"--user-agent={BROWSER['User-Agent']}",
        *([] if scripts else ["--blink-settings=scriptEnabled=false"]),
        url,
    ]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as running:
        try:
            yield
        finally:
            running.terminate()


def ahead(kind: str, path: str, purpose: str, then: str = "") -> str:
    """Return a page by whose rules the browser fetches an address ahead, and what it does then.

    Args:
        kind: ``prefetch`` or ``prerender``.
        path: the address.
        purpose: what the browser then sends as Sec-Purpose.
        then: a script, which runs once the address was asked for ahead.
    """
    return f"""<!doctype html><title>Ahead</title>
<script type="speculationrules">
{{"{kind}": [{{"source": "list", "urls": ["{path}"], "eagerness": "immediate"}}]}}
</script>
<a href="{path}">There</a>
<script>
const asked = "/wait?" + new URLSearchParams({{path: "{path}", purpose: "{purpose}"}});
const look = () => fetch(asked).then((found) => {{
  if (!found.ok) setTimeout(look, 50);
  else {{ {then} }}
}});
look();
</script>"""


PRERENDER, PREFETCH = "prefetch;prerender", "prefetch"


def test_a_page_without_script_counts_one_view(place: Workplace) -> None:
    with opened(place) as (site, address), browsing(place, f"{address}{PAGE}", scripts=False):
        site.wait_for(PAGE, "", 200)
        site.wait_for("/e/", "", 200)
    found = closed(place)
    assert sum(found.impressions.values()) == 2
    assert not found.clicks


def test_a_page_that_is_prerendered_and_never_shown_counts_none(place: Workplace) -> None:
    with opened(place) as (site, address):
        site.pages["/start"] = ahead("prerender", PAGE, PRERENDER, 'fetch("/favicon.ico?done")')
        with browsing(place, f"{address}/start"):
            site.wait_for(PAGE, PRERENDER, 503)
    assert closed(place) == Ledger()


def test_a_page_that_is_prerendered_and_shown_counts_one_view(place: Workplace) -> None:
    with opened(place) as (site, address):
        site.pages["/start"] = ahead("prerender", PAGE, PRERENDER, f'location.href = "{PAGE}"')
        with browsing(place, f"{address}/start"):
            site.wait_for(PAGE, PRERENDER, 503)
            site.wait_for(PAGE, "", 200)
            site.wait_for("/e/", "", 200)
    assert sum(closed(place).impressions.values()) == 2


def test_a_link_that_is_prefetched_and_clicked_counts_one_click(place: Workplace) -> None:
    with opened(place) as (site, address):
        with httpx.Client(base_url=address, headers=BROWSER) as client:
            shown = page(client, HATS)
        [link, *_] = shown.links
        assert link
        path = httpx.URL(link).path
        click = 'document.querySelector("a").click()'
        site.pages["/start"] = ahead("prefetch", path, PREFETCH, click)
        with browsing(place, f"{address}/start"):
            site.wait_for(path, PREFETCH, 503)
            site.wait_for(path, "", 302)
    ledger = Ledger()
    ledger.clicked(shown, 0, LINEUPS)
    assert closed(place) == ledger


def test_a_page_that_is_prefetched_and_shown_counts_one_view(place: Workplace) -> None:
    with opened(place) as (site, address):
        site.pages["/start"] = ahead("prefetch", PAGE, PREFETCH, f'location.href = "{PAGE}"')
        with browsing(place, f"{address}/start"):
            site.wait_for(PAGE, PREFETCH, 200)
            site.wait_for("/e/", "", 200)
    assert sum(closed(place).impressions.values()) == 2


def test_the_script_for_publishers_counts_what_it_shows(place: Workplace) -> None:
    text = (Path(__file__).parents[2] / "docs" / "embed.md").read_text(encoding="utf-8")
    [script] = re.findall(r"```html\n(<div id=.*?)```", text, re.DOTALL)
    with opened(place) as (site, address):
        written = script.replace("https://banners.example.com", address)
        written = written.replace("campaigns/27/", f"campaigns/{HATS}/")
        site.pages["/publisher"] = f"<!doctype html><title>News</title>{written}"
        with browsing(place, f"{address}/publisher"):
            site.wait_for("/static/images/image_91.png", "", 200)
            site.wait_for("/e/", "", 200)
    assert sum(closed(place).impressions.values()) == 2


def test_a_banner_in_a_frame_of_a_page_counts_when_the_page_is_shown(place: Workplace) -> None:
    with opened(place) as (site, address):
        with httpx.Client(base_url=address, headers=BROWSER) as client:
            assert frame(client, HATS).image
        framed = f"{PAGE}/banner"
        site.pages["/publisher"] = f'<!doctype html><iframe src="{framed}?format=html"></iframe>'
        with browsing(place, f"{address}/publisher"):
            site.wait_for(framed, "", 200)
            site.wait_for("/e/", "", 200)
    assert sum(closed(place).impressions.values()) == 1
