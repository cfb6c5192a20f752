"""Visitors who keep account of what they were answered, to compare it with the event files."""

import csv
import http.client
import json
import random
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from faults.in_threads import InThreads
from faults.load import TIMEOUT_SECONDS
from reference.tokens import read_token
from support.recordings import BOOTS, HATS, SHOES, SHOP, recording_in
from support.running import Workplace
from support.servers import PATIENCE_SECONDS, until

PERSON = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
CRAWLER = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
PREFETCH = {**PERSON, "Sec-Purpose": "prefetch"}
_SECRET = "0f6c1e1d5a7b4f0c9f6d3f0f2e9d8c7b"  # noqa: S105  # of the tests
KEY = {"Authorization": f"Bearer {_SECRET}", "Content-Type": "application/json"}
PATHS = [f"/campaigns/{SHOES}", f"/campaigns/{BOOTS}", f"/campaigns/{HATS}/banner?format=html"]


class Answer(NamedTuple):
    """The answer to a request."""

    status: int
    text: str
    location: str


@dataclass
class Ledger:
    """What people and advertisers were answered: each view, each click and each order.

    Args:
        seen: the views whose image was answered.
        clicked: the views and places whose link was followed and answered.
        converted: the click and the revenue of each order that was accepted.
        perhaps: those of each order that could not be kept, of which some may be.
        requests: the number of answers.
    """

    seen: set[str] = field(default_factory=set)
    clicked: set[tuple[str, int]] = field(default_factory=set)
    converted: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    perhaps: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    requests: int = 0

    def impressions(self) -> dict[int, tuple[int, int]]:
        """Return the banner and the campaign of each impression that people were answered."""
        return {
            view.event_id(place): (view.banner_ids[place - 1], view.owners[place - 1])
            for view in map(read_token, self.seen)
            for place in range(1, len(view.banner_ids) + 1)
        }

    def clicks(self) -> dict[int, tuple[int, int]]:
        """Return the banner and the campaign of each click that people were answered."""
        pairs = ((read_token(token), place) for token, place in self.clicked)
        return {
            view.event_id(place): (view.banner_ids[place - 1], view.owners[place - 1])
            for view, place in pairs
        }


class Visitors(InThreads):
    """People, crawlers and forgers who visit pages from the beginning of a block to its end.

    A request that is not answered is sent again until it is, as by somebody who reloads a page.

    Args:
        address: the address of the web application.
        paths: the pages to visit.
        conversions: the statuses that an advertiser may be answered with.
        number: the number of people.
        seed: makes their choices the same each time.
    """

    def __init__(
        self,
        address: str,
        paths: Sequence[str],
        *,
        conversions: Sequence[int] = (200,),
        number: int = 4,
        seed: int = 1,
    ) -> None:
        self.ledger = Ledger()
        self.faults: list[str] = []
        self._place = urlsplit(address).netloc
        self._paths = paths
        self._conversions = conversions
        self._lock = threading.Lock()
        super().__init__(
            partial(self._visit, random.Random(seed * 100 + each)) for each in range(number)
        )

    def go_on(self, requests: int) -> None:
        """Wait until this many more requests have been answered."""
        enough = self.ledger.requests + requests
        until(lambda: self.ledger.requests >= enough or bool(self.faults))

    def _visit(self, chance: random.Random) -> None:
        client = _Client(self._place, self.ledger, self._lock)
        try:
            while not self._ended.is_set():
                self._view(client, chance)
        except AssertionError as fault:
            self.faults.append(str(fault))
        finally:
            client.close()

    def _view(self, client: "_Client", chance: random.Random) -> None:
        """Visit a page as somebody does; each kind of visitor comes now and then."""
        page = client.get(chance.choice(self._paths), PERSON, 200)
        found = re.search(r"/e/([\w-]+)", page.text)
        assert found, f"There is no token in {page}"
        token = found[1]
        view = read_token(token)
        place = chance.randint(1, len(view.banner_ids))
        kind = chance.random()
        if kind < 0.1:
            self._as_crawler(client, token, place)
        elif kind < 0.2:
            self._as_forger(client, token, place, chance)
        else:
            self._as_person(client, token, place, chance)

    def _as_person(self, client: "_Client", token: str, place: int, chance: random.Random) -> None:
        for _ in range(chance.choice([1, 1, 2])):
            client.get(f"/e/{token}", PERSON, 200)
        with self._lock:
            self.ledger.seen.add(token)
        if chance.random() < 0.5:
            if chance.random() < 0.3:
                client.get(f"/c/{token}/{place}", PREFETCH, 503)
            for _ in range(chance.choice([1, 1, 2])):
                answer = client.get(f"/c/{token}/{place}", PERSON, 302)
                assert answer.location.startswith(SHOP), answer
            with self._lock:
                self.ledger.clicked.add((token, place))
            if chance.random() < 0.5:
                self._as_advertiser(client, token, place, answer.location, chance)

    def _as_advertiser(
        self, client: "_Client", token: str, place: int, landing: str, chance: random.Random
    ) -> None:
        """Report an order, perhaps twice, with the token that the landing page was given."""
        order, revenue = f"order-{chance.getrandbits(60)}", Decimal(chance.randint(1, 99_999)) / 100
        reported = {
            "conversion_id": order,
            "click": landing.partition("click=")[2],
            "revenue": str(revenue),
        }
        click = read_token(token).event_id(place)
        for _ in range(chance.choice([1, 2])):
            answer = client.ask(
                "POST", "/api/v1/conversions", KEY, self._conversions, json.dumps([reported])
            )
            with self._lock:
                if answer.status == HTTPStatus.OK:
                    (told,) = json.loads(answer.text)
                    assert told["status"] in {"accepted", "duplicate"}, answer
                    self.ledger.converted[order] = click, revenue
                else:
                    self.ledger.perhaps[order] = click, revenue

    def _as_crawler(self, client: "_Client", token: str, place: int) -> None:
        client.get(f"/e/{token}", CRAWLER, 200)
        client.get(f"/c/{token}/{place}", CRAWLER, 302)

    def _as_forger(self, client: "_Client", token: str, place: int, chance: random.Random) -> None:
        where = chance.randrange(len(token) - 1)
        letter = "A" if token[where] != "A" else "B"
        forged = token[:where] + letter + token[where + 1 :]
        client.get(f"/e/{forged}", PERSON, 200)
        client.get(f"/c/{forged}/{place}", PERSON, 404)
        client.ask("HEAD", f"/c/{token}/{place}", PERSON, [302])


class _Client:
    """A connection that is opened again whenever it breaks."""

    def __init__(self, place: str, ledger: Ledger, lock: threading.Lock) -> None:
        self._connection = http.client.HTTPConnection(place, timeout=TIMEOUT_SECONDS)
        self._ledger = ledger
        self._lock = lock

    def close(self) -> None:
        self._connection.close()

    def get(self, path: str, headers: Mapping[str, str], *expected: int) -> Answer:
        """Send a request until it is answered, with the status that is expected."""
        return self.ask("GET", path, headers, expected)

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        expected: Sequence[int],
        body: str = "",
    ) -> Answer:
        """Send a request of any kind until it is answered."""
        pause = threading.Event()
        for _ in range(20 * PATIENCE_SECONDS):
            try:
                self._connection.request(method, path, body or None, dict(headers))
                response = self._connection.getresponse()
                text = response.read().decode("latin-1")
            except (OSError, http.client.HTTPException):
                self._connection.close()
                pause.wait(0.05)
                continue
            with self._lock:
                self._ledger.requests += 1
            answer = Answer(response.status, text, response.headers.get("location") or "")
            assert answer.status in expected, f"{method} {path} with {headers}: {answer}"
            return answer
        raise AssertionError(f"{path} was never answered")


def recording_with_advertiser(folder: Path, **variables: str) -> Workplace:
    """Return a folder to work in whose servers record, and take conversions of all campaigns."""
    keys = folder / "senders"
    keys.write_text(f"shop {_SECRET} *\n")
    own = {"BANNERS_FLOOD": "0", "BANNERS_CONVERSION_KEYS_FILE": str(keys)}
    return recording_in(folder, **own, **variables)


def rows_of(events: Path, kind: str) -> list[dict[str, str]]:
    """Return the rows of all event files of a kind."""
    texts = (
        path.read_text("utf-8").splitlines() for path in sorted(events.glob(f"[1-4]/{kind}_*.csv"))
    )
    return [row for text in texts for row in csv.DictReader(text)]


def assert_recorded(ledger: Ledger, events: Path) -> None:
    """Make sure that the event files hold exactly what people were answered, each event once."""
    for kind, number, expected in (
        ("impressions", "impression_id", ledger.impressions()),
        ("clicks", "click_id", ledger.clicks()),
    ):
        rows = rows_of(events, kind)
        found = {int(row[number]): _what(row) for row in rows}
        twice = [each for each, times in Counter(row[number] for row in rows).items() if times > 1]
        assert not twice, f"{len(twice)} {kind} are there more than once"
        lost = expected.keys() - found.keys()
        assert not lost, f"{len(lost)} of {len(expected)} {kind} are lost"
        more = found.keys() - expected.keys()
        assert not more, f"{len(more)} {kind} are there that nobody was answered"
        assert found == expected

    rows = rows_of(events, "conversions")
    assert len({row["conversion_id"] for row in rows}) == len(rows)
    orders = Counter((int(row["click_id"]), Decimal(row["revenue"])) for row in rows)
    accepted = Counter(ledger.converted.values())
    assert accepted <= orders, f"{(accepted - orders).total()} conversions are lost"
    sent = Counter((ledger.perhaps | ledger.converted).values())
    assert orders <= sent, f"{(orders - sent).total()} conversions are there that nobody sent"


def _what(row: Mapping[str, str]) -> tuple[int, int]:
    return int(row["banner_id"]), int(row["campaign_id"])
