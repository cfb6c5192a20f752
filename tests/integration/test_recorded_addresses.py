"""The addresses by which views are recorded: however they are asked for, and whatever changes."""

import re
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from banners.core.model import Quarter
from banners.store.connect import open_database
from support.html_checker import said
from support.publishing import campaign as figures
from support.publishing import publish_rows
from support.recordings import (
    BOOTS,
    BROWSER,
    HATS,
    LINEUPS,
    SHOES,
    SHOP,
    Ledger,
    Shown,
    banner,
    campaign,
    closed,
    frame,
    page,
    put,
    recording_in,
    served,
)
from support.running import Workplace
from support.servers import until


def browser(address: str) -> httpx.Client:
    """A client that is not taken for a crawler."""
    return httpx.Client(base_url=address, headers=BROWSER, timeout=60)


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return recording_in(tmp_path)


@pytest.fixture
def client(place: Workplace) -> Iterator[httpx.Client]:
    with place.serving() as (address, _), browser(address) as opened:
        yield opened


def paths(shown: Shown) -> tuple[str, list[str]]:
    assert shown.image
    return shown.image, [link for link in shown.links if link]


def test_requests_that_are_sent_together_are_answered_in_order(
    place: Workplace, client: httpx.Client
) -> None:
    shown = page(client, SHOES)
    image, links = paths(shown)
    asked = [image, links[0], f"/campaigns/{SHOES}", links[1], image, "/healthz", links[2], image]
    expected = [200, 302, 200, 302, 200, 200, 302, 200]
    agent = BROWSER["User-Agent"]
    host, port = client.base_url.host, client.base_url.port
    requests = [
        f"GET {each} HTTP/1.1\r\nHost: a\r\nUser-Agent: {agent}\r\n\r\n".encode() for each in asked
    ]
    # All in one packet, and each in a packet of its own that is sent without waiting.
    for packets in ([b"".join(requests)], requests):
        with socket.create_connection((host, port), timeout=60) as visitor:
            visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for packet in packets:
                visitor.sendall(packet)
            visitor.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            received = b"".join(iter(lambda: visitor.recv(65_536), b""))
        statuses = [int(each) for each in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", received)]
        assert statuses == [*expected, 200]
    ledger = Ledger()
    ledger.seen(shown, LINEUPS)
    for position in range(3):
        ledger.clicked(shown, position, LINEUPS)
    assert closed(place) == ledger


def test_an_address_is_the_same_in_other_spellings(place: Workplace, client: httpx.Client) -> None:
    shown = page(client, SHOES)
    image, links = paths(shown)
    spelt = f"/%65{image[2:]}"
    assert client.get(spelt).headers["content-type"] == "image/gif"
    for headers in ({"If-None-Match": "*"}, {"Range": "bytes=0-3"}, {"Expect": ""}):
        assert client.get(image, headers=headers).status_code == 200
        assert client.get(f"{links[0]}?utm=1", headers=headers).status_code == 302
    ledger = Ledger()
    ledger.seen(shown, LINEUPS)
    ledger.clicked(shown, 0, LINEUPS)
    assert closed(place) == ledger


def test_other_methods_and_addresses_record_nothing(place: Workplace, client: httpx.Client) -> None:
    image, links = paths(page(client, SHOES))
    for each in (image, links[0]):
        assert client.post(each).status_code == 405
        assert client.get(each, headers={"Host": "a b"}).status_code == 400
    bad = [f"{links[0]}9", links[0][:-1] + "0", links[0].replace("/c/", "/c/A"), "/c/x/1"]
    pages = [client.get(each) for each in bad]
    assert {answer.status_code for answer in pages} == {404}
    # No answer tells more than another.
    assert len({re.sub(r"\s", "", answer.text) for answer in pages}) == 1
    good, forged = client.get(image), client.get(image[:-1] + ("A" if image[-1] != "A" else "B"))
    assert good.content == forged.content
    assert set(good.headers) == set(forged.headers)
    assert sum(closed(place).impressions.values()) == 6  # of the good one


def test_a_click_never_leads_to_an_address_of_the_request(client: httpx.Client) -> None:
    _, links = paths(page(client, SHOES))
    for query in ("?url=https://evil.example", "?click=x", "?https://evil.example"):
        answer = client.get(links[0] + query, headers={"X-Forwarded-Host": "evil.example"})
        assert answer.headers["location"].startswith(f"{SHOP}/")
        assert "evil" not in answer.headers["location"]


def test_clicks_on_paused_or_ended_banners_count_and_links_of_removed_ones_are_not_found(
    place: Workplace, client: httpx.Client
) -> None:
    shoes, boots, hats = page(client, SHOES), page(client, BOOTS), page(client, HATS)
    paused = campaign(SHOES, (banner(each, active=False) for each in range(71, 79)))
    off = campaign(BOOTS, map(banner, range(81, 88)), active=False)
    put(place.variables["BANNERS_DATABASE_URL"], paused, off)
    until(lambda: client.get(f"/campaigns/{BOOTS}").status_code == 404)
    ledger = Ledger()
    for shown in (shoes, boots):
        image, links = paths(shown)
        assert client.get(image).status_code == 200
        assert client.get(links[0]).status_code == 302
        ledger.seen(shown, LINEUPS)
        ledger.clicked(shown, 0, LINEUPS)
    image, links = paths(hats)
    assert client.get(image).status_code == 200  # it was seen, whatever came later
    ledger.seen(hats, LINEUPS)
    assert client.get(links[0]).status_code == 404
    assert closed(place) == ledger


@pytest.mark.parametrize("way", [page, frame, served])
def test_what_is_read_through_is_recorded(
    tmp_path: Path, way: Callable[[httpx.Client, int], Shown]
) -> None:
    """Of a generation that does not fit into memory, candidates are read when they are needed."""
    place = recording_in(tmp_path, BANNERS_MEMORY_LINEUPS="1", BANNERS_SHARED="off")
    with place.serving() as (address, _), browser(address) as client:
        ledger = Ledger()
        for campaign_id in (SHOES, BOOTS):
            shown = way(client, campaign_id)
            image, links = paths(shown)
            client.get(image)
            client.get(links[-1])
            ledger.seen(shown, LINEUPS)
            ledger.clicked(shown, len(shown.banner_ids) - 1, LINEUPS)
    assert closed(place) == ledger


def test_previews_and_single_images_are_not_recorded(client: httpx.Client) -> None:
    answer = client.get(f"/api/v1/campaigns/{SHOES}/banners?quarter=1").json()
    assert "impression_url" not in answer["banners"][0]
    assert answer["banners"][0]["click_url"].startswith(SHOP)
    assert client.get(f"/campaigns/{SHOES}/banner").headers["location"].startswith("/static/")


def test_below_a_prefix_the_addresses_begin_with_it(tmp_path: Path) -> None:
    public = "https://ads.example/shop"
    place = recording_in(tmp_path, BANNERS_PUBLIC_URL=public)
    with place.serving() as (address, _), browser(address) as client:
        shown, document = page(client, SHOES), served(client, SHOES)
        image, links = paths(shown)
        assert image.startswith("/shop/e/")
        assert links[0].startswith("/shop/c/")
        assert str(document.image).startswith(f"{public}/e/")
        assert str(document.links[0]).startswith(f"{public}/c/")
        # A proxy may remove the prefix, or leave it there.
        client.get(image)
        client.get(str(document.image).removeprefix(public))
        assert client.get(links[0].removeprefix("/shop")).status_code == 302
        assert client.get(urlsplit(str(document.links[1])).path).status_code == 302
    ledger = Ledger()
    ledger.seen(shown, LINEUPS)
    ledger.seen(document, LINEUPS)
    ledger.clicked(shown, 0, LINEUPS)
    ledger.clicked(document, 1, LINEUPS)
    assert closed(place) == ledger


def test_without_the_setting_nothing_is_recorded(tmp_path: Path) -> None:
    place = recording_in(tmp_path, BANNERS_EVENTS="")
    with place.serving() as (address, _), browser(address) as client:
        shown = page(client, SHOES)
        assert shown.image is None
        assert shown.links[0] == f"{SHOP}/{shown.banner_ids[0]}?click="
        for path in ("/e/x", "/c/x/1"):
            assert client.get(path).status_code == 404
        assert "/e/" not in client.get("/robots.txt").text
    assert not (tmp_path / "events").exists()


def test_the_html_checker_finds_nothing(client: httpx.Client, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for name, path in (("page", f"/campaigns/{BOOTS}"), ("frame", f"/campaigns/{BOOTS}/banner")):
        text = client.get(path, params={"format": "html"}).text
        assert "/e/" in text
        (pages / f"{name}.html").write_text(text, encoding="utf-8")
    assert said(pages) == {"page.html": [], "frame.html": []}


def test_crawlers_are_asked_not_to_click(client: httpx.Client) -> None:
    rules = client.get("/robots.txt").text.splitlines()
    assert {"Disallow: /e/*", "Disallow: /c/*/*"} <= set(rules)


def test_a_server_that_is_stopped_has_kept_all_that_it_answered(place: Workplace) -> None:
    with place.serving("--workers", "2") as (address, running):
        with browser(address) as client:
            shown = page(client, SHOES)
            image, links = paths(shown)
            for each in (image, *links):
                client.get(each)
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0
    names = [path.suffix for path in (place.folder / "events" / "log" / "main").iterdir()]
    assert set(names) <= {".segment", ".marker"}
    ledger = Ledger()
    ledger.seen(shown, LINEUPS)
    for position in range(len(links)):
        ledger.clicked(shown, position, LINEUPS)
    assert closed(place) == ledger


def test_a_view_outlives_the_server_that_served_it(place: Workplace) -> None:
    with place.serving() as (address, _), browser(address) as client:
        shown = page(client, SHOES)
    with place.serving() as (address, _), browser(address) as client:
        image, links = paths(shown)
        client.get(image)
        assert client.get(links[0]).status_code == 302
    ledger = Ledger()
    ledger.seen(shown, LINEUPS)
    ledger.clicked(shown, 0, LINEUPS)
    assert closed(place) == ledger


def test_without_a_catalogue_the_start_says_so_and_pages_have_no_token(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'banners.db'}"
    publish_rows(open_database(url, create=True), figures(SHOES, 71, shown=6), *Quarter)
    place = Workplace(tmp_path, {"BANNERS_DATABASE_URL": url, "BANNERS_EVENTS": "events"})
    with place.start("serve", "--port", "0") as running:
        try:
            assert running.stdout is not None
            warning, ready = (running.stdout.readline() for _ in range(2))
            assert "there is no catalogue" in warning
            address = ready.partition("Banners is at ")[2].partition("/ ")[0]
            with browser(address) as client:
                for shown in (page(client, SHOES), frame(client, SHOES)):
                    assert shown.banner_ids
                    assert shown.image is None
                    assert set(shown.links) == {None}
                document = client.get(f"/api/v1/campaigns/{SHOES}/banners").json()
                assert not {"impression_url", "click_url"} & document["banners"][0].keys()
        finally:
            running.terminate()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"BANNERS_HOST": "web-1"}, "BANNERS_HOST is set without BANNERS_TOKEN_KEYS_FILE"),
        ({"BANNERS_EVENTS": "in-the-way/events"}, "Nothing is recorded yet"),
    ],
)
def test_the_start_says_what_is_missing(
    tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    (tmp_path / "in-the-way").write_text("a file")
    place = recording_in(tmp_path, **variables)
    with place.start("serve", "--port", "0") as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        running.terminate()
    assert sentence in line


def test_a_file_of_keys_that_cannot_be_read_ends_the_start(tmp_path: Path) -> None:
    missing = {"BANNERS_TOKEN_KEYS_FILE": "missing"}
    ended = recording_in(tmp_path, **missing).run("serve")
    assert ended.returncode == 1
    assert "missing, the file with the keys of tokens, cannot be read" in ended.stderr


def test_pages_are_served_while_the_folder_cannot_be_made(tmp_path: Path) -> None:
    in_the_way = tmp_path / "disk"
    in_the_way.write_text("a file in place of the folder")
    place = recording_in(tmp_path, BANNERS_EVENTS="disk/events")
    with place.serving() as (address, _), browser(address) as client:
        shown = page(client, SHOES)
        assert shown.image is None
        assert shown.links[0] == f"{SHOP}/{shown.banner_ids[0]}?click="
        in_the_way.unlink()
        in_the_way.mkdir()
        until(lambda: page(client, SHOES).image is not None)
