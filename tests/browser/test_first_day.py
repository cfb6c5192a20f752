"""One installation from an empty folder to two hosts, by the steps of docs/first-day.md.

Each fixture is a step that builds on the one before, and the tests say what is to be seen after it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser.first_day import AT_FIRST, CAMPAIGN, MOVED, OF_SECOND, Host, Team
from browser.test_links import listening
from integration.test_live_page import KEY, PROGRAM
from support.catalogue_pages import images
from support.catalogues import files
from support.recordings import BROWSER
from support.servers import MariaDB, until

NAMES = {"boots": "Red boots", "hats": "Green hats", "sandals": "Blue sandals"}
"""The banners of the campaign: where each of them leads, and its name."""
ALL = sorted(NAMES.values())

DATABASE = "mysql+pymysql://user:password@database:3306/banners"
"""The example of a database in docs/first-day.md."""

REPORT = f"/campaigns/{CAMPAIGN}/report"
EARNED = "12.500000"
"""Revenue of the order that docs/conversions.md reports, as CSV and JSON write it."""


@pytest.fixture(scope="module")
def team(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A host that records, begun in an empty folder, and an operator who has signed in."""
    host = Host(tmp_path_factory.mktemp("day") / "web-1")
    host.configure(AT_FIRST)
    (host.folder / "senders").write_text(f"shop {KEY} {CAMPAIGN}\n")
    pages: dict[str, str] = {}
    with (
        listening(pages) as shop,
        browser.new_context() as office,
        # With its own User-Agent, a headless Chromium would be recorded as a crawler.
        browser.new_context(user_agent=BROWSER["User-Agent"]) as home,
    ):
        host.start()
        try:
            operator = office.new_page()
            operator.goto(host.sign_in_link())
            operator.get_by_role("button", name="Sign in").click()
            yield Team(host, operator, home.new_page(), shop, pages)
        finally:
            host.stop()


@pytest.fixture(scope="module")
def frame(team: Team, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A campaign with three banners, made in the pages, and the snippet of its frame."""
    page, folder = team.operator, tmp_path_factory.mktemp("images")
    page.get_by_label("New campaign").fill("Autumn sale")
    page.get_by_role("button", name="Add", exact=True).click()
    contents = images(*NAMES).values()
    for (landing, name), content in zip(NAMES.items(), contents, strict=True):
        file = folder / f"{name}.png"
        file.write_bytes(content)
        page.get_by_label("Image").set_input_files(file)
        page.get_by_label("Landing page").fill(f"{team.shop}/{landing}?click={{click}}")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text(f"“{name}” of campaign 1 was added")
    page.get_by_role("link", name="Embed").click()
    return page.locator("#frame-code").input_value()


@dataclass(frozen=True)
class Visit:
    """What a visitor did.

    Args:
        seen: the banners on a page of another site.
        banner: the banner in a frame of that site, on which the visitor clicked.
        landing: where the click led to.
        answer: what became of the order.
    """

    seen: Sequence[str]
    banner: str
    landing: str
    answer: str


@pytest.fixture(scope="module")
def visit(team: Team, frame: str) -> Visit:
    """A visitor sees three banners, and one in a frame, clicks on it, and orders."""
    until(lambda: team.host.served() == ALL)
    seen = team.see_all(team.host)
    banner, landing, click = team.click(frame)
    reported = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "KEY": KEY, "BANNERS": team.host.address, "CLICK": click},
        capture_output=True,
        text=True,
        check=True,
    )
    return Visit(seen, banner, landing, reported.stdout.strip())


@pytest.fixture(scope="module")
def counted(team: Team, visit: Visit) -> Team:
    """The team when everything that the visitor did is published, and the host has loaded it."""
    assert visit.answer
    team.host.count()
    until(lambda: bool(quarters(team)))
    return team


def quarters(team: Team) -> list[dict[str, object]]:
    """Return the figures of the published quarters; a visit may span two of them."""
    found: list[dict[str, object]] = team.json(team.host, f"/api/v1{REPORT}")["quarters"]
    return found


def test_visitors_of_another_site_see_all_banners(visit: Visit) -> None:
    assert visit.seen == ALL


def test_a_click_in_the_frame_leads_to_the_landing_page_of_its_banner(visit: Visit) -> None:
    assert NAMES[visit.landing] == visit.banner


def test_the_order_is_accepted(visit: Visit) -> None:
    assert visit.answer == "order-1 accepted"


def test_the_json_of_the_report_adds_up_to_what_the_visitor_did(counted: Team) -> None:
    found = quarters(counted)
    assert sum(int(f"{each['impressions']}") for each in found) == 4
    assert sum(int(f"{each['clicks']}") for each in found) == 1
    assert EARNED in {each["revenue"] for each in found}


def test_the_report_shows_what_the_banner_has_earned(counted: Team, visit: Visit) -> None:
    [quarter] = [each["quarter"] for each in quarters(counted) if each["clicks"]]
    page = counted.page(counted.host, f"{REPORT}?quarter={quarter}")
    row = page.locator("[aria-labelledby=candidates] tr", has_text=visit.banner)
    expect(row).to_contain_text("12.50")


def test_the_totals_are_what_the_visitor_did(counted: Team) -> None:
    found = counted.totals(counted.host)
    kinds = ("impressions", "clicks", "conversions", "revenue")
    assert [found[each] for each in kinds] == ["4", "1", "1", EARNED]


@pytest.fixture(scope="module")
def hosts(counted: Team, mariadb: MariaDB) -> Iterator[list[Host]]:
    """The installation after its move to MariaDB: two hosts that record in a shared folder."""
    first = counted.host
    second = Host(first.folder.parent / "web-2")
    (second.folder / "var").mkdir()
    first.stop()
    events = first.folder / "var" / "events"
    shutil.copy(events / "token_keys", first.folder)
    for name in (".env", "senders", "token_keys", "var/session_key", "var/operator_password"):
        shutil.copy(first.folder / name, second.folder / name)
    with mariadb.database("first_day") as url:
        for each in (first, second):
            each.configure(MOVED.replace(DATABASE, url))
        second.configure(OF_SECOND.replace("/srv/shared/events", str(events)))
        first.run("copy-from", "sqlite:///var/banners.db")
        try:
            first.start()
            second.start()
            yield [first, second]
        finally:
            first.stop()
            second.stop()


def served(hosts: list[Host]) -> list[list[str]]:
    return [each.served() for each in hosts]


@pytest.fixture(scope="module")
def seen(team: Team, hosts: list[Host]) -> list[list[str]]:
    """The visitor sees the banners of both hosts, which are counted together."""
    until(lambda: served(hosts) == [ALL, ALL])
    found = [team.see_all(each) for each in hosts]
    team.host.count()
    return found


def test_both_hosts_show_all_banners_after_the_move(seen: list[list[str]]) -> None:
    assert seen == [ALL, ALL]


@pytest.mark.usefixtures("seen")
def test_both_hosts_know_what_was_counted_before_and_after_the_move(
    team: Team, hosts: list[Host]
) -> None:
    found = [team.totals(each) for each in hosts]
    assert [each["impressions"] for each in found] == ["10", "10"]
    assert [each["revenue"] for each in found] == [EARNED, EARNED]


def test_an_operator_who_signs_in_to_one_host_is_signed_in_to_both(
    team: Team, hosts: list[Host]
) -> None:
    for each in hosts:
        page = team.page(each, "/campaigns")
        expect(page.get_by_role("heading", level=1)).to_have_text("Campaigns")


def test_a_wrong_catalogue_is_rolled_back_on_both_hosts(hosts: list[Host], tmp_path: Path) -> None:
    first, second = hosts
    versions = json.loads(first.run("catalogue", "versions", "--json"))["versions"]
    wrong = files(tmp_path, "9,Winter sale,,,,\n", "9,91,Skates,https://shop.example/,,,\n")
    first.run("catalogue", "import", wrong)
    until(lambda: served(hosts) == [[], []])
    second.run("catalogue", "rollback", "--to", str(versions[0]["version"]))
    until(lambda: served(hosts) == [ALL, ALL])


def test_a_pause_on_one_host_is_undone_on_the_other(team: Team, hosts: list[Host]) -> None:
    first, second = hosts
    page = team.page(first, f"/catalogue/{CAMPAIGN}")
    page.get_by_role("button", name="Pause", exact=True).click()
    until(lambda: served(hosts) == [[], []])
    page = team.page(second, f"/catalogue/{CAMPAIGN}/history")
    page.get_by_role("button", name="Undo").first.click()
    until(lambda: served(hosts) == [ALL, ALL])
