"""The real web application from an empty folder, to edit a catalogue on its pages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx
import pytest

from banners.settings import load_settings
from banners.wiring import web_application
from support.image_files import drawing, file_of
from support.running import serving

PASSWORDS = "ada correct-horse-battery\nrita staple-in-the-dark reader 1\n"
ADA, RITA = ("ada", "correct-horse-battery"), ("rita", "staple-in-the-dark")

_TOKEN = re.compile(r'name="form_token" value="([^"]*)"')
_SEEN = re.compile(r'name="seen" value="([^"]*)"')


@contextmanager
def installation(folder: Path, **settings: str) -> Iterator[str]:
    """Serve the application of an empty folder; yield its address.

    Args:
        folder: where everything is kept.
        settings: further settings.
    """
    passwords = folder / "passwords"
    passwords.write_text(PASSWORDS)
    given = {
        "database_url": f"sqlite:///{folder}/banners.db",
        "uploads": str(folder / "uploads"),
        "images": str(folder / "images"),
        "operator_password_file": str(passwords),
        **settings,
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        application = web_application(load_settings(given, environment={}))
        with serving(application) as address:
            yield address


class Operator:
    """Somebody who uses the pages as a browser does, following redirects and filling in forms.

    Args:
        address: the application.
        name: the name to sign in with.
        password: the password.
    """

    def __init__(self, address: str, name: str, password: str) -> None:
        self.begin(address)
        signed_in = self.send("/sign-in", page="/sign-in", name=name, password=password)
        assert "Sign out" in signed_in.text, signed_in.text

    def begin(self, address: str) -> None:
        """Open a browser's session."""
        self.client = httpx.Client(base_url=address, follow_redirects=True, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def page(self, address: str) -> str:
        """Return a page that exists."""
        answer = self.client.get(address)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(
        self, address: str, *, page: str, seen: str | None = None, **fields: str
    ) -> httpx.Response:
        """Send a form without files, as a page has it.

        Args:
            address: where it is sent.
            page: the page that has the form.
            seen: the version that the page was made from; if not given, as the page says.
            fields: what is entered.
        """
        return self.client.post(address, data={**self._hidden(page, seen), **fields})

    def upload(
        self,
        address: str,
        *,
        page: str,
        files: Mapping[str, bytes],
        seen: str | None = None,
        **fields: str,
    ) -> httpx.Response:
        """Send a form with images; see :meth:`send`."""
        sent = [("image", (name, content)) for name, content in files.items()]
        nothing = [("image", ("", b"", "application/octet-stream"))]
        data = {**self._hidden(page, seen), **fields}
        return self.client.post(address, data=data, files=sent or nothing)

    def new_campaign(self, name: str) -> str:
        """Add a campaign; return the address of its banners."""
        answer = self.send("/catalogue", page="/campaigns", name=name)
        assert answer.status_code == 200, answer.text
        return answer.url.path

    def _hidden(self, page: str, seen: str | None) -> dict[str, str]:
        text = self.page(page)
        token, version = _TOKEN.search(text), _SEEN.search(text)
        found = {"form_token": token[1]} if token else {}
        return found | ({"seen": seen or version[1]} if version else {})


def images(*names: str) -> dict[str, bytes]:
    """Return image files of these names, no two alike."""
    return {name: file_of("PNG", drawing(place)) for place, name in enumerate(names)}


def cards(page: str) -> Sequence[str]:
    """Return the name and the state of each banner that a page shows."""
    found = re.findall(r"<h3>(.*?)</h3>\s*<p><span class=\"state (\w+)\"", page)
    return [f"{name}: {state}" for name, state in found]


FILES = images("spring_sale.png", "summer-shoes.png", "New.png")
"""Images of three banners."""
