"""Hosts of an installation that is set up as the documentation says, and the people around it."""

import csv
import re
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from support.running import Workplace
from support.servers import free_port

CAMPAIGN = 1
"""The id of the first campaign that is made in the pages."""

IMAGE_WIDTH = 40
"""Width in pixels of the images that are uploaded."""

_DOCS = Path(__file__).parents[2] / "docs"
[_SCRIPT] = re.findall(
    r"```html\n(<div.*?)```", (_DOCS / "embed.md").read_text(encoding="utf-8"), re.DOTALL
)
AT_FIRST, MOVED, OF_SECOND = re.findall(
    r"```\n((?:BANNERS_.*\n)+)```", (_DOCS / "first-day.md").read_text(encoding="utf-8")
)
"""Lines of ``.env`` in docs/first-day.md: of the first host, of both hosts on MariaDB, and of the
second."""
_DAY = timedelta(days=1)


class Host:
    """A host of an installation, with a folder and a port of its own.

    Args:
        folder: its folder, which does not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._place = Workplace(folder, {"BANNERS_OPERATORS": "signed-in"})
        self._port = free_port()
        self._serving = ExitStack()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def configure(self, settings: str) -> None:
        """Add lines to its file ``.env``."""
        with (self.folder / ".env").open("a", encoding="utf-8") as file:
            file.write(settings)

    def start(self) -> None:
        """Start ``banners serve``."""
        self._serving.enter_context(self._place.serving("--port", f"{self._port}"))

    def stop(self) -> None:
        """Stop it, as an administrator would; nothing happens if it does not run."""
        self._serving.close()

    def run(self, *words: str | Path) -> str:
        """Run a command that succeeds; return what it prints."""
        ended = self._place.run(*map(str, words))
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def sign_in_link(self) -> str:
        """Return the link with which operators sign in."""
        return self.run("sign-in", "--port", f"{self._port}").strip()

    def count(self) -> None:
        """Publish what visitors have done so far, without waiting for the loop."""
        self.run("close")
        self.run("crunch", "var/events")

    def served(self) -> list[str]:
        """Return the names of the banners that a visitor who opts out gets; nothing is recorded."""
        path = f"{self.address}/api/v1/campaigns/{CAMPAIGN}/banners"
        answer = httpx.get(path, headers={"DNT": "1"}, timeout=60)
        assert answer.status_code in {200, 404}, answer.text
        return sorted(each["name"] for each in answer.json().get("banners", []))


@dataclass
class Team:
    """The people and the site around an installation.

    Args:
        host: the host that they begin with.
        operator: a page in the browser of an operator.
        visitor: a page in the browser of a visitor.
        shop: the address of another site, which has landing pages.
        pages: further pages of that site, by path.
    """

    host: Host
    operator: Page
    visitor: Page
    shop: str
    pages: dict[str, str]

    def see_all(self, host: Host) -> list[str]:
        """Visit a page of the other site, whose script shows all banners; return their names."""
        script = _SCRIPT.replace("https://banners.example.com", host.address)
        self.pages["/blog"] = script.replace("/campaigns/27/", f"/campaigns/{CAMPAIGN}/")
        with self.visitor.expect_response(lambda response: "/e/" in response.url):
            self.visitor.goto(f"{self.shop}/blog")
        shown = self.visitor.locator("#banners a img").all()
        for image in shown:
            expect(image).to_have_js_property("naturalWidth", IMAGE_WIDTH)
        return sorted(each.get_attribute("alt") or "" for each in shown)

    def click(self, frame: str) -> tuple[str, str, str]:
        """Visit a page of the other site that has a frame, and click on its banner.

        Args:
            frame: the snippet.

        Returns:
            The name of the banner, the path of its landing page without the first slash, and the
            token of the click.
        """
        self.pages["/news"] = f"<!doctype html><title>News</title>{frame}"
        with self.visitor.expect_response(lambda response: "/e/" in response.url):
            self.visitor.goto(f"{self.shop}/news")
        link = self.visitor.frame_locator("iframe").get_by_role("link")
        banner = link.get_by_role("img").get_attribute("alt") or ""
        with self.visitor.context.expect_page() as opened:
            link.click()
        heading = opened.value.get_by_role("heading")
        expect(heading).to_contain_text("?click=")
        path, _, token = heading.inner_text().partition("?click=")
        opened.value.close()
        return banner, path.removeprefix("/"), token

    def page(self, host: Host, path: str) -> Page:
        """Let the operator open a page of a host."""
        self.operator.goto(f"{host.address}{path}")
        return self.operator

    def json(self, host: Host, path: str) -> Any:
        """Let the operator ask a host for JSON."""
        return self.operator.request.get(f"{host.address}{path}").json()

    def totals(self, host: Host) -> dict[str, str]:
        """Download the totals of yesterday to tomorrow as the operator; return the only line."""
        today = datetime.now(UTC).date()
        path = f"/totals?from={today - _DAY}&to={today + _DAY}&format=csv"
        text = self.operator.request.get(f"{host.address}{path}").text()
        [line] = csv.DictReader(text.splitlines())
        return line
