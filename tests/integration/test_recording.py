"""``banners serve`` records what visitors see and click: their ledger equals the event files."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from support.recordings import (
    BOOTS,
    BROWSER,
    HATS,
    LINEUPS,
    SHOES,
    SHOP,
    Ledger,
    Shown,
    closed,
    frame,
    page,
    recording_in,
    served,
)
from support.running import Workplace

WAYS: list[Callable[..., Shown]] = [page, frame, served]


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return recording_in(tmp_path)


@pytest.fixture
def client(place: Workplace) -> Iterator[httpx.Client]:
    with place.serving() as (address, _), httpx.Client(base_url=address, headers=BROWSER) as opened:
        yield opened


def test_the_ledger_of_visitors_equals_the_event_files(place: Workplace) -> None:
    source = random.Random(5)
    ledger = Ledger()
    with ExitStack() as opened:
        address, _ = opened.enter_context(place.serving("--workers", "3"))
        # Connections that stay open, so that every worker has some.
        clients = [
            opened.enter_context(httpx.Client(base_url=address, headers=BROWSER, timeout=60))
            for _ in range(9)
        ]
        for number in range(180):
            shown = WAYS[number % 3](clients[number % 9], source.choice([SHOES, BOOTS, HATS]))
            visit(source, clients, shown, ledger)
    assert sum(ledger.impressions.values()) > 180
    assert sum(ledger.clicks.values()) > 50
    found = closed(place)
    assert found.impressions == ledger.impressions
    assert found.clicks == ledger.clicks


def visit(source: random.Random, clients: list[httpx.Client], shown: Shown, ledger: Ledger) -> None:
    """See the banners, or not; click on some of them, or not; everything up to three times."""
    assert shown.image
    repeated = source.randrange(4)
    for _ in range(repeated):
        image = source.choice(clients).get(shown.image)
        assert (image.status_code, image.headers["content-type"]) == (200, "image/gif")
        assert image.headers["cache-control"] == "no-store"
    if repeated:
        ledger.seen(shown, LINEUPS)
    for position, (banner_id, link) in enumerate(zip(shown.banner_ids, shown.links, strict=True)):
        repeated = max(0, source.randrange(-3, 3))
        for _ in range(repeated):
            assert link
            click = source.choice(clients).get(link)
            assert click.status_code == 302
            assert click.headers["cache-control"] == "no-store"
            landing = urlsplit(click.headers["location"])
            assert f"{landing.scheme}://{landing.netloc}{landing.path}" == f"{SHOP}/{banner_id}"
            (token,) = parse_qs(landing.query)["click"]
            assert len(token) == 34
        if repeated:
            ledger.clicked(shown, position, LINEUPS)


@pytest.mark.parametrize("way", WAYS)
def test_head_counts_nothing(
    place: Workplace, client: httpx.Client, way: Callable[..., Shown]
) -> None:
    shown = way(client, SHOES)
    assert shown.image
    assert shown.links[0]
    image, click = client.head(shown.image), client.head(shown.links[0])
    assert (image.status_code, image.content) == (200, b"")
    assert (click.status_code, click.headers["location"][-7:]) == (302, "?click=")
    assert closed(place) == Ledger()
