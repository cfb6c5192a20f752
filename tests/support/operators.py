"""Operators to sign in as, for the tests that are about signing in."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from banners.core.addresses import PUBLIC_URL, Site
from banners.web.operators.delays import MOST_WAITING, Delays
from banners.web.operators.passwords import Passwords
from banners.web.operators.sign_ins import SESSION_COOKIE, SignIns
from banners.web.operators.signing import Signing

OPERATOR, READER, OTHER_READER = "anna", "acme", "zenith"
PASSWORD = {
    OPERATOR: "correct-horse-battery-staple",
    READER: "reader-of-a-few-campaigns",
    OTHER_READER: "reader-of-another-campaign",
}
ELSEWHERE = 999_999
"""A campaign that is listed for the other reader, and does not exist."""

_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


def lines(*campaigns: int) -> str:
    """Return a file of passwords: an operator, a reader of these campaigns, and another reader."""
    listed = ",".join(map(str, campaigns))
    return (
        "# name password role campaigns\n\n"
        f"{OPERATOR} {PASSWORD[OPERATOR]}\n"
        f"{READER} {PASSWORD[READER]} reader {listed}\n"
        f"{OTHER_READER} {PASSWORD[OTHER_READER]} reader {ELSEWHERE}\n"
    )


async def immediately(_seconds: float) -> None:
    """Wait for no time."""


@dataclass
class Office:
    """Who may sign in to an application, with a clock to set.

    Args:
        file: the file of the passwords.
        url: the URL of the application.
        sleep: waits before a wrong password is answered.
        most_waiting: maximum number of answers that are held back.
    """

    file: Path
    url: str = PUBLIC_URL
    sleep: Callable[[float], Awaitable[None]] = immediately
    most_waiting: int = MOST_WAITING
    time: float = field(default=datetime(2026, 1, 31, tzinfo=UTC).timestamp())

    def __post_init__(self) -> None:
        self.signing = Signing("a key of the tests " * 3, lambda: self.time)
        self.passwords = Passwords(self.file, self.signing)
        self.delays = Delays(
            sleep=self.sleep, clock=lambda: self.time, most_waiting=self.most_waiting
        )
        self.sign_ins = SignIns(self.passwords, self.signing, self.delays, Site(self.url))

    def rewrite(self, text: str) -> None:
        """Write another file of passwords, and look at it as the server does by itself."""
        self.file.write_text(text)
        self.passwords.look()

    def mark(self, name: str) -> str:
        """Return the mark of somebody's password as it was at first."""
        return self.signing.mark(PASSWORD[name].encode())

    def session(self, name: str) -> dict[str, str]:
        """Return the header that sends a session of somebody."""
        return {"Cookie": f"{SESSION_COOKIE}={self.signing.session(name, self.mark(name))}"}

    def link_token(self, name: str) -> str:
        """Return the token of a sign-in link of somebody."""
        return self.signing.link(name, self.mark(name))


def form_token(page: httpx.Response) -> str:
    """Return the token of the first form of a page that has one."""
    found = _TOKEN.search(page.text)
    assert found is not None, page.text
    return found[1]


def sign_in(client: httpx.Client, name: str, following: str = "") -> httpx.Response:
    """Sign in with name and password, as a browser does, and return the last answer."""
    page = client.get("/sign-in", params={"next": following} if following else {})
    fields = {"form_token": form_token(page), "next": following}
    return client.post("/sign-in", data={**fields, "name": name, "password": PASSWORD[name]})
