"""What a simulated visitor does on a site, over HTTP: ask for banners, see them, click, buy."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import parse_qs, urlsplit

from banners.core.addresses import Route
from banners.core.model import Quarter

USER_AGENT = "Mozilla/5.0 (simulated visitor)"
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A banner of a view.

    Args:
        banner_id: the banner.
        impression_url: the address that says that it was seen.
        click_url: the address that a click on it leads to.
    """

    banner_id: int
    impression_url: str
    click_url: str


@dataclass(frozen=True, slots=True)
class Bought:
    """What a visitor bought after a click, as the advertiser reports it.

    Args:
        conversion_id: the number of the order.
        click: the click token from the address of the landing page.
        revenue: in the currency of the installation, with two decimals.
    """

    conversion_id: str
    click: str
    revenue: str


class VisitFailed(Exception):
    """The site did not answer as expected."""


class Site:
    """The site that visitors ask, over one connection; another is opened if it ends.

    Args:
        host: a name or address of the machine.
        port: the port.
        key: the key with which the advertiser reports conversions.
    """

    def __init__(self, host: str, port: int, key: str) -> None:
        self._connection = HTTPConnection(host, port, timeout=_SECONDS)
        self._key = key

    def view(self, campaign_id: int) -> tuple[Quarter, Sequence[Shown]]:
        """Ask for the banners of a campaign.

        Returns:
            The quarter of the hour that they are for, and the banners in their order; none if the
            campaign has nothing to show, or nothing is recorded.

        Raises:
            VisitFailed: the site did not answer as expected.
        """
        path = Route.API_BANNERS.at(campaign_id=campaign_id)
        answer = self._json("GET", path)
        shown = [
            Shown(each["banner_id"], each["impression_url"], each["click_url"])
            for each in answer["banners"]
            if each.get("impression_url") and each.get("click_url")
        ]
        return Quarter(answer["quarter"]), shown

    def see(self, shown: Shown) -> None:
        """Load the small image that says that the banners of a view were seen."""
        self._ask("GET", _path(shown.impression_url))

    def click(self, shown: Shown) -> str:
        """Follow the link of a banner, and return the click token; empty if it is not counted."""
        answer = self._ask("GET", _path(shown.click_url), expect=302)
        landing_page = urlsplit(answer.headers["Location"])
        return parse_qs(landing_page.query).get("click", [""])[0]

    def buy(self, bought: Sequence[Bought]) -> list[bool]:
        """Report conversions as the advertiser's server does; return which were accepted."""
        conversions = [
            {"conversion_id": each.conversion_id, "click": each.click, "revenue": each.revenue}
            for each in bought
        ]
        answer = self._json("POST", Route.API_CONVERSIONS, json.dumps(conversions))
        return [each["status"] == "accepted" for each in answer]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _json(self, method: str, path: str, body: str | None = None) -> Any:
        return json.loads(self._ask(method, path, body).content)

    def _ask(self, method: str, path: str, body: str | None = None, expect: int = 200) -> "_Answer":
        headers = {"User-Agent": USER_AGENT}
        if body is not None:
            headers["Authorization"] = f"Bearer {self._key}"
            headers["Content-Type"] = "application/json"
        try:
            try:
                answer, content = self._exchange(method, path, body, headers)
            except (ConnectionError, HTTPException):
                # The server closes a connection on which nothing was asked for a while.
                self._connection.close()
                answer, content = self._exchange(method, path, body, headers)
        except (OSError, HTTPException) as error:
            self._connection.close()
            raise VisitFailed(f"{method} {path}: {type(error).__name__}: {error}") from error
        if answer.status != expect:
            raise VisitFailed(f"{method} {path}: the answer was {answer.status}, not {expect}.")
        return _Answer(answer, content)

    def _exchange(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[HTTPResponse, bytes]:
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return answer, answer.read()


class _Answer:
    def __init__(self, response: HTTPResponse, content: bytes) -> None:
        self.headers = response.headers
        self.content = content


def _path(url: str) -> str:
    """Return an address without scheme and host, so that it is asked of the same site."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
