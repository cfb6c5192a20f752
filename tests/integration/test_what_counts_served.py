"""``banners serve`` counts by the table "What counts": a ledger of all cases over real HTTP."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.operators import OPERATOR, READER, lines, sign_in
from support.recordings import (
    BROWSER,
    HATS,
    LINEUPS,
    SHOES,
    Ledger,
    Shown,
    closed,
    frame,
    page,
    recording_in,
    served,
)
from support.running import Workplace

CRAWLER = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
PREFETCH = {"Sec-Purpose": "prefetch"}
PRERENDER = {"Sec-Purpose": "prefetch;prerender"}
KEY = "0f6c1e1d5a7b4f0c9f6d3f0f2e9d8c7b"
WAYS = [page, frame, served]


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return recording_in(tmp_path)


@pytest.fixture
def client(place: Workplace) -> Iterator[httpx.Client]:
    with opened(place) as client:
        yield client


@contextmanager
def opened(place: Workplace, *words: str) -> Iterator[httpx.Client]:
    """Open a browser at ``banners serve``."""
    with (
        place.serving(*words) as (address, _),
        httpx.Client(base_url=address, headers=BROWSER, timeout=60) as client,
    ):
        yield client


def account(place: Workplace) -> dict[str, dict[str, int]]:
    """Close all slots, and return what became of all that was recorded in them."""
    assert place.run("close").returncode == 0
    total: dict[str, dict[str, int]] = {}
    for path in (place.folder / "events" / "closed").glob("*.json"):
        for kind, counts in json.loads(path.read_text())["account"].items():
            of_kind = total.setdefault(kind, {})
            for outcome, count in counts.items():
                if count:
                    of_kind[outcome] = of_kind.get(outcome, 0) + count
    return total


def link(shown: Shown, place: int = 0) -> str:
    found = shown.links[place]
    assert found
    return found


def image(shown: Shown) -> str:
    assert shown.image
    return shown.image


def visit(client: httpx.Client, **options: Any) -> Shown:
    """See a page, and click its first banner."""
    shown = page(client, HATS, **options)
    assert client.get(image(shown), **options).status_code == 200
    assert client.get(link(shown), **options).status_code == 302
    return shown


def test_crawlers_are_recorded_left_out_and_accounted_for(
    place: Workplace, client: httpx.Client
) -> None:
    ledger = Ledger()
    shown = visit(client)
    ledger.seen(shown, LINEUPS)
    ledger.clicked(shown, 0, LINEUPS)
    crawled = visit(client, headers=CRAWLER)
    location = client.get(link(crawled, 1), headers=CRAWLER).headers["location"]
    assert location.endswith("?click=")
    visit(client, headers={"User-Agent": ""})
    found = closed(place)
    assert (found.impressions, found.clicks) == (ledger.impressions, ledger.clicks)
    counted = account(place)
    assert counted["impressions"]["crawler"] == 4
    assert counted["clicks"]["crawler"] == 3


def test_what_a_visitor_repeats_after_a_crawler_counts(
    place: Workplace, client: httpx.Client
) -> None:
    shown = visit(client, headers=CRAWLER)
    client.get(image(shown))
    client.get(link(shown))
    ledger = Ledger()
    ledger.seen(shown, LINEUPS)
    ledger.clicked(shown, 0, LINEUPS)
    assert closed(place) == ledger


@pytest.mark.parametrize("header", [PREFETCH, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}])
def test_what_is_prefetched_is_asked_for_again(
    place: Workplace, client: httpx.Client, header: dict[str, str]
) -> None:
    shown = page(client, HATS, headers=header)
    assert client.get(image(shown), headers=header).status_code == 200
    click = client.get(link(shown), headers=header)
    assert (click.status_code, click.headers["cache-control"]) == (503, "no-store")
    assert closed(place) == Ledger()
    client.get(image(shown))
    client.get(link(shown))
    assert sum(closed(place).clicks.values()) == 1


FRAMES = [
    f"/campaigns/{SHOES}/banner?{query}"
    for query in ("format=html", "%66ormat=html", "f%6Frmat=%68tml", "x=1&%66ormat=html")
]
"""A frame, in spellings that mean the same."""


def test_what_is_prerendered_is_asked_for_again(client: httpx.Client) -> None:
    for path in (f"/campaigns/{SHOES}", *FRAMES):
        answer = client.get(path, headers=PRERENDER)
        assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store"), path
        assert "content-security-policy" in answer.headers
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("header", [{"Sec-GPC": "1"}, {"DNT": "1"}])
def test_who_opts_out_gets_no_token_and_is_not_recorded(
    place: Workplace, client: httpx.Client, header: dict[str, str]
) -> None:
    for way in WAYS:
        shown = way(client, SHOES, headers=header)
        assert shown.image is None
        assert not any("/c/" in (each or "") for each in shown.links)
    shown = page(client, SHOES)
    client.get(image(shown), headers=header)
    click = client.get(link(shown), headers=header)
    assert (click.status_code, click.headers["location"][-7:]) == (302, "?click=")
    assert closed(place) == Ledger()


def test_who_opts_out_gets_a_frame_without_a_token_in_every_spelling(
    client: httpx.Client,
) -> None:
    for path in FRAMES:
        assert "/e/" in client.get(path).text
        answer = client.get(path, headers={"Sec-GPC": "1"})
        assert answer.status_code == 200
        assert "/e/" not in answer.text, path
        assert "/c/" not in answer.text, path


def test_opting_out_is_a_setting(tmp_path: Path) -> None:
    place = recording_in(tmp_path, BANNERS_HONOUR_OPT_OUT="off")
    with opened(place) as client:
        assert page(client, SHOES, headers={"DNT": "1"}).image


def test_a_flood_is_recorded_left_out_and_accounted_for(tmp_path: Path) -> None:
    # 20 visits are ten times the limit, and so all recorded.
    place = recording_in(tmp_path, BANNERS_FLOOD="2")
    with opened(place, "--workers", "2") as client:
        for _ in range(20):
            visit(client)
    counted = account(place)
    # How many are kept depends on how many minutes the test takes.
    for kind, each in (("impressions", 2), ("clicks", 1)):
        outcomes = counted[kind]
        assert sum(outcomes.values()) == 20 * each
        assert outcomes["flood"] > 0
        assert outcomes["kept"] >= each


def test_behind_a_proxy_that_is_not_trusted_there_is_no_flood_and_a_warning(
    tmp_path: Path,
) -> None:
    place = recording_in(tmp_path, BANNERS_FLOOD="1")
    forwarded = {"X-Forwarded-For": "9.9.9.9"}
    with opened(place) as client:
        for _ in range(5):
            visit(client, headers=forwarded)
        status = client.get("/status").text
    assert "BANNERS_TRUSTED_PROXIES does not name it" in status
    assert sum(closed(place).impressions.values()) == 10


def test_behind_a_trusted_proxy_visitors_are_told_apart(tmp_path: Path) -> None:
    place = recording_in(tmp_path, BANNERS_FLOOD="1", BANNERS_TRUSTED_PROXIES="127.0.0.1")
    with opened(place) as client:
        for host in range(5):
            visit(client, headers={"X-Forwarded-For": f"9.9.9.{host}"})
    assert sum(closed(place).impressions.values()) == 10


def test_a_preview_of_an_operator_carries_no_token(tmp_path: Path) -> None:
    place = recording_in(
        tmp_path,
        BANNERS_OPERATORS="signed-in",
        BANNERS_OPERATOR_PASSWORD_FILE="passwords",  # noqa: S106  # the name of a file
    )
    (tmp_path / "passwords").write_text(lines(SHOES))
    preview = f"/campaigns/{SHOES}?preview=1"
    with opened(place) as client:
        assert "/e/" in client.get(preview).text
        sign_in(client, READER)
        assert "/e/" in client.get(preview).text
        client.cookies.clear()
        sign_in(client, OPERATOR)
        assert "/e/" not in client.get(preview).text
        assert "/c/" not in client.get(preview).text
        assert "/e/" not in client.get(f"/campaigns/{SHOES}/banner?format=html&preview=1").text
        assert "/e/" not in client.get(f"/api/v1/campaigns/{SHOES}/banners?preview=1").text
        assert "/e/" in client.get(f"/campaigns/{SHOES}").text


def test_operators_own_links_to_what_visitors_see_are_previews(client: httpx.Client) -> None:
    shown = re.compile(rf'(?:href|src)="(/campaigns/{SHOES}(?:/banner)?(?:\?[^"]*)?)"')
    for path in (
        f"/catalogue/{SHOES}",
        f"/catalogue/{SHOES}/embed",
    ):
        links = shown.findall(client.get(path).text)
        assert links, path
        for link in links:
            assert "/e/" not in client.get(unescape(link)).text, link


def test_the_json_of_a_quarter_that_is_named_carries_no_token(client: httpx.Client) -> None:
    for query in (
        *(f"quarter={quarter}" for quarter in (1, 2, 3, 4)),
        *("%71uarter=2", "quarte%72=2", "x=1&%71uarter=2", "quarter=%32", "%67eneration=1"),
    ):
        answer = client.get(f"/api/v1/campaigns/{SHOES}/banners?{query}")
        assert answer.status_code == 200
        assert "/e/" not in answer.text, query
        assert "/c/" not in answer.text, query


def test_conversions_reported_over_http_are_in_the_event_files_once(tmp_path: Path) -> None:
    place = recording_in(tmp_path, BANNERS_CONVERSION_KEYS_FILE="senders")
    senders = tmp_path / "senders"
    senders.write_text(f"shop {KEY} {HATS}\n")
    headers = {"Authorization": f"Bearer {KEY}"}
    with opened(place, "--workers", "2") as client:
        shown = page(client, HATS)
        client.get(image(shown))
        location = client.get(link(shown)).headers["location"]
        click = location.rpartition("=")[2]
        sent = [
            {"conversion_id": "order-1", "click": click, "revenue": "12.50"},
            {"conversion_id": "order-2", "click": click, "revenue": 3},
            {"conversion_id": "refund-2", "click": click, "revenue": -3},
            {"conversion_id": "order-3", "click": "forged", "revenue": 3},
        ]
        address = str(client.base_url)
        for _ in range(6):
            answer = httpx.post(f"{address}/api/v1/conversions", json=sent, headers=headers)
            assert answer.status_code == 200
            statuses = {each["status"] for each in answer.json()[:3]}
            assert statuses <= {"accepted", "duplicate"}
            assert answer.json()[3]["reason"] == "bad_click"
        # Keys are read again while the server runs.
        senders.write_text(f"shop {KEY[::-1]} {HATS}  \n")
        wait_for_refusal(client, headers)
    assert place.run("close").returncode == 0
    rows = [
        line.split(",")
        for path in (place.folder / "events").glob("[1-4]/conversions_*.csv")
        for line in path.read_text().splitlines()[1:]
    ]
    assert sorted(row[2] for row in rows) == ["-3.000000", "12.500000", "3.000000"]


def wait_for_refusal(client: httpx.Client, headers: dict[str, str]) -> None:
    """Ask until a key is refused; a test that waits for ever ends at its time limit."""
    while client.post("/api/v1/conversions", json=[], headers=headers).status_code != 401:
        continue


def test_a_file_of_senders_with_a_fault_stops_the_start(tmp_path: Path) -> None:
    place = recording_in(tmp_path, BANNERS_CONVERSION_KEYS_FILE="senders")
    (tmp_path / "senders").write_text("shop short *\n")
    ended: subprocess.CompletedProcess[str] = place.run("serve", "--port", "0")
    assert ended.returncode != 0
    assert re.search("senders, line 1 has a key of 5 characters", ended.stderr)


@pytest.mark.parametrize("opt_out", ["on", "off"])
@pytest.mark.parametrize("path", ["page", "json"])
def test_the_stress_test_counts_as_nothing_and_checks_pages_with_tokens_too(
    tmp_path: Path, opt_out: str, path: str
) -> None:
    place = recording_in(tmp_path, BANNERS_HONOUR_OPT_OUT=opt_out)
    with opened(place) as client:
        # What the stress test is sent.
        assert bool(page(client, SHOES, headers={"Sec-GPC": "1"}).image) is (opt_out == "off")
        ended = place.run("stress", str(client.base_url), "--requests", "60", "--path", path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert closed(place) == Ledger()
