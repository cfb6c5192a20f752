"""An installation to attack: it records, has a catalogue, figures over time, and a way back."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote_to_bytes

import httpx
from hypothesis import strategies as st

from banners.core.model import Quarter
from banners.images.check import check
from banners.images.folder import FolderImages
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.wiring.catalogue import catalogue, catalogue_writer
from faults.commands import Started, start_function
from faults.ledger import KEY, recording_with_advertiser
from faults.patched_servers import run_without_delays
from strategies.forms import FORM_TOKEN, SEEN, URLENCODED
from strategies.requests import mutated
from support.harmless import MONEY, harms, leaks
from support.image_files import file_of
from support.operators import OPERATOR, form_token, lines, sign_in
from support.publishing import campaign as figures
from support.publishing import publish_rows
from support.recordings import BOOTS, BROWSER, HATS, SHOES, SHOP, Shown, campaigns, frame, page
from support.recordings import served as served_json
from support.running import Workplace
from support.servers import until
from support.wire import Answered, Sent, Wire

SENDER = KEY["Authorization"]
"""How the program of an advertiser says who it is."""

_CASES_BETWEEN = 50
"""Requests after which the catalogue is made as it was."""


@dataclass(frozen=True)
class Attacker:
    """Somebody who sends requests.

    Args:
        form_token: what its forms contain.
        fields: the header fields that show who it is.
        is_stranger: whether it has not signed in, and need not sign in.
    """

    form_token: bytes
    fields: tuple[tuple[bytes, bytes], ...] = ()
    is_stranger: bool = False


@dataclass
class Target:
    """An installation that is served.

    Args:
        started: its web application.
        workplace: its folder and settings.
        shown: pages that were served to visitors.
        clicks: tokens of clicks, as advertisers get them.
        digest: the digest of an uploaded image.
    """

    started: Started
    workplace: Workplace
    shown: list[Shown] = field(default_factory=list)
    clicks: list[bytes] = field(default_factory=list)
    digest: bytes = b""
    _requests: int = 0

    def __post_init__(self) -> None:
        settings = load_settings(
            {"database_url": self.workplace.variables["BANNERS_DATABASE_URL"]}, environment={}
        )
        self._catalogue = catalogue(settings)
        self._writer = catalogue_writer(settings)

    def close(self) -> None:
        self._catalogue.close()
        self._writer.close()
        self.started.kill()

    @property
    def address(self) -> str:
        return self.started.address

    @property
    def tokens(self) -> list[bytes]:
        """The tokens of the views."""
        return [str(each.image).rpartition("/")[2].encode() for each in self.shown]

    @property
    def parts(self) -> Mapping[str, st.SearchStrategy[bytes]]:
        """What the variable parts of addresses are filled with: mostly what there is."""
        banner_ids = [b"71", b"72", b"73", b"74", b"75", b"81", b"91", b"99", b"0"]
        tokens = st.sampled_from(self.tokens)
        return {
            "campaign_id": st.sampled_from(
                [*(b"%d" % each for each in (SHOES, SHOES, BOOTS, HATS)), b"10", b"007", b"9" * 18]
            ),
            "banner_id": st.sampled_from(banner_ids),
            "digest": st.sampled_from([self.digest, b"0" * 64, b"0" * 63]),
            "name": st.sampled_from([b"image_71.png", b"image_999.png", b"banners.css"]),
            "token": tokens | mutated(tokens),
            "position": st.sampled_from([b"1", b"2", b"6", b"16", b"-1", b"01"]),
        }

    @cached_property
    def operator(self) -> Attacker:
        """Somebody who has signed in, or who need not, and has a page with a form."""
        with httpx.Client(base_url=self.address, follow_redirects=True, timeout=60) as client:
            if self.workplace.variables["BANNERS_OPERATORS"] != "open":
                sign_in(client, OPERATOR)
            token = form_token(client.get(f"/catalogue/{SHOES}"))
            cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        return Attacker(token.encode(), ((b"Cookie", cookies.encode()),))

    def attack(self, wire: Wire, attacker: Attacker, sent: Sent) -> Answered:
        """Send a request of somebody, and make sure that its answer does no harm."""
        self._requests += 1
        if self._requests % _CASES_BETWEEN == 0:
            self.restore()
        sent = self._filled(sent.having(*attacker.fields), attacker)
        answer = wire.ask(sent)
        found = list(harms(sent, answer))
        path, _, _ = sent.target.partition(b"?")
        if attacker.is_stranger:
            found += leaks(unquote_to_bytes(path).decode(errors="replace"), answer)
        assert not found, (found, answer.status, answer.headers.items(), answer.body[:2_000])
        self._assert_leads_nowhere_else(sent, answer)
        return answer

    def _filled(self, sent: Sent, attacker: Attacker) -> Sent:
        """Return a request with what its placeholders stand for."""
        body = sent.body
        if not body:
            return sent
        if SEEN in body:
            version = self._catalogue.in_force()
            body = body.replace(SEEN, b"%d" % (version.number if version else 0))
        return replace(sent, body=body.replace(FORM_TOKEN, attacker.form_token))

    def _assert_leads_nowhere_else(self, sent: Sent, answer: Answered) -> None:
        """Make sure that an answer leads to this site, and a click that counts to its shop."""
        location = answer.headers.get("location")
        if location is None or re.match(r"/(?![/\\])", location):
            return
        token = sent.target.partition(b"?")[0].split(b"/")[2]
        assert location.startswith(f"{SHOP}/"), location
        assert unquote_to_bytes(token) in self.tokens

    def restore(self) -> None:
        """Make the catalogue as it was at first, and wait until visitors see it."""
        self._writer.replace(campaigns(), by="a test", what="everything")
        until(self._is_well)

    def assert_well(self) -> None:
        """Make sure that visitors are served as ever, and that nothing failed in the server."""
        self.restore()
        said = self.started.said
        assert "Traceback" not in said, said[said.index("Traceback") :][:5_000]
        assert " ERROR " not in said, said[said.index(" ERROR ") :][:5_000]

    def assert_lets_in(self) -> None:
        """Make sure that operators and advertisers are let in; else refusals alone are attacked."""
        banner = b"/catalogue/%d/banners/71/state" % SHOES
        body = b"form_token=%b&seen=%b&action=pause" % (FORM_TOKEN, SEEN)
        bought = b'[{"conversion_id":"second","click":"%b","revenue":"70.00"}]' % self.clicks[1]
        before = self._catalogue.in_force()
        with Wire(self.address) as wire:
            report = self.attack(wire, self.operator, Sent("GET", b"/campaigns/%d/report" % SHOES))
            paused = self.attack(wire, self.operator, _posted(banner, URLENCODED, body))
            told = self.attack(
                wire, ADVERTISER, _posted(b"/api/v1/conversions", b"application/json", bought)
            )
        assert report.status == 200
        assert MONEY.search(report.body)
        assert paused.status == 303
        after = self._catalogue.in_force()
        assert before is not None
        assert after is not None
        assert after.number == before.number + 1
        assert [each["status"] for each in json.loads(told.body)] == ["accepted"]

    def _is_well(self) -> bool:
        with Wire(self.address) as wire:
            answers = [wire.ask(Sent("GET", b"/campaigns/%d" % each)) for each in (SHOES, BOOTS)]
        return all(each.status == 200 for each in answers)


NOBODY = Attacker(b"x", is_stranger=True)
"""Somebody who cannot sign in."""

ADVERTISER = Attacker(b"", ((b"Authorization", SENDER.encode()),), is_stranger=True)
"""The program of an advertiser."""


def _posted(target: bytes, kind: bytes, body: bytes) -> Sent:
    return Sent("POST", target, ((b"Host", b"localhost"), (b"Content-Type", kind)), body)


@contextmanager
def target(folder: Path, *, operators: str) -> Iterator[Target]:
    """Serve an installation with two generations, and with what visitors have done closed.

    Args:
        folder: where everything is kept.
        operators: who may use the operators' addresses: ``signed-in`` or ``open``.
    """
    passwords = folder / "passwords"
    passwords.write_text(lines(SHOES))
    place = recording_with_advertiser(
        folder,
        BANNERS_OPERATORS=operators,
        BANNERS_OPERATOR_PASSWORD_FILE=str(passwords),
    )
    rows = [
        *figures(SHOES, 71, shown=6, others=2),
        *figures(BOOTS, 81, shown=2, others=4),
        *figures(HATS, 91, shown=1, others=1),
    ]
    database = open_database(place.variables["BANNERS_DATABASE_URL"], create=True)
    publish_rows(database, rows, *Quarter)
    database.dispose()
    with ExitStack() as stack:
        started = start_function(place, run_without_delays, "serve", "--port", "0")
        here = Target(started, place)
        stack.callback(here.close)
        # The first request waits for a worker to start.
        until(lambda: httpx.get(f"{here.address}/readyz", timeout=60).status_code == 200)
        here.restore()
        with httpx.Client(base_url=here.address, headers=BROWSER, timeout=60) as client:
            for way in (page, frame, served_json):
                here.shown.append(way(client, SHOES))
            for shown in here.shown:
                client.get(str(shown.image))
                landing = client.get(str(shown.links[0])).headers["location"]
                here.clicks.append(landing.rpartition("click=")[2].encode())
            sold = [
                {"conversion_id": "first", "click": here.clicks[0].decode(), "revenue": "70.00"}
            ]
            client.post("/api/v1/conversions", json=sold, headers=KEY).raise_for_status()
        image = check(file_of("PNG"))
        FolderImages(folder / "var" / "uploads").write(image)
        here.digest = image.digest.encode()
        assert place.run("close").returncode == 0
        here.assert_lets_in()
        here.restore()
        yield here
